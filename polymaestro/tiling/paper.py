"""The report of an analysis with symbols in the mapping: formulas with edge tiles beside those without."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from polymaestro.counting import QP, Region, Tie
from polymaestro.counting.ties import written as with_ties
from polymaestro.errors import ClosedFormError
from polymaestro.model.bounds import BoundsAt, CapacityAt, taps_over_one_element, why_no_capacity_bound
from polymaestro.model.paper import Grid, Grids, Loop, Paper, View, paper_with
from polymaestro.model.paper.grids import Cell
from polymaestro.policies import Policies
from polymaestro.symbolic.notation import LATEX, MATHML
from polymaestro.symbolic.setting import written_quotient
from polymaestro.symbolic.written import NOTHING, Written, written
from polymaestro.tiling.conditions import tidied
from polymaestro.tiling.divisible import Divides, Quotient, divisible_point, divisible_together
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.growing import bound_that_grows, tie_that_grows
from polymaestro.tiling.levels import ONE
from polymaestro.tiling.run import Run
from polymaestro.tiling.stated import equation

if TYPE_CHECKING:
    from polymaestro.tiling.analysis import TiledAnalysis, TiledBoundary


def tiled_paper(analysis: TiledAnalysis, at: Mapping[str, int] | None) -> Paper:
    """Write the report in the case of a point; without one, of large extents and smaller tiles."""
    view = _TiledView(analysis, analysis.macs.shown if at is None else at)
    grids = tuple(Grids(view, numbers=at is not None))
    ties = tuple(analysis.ties.ties)
    shown = _Inlined(ties)
    conditions = [with_ties(str(each), ties) for each in (analysis.valid_on, view.case)]
    grids = (*map(shown.grid, grids), *_names(analysis, grids, conditions, shown))
    return paper_with(
        analysis.operator,
        analysis.dataflow,
        notes=analysis.cuts.notes,
        parameters=analysis.symbols,
        region=analysis.valid_on,
        case=view.case,
        grids=grids,
        policies=Policies().to_json(),
        point={} if at is None else {name: at[name] for name in analysis.symbols},
        ties=ties,
    )


@dataclass(frozen=True)
class _Divided:
    """The formulas of a boundary where tiles divide, and where that is."""

    values: Mapping[int, Quotient]
    divides: tuple[Divides, ...]
    region: Region


class _TiledView(View[TiledForm]):
    """The formulas of a tiled analysis in the case of a point."""

    def __init__(self, analysis: TiledAnalysis, point: Mapping[str, int]) -> None:
        self.analysis = analysis
        self.macs, self.steps, self.active = analysis.macs, analysis.steps, analysis.active_units
        self.boundaries = analysis.boundaries
        self.units = analysis.cuts.units
        self.values = analysis.macs.extended({name: point[name] for name in analysis.symbols})
        self.point = _Named(self.values, analysis.symbols)
        operator = analysis.operator
        self.large = [name for name in operator.symbols if name not in operator.filter_symbols]
        small = [name for name in operator.filter_symbols if name in analysis.symbols]
        self.fixed = " and ".join([*([", ".join(small)] if small else []), "the sizes of the mapping"])
        self._run = Run(self.values)
        self._loops = [loop for _, loop in sorted(self._numbered(), key=lambda each: each[0])]
        self._below: dict[str, _Divided | None] = {}

    @cached_property
    def case(self) -> Region:
        """Where all formulas and numbers of loops are those of the point."""
        forms = [form for _, form in self.analysis.named()]
        forms += self.analysis.elements.values()
        found = dict.fromkeys(each for form in forms for each in form.conditions(self.values))
        return tidied([*found, *self._run.conditions], self.macs.valid_on, self.macs.ties)

    def value(self, form: TiledForm) -> QP:
        """Give a formula at the point."""
        return form.value_at(self.values)

    def loops(self) -> Iterator[Loop]:
        """Give the cuts of each level, then its units."""
        for level, units in enumerate(self.units):
            yield from (each for each in self._loops if each.level == level)
            yield Loop(level, "units", units, "in parallel")

    def _numbered(self) -> Iterator[tuple[int, Loop]]:
        """Give the place of each cut and its number of tiles or folds, in the first tile from above."""
        ties = self.analysis.ties
        chains = {chain.dim: chain for group in self.analysis.groups for chain in group}
        for cut in self.analysis.cuts.cuts:
            chain = chains[cut.dim]
            whole = chain.first(self._run, chain.cuts[: chain.cuts.index(cut)])
            if cut.units is None:
                number = chain.lengths.parts(self._run, cut, whole).tiles
            elif chain.lengths.is_one_fold(self._run, cut, whole):
                number = QP.of(ONE)
            else:
                number = chain.lengths.fold(cut, whole).folds
            kind = "fold" if cut.units else "time"
            yield cut.position, Loop(cut.level, kind, ties.expanded(number), cut.note)
        for sets in self.analysis.sets:
            for cut, loop in zip(sets.cuts, sets.loops, strict=True):
                yield cut.position, Loop(cut.level, loop.kind, loop.last + 1, cut.note)

    # --- Where tiles divide ---

    def divided(self, boundary: str, tensor: str, quantity: str) -> Written:
        """Write a formula as a quotient."""
        below = self._divided(boundary)
        return (
            NOTHING if below is None else _quotient(below.values[id(self._form(boundary, tensor, quantity))])
        )

    def leading(self, boundary: str, tensor: str, quantity: str) -> Written:
        """Write what leads when extents grow, but those of filters, and the sizes of the mapping do not."""
        below = self._divided(boundary)
        if below is None or not self.large or bound_that_grows(below.region, self.large):
            return NOTHING
        value = below.values[id(self._form(boundary, tensor, quantity))]
        if tie_that_grows(value, self.large, self.analysis.ties):
            return NOTHING
        return _quotient(value.leading(self.large))

    def condition(self, boundary: str) -> str:
        """Say what has to divide what."""
        below = self._divided(boundary)
        if below is None:
            return "Near this case, tiles do not divide what they cut."
        rest = [] if below.region.is_everywhere else [str(below.region)]
        where = with_ties(", ".join([*map(str, below.divides), *rest]), self.analysis.ties.ties)
        return f"Tiles divide and lead where {where}." if where else ""

    def _form(self, boundary: str, tensor: str, quantity: str) -> TiledForm:
        return self.analysis[boundary][tensor].forms[quantity]

    def _divided(self, memory: str) -> _Divided | None:
        if memory not in self._below:
            self._below[memory] = self._derived(self.analysis[memory])
        return self._below[memory]

    def _derived(self, boundary: TiledBoundary) -> _Divided | None:
        sizes = {name: self.values[name] for name in self.analysis.symbols}
        near = divisible_point(self.analysis.cuts, sizes, self.analysis.ties)
        forms = [form for tensor in boundary.tensors.values() for form in tensor.forms.values()]
        try:
            values, divides, region = divisible_together(forms, near)
        except ClosedFormError:
            return None  # the region leaves no such point
        return _Divided({id(f): value for f, value in zip(forms, values, strict=True)}, divides, region)

    # --- Bounds ---

    def bounds(self, memory: str) -> BoundsAt[TiledForm]:
        """Give the lower bounds below a memory."""
        boundary, operator = self.analysis[memory], self.analysis.operator
        inputs = [boundary[t.name].parent_reads for t in operator.tensors if t.role == "input"]
        output = boundary[operator.output.name]
        reason = why_no_capacity_bound(operator)
        return BoundsAt(
            boundary.parent,
            boundary.child,
            (*inputs, output.parent_updates),
            output.read_backs,
            self.analysis.elements,
            None if reason else self._capacity(boundary),
            reason,
            self.macs,
        )

    def _capacity(self, boundary: TiledBoundary) -> CapacityAt[TiledForm]:
        return CapacityAt(
            self.macs,
            tuple(taps_over_one_element(self.analysis.operator)),
            self.units[boundary.depth - 1],
            tuple(tensor.occupancy for tensor in boundary.tensors.values()),
            tuple(self.units[: boundary.depth - 1]),
        )


class _Named(Mapping[str, int]):
    """A point with all values, of which only some names are shown."""

    def __init__(self, values: Mapping[str, int], names: Collection[str]) -> None:
        self._values, self._names = values, names

    def __getitem__(self, name: str) -> int:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _quotient(value: Quotient) -> Written:
    if not value.denominator:
        return written(value.numerator)
    below = QP.of(1)
    for name in value.denominator:
        below = below * QP.of(name)
    return written_quotient(str(value), value.numerator, below)


class _Inlined:
    """Writes ⌈K/T⌉ in the place of the name of a number of tiles, in all notations."""

    def __init__(self, ties: tuple[Tie, ...]) -> None:
        self.ties = ties
        self._short = [
            (LATEX.write(QP.of(tie.name)), MATHML.write(QP.of(tie.name)), equation(tie)[1])
            for tie in reversed(ties)
            if tie.is_short
        ]

    def cell(self, cell: Cell) -> Cell:
        """Change one cell; plain text has no names of ties."""
        if not isinstance(cell, Written):
            return cell
        latex, mathml = cell.latex, cell.mathml
        for in_latex, in_mathml, value in self._short:
            latex, mathml = latex.replace(in_latex, value.latex), mathml.replace(in_mathml, value.mathml)
        return Written(with_ties(cell.text, self.ties), latex, mathml)

    def grid(self, grid: Grid) -> Grid:
        """Change every cell of a table."""
        return replace(grid, rows=tuple(tuple(map(self.cell, row)) for row in grid.rows))


def _names(
    analysis: TiledAnalysis, grids: Iterable[Grid], conditions: Iterable[str], shown: _Inlined
) -> Iterator[Grid]:
    """Give a table of the names that are neither parameters nor written out."""
    cells = (cell for grid in grids for row in grid.rows for cell in row)
    texts = [cell.text for cell in cells if isinstance(cell, Written)]
    used = analysis.ties.named_in(" ".join([*texts, *(grid.note for grid in grids), *conditions]))
    rows = tuple((written(QP.of(tie.name)), shown.cell(equation(tie)[1])) for tie in used if not tie.is_short)
    if rows:
        yield Grid("Names", ("name", "formula"), rows)
