"""The tables of a report: from the mapping to the bounds, of whatever kind the formulas are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Generic, NamedTuple, TypeVar

from polymaestro.affine import Affine
from polymaestro.counting import QuasiPolynomial
from polymaestro.errors import PolymaestroError
from polymaestro.model.bounds import BoundsAt, Counted
from polymaestro.symbolic.boundaries import FormsOfBoundary, FormsOfTensor
from polymaestro.symbolic.written import Written, per_sum, quotient, sum_of, under_root, written

Form = TypeVar("Form", bound=Counted)
Cell = str | Written


@dataclass(frozen=True)
class Grid:
    """A table: a title, a head, and rows whose first cell names them."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse rows that do not fit the head."""
        for row in self.rows:
            if len(row) != len(self.head):
                message = f"a row of {len(row)} cells under a head of {len(self.head)} in {self.title!r}"
                raise PolymaestroError(message)


class Loop(NamedTuple):
    """A loop of the mapping, or the units of a level."""

    level: int
    kind: str
    number: QuasiPolynomial | Affine
    directive: str


class View(ABC, Generic[Form]):
    """The formulas of an analysis in one case, and how each is written."""

    macs: Form
    steps: Form
    active: Form
    boundaries: tuple[FormsOfBoundary[Form], ...]
    units: Sequence[Affine]
    point: Mapping[str, int]
    fixed: str
    """What does not grow where terms lead."""

    @abstractmethod
    def value(self, form: Form) -> QuasiPolynomial:
        """Give a formula in the case."""

    def alone(self, form: Form) -> QuasiPolynomial:
        """Give a formula in the largest case of its own."""
        return self.value(form)

    @abstractmethod
    def loops(self) -> Iterator[Loop]:
        """Give the loops, outermost first, the units of each level after its loops."""

    @abstractmethod
    def divided(self, boundary: str, tensor: str, quantity: str) -> Written:
        """Write a formula where tiles divide what they cut."""

    @abstractmethod
    def leading(self, boundary: str, tensor: str, quantity: str) -> Written:
        """Write the terms of a formula that grow fastest."""

    def condition(self, boundary: str) -> str:  # noqa: ARG002  of some views
        """Say where the tiles of a boundary divide, unless its formulas show that."""
        return ""

    @abstractmethod
    def bounds(self, memory: str) -> BoundsAt[Form]:
        """Give the lower bounds of the boundary below a memory."""


