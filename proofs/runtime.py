"""Run time is never below the roofline.

    run time    =  Σ fill + Σ drain + Σ over classes of level-0 steps of number · step(1)
    step(b)     =  max(compute, ingress, egress)      at boundary 1, the transfers of DRAM → L2 as well
    compute(b)  =  max over the units of ⌈MACs / lanes⌉, or of Σ over classes of number · step(b + 1)
    roofline    =  max of ⌈MACs / (PEs · lanes)⌉ and, each boundary and way, ⌈words / (links · B)⌉

That is what the model computes. Each parent, active or idle, has a link of its own, of bandwidth B in each
direction. The argument takes three things; solvers decide the arithmetic of all three, step by step of an
induction (``sums-of-maxima-are-no-less-than-each-sum``), and the first half of 3 has to be trusted:

1. max(a, b, …) ≥ each of them, and ≥ their mean. A sum of times ≥ 0 is no smaller than the largest of them,
   so memories that do not overlap (a + b + …) take no less.
2. ⌈w/B⌉ + latency ≥ w/B for every bandwidth B > 0, and ⌈w/lanes⌉ ≥ w/lanes.
3. The steps of a parent v at boundary b lie inside steps of the units that hold it, and the time of such a
   unit is the sum over its sub-steps. So, by 1,

       run time  ≥  fill(b) + Σ over the steps of v of step(b) + drain(b).

*Links.* Ingress is part of every step of v but the first, whose words are no more than those of fill(b), the
largest first ingress of any parent. Egress is part of every step, and what v holds at the end is no more than
drain(b). So run time ≥ words of v / B, by 2. An idle parent moves nothing, and the mean over all parents is
words / (links · B). Run time is an integer, so the bound may be rounded up. What is left to show, by machine
and for all extents:

* Σ number · words over the classes of all steps, the first included, and what is held at the end, are the
  words that the roofline speaks of: parent reads of inputs and read-backs of outputs, or parent updates;
  below DRAM what is streamed through L2, or comes once and stays.
* There are as many first steps as ends and no more than links, one of each below L2: so the words of each
  parent have one fill and one drain.

*PEs.* compute(b) is no less than the time of any one unit at that step. The claims follow one that has most
MACs. What is left to show: PEs · Σ number · MACs of that PE ≥ all MACs; then divide and use 2.

Proved are the published dataflows on 256 PEs with the default policies, any bandwidths, latencies and lanes,
all tensors resident in L2 or none; the words of each tensor add up by themselves, so any choice of residents
does. Filters are 3 × 3 where symbols make counts cubic. Not shown by machine is 3 for words inside the array:
that the sub-steps of units, as a class lists them, are the classes of the next boundary. For MACs it is
shown as far as the claim needs it, since that goes through those lists.

Who relies on it: the bounds of every report, and what it says a layer is bound by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import product

from published import FLOWS, NUM_PES, analysed
from traffic import FILTERS

import polymaestro as pm
from polymaestro.counting import Count, QuasiPolynomial, region_of
from polymaestro.counting.classes import BoundaryClasses, StepClass
from polymaestro.counting.merging import merged
from polymaestro.model.roofline import Bound
from polymaestro.movement.transfers import END, Mode, WordTerm
from polymaestro.proving import Function, Proof, at_least, decide, equal, statement

TRUST = "isl, the counting engine, and 1 to 3 in the file; proofs/replay.py multiplies the certificates out"
HARDWARE = pm.Hardware(NUM_PES, noc_bw="B", offchip_bw="D")
ONE = QuasiPolynomial.of(1)

Modes = Sequence[Mode]
Value = Callable[[int, StepClass], QuasiPolynomial]
"""What the classes of a group are summed for: group, class."""


class Timed:
    """The step classes of an analysis, and sums over them as functions of the extents."""

    def __init__(self, analysis: pm.Analysis, resident: Iterable[str]) -> None:
        """Take the classes of the run time and the bounds of the roofline."""
        time = analysis.runtime(HARDWARE, resident=resident)
        self.operator, self.context = analysis.operator, analysis.relations.context
        self.boundaries, self.machine, self.resident = time.classes.boundaries, time.machine, time.resident
        self.bounds = analysis.roofline(HARDWARE, resident=resident).bounds
        self.large = analysis.macs.large_point()
        self.known: dict[tuple[tuple[int, QuasiPolynomial], ...], Function] = {}

    def constant(self, value: int) -> Function:
        """Give a number as a function."""
        return Function.polynomial(value, self.context)

    def over(self, shape: BoundaryClasses, modes: Modes, value: Value) -> Function:
        """Sum number · ∏ values over all classes of a case: ∏ over groups of the sum over its own."""
        result = self.constant(1)
        for index, (group, mode) in enumerate(zip(shape.groups, modes, strict=True)):
            result = result * self._summed(
                [(each.number, value(index, each)) for each in group.classes[mode]]
            )
        return result

    def _summed(self, terms: list[tuple[Count, QuasiPolynomial]]) -> Function:
        """Give Σ number · value as one count with few pieces."""
        terms = [(number, value) for number, value in terms if not value.is_zero]
        key = tuple((id(number), value) for number, value in terms)
        if key not in self.known:
            total = Function((), self.context)
            for number, value in terms:
                total += Function(((1, (number,)),), self.context) * Function.polynomial(value, self.context)
            cells = merged([each for each in total.chambers() if not each[1].is_zero], self.context)
            count = Count(tuple((region_of(cell.gist(self.context)), value) for cell, value in cells))
            self.known[key] = Function(((1, (count,)),), self.context)
        return self.known[key]

    # --- Words ---

    def words(self, depth: int, way: str, *, end: bool = True) -> dict[str, Function]:
        """Give for each tensor what crosses a boundary at all steps, and at the end."""
        shape = self.boundaries[max(depth, 1) - 1]
        ends = [(END,) * len(shape.groups)] * end
        moved: dict[str, Function] = {}
        for modes in (*shape.cases, *ends):
            for position, term in self._terms(shape, modes[0], off_chip=not depth):
                if term.direction == way:
                    sizes = self.over(shape, modes, lambda _, each, at=position: each.sizes[at])
                    words = sizes * self.constant(term.sign * self.machine.width(term.tensor))
                    moved[term.tensor] = moved.get(term.tensor, Function((), self.context)) + words
        return moved

    def _terms(self, shape: BoundaryClasses, mode: Mode, *, off_chip: bool) -> Iterator[tuple[int, WordTerm]]:
        """Give the terms of a boundary with their place among the sizes; those of DRAM come last."""
        terms = list(enumerate((*shape.terms[mode], *shape.off_chip_terms[mode])))
        if not off_chip:
            return iter(terms[: len(shape.terms[mode])])
        below = terms[len(shape.terms[mode]) :]
        return (each for each in below if each[1].resident == (each[1].tensor in self.resident))

    def links(self) -> Iterator[tuple[int, str, Bound]]:
        """Give depth, direction and bound of every link."""
        ways = product(range(len(self.boundaries) + 1), ("in", "out"))
        for (depth, way), bound in zip(ways, self.bounds[1:], strict=True):
            yield depth, way, bound

    def bounding(self, depth: int, way: str, bound: Bound) -> Mapping[str, Function]:
        """Give the words of a bound by tensor; a bound names none, but has them in order."""
        names = [
            each.name
            for each in self.operator.tensors
            if (each.role == "output") == (way == "out")
            or (way == "in" and depth)
            or (not depth and each.name not in self.resident)
        ]
        pairs = zip(names, bound.amount.terms, strict=True)
        return {name: Function.of(form) * self.constant(weight) for name, (weight, form) in pairs}

    # --- What the PEs do ---

    def busy(self) -> Function:
        """Sum the MACs of one PE with most of them over all steps."""
        shape, total = self.boundaries[0], Function((), self.context)
        for case, *path in product(*(range(len(each.cases)) for each in self.boundaries)):
            total += self.over(
                shape,
                shape.cases[case],
                lambda group, each, path=path: self.macs(1, group, self.slowest(1, group, each), path),
            )
        return total

    def slowest(self, depth: int, group: int, each: StepClass) -> int:
        """Give the profile with most MACs where extents are large; the claim is sound with any."""
        paths = list(product(*(range(len(inner.cases)) for inner in self.boundaries[depth:])))

        def work(profile: int) -> int:
            return sum(int(self.macs(depth, group, profile, path).evaluate(self.large)) for path in paths)

        return each.inside[0] if len(each.inside) == 1 else max(each.inside, key=work)

    def macs(self, depth: int, group: int, profile: int, path: Sequence[int]) -> QuasiPolynomial:
        """Give a group's factor of the MACs in sub-steps of these cases, one for each level inside."""
        own = self.boundaries[depth - 1].groups[group].profiles[profile]
        if own.macs is not None:
            return own.macs
        below, total = self.boundaries[depth], QuasiPolynomial.of(0)
        mode = below.cases[path[0]][group]
        for _, index, number in (each for each in own.substeps if each[0] == mode):
            inner = self.slowest(depth + 1, group, below.groups[group].classes[mode][index])
            total = total + number * self.macs(depth + 1, group, inner, path[1:])
        return total


