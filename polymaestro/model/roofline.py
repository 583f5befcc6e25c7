"""The roofline: cycles that no schedule with this traffic can beat, resource by resource.

run time ≥ MACs / (PEs · lanes)    and, at each boundary,    run time ≥ words of a direction / all its links
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Generic

from polymaestro.affine import Affine
from polymaestro.counting import QuasiPolynomial
from polymaestro.hardware import Value
from polymaestro.model.formula import OnMachine, PlainCost
from polymaestro.model.integers import Point, extents_of, positive
from polymaestro.model.links import Accesses, Form, LinkForms
from polymaestro.model.machine import Machine
from polymaestro.model.runtime import TimeCase
from polymaestro.symbolic import ClosedForm, ClosedForms, CommonCase
from polymaestro.symbolic.costs import Cost, largest, transfer
from polymaestro.symbolic.naming import Origin, Origins
from polymaestro.symbolic.points import joined


@dataclass(frozen=True)
class Bound(Generic[Form]):
    """⌈amount / (rate · copies)⌉ cycles of one resource; `copies` counts its instances level by level."""

    resource: str
    amount: Accesses[Form]
    rate: Value
    copies: tuple[Affine, ...] = ()

    def cost(self, value: Callable[[Form], QuasiPolynomial]) -> Cost:
        """Give the bound as a formula, with what `value` makes of each form."""
        amount, copies = QuasiPolynomial.of(0), QuasiPolynomial.of(1)
        for weight, form in self.amount.terms:
            amount = amount + value(form) * weight
        for count in self.copies:
            copies = copies * QuasiPolynomial.of(count)
        rate = self.rate
        if copies.constant is not None and isinstance(rate, Fraction):
            rate, copies = rate * copies.constant, QuasiPolynomial.of(1)
        return transfer(amount, rate=rate, latency=Fraction(0), copies=copies)


@dataclass(frozen=True)
class Bounded(OnMachine[Form]):
    """The bounds of all resources; `counted` tells where they hold."""

    bounds: tuple[Bound[Form], ...]
    counted: Form
    what: ClassVar[str] = "the roofline"

    @property
    def constants(self) -> frozenset[str]:
        """The constants of the machine that are symbols."""
        return frozenset(bound.rate for bound in self.bounds if isinstance(bound.rate, str))

    def formula(self, value: Callable[[Form], QuasiPolynomial]) -> tuple[Cost, Origins]:
        """Give the largest bound with what `value` makes of each form, and which resource each is of."""
        origins: dict[Cost, dict[Origin, None]] = {}
        for bound in self.bounds:
            way = bound.resource.rpartition(" ")[2]
            origin = Origin(way, bound.resource) if way in {"in", "out"} else Origin("comp", "all MACs")
            origins.setdefault(bound.cost(value), {})[origin] = None
        return largest(origins), origins

    def by_resource(self, point: Point) -> dict[str, int]:
        """Give the cycles of every resource at a point."""
        self.counted.check(self.sizes(point))
        return self.by_resource_at(point)

    def by_resource_at(self, point: Point) -> dict[str, int]:
        """Give the same at a point that was checked, which may hold the values of ties."""
        extents = extents_of(point, self.constants)
        values: dict[int, int] = {}
        cycles = {}
        for bound in self.bounds:
            rate = positive(bound.rate, point)
            for count in bound.copies:
                rate *= count.evaluate(extents)
            cycles[bound.resource] = int(-(-bound.amount.evaluate(extents, values) // rate))
        return cycles

    def at(self, point: Mapping[str, int | Fraction] | None = None, /, **named: int | Fraction) -> int:
        """Evaluate, exact at any size; raises `ClosedFormError` as the other forms do."""
        point = joined(point, named)
        return max(self.by_resource(point).values())

    def bound_by(self, **point: int | Fraction) -> str:
        """Name the resource that sets the bound at a point."""
        cycles = self.by_resource(point)
        return max(cycles, key=lambda resource: cycles[resource])


@dataclass(frozen=True, repr=False)
class Roofline(Bounded[ClosedForm], PlainCost):
    """The largest of the bounds, as a closed form in extents and constants of the machine.

    >>> import polymaestro as pm
    >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), num_pes=4)
    >>> least = a.roofline(pm.Hardware(num_pes=4, noc_bw="B"))
    >>> print(least)
    max(⌈K·M·N/4⌉, ⌈K·(N·⌈M/4⌉ + M)/B⌉, ⌈M·N/B⌉)  if M ≥ 5, N ≥ 2
    >>> least.at(M=8, N=5, K=3, B=1), least.bound_by(M=8, N=5, K=3, B=1)
    (54, 'L2 → L1 in')
    """

    def case_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> TimeCase:
        """Give the formula of the chambers that a point lies in, and where these meet."""
        point = joined(point, named)
        extents = self.counted.checked({n: point[n] for n in self.counted.symbols if n in point})
        forms = [form for bound in self.bounds for _, form in bound.amount.terms]
        case = CommonCase.of(forms, extents)
        return TimeCase(case.region, *self.formula(case.value))


def roofline_of(forms: ClosedForms, links: list[LinkForms[ClosedForm]], machine: Machine) -> Roofline:
    """Bound the run time by the PEs and by every link that has a bandwidth."""
    units = tuple(each.count for each in forms.counts.movement.relations.nest.units)
    return Roofline(tuple(bounds_of(forms.macs, links, machine, units)), forms.macs)


def bounds_of(
    macs: Form, links: list[LinkForms[Form]], machine: Machine, units: tuple[Affine, ...]
) -> Iterator[Bound[Form]]:
    """Give the bound of the PEs and of each link that has a bandwidth; `units` are those of each level."""
    pes = Affine.of(machine.hardware.num_pes)
    yield Bound("compute", Accesses(((1, macs),)), Fraction(machine.hardware.lanes), (pes,))
    for depth, link in enumerate(links):
        rate = machine.link(depth).words_per_cycle
        if rate is not None:
            name = f"{machine.memories[depth].name} → {machine.memories[depth + 1].name}"
            parents = units[: max(depth - 1, 0)]
            yield Bound(f"{name} in", Accesses(tuple(link.down)), rate, parents)
            yield Bound(f"{name} out", Accesses(tuple(link.up)), rate, parents)