@dataclass(frozen=True)
class Grids(Generic[Form]):
    """Writes the tables of a view; `numbers` adds those of its point."""

    view: View[Form]
    numbers: bool

    def __iter__(self) -> Iterator[Grid]:
        """Give the tables from the mapping to the bounds."""
        yield self._mapping()
        yield self._totals()
        for boundary in self.view.boundaries:
            yield self._reuse(boundary)
            yield self._traffic(boundary)
        yield self._intensity()
        yield self._bounds()
        if self.numbers:
            yield self._at_the_point()

    def _value(self, form: Form) -> QuasiPolynomial:
        return self.view.value(form)

    def _mapping(self) -> Grid:
        rows = tuple(
            (str(each.level), each.kind, written(each.number), each.directive) for each in self.view.loops()
        )
        return Grid("Mapping, outermost loop first", ("level", "kind", "number", "directive"), rows)

    def _totals(self) -> Grid:
        macs, steps, active = map(self._value, (self.view.macs, self.view.steps, self.view.active))
        slots = steps * _product(self.view.units)
        rows = (
            ("MACs", written(macs)),
            ("steps", written(steps)),
            ("utilisation", quotient(active, slots)),
        )
        return Grid("In all", ("quantity", "value"), rows)

    def _reuse(self, boundary: FormsOfBoundary[Form]) -> Grid:
        head = (
            "tensor",
            "footprint",
            "fills or drains",
            "reads or updates",
            "in the tile",
            "over time",
            "in space",
        )
        rows = tuple(self._reuse_row(tensor) for tensor in boundary.tensors.values())
        note = "The three factors of reuse multiply to MACs / (parent reads or updates)."
        return Grid(f"{boundary.parent} → {boundary.child}: footprint, transfers, reuse", head, rows, note)

    def _reuse_row(self, tensor: FormsOfTensor[Form]) -> tuple[Cell, ...]:
        moved, shared = (self._value(tensor.forms[key]) for key in _transfers(tensor))
        macs, tiles = self._value(self.view.macs), self._value(tensor.tile_total)
        factors = (quotient(macs, tiles), quotient(tiles, moved), quotient(moved, shared))
        return (
            tensor.name,
            written(self._value(tensor.occupancy)),
            written(moved),
            written(shared),
            *factors,
        )

    def _traffic(self, boundary: FormsOfBoundary[Form]) -> Grid:
        rows: list[tuple[Cell, ...]] = []
        for tensor in boundary.tensors.values():
            rows.append(self._traffic_row(boundary, tensor, _transfers(tensor)[1], tensor.name))
            if tensor.role == "output":
                rows.append(self._traffic_row(boundary, tensor, "read_backs", f"{tensor.name} read back"))
        title = f"{boundary.parent} → {boundary.child}: words that the parent sends and takes"
        fixed = f" ({self.view.fixed} fixed)" if self.view.fixed else ""
        head = ("tensor", "exact", "where tiles divide", f"leading term{fixed}")
        return Grid(title, head, tuple(rows), self.view.condition(boundary.parent))

    def _traffic_row(
        self, boundary: FormsOfBoundary[Form], tensor: FormsOfTensor[Form], key: str, label: str
    ) -> tuple[Cell, ...]:
        where = (boundary.parent, tensor.name, key)
        exact = written(self._value(tensor.forms[key]))
        return label, exact, self.view.divided(*where), self.view.leading(*where)

    def _intensity(self) -> Grid:
        macs = self._value(self.view.macs)
        rows: list[tuple[Cell, ...]] = []
        for bounds in self._each_bounds():
            words = [self._value(form) for form in (*bounds.traffic, bounds.read_backs)]
            rows.append((_name(bounds), per_sum(macs, words)))
        return Grid("Arithmetic intensity", ("boundary", "MACs per word that crosses"), tuple(rows))

    def _bounds(self) -> Grid:
        rows = tuple((_name(b), self._compulsory(b), self._capacity(b)) for b in self._each_bounds())
        note = (
            "Words that any dataflow must move. The capacity bound is for those that need no more room than "
            "this one below each parent (Smith et al. 2019; for convolution after Chen et al. 2020)."
        )
        return Grid("Lower bounds", ("boundary", "compulsory", "capacity"), rows, note)

    def _each_bounds(self) -> Iterator[BoundsAt[Form]]:
        return (self.view.bounds(each.parent) for each in self.view.boundaries)

    def _compulsory(self, bounds: BoundsAt[Form]) -> Written:
        return sum_of(self.view.alone(form) for form in bounds.compulsory.values())

    def _capacity(self, bounds: BoundsAt[Form]) -> Cell:
        bound = bounds.capacity
        if bound is None:
            return f"none: {bounds.reason}"
        held = sum((self._value(form) for form in bound.occupancies), QuasiPolynomial.of(0))
        held = held * QuasiPolynomial.of(bound.units)
        taps, parents = _product(bound.reuse), _product(bound.parents)
        return under_root(2, self._value(self.view.macs), taps * held, held * parents * 2)

    def _at_the_point(self) -> Grid:
        rows = tuple(self._numbers(bounds) for bounds in self._each_bounds())
        shown = ", ".join(f"{name} = {value}" for name, value in self.view.point.items())
        head = ("boundary", "words moved", "largest lower bound", "ratio", "MACs / word")
        return Grid(f"At {shown}" if shown else "In numbers", head, rows)

    def _numbers(self, bounds: BoundsAt[Form]) -> tuple[Cell, ...]:
        point = self.view.point
        return (
            _name(bounds),
            str(bounds.words_at(point)),
            str(-(-bounds.bound_at(point) // 1)),
            f"{float(bounds.ratio_at(point)):.4g}",
            f"{float(bounds.intensity_at(point)):.4g}",
        )


def _name(bounds: BoundsAt[Form]) -> str:
    return f"{bounds.parent} → {bounds.child}"


def _transfers(tensor: FormsOfTensor[Form]) -> tuple[str, str]:
    """Name what the children receive or send, and what the parent reads or takes for that."""
    return ("fills", "parent_reads") if tensor.role == "input" else ("drains", "parent_updates")


def _product(values: Sequence[Affine]) -> QuasiPolynomial:
    return prod((QuasiPolynomial.of(each) for each in values), start=QuasiPolynomial.of(1))
