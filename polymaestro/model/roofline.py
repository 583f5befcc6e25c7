"""The roofline: cycles that no schedule with this traffic can beat, resource by resource (`model.md` §4).

run time ≥ MACs / (PEs · lanes)    and, at each boundary,    run time ≥ words of a direction / all its links
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from polymaestro.affine import Affine
from polymaestro.counting import QuasiPolynomial
from polymaestro.errors import ClosedFormError
from polymaestro.hardware import Value
from polymaestro.model.integers import Point, extents_of, positive
from polymaestro.model.links import Accesses, LinkForms
from polymaestro.model.machine import Machine
from polymaestro.model.runtime import TimeCase
from polymaestro.showing import Shown
from polymaestro.symbolic import ClosedForm, ClosedForms, CommonCase
from polymaestro.symbolic.costs import largest, transfer


@dataclass(frozen=True)
class Bound:
    """⌈amount / (rate · copies)⌉ cycles of one resource; `copies` counts its instances level by level."""

    resource: str
    amount: Accesses
    rate: Value
    copies: tuple[Affine, ...] = ()


@dataclass(frozen=True, repr=False)
class Roofline(Shown):
    """The largest of the bounds, as a closed form in extents and constants of the machine.

    >>> import polymaestro as pm
    >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), num_pes=4)
    >>> least = a.roofline(pm.Hardware(num_pes=4, noc_bw="B"))
    >>> print(least)
    max(⌈K·M·N/4⌉, ⌈K·(N·⌈M/4⌉ + M)/B⌉, ⌈M·N/B⌉)  if M ≥ 5, N ≥ 2
    >>> least.at(M=8, N=5, K=3, B=1), least.bound_by(M=8, N=5, K=3, B=1)
    (54, 'L2 → L1 in')
    """

    bounds: tuple[Bound, ...]
    counted: ClosedForm

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters: extents, then constants."""
        return (*self.counted.symbols, *sorted(self._constants))

    @property
    def _constants(self) -> frozenset[str]:
        return frozenset(bound.rate for bound in self.bounds if isinstance(bound.rate, str))

    def at(self, **point: int | Fraction) -> int:
        """Evaluate, exact at any size; raises `ClosedFormError` as the other forms do."""
        return max(self.by_resource(point).values())

    def bound_by(self, **point: int | Fraction) -> str:
        """Name the resource that sets the bound at a point."""
        cycles = self.by_resource(point)
        return max(cycles, key=lambda resource: cycles[resource])

    def by_resource(self, point: Point) -> dict[str, int]:
        """Give the cycles of every resource at a point."""
        extents = extents_of(point, self._constants)
        self.counted.check(extents)
        values: dict[int, int] = {}
        cycles = {}
        for bound in self.bounds:
            rate = positive(bound.rate, point)
            for count in bound.copies:
                rate *= count.evaluate(extents)
            cycles[bound.resource] = int(-(-bound.amount.evaluate(extents, values) // rate))
        return cycles

    def case_at(self, point: Mapping[str, int]) -> TimeCase:
        """Give the formula of the chambers that a point lies in, and where these meet."""
        forms = [form for bound in self.bounds for _, form in bound.amount.terms]
        case = CommonCase.of(forms, {name: point[name] for name in self.counted.symbols})
        costs = []
        for bound in self.bounds:
            amount = QuasiPolynomial.of(0)
            for weight, form in bound.amount.terms:
                amount = amount + case.value(form) * Fraction(weight, _number(bound.copies))
            costs.append(transfer(amount, rate=bound.rate, latency=Fraction(0)))
        return TimeCase(case.region, largest(costs))

    def __str__(self) -> str:
        """Write the case of large symbols."""
        return str(self.case_at(self.counted.large_point()))


def roofline_of(forms: ClosedForms, links: list[LinkForms], machine: Machine) -> Roofline:
    """Bound the run time by the PEs and by every link that has a bandwidth."""
    return Roofline(tuple(_bounds(forms, links, machine)), forms.macs)


def _bounds(forms: ClosedForms, links: list[LinkForms], machine: Machine) -> Iterator[Bound]:
    per_cycle = Fraction(machine.hardware.num_pes * machine.hardware.lanes)
    yield Bound("compute", Accesses(((1, forms.macs),)), per_cycle)
    units = tuple(each.count for each in forms.counts.movement.relations.nest.units)
    for depth, link in enumerate(links):
        rate = machine.link(depth).words_per_cycle
        if rate is not None:
            name = f"{machine.memories[depth].name} → {machine.memories[depth + 1].name}"
            parents = units[: max(depth - 1, 0)]
            yield Bound(f"{name} in", Accesses(tuple(link.down)), rate, parents)
            yield Bound(f"{name} out", Accesses(tuple(link.up)), rate, parents)


def _number(copies: tuple[Affine, ...]) -> int:
    product = 1
    for count in copies:
        if not count.is_constant:
            message = (
                f"the number of links is {count}, and a quotient by a symbol has no formula here; use at"
            )
            raise ClosedFormError(message)
        product *= count.constant
    return product