@cache
def timed(name: str, *, resident: bool = True) -> Timed:
    """Give a published dataflow with all tensors resident in L2, or none."""
    analysis = analysed(name, FILTERS[name])
    return Timed(analysis, [each.name for each in analysis.operator.tensors] if resident else ())


def added_up(label: str, found: Timed, depth: int, way: str, bound: Bound) -> Iterator[Proof]:
    """Claim for each tensor that its words of all classes are those of the roofline."""
    words = found.words(depth, way)
    for tensor, moved in found.bounding(depth, way, bound).items():
        yield equal(f"{label} {bound.resource}: {tensor}", words.get(tensor, found.constant(0)), moved)


@statement(trusts=TRUST)
def all_steps_move_the_words_of_the_roofline() -> Iterator[Proof]:
    """Σ number · words of the step classes, with what is held at the end, is the traffic of each link."""
    for name in FLOWS:
        for depth, way, bound in timed(name).links():
            yield from added_up(name, timed(name), depth, way, bound)
        for depth, way, bound in timed(name, resident=False).links():
            if not depth:
                yield from added_up(f"{name}, streamed,", timed(name, resident=False), depth, way, bound)


@statement(trusts=TRUST)
def every_parent_fills_and_drains_once() -> Iterator[Proof]:
    """As many first steps as ends at each boundary, and no more than links; one where L2 is the parent."""
    for name in FLOWS:
        found = timed(name)
        for depth, way, bound in found.links():
            if not depth or way == "out":
                continue
            shape, links = found.boundaries[depth - 1], found.constant(1)
            for copies in bound.copies:
                links = links * Function.polynomial(copies, found.context)
            ends = (END,) * len(shape.groups)
            first, last = (found.over(shape, modes, lambda *_: ONE) for modes in (shape.cases[0], ends))
            yield equal(f"{name} boundary {depth}: first steps = ends", first, last)
            yield at_least(f"{name} boundary {depth}: links ≥ first steps", links, first)
            if depth == 1:
                yield equal(f"{name} boundary 1: one first step", first, links)


