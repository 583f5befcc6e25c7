"""Energy: accesses of each memory, MACs and words over hops, each times what one costs.

    L1   reads  = Σ over inputs of MACs + partial sums read + what goes up;   writes = MACs + what comes down
    else reads  = what the links below take + what goes up;  writes = what they bring + what comes down

A PE reads its partial sum for each MAC but the first since the element came, unless it came as a partial
sum (`loopnest.timing` counts the same step by step). Both are sums of closed forms, so energy is one too,
with every constant a number or a symbol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Generic

from polymaestro.counting import QuasiPolynomial
from polymaestro.hardware import EnergyTable, Memory, Value
from polymaestro.hardware.values import exact
from polymaestro.model.integers import Point, at, extents_of
from polymaestro.model.links import Accesses, Form, Forms, links_of
from polymaestro.model.machine import Machine
from polymaestro.showing import Shown
from polymaestro.symbolic import ClosedForm, ClosedForms, CommonCase, TensorForms, factored
from polymaestro.symbolic.boundaries import FormsOfBoundary, FormsOfTensor
from polymaestro.symbolic.costs import Write, as_factor

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class EnergyPart(Generic[Form]):
    """What one kind of event costs in all: its number times a constant."""

    name: str
    accesses: Accesses[Form]
    each: Value


@dataclass(frozen=True)
class EnergyParts(Generic[Form]):
    """Σ number · constant over kinds of events; `unit` is that of the energy table."""

    parts: tuple[EnergyPart[Form], ...]
    unit: str

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
class Energy(Shown, EnergyParts[ClosedForm]):
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

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters: extents and constants."""
        extents = {s for part in self.parts for _, form in part.accesses.terms for s in form.symbols}
        return (*sorted(extents), *sorted(self.constants))

    def at(self, **point: int | Fraction) -> Fraction:
        """Evaluate at a point, exactly; raises `ClosedFormError` for a symbol without a number."""
        return sum(self.by_part(point).values(), Fraction(0))

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

    def __str__(self) -> str:
        """Write the case of large symbols: numbers together, and the accesses of each symbol."""
        forms = [form for part in self.parts if part.each for _, form in part.accesses.terms]
        case = CommonCase.of(forms, forms[0].large_point())
        sums = {
            symbol: sum((case.value(form) * factor for factor, form in terms), QuasiPolynomial.of(0))
            for symbol, terms in self.by_symbol().items()
        }
        condition = "" if case.region.is_everywhere else f"  if {case.region}"
        return f"{energy_text(sums)} {self.unit}{condition}"


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
    return Energy(tuple(energy_parts(forms, off_chip, machine, resident)), machine.hardware.energy.unit)


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


def energy_parts(
    forms: Forms[Form],
    off_chip: Mapping[str, FormsOfTensor[Form]],
    machine: Machine,
    resident: frozenset[str],
) -> Iterator[EnergyPart[Form]]:
    """Give the events of a dataflow, MACs first, on a machine whose L2 keeps the resident tensors."""
    table = machine.hardware.energy
    links = links_of(forms, off_chip, machine, resident)
    yield EnergyPart("MAC", Accesses(((1, forms.macs),)), table.values["mac"])
    last = len(machine.memories) - 1
    for index, memory in enumerate(machine.memories):
        reads: list[tuple[int, Form]] = []
        writes: list[tuple[int, Form]] = []
        if index:
            writes += links[index - 1].received
            reads += links[index - 1].sent_up
        if index < last:
            reads += links[index].down
            writes += links[index].up
        else:
            reads += _operand_reads(forms, machine)
            writes += _partial_sums(forms, machine)
        read, write = _costs(memory, table)
        yield EnergyPart(f"{memory.name} reads", Accesses(tuple(reads)), read)
        yield EnergyPart(f"{memory.name} writes", Accesses(tuple(writes)), write)
    for depth, link in enumerate(links[1:], 1):
        hops = machine.link(depth).hops
        words = [(hops * weight, form) for weight, form in (*link.down, *link.up)] if hops else []
        name = f"{machine.memories[depth].name} → {machine.memories[depth + 1].name} hops"
        yield EnergyPart(name, Accesses(tuple(words)), table.values["hop"])


def _operand_reads(forms: Forms[Form], machine: Machine) -> Iterator[tuple[int, Form]]:
    for name, tensor in forms.boundaries[-1].tensors.items():
        width = machine.width(name)
        yield width, forms.macs
        if tensor.role == "output" and machine.policies.first_partial_sum_read == "elided":
            yield -width, tensor.forms["drains"]
            yield width, tensor.forms["read_backs"]


def _partial_sums(forms: Forms[Form], machine: Machine) -> Iterator[tuple[int, Form]]:
    """A partial sum is written for each MAC."""
    for name, tensor in forms.boundaries[-1].tensors.items():
        if tensor.role == "output":
            yield machine.width(name), forms.macs


def _costs(memory: Memory, table: EnergyTable) -> tuple[Value, Value]:
    """Give the energy of a read and of a write: the memory's own, else the table's."""
    kind = "cluster" if memory.name.startswith("cluster") else memory.name.lower()
    default = table.values[kind]
    read, write = memory.read_energy, memory.write_energy
    return (
        default if read is None else exact(read, "read_energy"),
        default if write is None else exact(write, "write_energy"),
    )
