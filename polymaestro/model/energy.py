"""Energy: accesses of each memory, MACs and words over hops, each times what one costs.

The numbers of `events` are sums of closed forms, so energy is one too, with every constant a number or a
symbol.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING, ClassVar, Generic

from polymaestro.counting import QuasiPolynomial, Region
from polymaestro.hardware import Value
from polymaestro.model.events import EnergyPart, energy_parts
from polymaestro.model.formula import PlainCost
from polymaestro.model.integers import Point, at, extents_of
from polymaestro.model.links import Form, Forms
from polymaestro.model.machine import Machine
from polymaestro.model.stated import CostCase
from polymaestro.symbolic import ClosedForm, ClosedForms, CommonCase, TensorForms, factored
from polymaestro.symbolic.boundaries import FormsOfBoundary, FormsOfTensor
from polymaestro.symbolic.costs import Cost, Write, as_factor
from polymaestro.symbolic.naming import NamedCost, Part
from polymaestro.symbolic.points import joined

if TYPE_CHECKING:
    import sympy


Accounts = Mapping[str, tuple[Value, QuasiPolynomial]]
"""What an event costs, and how many there are, by its name: a memory where reads and writes cost the same."""


@dataclass(frozen=True, repr=False)
class EnergyParts(Generic[Form]):
    """Σ number · constant over kinds of events; `unit` is that of the energy table."""

    parts: tuple[EnergyPart[Form], ...]
    unit: str
    what: ClassVar[str] = "the energy"

    @property
    def constants(self) -> frozenset[str]:
        """The constants of the machine that are symbols."""
        return frozenset(part.each for part in self.parts if isinstance(part.each, str))

    def by_symbol(self) -> dict[str, list[tuple[Fraction, Form]]]:
        """Give the accesses that each symbol stands before, and under "" those before a number."""
        found: dict[str, list[tuple[Fraction, Form]]] = {}
        for part in (each for each in self.parts if each.each):
            symbol, factor = (part.each, Fraction(1)) if isinstance(part.each, str) else ("", part.each)
            found.setdefault(symbol, []).extend((factor * w, form) for w, form in part.accesses.terms)
        return found

    def accounts(self, value: Callable[[Form], QuasiPolynomial]) -> Accounts:
        """Give the numbers of events that cost energy as formulas, with what `value` makes of each form."""
        found = {
            name: (each, sum((value(form) * w for w, form in terms), QuasiPolynomial.of(0)))
            for name, (each, terms) in self.events().items()
        }
        return {name: each for name, each in found.items() if not each[1].is_zero}

    def events(self) -> dict[str, tuple[Value, tuple[tuple[int, Form], ...]]]:
        """Give what each kind of event costs, and its number as Σ weight · form; free ones are left out."""
        found: dict[str, tuple[Value, tuple[tuple[int, Form], ...]]] = {}
        costs = {part.name: part.each for part in self.parts}
        for part in (each for each in self.parts if each.each):
            memory, _, way = part.name.rpartition(" ")
            alike = way != "hops" and costs.get(f"{memory} reads") == costs.get(f"{memory} writes")
            name = memory if memory and alike else part.name
            before = found[name][1] if name in found else ()
            found[name] = (part.each, (*before, *part.accesses.terms))
        return found

    def at(self, point: Mapping[str, int | Fraction] | None = None, /, **named: int | Fraction) -> Fraction:
        """Evaluate at a point, exactly; raises `ClosedFormError` as the other forms do."""
        return sum(self.by_part(joined(point, named)).values(), Fraction(0))

    def by_part(self, point: Point) -> dict[str, Fraction]:
        """Give the energy of each part at a point."""
        extents = extents_of(point, self.constants)
        for part in self.parts:
            for _, form in part.accesses.terms[:1]:
                form.check(extents)
        values: dict[int, int] = {}
        return {
            part.name: part.accesses.evaluate(extents, values) * at(part.each, point) for part in self.parts
        }


@dataclass(frozen=True, repr=False)
class EnergyCase(CostCase):
    """The accesses of each memory as formulas, and the region where they hold.

    `accesses` has a polynomial and an energy each for every kind of event, by its name.
    """

    region: Region
    accesses: Accounts
    per: str

    @property
    def unit(self) -> str:
        """What one means."""
        return self.per

    @property
    def named(self) -> NamedCost:
        """The formula with a name for the number of each kind of event."""
        return accounts_named(self.accesses)

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression."""
        return accounts_expression(self.accesses, {})

    def line(self) -> str:
        """Write numbers together, and the accesses of each symbol."""
        return "  if ".join([f"{energy_text(by_symbol(self.accesses))} {self.per}", *self.conditions])