@statement(trusts=TRUST)
def steps_take_no_less_than_an_even_share_of_macs() -> Iterator[Proof]:
    """PEs · Σ number · MACs of the slowest PE ≥ all MACs, through the step classes of every level."""
    for name in FLOWS:
        found, macs = timed(name), Function.of(analysed(name, FILTERS[name]).macs)
        yield at_least(name, found.constant(NUM_PES) * found.busy(), macs)


LARGER = "(ite (>= {0} {1}) {0} {1})"
"""max of two terms."""


@statement(trusts="z3; induction over the number of steps or parents")
def sums_of_maxima_are_no_less_than_each_sum() -> Iterator[Proof]:
    """Σ max(aᵢ, bᵢ, …) ≥ max(Σ aᵢ, Σ bᵢ, …) ≥ their mean, ⌈w/B⌉ + latency ≥ w/B, and rounding up.

    Each is an induction: it holds for nothing, and one step or parent more keeps it. A maximum of several
    times is one of two, taken again; so is a step that also has the transfers of DRAM to wait for.
    """
    most = LARGER.format("a", "b")
    # One step with times a and b more: T is the sum of maxima so far, A and B the sums of each.
    known = ["(>= a 0)", "(>= b 0)", "(>= T A)", "(>= T B)"]
    goal = f"(and (>= (+ T {most}) (+ A a)) (>= (+ T {most}) (+ B b)))"
    yield decide("Σ max(aᵢ, bᵢ) ≥ Σ aᵢ and ≥ Σ bᵢ, one step more", ["a", "b", "T", "A", "B"], known, goal)
    yield decide("Σ (aᵢ + bᵢ) ≥ Σ max(aᵢ, bᵢ) for times ≥ 0", ["a", "b"], known[:2], f"(>= (+ a b) {most})")
    # One parent with the value x more: M is the maximum so far, S the sum of n values.
    largest = LARGER.format("M", "x")
    yield decide(
        "n·max ≥ Σ, one parent more",
        ["M", "x", "S", "n"],
        ["(>= n 1)", "(>= (* n M) S)"],
        f"(>= (* (+ n 1) {largest}) (+ S x))",
    )
    # c = ⌈w/B⌉ for a bandwidth B > 0, and a latency l ≥ 0.
    yield decide(
        "⌈w/B⌉ + latency ≥ w/B",
        ["w", "B", "c", "l"],
        ["(> B 0)", "(>= (* c B) w)", "(< (* (- c 1) B) w)", "(>= l 0)"],
        "(>= (* (+ c l) B) w)",
    )
    # An integer t ≥ w/B is no less than c = ⌈w/B⌉: t ≤ c - 1 would be t < w/B.
    yield decide(
        "an integer that is no less than w/B is no less than ⌈w/B⌉",
        ["w", "B", "c", "t"],
        ["(> B 0)", "(< (* (- c 1) B) w)", "(>= (* t B) w)"],
        "(> t (- c 1))",
    )
    # One step more of a parent: its time is no less than its words w over the bandwidth.
    yield decide(
        "time ≥ words / B over all steps of a parent, one step more",
        ["T", "W", "w", "x", "B"],
        ["(> B 0)", "(>= (* T B) W)", "(>= (* x B) w)"],
        "(>= (* (+ T x) B) (+ W w))",
    )
