"""Run time as a closed form: exact at every point, and written out as a formula around a point."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from polymaestro.counting import QuasiPolynomial, Region, region_of, with_decided_floors
from polymaestro.counting.classes import BoundaryClasses, Profile, StepClasses
from polymaestro.model.clock import Clock, Entry, Level
from polymaestro.model.formula import CostForm, PlainCost
from polymaestro.model.integers import Integers, Point, levels_at
from polymaestro.model.links import Form
from polymaestro.model.machine import Machine
from polymaestro.model.stated import CostCase, TracedClock
from polymaestro.movement.transfers import Mode
from polymaestro.symbolic import ClosedForm
from polymaestro.symbolic.cases import existing_together
from polymaestro.symbolic.costs import Cost, as_sympy, largest, total, transfer
from polymaestro.symbolic.naming import NamedCost, Origins, named
from polymaestro.symbolic.points import joined

if TYPE_CHECKING:
    import sympy

ONE = QuasiPolynomial.of(1)

Tidy = Callable[[QuasiPolynomial], QuasiPolynomial]
"""How a polynomial is simplified in the region of a case."""


@dataclass(frozen=True, repr=False)
class TimeCase(CostCase):
    """A formula for a time, the region where it is the value, and where its delays come from."""

    region: Region
    value: Cost
    origins: Origins = field(default_factory=dict, compare=False)

    @property
    def named(self) -> NamedCost:
        """The formula with names for its delays."""
        return named(self.value, self.origins, self.value.names())

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression with Max and ceiling."""
        return as_sympy(self.value)

    def line(self) -> str:
        """Write the formula, then its condition."""
        return "  if ".join([str(self.value), *self.conditions])


class Timed(CostForm[Form], ABC):
    """A run time: what the steps take on a machine whose L2 keeps the tensors of `resident`."""

    machine: Machine
    resident: frozenset[str]
    what: ClassVar[str] = "the run time"

    @property
    def constants(self) -> frozenset[str]:
        """The constants of the machine that are symbols."""
        return self.machine.symbols

    def at(self, point: Mapping[str, int | Fraction] | None = None, /, **named: int | Fraction) -> int:
        """Evaluate, exact at any size; raises `ClosedFormError` as the other forms do."""
        return self.evaluate(joined(point, named))

    def evaluate(self, point: Point) -> int:
        """Evaluate like `at`."""
        arithmetic = Integers(self.machine, point)
        return int(Clock(self.levels_at(point), self.machine, self.resident, arithmetic).runtime())

    @abstractmethod
    def levels_at(self, point: Point) -> tuple[Level, ...]:
        """Give the step classes that a point has, with integers; refuses points that do not fit."""


@dataclass(frozen=True, repr=False)
class RunTime(Timed[ClosedForm], PlainCost):
    """The cycles of a run in the extents and in the symbols of the machine.

    `at` is exact wherever the counts hold. The formula has as many cases as all step classes together, so
    it is written one case at a time: `case_at` gives the one of a point.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K")
    >>> a = pm.analyze(pm.gemm(M=4), flow, num_pes=4)
    >>> cycles = a.runtime(pm.Hardware(num_pes=4, noc_bw="B"))
    >>> cycles.at(N=8, K=2, B=1), cycles.at(N=8, K=2, B=5)
    (85, 18)
    >>> print(cycles.case_at({"N": 8, "K": 2}))
    (K·N - 1)·max(1, ⌈5/B⌉) + ⌈5/B⌉ + ⌈4/B⌉ + 1  if K ≥ 2, N ≥ 2
    """

    classes: StepClasses
    machine: Machine
    resident: frozenset[str]
    counted: ClosedForm

    def levels_at(self, point: Point) -> tuple[Level, ...]:
        """Give the step classes that a point has, with integers; refuses points that do not fit."""
        return levels_at(self.classes, self.counted.checked(self.sizes(point)))

    def case_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> TimeCase:
        """Give the formula of the step classes that a point has, and where they are the same."""
        point = joined(point, named)
        extents = {name: point[name] for name in self.counted.symbols if name in point}
        self.counted.check(extents)
        found = [each for b in self.classes.boundaries for group in b.groups for each in group.all]
        numbers = [(each.number, each.exists) for each in found]
        meeting = existing_together(numbers, self.counted.context, extents)
        levels = _levels_near(self.classes, extents, lambda value: with_decided_floors(value, meeting))
        clock = TracedClock(levels, self.machine, self.resident, Formulas(self.machine))
        region = region_of(meeting.gist(self.counted.context).remove_redundancies())
        return TimeCase(region, clock.runtime(), clock.origins)

    @cached_property
    def common(self) -> TimeCase:
        """The case of large symbols."""
        return self.case_at(self.counted.large_point())


@dataclass(frozen=True)
class Formulas:
    """Time as `Cost` over polynomials in the extents."""

    machine: Machine

    def cycles(self, macs: QuasiPolynomial | int) -> Cost:
        """⌈MACs / lanes⌉."""
        lanes = Fraction(self.machine.hardware.lanes)
        return transfer(QuasiPolynomial.of(macs), rate=lanes, latency=Fraction(0))

    def transfer(self, words: QuasiPolynomial | int, depth: int) -> Cost:
        """0 for no words, else ⌈words / bandwidth⌉ + latency."""
        rate = self.machine.link(depth).words_per_cycle
        return transfer(QuasiPolynomial.of(words), rate=rate, latency=self.machine.latency(depth))

    def join(self, times: list[Cost], *, serial: bool) -> Cost:
        """Give the largest time, or the sum."""
        return total((ONE, time) for time in times) if serial else largest(times)

    def total(self, times: Iterable[tuple[QuasiPolynomial | int, Cost]]) -> Cost:
        """Σ number · time."""
        return total((QuasiPolynomial.of(number), time) for number, time in times)


def _levels_near(classes: StepClasses, point: Mapping[str, int], tidy: Tidy) -> tuple[Level, ...]:
    """Give the classes that a point has, with polynomials."""
    levels: list[Level] = []
    for shape in reversed(classes.boundaries):
        inner = levels[0].classes if levels else (({}),) * len(shape.groups)
        levels.insert(0, _level_near(shape, inner, point, tidy))
    return tuple(levels)


def _level_near(shape: BoundaryClasses, inner: Sequence[Any], point: Mapping[str, int], tidy: Tidy) -> Level:
    entries = tuple(
        {
            mode: {
                index: Entry(tidy(each.number.piece_at(point)[1]), tuple(map(tidy, each.sizes)), each.inside)
                for index, each in enumerate(found)
                if each.number.at(point)
            }
            for mode, found in group.classes.items()
        }
        for group in shape.groups
    )
    profiles = tuple(
        {index: _profile_near(each, substeps, tidy) for index, each in enumerate(group.profiles)}
        for group, substeps in zip(shape.groups, inner, strict=True)
    )
    return Level(shape, entries, profiles)


def _profile_near(profile: Profile, inner: Mapping[Mode, Mapping[int, Entry]], tidy: Tidy) -> Any:  # noqa: ANN401  MACs, or numbers of sub-steps
    """Give the MACs, or the sub-steps of the classes that exist; a number may be 0 at the point itself."""
    if profile.macs is not None:
        return tidy(profile.macs)
    substeps: dict[Mode, list[tuple[int, QuasiPolynomial]]] = {}
    for mode, index, number in profile.substeps:
        if index in inner[mode]:
            substeps.setdefault(mode, []).append((index, tidy(number)))
    return substeps
