"""The report of one analysis: what was mapped how, tables of formulas, bounds, policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod

from polymaestro.affine import Affine
from polymaestro.counting import QuasiPolynomial, Region
from polymaestro.counting.ranges import fixed_extrema, ranges_of
from polymaestro.dataflow import Dataflow
from polymaestro.errors import ClosedFormError, PolymaestroError
from polymaestro.loopnest import LoopNest
from polymaestro.model.bounds import BoundaryBounds, Bounds
from polymaestro.model.table import reference_point
from polymaestro.showing import Shown
from polymaestro.symbolic import BoundaryForms, ClosedForm, ClosedForms, CommonCase, TensorForms, point_near
from polymaestro.symbolic.written import NOTHING, Written, per_sum, quotient, sum_of, under_root, written
from polymaestro.workload import Operator

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


@dataclass(frozen=True, repr=False)
class Paper(Shown):
    """What a paper says of one dataflow on one operator; formulas hold in `case`, inside `region`.

    `point` is where the numbers of the last table are taken; empty without one.
    """

    title: str
    computation: str
    extents: str
    dataflow: tuple[str, ...]
    notes: tuple[str, ...]
    parameters: tuple[str, ...]
    region: Region
    case: Region
    grids: tuple[Grid, ...]
    policies: Mapping[str, str]
    point: Mapping[str, int]

    def __str__(self) -> str:
        """Write as plain text."""
        from polymaestro.model.paper.plain import text  # noqa: PLC0415  it reads this type

        return text(self)

    def _repr_html_(self) -> str:
        from polymaestro.model.paper.html import html  # noqa: PLC0415  it reads this type

        return html(self)


def paper_of(
    operator: Operator,
    dataflow: Dataflow,
    nest: LoopNest,
    forms: ClosedForms,
    at: Mapping[str, int] | None = None,
) -> Paper:
    """Write the report in the case of a point; without one, of large symbols and 3-tap filters."""
    writer = _Writer(operator, nest, forms, at)
    computation = str(operator).splitlines()[0].split(": ", 1)[1]
    fixed = [f"{dim.name} = {dim.extent}" for dim in operator.dims if str(dim.extent) != dim.name]
    return Paper(
        operator.name,
        computation,
        ", ".join(fixed),
        tuple(str(dataflow).splitlines()),
        nest.notes,
        forms.macs.symbols,
        forms.macs.valid_on,
        writer.case.region,
        tuple(writer.grids()),
        forms.counts.movement.policies.to_json(),
        {} if at is None else writer.point,
    )


class _Writer:
    """The tables of one analysis in one case."""

    def __init__(
        self, operator: Operator, nest: LoopNest, forms: ClosedForms, at: Mapping[str, int] | None
    ) -> None:
        self.nest = nest
        self.forms = forms
        symbols = forms.macs.symbols
        wish = reference_point(operator, symbols) if at is None else at
        point = {name: wish[name] for name in symbols}
        self.point = point if forms.macs.valid_on.holds(point) else point_near(forms.macs.context, point)
        self.case = CommonCase.of(list(forms.every().values()), self.point)
        self.small = tuple(name for name in operator.filter_symbols if name in symbols)
        self.divisible = self._where_tiles_divide()
        self.bounds = Bounds(forms)
        self.numbers = at is not None

    def grids(self) -> Iterator[Grid]:
        """Give the tables from the mapping to the bounds."""
        yield self._mapping()
        yield self._totals()
        for boundary in self.forms.boundaries:
            yield self._reuse(boundary)
            yield self._traffic(boundary)
        yield self._intensity()
        yield self._bounds()
        if self.numbers:
            yield self._at_the_point()

    def _where_tiles_divide(self) -> ClosedForms | None:
        try:
            return self.forms.divisible()
        except PolymaestroError:
            return None  # the region leaves no such extents

    def _value(self, form: ClosedForm) -> QuasiPolynomial:
        return self.case.value(form)

    def _mapping(self) -> Grid:
        ranges = ranges_of(self.case.domain)
        rows: list[tuple[Cell, ...]] = []
        for units in self.nest.units:
            level = str(units.level)
            for loop in self.nest.loops:
                if loop.level == units.level:
                    number = written(fixed_extrema(loop.last + 1, ranges))
                    rows.append((level, "fold" if loop.kind == "fold" else "time", number, loop.note))
            rows.append((level, "units", written(units.count), "in parallel"))
        return Grid("Mapping, outermost loop first", ("level", "kind", "number", "directive"), tuple(rows))

    def _totals(self) -> Grid:
        macs, steps, active = (self._value(f) for f in (self.forms.macs, self.forms.steps, self.forms.active))
        slots = steps * _product(units.count for units in self.nest.units)
        rows = (
            ("MACs", written(macs)),
            ("steps", written(steps)),
            ("utilisation", quotient(active, slots)),
        )
        return Grid("In all", ("quantity", "value"), rows)

    def _reuse(self, boundary: BoundaryForms) -> Grid:
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

    def _reuse_row(self, tensor: TensorForms) -> tuple[Cell, ...]:
        moved, shared = (self._value(form) for form in _transfers(tensor))
        macs, tiles = self._value(self.forms.macs), self._value(tensor.tile_total)
        factors = (quotient(macs, tiles), quotient(tiles, moved), quotient(moved, shared))
        return (
            tensor.name,
            written(self._value(tensor.occupancy)),
            written(moved),
            written(shared),
            *factors,
        )

    def _traffic(self, boundary: BoundaryForms) -> Grid:
        rows: list[tuple[Cell, ...]] = []
        for tensor in boundary.tensors.values():
            rows.append(self._traffic_row(boundary, tensor, _transfers(tensor)[1], tensor.name))
            if tensor.role == "output":
                rows.append(
                    self._traffic_row(boundary, tensor, tensor.read_backs, f"{tensor.name} read back")
                )
        title = f"{boundary.parent} → {boundary.child}: words that the parent sends and takes"
        head = ("tensor", "exact", "where tiles divide", f"leading term{self._sense()}")
        return Grid(title, head, tuple(rows))

    def _sense(self) -> str:
        return f" ({', '.join(self.small)} fixed)" if self.small else ""

    def _traffic_row(
        self, boundary: BoundaryForms, tensor: TensorForms, form: ClosedForm, label: str
    ) -> tuple[Cell, ...]:
        [key] = [key for key, other in tensor.forms.items() if other is form]
        divided = NOTHING
        if self.divisible is not None:
            same = self.divisible[boundary.parent][tensor.name].forms[key]
            divided = written(same.case_at(point_near(same.context, self.point)).value)
        return label, written(self._value(form)), divided, self._leading(form)

    def _leading(self, form: ClosedForm) -> Written:
        try:
            cases = form.asymptotic(self.small).cases
        except ClosedFormError:
            return NOTHING
        own = [case for case in cases if case.region.holds(self.point)]
        return written(own[0].value) if own else NOTHING

    def _intensity(self) -> Grid:
        macs = self._value(self.forms.macs)
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

    def _each_bounds(self) -> Iterator[BoundaryBounds]:
        return (self.bounds[each.parent] for each in self.forms.boundaries)

    def _compulsory(self, bounds: BoundaryBounds) -> Written:
        return sum_of(form.case_at(self.point).value for form in bounds.compulsory.values())

    def _capacity(self, bounds: BoundaryBounds) -> Cell:
        bound = bounds.capacity
        if bound is None:
            return f"none: {bounds.reason}"
        held = _total(self._value(form) for form in bound.occupancies) * QuasiPolynomial.of(bound.units)
        taps, parents = _product(bound.reuse), _product(bound.parents)
        return under_root(2, self._value(self.forms.macs), taps * held, held * parents * 2)

    def _at_the_point(self) -> Grid:
        rows = tuple(self._numbers(bounds) for bounds in self._each_bounds())
        shown = ", ".join(f"{name} = {value}" for name, value in self.point.items())
        head = ("boundary", "words moved", "largest lower bound", "ratio", "MACs / word")
        return Grid(f"At {shown}" if shown else "In numbers", head, rows)

    def _numbers(self, bounds: BoundaryBounds) -> tuple[Cell, ...]:
        return (
            _name(bounds),
            str(bounds.words_at(self.point)),
            str(-(-bounds.bound_at(self.point) // 1)),
            f"{float(bounds.ratio_at(self.point)):.4g}",
            f"{float(bounds.intensity_at(self.point)):.4g}",
        )


def _name(bounds: BoundaryBounds) -> str:
    return f"{bounds.parent} → {bounds.child}"


def _transfers(tensor: TensorForms) -> tuple[ClosedForm, ClosedForm]:
    """Give what the children receive or send, and what the parent reads or takes for that."""
    if tensor.role == "input":
        return tensor.fills, tensor.parent_reads
    return tensor.drains, tensor.parent_updates


def _total(values: Iterator[QuasiPolynomial]) -> QuasiPolynomial:
    return sum(values, QuasiPolynomial.of(0))


def _product(values: Iterator[Affine] | tuple[Affine, ...]) -> QuasiPolynomial:
    return prod((QuasiPolynomial.of(each) for each in values), start=QuasiPolynomial.of(1))
