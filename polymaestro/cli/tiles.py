"""``derive --symbolic-tiles``: formulas in the extents and in the mapping's own sizes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import polymaestro as pm
from polymaestro.cli.costs import COSTS, Costs
from polymaestro.cli.exporting import written
from polymaestro.cli.formulas import chosen_form, tables_of
from polymaestro.cli.tables import written as tables_written
from polymaestro.dataflow import Layer
from polymaestro.errors import ClosedFormError, ExportError, PolymaestroError
from polymaestro.model import paper
from polymaestro.model.formula import CostForm
from polymaestro.model.stated import CostCase
from polymaestro.symbolic.points import check_known
from polymaestro.tiling import (
    Lifted,
    Quotient,
    TiledAnalysis,
    TiledForm,
    divisible_point,
    lifted,
)
from polymaestro.tiling.assuming import region_text
from polymaestro.tiling.divisible import DivisibleCase, divisible, divisible_together
from polymaestro.tiling.forms import TiledCase
from polymaestro.tiling.growing import bound_that_grows, tie_that_grows
from polymaestro.tiling.stated import TiledCost

OPEN = 2
"""A tile or cluster that the file leaves open is this large in the case that is shown."""


@dataclass(frozen=True)
class TiledLayer:
    """The formulas of a layer whose mapping is lifted, and what the symbols stand for."""

    name: str
    found: Lifted
    analysis: TiledAnalysis
    point: Mapping[str, int]
    divisible: bool
    """Whether a formula alone is shown where tiles divide; tables always are."""

    @staticmethod
    def of(  # noqa: PLR0913  as the options have it
        layer: Layer,
        num_pes: int,
        extents: Mapping[str, str],
        assume: Sequence[str],
        *,
        lift: bool,
        divisible: bool,
    ) -> TiledLayer:
        """Lift every number of a layer's mapping to a symbol, or take the symbols that the mapping has.

        The layer's own numbers are the point at which formulas are shown, or the nearest that assumptions
        allow.
        """
        operator, flow = layer.operator(), layer.mapping_dataflow()
        found = lifted(operator, flow, num_pes) if lift else Lifted(flow, num_pes, {})
        analysis = pm.analyze_tiles(operator.with_extents(extents), found.dataflow, found.num_pes)
        numbers = {dim.name: dim.extent.constant for dim in operator.dims if dim.extent.is_constant}
        given = {**numbers, **found.values}
        unknown = set(analysis.symbols) - set(operator.symbols)
        point = {
            name: given.get(name, OPEN if name in unknown else value)
            for name, value in analysis.macs.shown.items()
        }
        analysis = analysis.assuming(*assume, near=point)
        return TiledLayer(layer.name, found, analysis, analysis.macs.shown, divisible)

    def text(self, exact: str | None) -> str:
        """Write the table of the divisible view, or one formula around the layer."""
        if exact is not None:
            return str(self._case(exact))
        values = ", ".join(f"{name} = {value}" for name, value in self.found.values.items())
        table = self.analysis.table(self._near, divisible=True)
        return f"{table}\nnumbers of the mapping: {values}" if values else table

    def _case(self, quantity: str) -> TiledCase | DivisibleCase:
        """Give one formula around the layer, with edge tiles or in the divisible view."""
        form = self._named(quantity)
        return divisible(form, self._near) if self.divisible else form.case_at(self.point)

    def _form(self, cost: str, hardware: pm.Hardware) -> TiledCost:
        on_array = replace(hardware, num_pes=self.found.num_pes)
        resident = self.analysis.resident_at(on_array, **self.point)
        form: TiledCost = getattr(self.analysis, cost)(on_array, resident=resident)
        return form

    def costs(self, hardware: pm.Hardware, exact: str | None) -> Costs:
        """Give the costs on a machine with as many PEs as the mapping has; one alone is as `text` has it."""
        return self._costs(hardware, divisible=exact is None or self.divisible)

    def _costs(self, hardware: pm.Hardware, *, divisible: bool) -> Costs:
        on_array = replace(hardware, num_pes=self.found.num_pes)
        point = self._near if divisible else self.point

        def view(form: CostForm[Any]) -> CostCase:
            if divisible and isinstance(form, TiledCost):
                return form.divisible_at(point)
            return form.case_at(point)

        return Costs.of(self.analysis, on_array, point, view)

    def report(self, style: str, hardware: pm.Hardware | None) -> str:
        """Write the whole report of the case of the layer; the costs on a machine where tiles divide."""
        found = self.analysis.paper(self.point)
        if hardware is not None:
            found = self._costs(hardware, divisible=self._has_near).added(found)
        return paper.WRITERS[style](found)

    def styled(self, style: str, exact: str | None) -> str:
        """Write Markdown or LaTeX: tables of the divisible view, or one formula with its edge tiles."""
        if exact is not None:
            case = self._case(exact)
            return case.statement() if style == "latex" else f"`{case}`"
        forms = dict(self.analysis.named())
        values, where = self._together()
        views = {id(form): value for form, value in zip(forms.values(), values, strict=True)}
        title = f"{self.analysis.operator.name}, where {', '.join(where)}"
        return self._tables(title, style, views)

    def leading(self, style: str, exact: str | None, small: Collection[str]) -> str:
        """Write leading terms of the divisible view when extents grow and the mapping's own sizes do not."""
        forms = dict(self.analysis.named())
        if exact is not None:
            self._named(exact)
        check_known(small, self.analysis.operator.symbols, "the layer")
        large = [name for name in self.analysis.operator.symbols if name not in small]
        if not large:
            message = "no extent is left to grow"
            raise ClosedFormError(message)
        values, where = self._together(large)
        views = {}
        for (name, form), value in zip(forms.items(), values, strict=True):
            self._check_apart(name, value, large)
            views[id(form)] = value.leading(large)
        fixed = [name for name in self.analysis.symbols if name not in large]
        sense = f"as {', '.join(large)} grow together, {', '.join(fixed)} fixed"
        title = f"{self.analysis.operator.name}, leading terms {sense}, where {', '.join(where)}"
        if style == "json":
            named = {name: str(views[id(form)]) for name, form in forms.items() if exact in (None, name)}
            document = self._head() | {"sense": sense, "where": where, "leading": named}
            return json.dumps(document, indent=2, ensure_ascii=False)
        if exact is not None:
            value = views[id(forms[exact])]
            return value.latex() if style == "latex" else str(value) if style == "text" else f"`{value}`"
        return self._tables(title, style, views)

    def _check_apart(self, name: str, value: Quotient, large: Collection[str]) -> None:
        """Refuse a formula with a rounded quotient of what grows."""
        tie = tie_that_grows(value, large, self.analysis.ties)
        if tie is not None:
            message = f"the leading term of {name} is not in the view: it has {tie}, which grows too"
            raise ClosedFormError(message)

    def _together(self, large: Collection[str] = ()) -> tuple[list[Quotient], list[str]]:
        """Give all formulas of the divisible view, and where they hold; refuses what bounds large symbols."""
        forms = [form for _, form in self.analysis.named()]
        values, divides, region = divisible_together(forms, self._near)
        each = bound_that_grows(region, large)
        if each is not None:
            bound = ", ".join(str(atom) for atom, _ in each.expression.terms if atom in large)
            message = f"{bound} cannot grow where {self._written(str(each))}; keep it fixed with --small"
            raise ClosedFormError(message)
        where = [*map(str, divides), *([] if region.is_everywhere else [self._written(str(region))])]
        return values, [*where, *self.analysis.ties.meanings(" ".join([*where, *map(str, values)]))]

    def where(self) -> frozenset[str]:
        """Give the conditions of the table, one by one."""
        _, divides, region = divisible_together([form for _, form in self.analysis.named()], self._near)
        return frozenset([*map(str, divides), *self._written(str(region)).split(", ")])

    def _tables(self, title: str, style: str, views: Mapping[int, Quotient]) -> str:
        totals = {name: form for name, form in self.analysis.named() if "." not in name}

        def cell(form: TiledForm) -> str:
            view = views[id(form)]
            return str(view) if style == "text" else _cell(view, style)

        return tables_written(tables_of(totals, self.analysis.boundaries, title, cell), style)

    def exported(self, language: str, exact: str | None, hardware: pm.Hardware | None) -> str:
        """Write code for all formulas, or one of them or of the costs, with all their cases."""
        if exact in COSTS and hardware is not None:
            form = self._form(exact, hardware)
            if language == "python":
                return form.to_python(exact).rstrip("\n")
            if language == "json":
                return json.dumps(form.to_json(), ensure_ascii=False)
            message = f"the {COSTS[exact][0]} leaves as python and json, not as {language}"
            raise ExportError(message)
        forms = self.analysis.complete() if exact is None else {exact: self._named(exact).complete()}
        return written(forms, language, self.name)

    def json(self, exact: str | None, costs: Costs | None) -> str:
        """Write every formula in the divisible view, or one with its edge tiles."""
        document = self._head()
        if exact in COSTS and costs is not None:
            point = self._near if self.divisible else self.point
            document |= {"quantity": exact, "point": dict(point), **costs.json(exact)}
        elif exact is not None:
            point = self._near if self.divisible else self.point
            document |= {"quantity": exact, "point": dict(point), "case": str(self._case(exact))}
        else:
            document |= {"point": dict(self._near), "formulas": self._views()}
            document |= costs.json() if costs else {}
        return json.dumps(document, indent=2, ensure_ascii=False)

    def _head(self) -> dict[str, Any]:
        analysis = self.analysis
        return {
            "schema": "polymaestro.tiled-formulas/1",
            "operator": analysis.operator.name,
            "extents": {dim.name: str(dim.extent) for dim in analysis.operator.dims},
            "dataflow": [str(directive) for directive in analysis.dataflow.directives],
            "values": self.found.values,
            "notes": list(analysis.cuts.notes),
            "units": [str(units) for units in analysis.cuts.units],
            "parameters": list(analysis.symbols),
            "valid_on": region_text(analysis.valid_on, analysis.ties),
            "ties": {tie.name: self._written(tie.text) for tie in analysis.ties.ties},
        }

    def _views(self) -> dict[str, dict[str, str]]:
        formulas = {}
        for name, form in self.analysis.named():
            view = divisible(form, self._near)
            where = [] if view.region.is_everywhere else [self._written(str(view.region))]
            formulas[name] = {"value": str(view.value), "where": ", ".join([*map(str, view.divides), *where])}
        return formulas

    @cached_property
    def _near(self) -> Mapping[str, int]:
        near = divisible_point(self.analysis.cuts, self.point, self.analysis.ties)
        if not self._holds(near):
            message = "near this layer, the assumptions rule out that tiles divide what they cut; use --exact"
            raise PolymaestroError(message)
        return near

    @property
    def _has_near(self) -> bool:
        """Whether there is a case near the layer in which tiles divide."""
        return self._holds(divisible_point(self.analysis.cuts, self.point, self.analysis.ties))

    def _holds(self, point: Mapping[str, int]) -> bool:
        return self.analysis.valid_on.holds(self.analysis.ties.extended(point))

    def _written(self, text: str) -> str:
        return self.analysis.ties.written(text)

    def _named(self, quantity: str) -> TiledForm:
        return chosen_form(dict(self.analysis.named()), quantity)


def _cell(value: Quotient, style: str) -> str:
    return f"${value.latex()}$" if style == "latex" else f"`{value}`"
