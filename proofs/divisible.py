"""Symbolic tiles that divide: what is printed for papers is the exact formula, for all sizes.

With every number of a mapping a symbol, the counts, run time, energy and roofline are printed where tiles and
folds divide what they cut, with quotients such as K/(T·U), and with the conditions. Here all symbols are
written in free numbers, K = n·T·U and so on (polymaestro/proving/dividing.py), by what the printed conditions
say of division. Then nothing is rounded but for delays: the exact formula, derived at a point of the printed
region, is a polynomial in the free numbers or a sum of maxima of these (maxima.py), and so is the printed
text, read back. Both are the same sum. The exact formula holds wherever the printed conditions do: each
decision on the way to it follows from them.

That exact counts are right is ``tiles-may-get-their-numbers-late``. Run time, energy and roofline are taken
as the clock, the table of energies and the links make them of step classes and counts.

Who relies on it: whoever copies a formula with tile sizes into a paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property, partial

from maxima import ONE, PLAIN, Maxima, Ratio, Text, check_floor, divisors, of_cost, tell
from printed import rows

import polymaestro as pm
from polymaestro.counting import Condition, QuasiPolynomial
from polymaestro.model.clock import Clock, Level
from polymaestro.model.runtime import Formulas
from polymaestro.movement.transfers import END, FIRST
from polymaestro.proving import Divided, Proof, statement
from polymaestro.proving.dividing import NotDecidedError
from polymaestro.tiling import (
    TiledAnalysis,
    TiledEnergy,
    TiledForm,
    TiledRoofline,
    TiledRunTime,
    divisible_point,
    lifted,
)
from polymaestro.tiling.stated import DivisibleCost, TiledCost

QP = QuasiPolynomial
TRUST = "the exact formulas of chambers; the reader of formulas; isl for conditions"

LAYER = {"N": 1, "K": 128, "C": 128, "P": 56, "Q": 56, "R": 3, "S": 3}
PUBLISHED = {
    "C-P": (pm.dataflows.c_p(), 64),
    "X-P": (pm.dataflows.x_p(), 14),
    "YX-P": (pm.dataflows.yx_p(8), 256),
    "YR-P": (pm.dataflows.yr_p(3), 192),
    "KC-P": (pm.dataflows.kc_p(64), 256),
}
ROW = "SpatialMap(1,1) M; TemporalMap(T,T) N; TemporalMap(1,1) K"
TABLE = replace(pm.Hardware(1).energy, dram="E")
TRIED = 2000


@dataclass(frozen=True)
class Tiled:
    """A mapping whose sizes are symbols, where its formulas are printed, and whether in one line."""

    label: str
    analysis: TiledAnalysis
    near: Mapping[str, int]
    is_short: bool = False

    @cached_property
    def point(self) -> Mapping[str, int]:
        """The point, with the values of the ties."""
        return self.analysis.macs.extended(divisible_point(self.analysis.cuts, self.near, self.analysis.ties))

    def known(self, conditions: tuple[str, ...]) -> Divided:
        """Write symbols and ties in free numbers by printed conditions."""
        known = Divided()
        known.divide(divisors(conditions))
        ties = self.analysis.ties.ties
        known.tie(tie for tie in ties if tie.rounded == "down")
        tell(known, conditions)
        known.tie(tie for tie in ties if tie.rounded != "down")
        return known


@cache
def tiled() -> tuple[Tiled, ...]:
    """Give the published dataflows of which the golden files are, and the row of the README."""
    found = []
    for label, (flow, num_pes) in PUBLISHED.items():
        lift = lifted(pm.conv2d(**LAYER), flow, num_pes)
        analysis = pm.analyze_tiles(pm.conv2d(), lift.dataflow, lift.num_pes)
        numbers = LAYER | lift.values
        found.append(Tiled(label, analysis, {symbol: numbers[symbol] for symbol in analysis.symbols}))
    row = pm.analyze_tiles(pm.gemm(M=4), pm.parse_dataflow(ROW), 4)
    return (*found, Tiled("the row of the README", row, {"N": 8, "K": 2, "T": 2}, is_short=True))


# --- Claims ---


def same(claim: str, exact: Callable[[], Maxima], printed: Callable[[], Maxima], known: Divided) -> Proof:
    """Prove two sums of maxima equal wherever what is known holds, or find where they differ."""
    try:
        left, right = exact().settled(known), printed().settled(known)
    except NotDecidedError as error:
        return Proof(claim, "polynomials", "unknown", note=str(error))
    difference = left + right.times(Ratio(-ONE))
    if not difference.terms:
        maxima = len(left.terms.keys() - {PLAIN})
        return Proof(claim, "polynomials", "proved", note=f"{maxima} maxima" if maxima else "")
    for free in known.points(left.names() | right.names(), TRIED):
        ours, theirs = left.at(free), right.at(free)
        if ours != theirs:
            return Proof(claim, "polynomials", "false", known.restored(free), note=f"{ours} against {theirs}")
    return Proof(claim, "polynomials", "unknown", note=f"a difference of {difference}")


def holding(claim: str, conditions: Iterable[Condition], known: Divided) -> Proof:
    """Prove that conditions follow from what is known."""
    found = list(dict.fromkeys(conditions))
    for each in found:
        value = QP.of(each.expression)
        if not known.follows(value) or (each.equality and not known.follows(-value)):
            return Proof(claim, "polynomials", "unknown", note=f"{each} is not shown to follow")
    return Proof(claim, "polynomials", "proved", note=f"{len(found)} conditions")


def value_of_form(form: TiledForm, point: Mapping[str, int], known: Divided) -> Maxima:
    """Give the exact formula of the chamber of a point over free numbers."""
    total = QP.of(0)
    for sign, pieces in form.pieces(point):
        product = QP.of(sign)
        for piece in pieces:
            product = product * known.over(piece)
        total = total + product
    return Maxima.of(total)


# --- Counts ---


def unwrapped(table: str) -> list[str]:
    """Give the lines of a table, those joined that go on in the next one."""
    return table.replace("\n  ", " ").splitlines()


@statement(trusts=TRUST)
def divisible_counts_are_the_exact_ones() -> Iterator[Proof]:
    """Each count that a table prints with symbolic tiles is the exact one, wherever its conditions hold."""
    for each in tiled():
        table = each.analysis.table(each.near, divisible=True)
        lines = unwrapped(table)
        [hold] = [line for line in lines if line.startswith("the formulas below hold where ")]
        conditions = tuple(hold.removeprefix("the formulas below hold where ").split(", "))
        known = each.known(conditions)
        for line in lines:
            if line.startswith("with "):
                check_floor(*line.removeprefix("with ").split(" = "), known)
        printed = dict(rows(table))
        for name, form in each.analysis.named():
            exact = partial(value_of_form, form, each.point, known)
            text = Text(printed.get(name, "not printed"), (), ())
            yield same(f"{each.label}: {name}", exact, partial(text.value, known), known)
        forms = [form for _, form in each.analysis.named()]
        decided = (condition for form in forms for condition in form.conditions(each.point))
        yield holding(f"{each.label}: all hold where the table says", decided, known)


# --- Costs ---


def clocked(cycles: TiledRunTime, point: Mapping[str, int], known: Divided) -> Maxima:
    """Give the run time of the step classes of a point, nothing left out of any maximum.

    First and last words are the largest of those classes that have a step. Where none of some class is shown
    to be, its words may not matter: without such classes the largest has to be the same.
    """

    def clock(levels: Iterable[Level]) -> Clock:
        return Clock(tuple(levels), cycles.machine, cycles.resident, Formulas(cycles.machine))

    def at_ends(each: Clock) -> list[Maxima]:
        return [of_cost(time).settled(known) for time in (*each.fills(), *each.drains())]

    levels = cycles.classes.levels(point, known.over)
    every, surely = clock(levels), clock(_with_sure_ends(each, known) for each in levels)
    if at_ends(every) != at_ends(surely):
        message = "first or last words of steps that need not be"
        raise NotDecidedError(message)
    return of_cost(every.runtime())


def _with_sure_ends(level: Level, known: Divided) -> Level:
    """Leave out the classes of first and last steps of which there may be none."""
    classes = tuple(
        {
            mode: {
                index: entry
                for index, entry in found.items()
                if mode not in (FIRST, END) or known.follows(entry.number - 1)
            }
            for mode, found in group.items()
        }
        for group in level.classes
    )
    return replace(level, classes=classes)


def exactly(cost: TiledCost, point: Mapping[str, int], known: Divided) -> Maxima:
    """Give the exact cost of the chamber of a point over free numbers."""

    def value(form: TiledForm) -> QP:
        return value_of_form(form, point, known).plain.above

    if isinstance(cost, TiledRunTime):
        return clocked(cost, point, known)
    if isinstance(cost, TiledEnergy):
        total = QP.of(0)
        for part in cost.parts:
            each = QP.of(part.each if isinstance(part.each, str) else Fraction(part.each))
            total = total + each * sum((value(form) * w for w, form in part.accesses.terms), QP.of(0))
        return Maxima.of(total)
    assert isinstance(cost, TiledRoofline)
    entries = frozenset[Ratio]().union(
        *(of_cost(bound.cost(value).mapped(known.over)).entries for bound in cost.bounds)
    )
    return Maxima({entries: Ratio(ONE)})


def decisions(cost: TiledCost, point: Mapping[str, int]) -> Iterator[Condition]:
    """Give what was decided on the way to the formula of a point."""
    if isinstance(cost, TiledRunTime):
        for region, _ in cost.classes.near(point):
            yield from region.pieces[0]
        return
    if isinstance(cost, TiledEnergy):
        several = [part.accesses for part in cost.parts]
    else:
        several = [bound.amount for bound in cost.bounds]
    for accesses in several:
        for _, form in accesses.terms:
            yield from form.conditions(point)


def machine_of(analysis: TiledAnalysis) -> pm.Hardware:
    """Give an array of as many PEs as the mapping has, with a symbol for the bandwidth and one for DRAM."""
    return pm.Hardware("PEs" if "PEs" in analysis.symbols else 4, noc_bw="B", offchip_bw="D", energy=TABLE)


@statement(trusts=TRUST)
def divisible_costs_are_the_exact_ones() -> Iterator[Proof]:
    """Run time, energy and roofline printed with symbolic tiles are exact wherever their conditions hold."""
    for each in tiled():
        machine = machine_of(each.analysis)
        for name in ("runtime", "energy", "roofline"):
            cost: TiledCost = getattr(each.analysis, name)(machine)
            view: DivisibleCost = cost.divisible_at(each.near)
            claim = f"{each.label}: {name}"
            text = Text.read(view.text(), [view.unit])
            known = each.known(text.conditions)
            exact = cache(partial(exactly, cost, each.point, known))
            yield same(claim, exact, partial(text.value, known), known)
            if each.is_short:
                line = Text.read(view.line(), [view.unit])
                yield same(f"{claim}, in one line", exact, partial(line.value, known), known)
            yield holding(f"{claim} holds where it says", decisions(cost, each.point), known)
