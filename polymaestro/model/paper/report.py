"""The report of one analysis: what was mapped how, tables of formulas, bounds, policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from polymaestro.counting import QuasiPolynomial, Region, Tie
from polymaestro.counting.ranges import fixed_extrema, ranges_of
from polymaestro.counting.ties import written as with_ties
from polymaestro.dataflow import Dataflow
from polymaestro.errors import ClosedFormError, PolymaestroError
from polymaestro.loopnest import LoopNest
from polymaestro.model.bounds import BoundaryBounds, Bounds
from polymaestro.model.paper.grids import Grid, Grids, Loop, View
from polymaestro.model.table import reference_point
from polymaestro.showing import Shown
from polymaestro.symbolic import ClosedForm, ClosedForms, CommonCase, point_near
from polymaestro.symbolic.written import NOTHING, Written, written
from polymaestro.workload import Operator


@dataclass(frozen=True, repr=False)
class Paper(Shown):
    """What a paper says of one dataflow on one operator; formulas hold in `case`, inside `region`.

    `point` is where the numbers of the last table are taken; empty without one. `ties` are what names in
    the regions stand for that are no parameters.
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
    ties: tuple[Tie, ...] = ()

    @property
    def valid_on(self) -> str:
        """The region as text."""
        return with_ties(str(self.region), self.ties)

    @property
    def where(self) -> str:
        """The case as text."""
        return with_ties(str(self.case), self.ties)

    def __str__(self) -> str:
        """Write as plain text."""
        from polymaestro.model.paper.plain import text  # noqa: PLC0415  it reads this type

        return text(self)

    def _repr_html_(self) -> str:
        from polymaestro.model.paper.html import html  # noqa: PLC0415  it reads this type

        return html(self)


def paper_with(  # noqa: PLR0913  one argument per part
    operator: Operator,
    dataflow: Dataflow,
    *,
    notes: tuple[str, ...],
    parameters: tuple[str, ...],
    region: Region,
    case: Region,
    grids: Iterable[Grid],
    policies: Mapping[str, str],
    point: Mapping[str, int],
    ties: tuple[Tie, ...] = (),
) -> Paper:
    """Make a report; the operator says what is computed, with which numbers."""
    computation = str(operator).splitlines()[0].split(": ", 1)[1]
    fixed = [f"{dim.name} = {dim.extent}" for dim in operator.dims if str(dim.extent) != dim.name]
    return Paper(
        operator.name,
        computation,
        ", ".join(fixed),
        tuple(str(dataflow).splitlines()),
        notes,
        parameters,
        region,
        case,
        tuple(grids),
        policies,
        point,
        ties,
    )


def paper_of(
    operator: Operator,
    dataflow: Dataflow,
    nest: LoopNest,
    forms: ClosedForms,
    at: Mapping[str, int] | None = None,
) -> Paper:
    """Write the report in the case of a point; without one, of large symbols and 3-tap filters."""
    view = _ClosedView(operator, nest, forms, at)
    return paper_with(
        operator,
        dataflow,
        notes=nest.notes,
        parameters=forms.macs.symbols,
        region=forms.macs.valid_on,
        case=view.case.region,
        grids=Grids(view, numbers=at is not None),
        policies=forms.counts.movement.policies.to_json(),
        point={} if at is None else view.point,
    )


class _ClosedView(View[ClosedForm]):
    """The closed forms of an analysis in one case."""

    def __init__(
        self, operator: Operator, nest: LoopNest, forms: ClosedForms, at: Mapping[str, int] | None
    ) -> None:
        self.nest = nest
        self.forms = forms
        self.macs, self.steps, self.active = forms.macs, forms.steps, forms.active
        self.boundaries = forms.boundaries
        self.units = [each.count for each in nest.units]
        symbols = forms.macs.symbols
        wish = reference_point(operator, symbols) if at is None else at
        point = {name: wish[name] for name in symbols}
        self.point = point if forms.macs.valid_on.holds(point) else point_near(forms.macs.context, point)
        self.case = CommonCase.of(list(forms.every().values()), self.point)
        self.small = tuple(name for name in operator.filter_symbols if name in symbols)
        self.fixed = ", ".join(self.small)
        self._divisible = self._where_tiles_divide()
        self._bounds = Bounds(forms)

    def _where_tiles_divide(self) -> ClosedForms | None:
        try:
            return self.forms.divisible()
        except PolymaestroError:
            return None  # the region leaves no such extents

    def value(self, form: ClosedForm) -> QuasiPolynomial:
        """Give a formula in the case."""
        return self.case.value(form)

    def alone(self, form: ClosedForm) -> QuasiPolynomial:
        """Give a formula in its own case at the point."""
        return form.case_at(self.point).value

    def loops(self) -> Iterator[Loop]:
        """Give the loops of the nest."""
        ranges = ranges_of(self.case.domain)
        for units in self.nest.units:
            for loop in self.nest.loops:
                if loop.level == units.level:
                    kind = "fold" if loop.kind == "fold" else "time"
                    yield Loop(units.level, kind, fixed_extrema(loop.last + 1, ranges), loop.note)
            yield Loop(units.level, "units", units.count, "in parallel")

    def divided(self, boundary: str, tensor: str, quantity: str) -> Written:
        """Write the case of the point where tiles divide, or of one near it."""
        if self._divisible is None:
            return NOTHING
        form = self._divisible[boundary][tensor].forms[quantity]
        return written(form.case_at(point_near(form.context, self.point)).value)

    def leading(self, boundary: str, tensor: str, quantity: str) -> Written:
        """Write what leads when all extents grow but those of filters."""
        try:
            cases = self.forms[boundary][tensor].forms[quantity].asymptotic(self.small).cases
        except ClosedFormError:
            return NOTHING
        own = [case for case in cases if case.region.holds(self.point)]
        return written(own[0].value) if own else NOTHING

    def bounds(self, memory: str) -> BoundaryBounds:
        """Give the lower bounds below a memory."""
        return self._bounds[memory]
