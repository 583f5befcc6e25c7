"""Whether an analysis counts what is defined: its products of sets against the definition, for all extents.

The library writes each quantity as Σ sign · ∏ |sets of the axis groups|. Put together over all groups the
products of a sum are sets P_1, P_2 … with sign + and N_1, N_2 … with sign -, and isl shows of them

    the P do not overlap,  nor do the N,  the N lie in the P,  ⋃P minus ⋃N is the set that is defined

so that Σ|P| - Σ|N| is the number of its points. Nothing is counted here; that each factor is counted right
is the matter of `ehrhart`. Two quantities take a step more. What units give up is as much as they receive,
because t⁻ is one-to-one: Σ|A(u, t⁻)| and what is left add up to Σ|A|. And what is read back is what arrives
but for the first time that an element comes to a parent: those first times have one step for each element.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import islpy as isl

from polymaestro.movement import BoundaryMovement, Movement, Quantity, Term
from polymaestro.proving.ehrhart import points_at
from polymaestro.proving.geometry import disjoint, equal_sets, within
from polymaestro.proving.literal import IN, OUT, Literal
from polymaestro.proving.verdicts import Proof
from polymaestro.relations import AxisGroup, Relations
from polymaestro.relations.sets import PARAM, coalesced, parameters
from polymaestro.workload import Tensor

Names = tuple[str, ...]


def defined(movement: Movement) -> Iterator[Proof]:
    """Prove for each quantity but the peaks that it counts what its definition says, for all parameters.

    The claims are the names of the quantities, as in ``L2.I.fills``. Policies are the default ones.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(2,2) K")
    >>> proofs = list(defined(pm.analyze(pm.gemm(), flow, 4).movement))
    >>> len(proofs), {proof.verdict for proof in proofs}
    (15, {'proved'})
    """
    whole = Whole(movement.relations)
    for each in movement.boundaries:
        for tensor in movement.relations.nest.operator.tensors:
            at = Moved(whole, each, tensor)
            for name, quantity in each.tensors[tensor.name].items():
                if name != "occupancy":
                    yield at.proof(f"{each.parent}.{tensor.name}.{name}", name, quantity)
        yield whole.steps(f"{each.parent}.steps", each.steps, each.depth)
    depth = movement.relations.nest.depth
    yield whole.steps("steps", movement.steps, depth)
    yield whole.active("active", movement.active, depth)
    yield whole.macs("macs", movement.macs)


class Whole:
    """All groups of an analysis together."""

    def __init__(self, relations: Relations) -> None:
        """Take the groups and the loop nest."""
        self.groups, self.nest, self.context = relations.groups, relations.nest, relations.context

    @property
    def variables(self) -> Names:
        """The iteration variables, in the order of the dimensions."""
        return tuple(variable for variable, _ in self.nest.tiles)

    def outer(self, depth: int) -> Names:
        """The units and loops of the levels above a depth."""
        return self.units(depth) + self.loops(depth)

    def units(self, depth: int) -> Names:
        """The units of the levels above a depth."""
        return tuple(each.name for each in self.nest.units if each.level < depth)

    def loops(self, depth: int) -> Names:
        """The time loops of the levels above a depth."""
        return tuple(each.name for each in self.nest.loops if each.level < depth)

    @cached_property
    def executed(self) -> isl.Set:
        """Everything that is executed, as [units, loops, variables]."""
        names = (*self.outer(self.nest.depth), *self.variables)
        return self.product(names, ((group.dims, group.executed) for group in self.groups))

    def product(self, names: Names, parts: Iterable[tuple[Names, isl.Set]]) -> isl.Set:
        """Give the product of sets, each over some of the names."""
        whole = isl.Set(f"{{ [{', '.join(names)}] }}").intersect_params(self.context)
        for own, part in parts:
            onto = isl.Map(f"{{ [{', '.join(names)}] -> [{', '.join(own)}] }}")
            whole = whole.intersect(onto.intersect_range(part).domain())
        return whole

    def term(self, term: Term, names: Names, own: Iterable[Names]) -> isl.Set:
        """Give the product of the factors of a term, each over its own names."""
        sets = (factor.relation.wrap().flatten() for factor in term.factors)
        return self.product(names, zip(own, sets, strict=True))

    def seen(self, claim: str, quantity: Quantity, names: Names, target: isl.Set) -> Proof:
        """Prove that a quantity whose factors are over some of the names counts a set over all of them."""
        mine = [tuple(n for n in names if n in group.dims) for group in self.groups]
        return counts(claim, [(t.sign, self.term(t, names, mine)) for t in quantity.terms], target)

    def steps(self, claim: str, quantity: Quantity, depth: int) -> Proof:
        """Prove that the steps are those at which some unit is active."""
        loops = self.loops(depth)
        return self.seen(claim, quantity, loops, self._onto(loops))

    def active(self, claim: str, quantity: Quantity, depth: int) -> Proof:
        """Prove that the pairs of a PE and a step are those at which it is active."""
        return self.seen(claim, quantity, self.outer(depth), self._onto(self.outer(depth)))

    def macs(self, claim: str, quantity: Quantity) -> Proof:
        """Prove that MACs are all that is executed."""
        return self.seen(claim, quantity, (*self.outer(self.nest.depth), *self.variables), self.executed)

    def _onto(self, names: Names) -> isl.Set:
        every = (*self.outer(self.nest.depth), *self.variables)
        return self.executed.apply(isl.Map(f"{{ [{', '.join(every)}] -> [{', '.join(names)}] }}"))


class Moved:
    """One tensor at one boundary: its quantities against their definitions."""

    def __init__(self, whole: Whole, boundary: BoundaryMovement, tensor: Tensor) -> None:
        """Take everything that is executed, and where and what moves."""
        self.whole, self.tensor = whole, tensor
        self.units, self.loops = whole.units(boundary.depth), whole.loops(boundary.depth)
        self.elements = tuple(f"e{index}" for index, _ in enumerate(tensor.access))
        self.literal = Literal(whole.nest, whole.executed, boundary.depth, tensor)

    def proof(self, claim: str, name: str, quantity: Quantity) -> Proof:
        """Prove that a quantity counts what its name says."""
        checks: Iterable[Proof] = getattr(self, f"_{name}")(claim, quantity)
        return _first(claim, checks)

    def _tile_total(self, claim: str, quantity: Quantity) -> Iterator[Proof]:
        yield self._per_unit(claim, quantity, self.literal.tile)

    def _fills(self, claim: str, quantity: Quantity) -> Iterator[Proof]:
        yield self._per_unit(claim, quantity, self.literal.new)

    def _drains(self, claim: str, quantity: Quantity) -> Iterator[Proof]:
        """As much is given up as arrives, since t⁻ is one-to-one."""
        yield self._per_unit(claim, quantity, self.literal.new)
        if not self.literal.before.is_injective():
            yield Proof(claim, "isl sets", "unknown", note="two steps have the same step before")

    def _parent_reads(self, claim: str, quantity: Quantity) -> Iterator[Proof]:
        yield self._per_parent(claim, quantity.terms, self.literal.per_parent(self.literal.new))

    def _parent_updates(self, claim: str, quantity: Quantity) -> Iterator[Proof]:
        """What is given up at steps, and what is held at the end."""
        literal = self.literal
        at_end = [t for t in quantity.terms if self._has_no_steps(t)]
        at_steps = [t for t in quantity.terms if not self._has_no_steps(t)]
        yield self._per_parent(claim, at_steps, literal.per_parent(literal.gone))
        yield self._ever(claim, at_end, literal.ever(literal.left))

    def _final_writes(self, claim: str, quantity: Quantity) -> Iterator[Proof]:
        """Everything drained."""
        drained = self.literal.ever(self.literal.gone).union(self.literal.ever(self.literal.left))
        yield self._ever(claim, quantity.terms, drained)

    def _read_backs(self, claim: str, quantity: Quantity) -> Iterator[Proof]:
        """What arrives, but for the first time of each element; or what arrives and was drained."""
        arrives = self.literal.per_parent(self.literal.new)
        once = [t for t in quantity.terms if t.sign < 0 and self._has_no_steps(t)]
        others = [t for t in quantity.terms if t not in once]
        if not once:
            yield self._per_parent(claim, others, self.literal.read_back)
            return
        yield self._per_parent(claim, others, arrives)
        first = arrives.subtract(self.literal.read_back)
        elements = first.project_out(IN, len(self.units) - 1, len(self.loops))
        yield self._ever(claim, [Term(1, t.factors) for t in once], elements)
        names = (*self.units[:-1], *self.loops, *self.elements)
        kept = (*self.units[:-1], *self.elements)
        onto = isl.Map(f"{{ [{', '.join(names)}] -> [{', '.join(kept)}] }}")
        if not onto.intersect_domain(first.wrap().flatten()).is_injective():
            yield Proof(claim, "isl sets", "unknown", note="an element comes twice without being drained")

    def _has_no_steps(self, term: Term) -> bool:
        return sum(factor.relation.dim(IN) for factor in term.factors) == len(self.units) - 1

    def _per_unit(self, claim: str, quantity: Quantity, target: isl.Map) -> Proof:
        return self._counts(claim, quantity.terms, (*self.units, *self.loops), target)

    def _per_parent(self, claim: str, terms: Sequence[Term], target: isl.Map) -> Proof:
        return self._counts(claim, terms, (*self.units[:-1], *self.loops), target)

    def _ever(self, claim: str, terms: Sequence[Term], target: isl.Map) -> Proof:
        return self._counts(claim, terms, self.units[:-1], target)

    def _counts(self, claim: str, terms: Sequence[Term], ins: Names, target: isl.Map) -> Proof:
        """Put the factors of each term together, from units and steps to elements."""
        names = (*ins, *self.elements)
        own = [self._own(group, ins) for group in self.whole.groups]
        sets = []
        for term in terms:
            over = [names] if len(term.factors) == 1 < len(own) else own
            sizes = [factor.relation.dim(IN) + factor.relation.dim(OUT) for factor in term.factors]
            if sizes != [len(each) for each in over]:
                note = "a product runs over other units or steps than the definition"
                return Proof(claim, "isl sets", "unknown", note=note)
            sets.append((term.sign, self.whole.term(term, names, over)))
        return counts(claim, sets, target.wrap().flatten())

    def _own(self, group: AxisGroup, ins: Names) -> Names:
        """Give the names over which the factor of a group is: its units and loops, and its indices."""
        mine = frozenset(group.variables)
        indices = zip(self.elements, self.tensor.access, strict=True)
        return (
            *(name for name in ins if name in group.dims),
            *(name for name, index in indices if index.names() & mine),
        )


def counts(claim: str, terms: Sequence[tuple[int, isl.Set]], target: isl.Set) -> Proof:
    """Prove that Σ sign · |set| is the number of points of a set, which the sets make up.

    Sets that do not fit together so decide nothing: then numbers at one place may still refute the claim.

    >>> big, small = isl.Set("[n] -> { [i] : 0 <= i < n }"), isl.Set("[n] -> { [i] : 0 <= i < n and i < 2 }")
    >>> target = isl.Set("[n] -> { [i] : 2 <= i < n }")
    >>> counts("", [(1, big), (-1, small)], target).verdict, counts("", [(1, big)], target).counterexample
    ('proved', {'n': 1})
    """
    nothing = target.subtract(target)
    plus = [each for sign, each in terms if sign == 1]
    minus = [each for sign, each in terms if sign == -1]
    all_plus, all_minus = (coalesced(_union(nothing, each)) for each in (plus, minus))
    checks = (
        *(disjoint(claim, each) for each in (plus, minus) if each),
        within(claim, all_minus, all_plus),
        equal_sets(claim, all_plus.subtract(all_minus), target),
    )
    wrong = next((each for each in checks if each.verdict != "proved"), None)
    if wrong is None and len(plus) + len(minus) == len(terms):
        return Proof(claim, "isl sets", "proved")
    place = wrong.counterexample if wrong and wrong.counterexample else {}
    point = {name: place[name] for name in parameters(target) if name in place}
    if len(point) == target.dim(PARAM):
        number = sum(sign * points_at(each, point) for sign, each in terms)
        seen = points_at(target, point)
        if number != seen:
            return Proof(claim, "isl sets", "false", point, note=f"{number} against {seen}")
    return Proof(claim, "isl sets", "unknown", note="the products do not make up the set")


def _union(nothing: isl.Set, sets: Iterable[isl.Set]) -> isl.Set:
    for each in sets:
        nothing = nothing.union(each)
    return nothing


def _first(claim: str, checks: Iterable[Proof]) -> Proof:
    """Give the first check that fails, or that all hold."""
    wrong = next((each for each in checks if each.verdict != "proved"), None)
    return wrong or Proof(claim, "isl sets", "proved")
