"""Formulas as tables, as JSON, and one formula with all its cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import polymaestro as pm
from polymaestro.cli.costs import COSTS, Costs
from polymaestro.cli.tables import written
from polymaestro.errors import PolymaestroError, did_you_mean
from polymaestro.showing import Row, Table
from polymaestro.symbolic import Case, CommonCase, factored, latex_of
from polymaestro.symbolic.boundaries import Brief, FormsOfBoundary

Point = Mapping[str, int]
Form = TypeVar("Form", bound=Brief)


def formula_tables(analysis: pm.Analysis, at: Point, style: str) -> list[Table]:
    """Give a table of totals and one for each boundary, in the case that a point belongs to."""
    case = CommonCase.of(list(analysis.forms.every().values()), at)
    where = "" if case.region.is_everywhere else f", where {case.region}"
    return _tables(analysis, f"{analysis.operator.name}{where}", lambda form: _cell(form, case, style))


def leading_terms(analysis: pm.Analysis, quantity: str | None, small: Collection[str], style: str) -> str:
    """Write the leading term of one formula, or tables with those of all."""

    def cell(form: pm.ClosedForm) -> str:
        term = form.asymptotic(small)
        if style == "latex":
            return f"${term.latex()}$"
        text = str(term).replace("\n", "; ")
        return text if style == "text" else f"`{text}`"

    if quantity is not None:
        term = form_named(analysis, quantity).asymptotic(small)
        return {"text": str(term), "latex": term.latex(), "markdown": f"`{term}`"}[style]
    sense = analysis.macs.asymptotic(small).sense
    tables = _tables(analysis, f"{analysis.operator.name}, leading terms {sense}", cell)
    return written(tables, style)


def _tables(analysis: pm.Analysis, title: str, cell: Callable[[pm.ClosedForm], str]) -> list[Table]:
    totals = {name: form for name, form in analysis.forms.every().items() if "." not in name}
    return tables_of(totals, analysis.boundaries, title, cell)


def tables_of(
    totals: Mapping[str, Form],
    boundaries: Sequence[FormsOfBoundary[Form]],
    title: str,
    cell: Callable[[Form], str],
) -> list[Table]:
    """Give a table of totals and one for each boundary, with what a function writes of each formula."""
    rows = tuple(Row((name.replace("_", " "), cell(form))) for name, form in totals.items())
    tables = [Table(("in all", "count"), rows, words=2, math=True, title=title)]
    for boundary in boundaries:
        lines = [
            Row((tensor.name, quantity.replace("_", " "), cell(form)))
            for tensor in boundary.tensors.values()
            for quantity, form in tensor.forms.items()
        ]
        title = f"{boundary.parent} → {boundary.child}"
        tables.append(
            Table(("tensor", "quantity", "elements"), tuple(lines), words=3, math=True, title=title)
        )
    return tables


def formulas_json(
    analysis: pm.Analysis,
    at: Point,
    exact: str | None,
    costs: Costs | None = None,
    small: Collection[str] | None = None,
) -> str:
    """Write every formula with its region, in the case of a point; or all cases of one formula.

    With small symbols, the leading terms are written instead; with costs, these too.
    """
    document: dict[str, Any] = {
        "schema": "polymaestro.formulas/1",
        "operator": analysis.operator.name,
        "extents": {dim.name: str(dim.extent) for dim in analysis.operator.dims},
        "dataflow": [str(directive) for directive in analysis.dataflow.directives],
        "notes": list(analysis.loop_nest.notes),
        "units": [str(units.count) for units in analysis.loop_nest.units],
        "parameters": list(analysis.symbols),
        "valid_on": str(analysis.macs.valid_on),
    }
    if small is not None:
        named = analysis.forms.every() if exact is None else {exact: form_named(analysis, exact)}
        terms = {name: form.asymptotic(small) for name, form in named.items()}
        document["sense"] = analysis.macs.asymptotic(small).sense
        document["leading"] = {name: [_case_json(case) for case in t.cases] for name, t in terms.items()}
    elif exact in COSTS and costs is not None:
        document |= {"quantity": exact, "point": dict(at), **costs.json(exact)}
    elif exact is not None:
        cases = [_case_json(case) for case in form_named(analysis, exact).cases]
        document |= {"quantity": exact, "cases": cases}
    else:
        forms = {name: _case_json(form.case_at(at)) for name, form in analysis.forms.every().items()}
        document |= {"point": dict(at), "formulas": forms, **(costs.json() if costs else {})}
    return json.dumps(document, indent=2, ensure_ascii=False)


def all_cases(analysis: pm.Analysis, quantity: str, style: str) -> str:
    """Write one formula with all its cases."""
    form = form_named(analysis, quantity)
    if style == "latex":
        return form.latex()
    if style == "text":
        return str(form)
    rows = tuple(Row((str(case.region), f"`{factored(case.value)}`")) for case in form.cases)
    return Table(("where", "formula"), rows, words=2, math=True, title=quantity).markdown()


def form_named(analysis: pm.Analysis, quantity: str) -> pm.ClosedForm:
    """Give the formula of that name, as in ``L2.I.parent_reads`` or ``macs``."""
    return chosen_form(analysis.forms.every(), quantity)


def chosen_form(forms: Mapping[str, Form], quantity: str) -> Form:
    """Give the formula of that name; an unknown one is refused."""
    if quantity not in forms:
        message = f"no quantity {quantity!r}"
        raise PolymaestroError(message + did_you_mean(quantity, forms))
    return forms[quantity]


def _case_json(case: Case) -> dict[str, str]:
    return {"value": factored(case.value), "where": str(case.region)}


def _cell(form: pm.ClosedForm, case: CommonCase, style: str) -> str:
    value = case.value(form)
    return f"${latex_of(value)}$" if style == "latex" else f"`{factored(value)}`"