@dataclass(frozen=True, repr=False)
class Energy(EnergyParts[ClosedForm], PlainCost):
    """Energy as a closed form in extents and constants; `unit` is that of the energy table.

    >>> import polymaestro as pm
    >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), num_pes=4)
    >>> from dataclasses import replace
    >>> table = replace(pm.Hardware(num_pes=4).energy, dram="E", mac=0, l1=0, l2=0)
    >>> form = a.energy(pm.Hardware(num_pes=4, energy=table))
    >>> form.at(M=5, N=3, K=2, E=10)
    Fraction(310, 1)
    >>> print(form)
    E·(K·M + K·N + M·N) pJ
    """

    counted: ClosedForm

    def by_part(self, point: Point) -> dict[str, Fraction]:
        """Give the energy of each part at a point."""
        self.sizes(point)
        return super().by_part(point)

    def case_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> EnergyCase:
        """Give the formula of the chambers that a point lies in, and where these meet."""
        point = joined(point, named)
        forms = [form for part in self.parts if part.each for _, form in part.accesses.terms]
        extents = self.counted.checked({n: point[n] for n in self.counted.symbols if n in point})
        case = CommonCase.of(forms, extents)
        return EnergyCase(case.region, self.accounts(case.value), self.unit)

    @property
    def expr(self) -> sympy.Expr:
        """The energy as a SymPy expression, all cases of the counts included."""
        from polymaestro.symbolic.to_sympy import constant  # noqa: PLC0415  half a second

        return sum(
            (
                weight * form.expr * constant(part.each)
                for part in self.parts
                for weight, form in part.accesses.terms
            ),
            constant(Fraction(0)),
        )


def by_symbol(accesses: Accounts) -> dict[str, QuasiPolynomial]:
    """Give what each symbol stands before, and under "" what costs a number."""
    found: dict[str, QuasiPolynomial] = {}
    for each, number in accesses.values():
        symbol, factor = (each, Fraction(1)) if isinstance(each, str) else ("", each)
        found[symbol] = found.get(symbol, QuasiPolynomial.of(0)) + number * factor
    return found


def accounts_named(accesses: Accounts, taken: Collection[str] = ()) -> NamedCost:
    """Give the energy as Σ constant · number of events, with a name for each number."""
    total, parts = QuasiPolynomial.of(0), []
    used = set(taken).union(*(number.names() for _, number in accesses.values()))
    hops = count(1)
    for what, (each, number) in accesses.items():
        link, _, kind = what.rpartition(" ")
        name = {"MAC": "MACs", "hops": ""}.get(kind, what.replace(" ", "_")) or f"hops_{next(hops)}"
        while name in used:
            name += "_"
        total = total + QuasiPolynomial.of(each) * QuasiPolynomial.of(name)
        meaning = MEANINGS.get(kind, "words read and written")
        parts.append(Part(name, Cost.of(number), f"{meaning}, {link}" if kind == "hops" else meaning))
    return NamedCost(Cost.of(total), tuple(parts), apart=True)


MEANINGS = {
    "MAC": "multiply-accumulates",
    "reads": "words read",
    "writes": "words written",
    "hops": "words times hops",
}
"""What is counted, by the last word of the name of a part."""


def accounts_expression(accesses: Accounts, known: Mapping[str, sympy.Expr]) -> sympy.Expr:
    """Write Σ constant · number as a SymPy expression, with expressions for known names."""
    from polymaestro.symbolic.to_sympy import constant, with_meanings  # noqa: PLC0415  half a second

    terms = (constant(each) * with_meanings(number, known) for each, number in accesses.values())
    return sum(terms, constant(Fraction(0)))


def energy_text(sums: Mapping[str, QuasiPolynomial], write: Write = factored) -> str:
    """Write numbers together, and the accesses of each symbol."""
    texts = [
        f"{symbol}·{as_factor(value, write)}" if symbol else write(value)
        for symbol, value in sorted(sums.items())
        if not value.is_zero
    ]
    return " + ".join(texts) or "0"


def energy_of(
    forms: ClosedForms,
    off_chip: Mapping[str, TensorForms],
    machine: Machine,
    resident: frozenset[str],
) -> Energy:
    """Add up the parts of a dataflow on a machine whose L2 keeps the resident tensors."""
    parts = tuple(energy_parts(forms, off_chip, machine, resident))
    return Energy(parts, machine.hardware.energy.unit, forms.macs)


@dataclass(frozen=True)
class _OfTensor(Generic[Form]):
    """The forms of an analysis as far as one tensor goes."""

    macs: Form
    boundaries: tuple[FormsOfBoundary[Form], ...]


def energy_by_tensor(
    forms: Forms[Form],
    off_chip: Mapping[str, FormsOfTensor[Form]],
    machine: Machine,
    resident: frozenset[str],
) -> dict[str, EnergyParts[Form]]:
    """Split what `energy_of` gives, but for the MACs, among the tensors whose words are moved."""
    split = {}
    for name, tensor in off_chip.items():
        boundaries = tuple(replace(each, tensors={name: each.tensors[name]}) for each in forms.boundaries)
        own = _OfTensor(forms.macs, boundaries)
        _, *parts = energy_parts(own, {name: tensor}, machine, resident)
        split[name] = EnergyParts(tuple(parts), machine.hardware.energy.unit)
    return split
