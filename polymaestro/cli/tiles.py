"""``derive --symbolic-tiles``: formulas in the extents and in the mapping's own sizes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polymaestro as pm
from polymaestro.dataflow import Layer
from polymaestro.errors import PolymaestroError, did_you_mean
from polymaestro.tiling import Lifted, TiledAnalysis, TiledForm, divisible, divisible_point, lifted

OPEN = 2
"""A tile or cluster that the file leaves open is this large in the case that is shown."""


def symbolic_tiles(
    layer: Layer, num_pes: int, extents: Mapping[str, str], exact: str | None, *, as_json: bool
) -> str:
    """Lift every number of a layer's mapping to a symbol and write the formulas at the layer's own numbers.

    The formulas are those of the divisible view; `exact` names one that is written with its edge tiles.
    """
    operator = layer.operator()
    found = lifted(operator, layer.mapping_dataflow(), num_pes)
    analysis = pm.analyze_tiles(operator.with_extents(extents), found.dataflow, found.num_pes)
    numbers = {dim.name: dim.extent.constant for dim in operator.dims if dim.extent.is_constant}
    given = {**numbers, **found.values}
    unknown = set(analysis.symbols) - set(operator.symbols)
    point = {
        name: given.get(name, OPEN if name in unknown else value)
        for name, value in analysis.macs.shown.items()
    }
    if as_json:
        return json.dumps(_document(analysis, found, point, exact), indent=2, ensure_ascii=False)
    if exact is not None:
        return str(_named(analysis, exact).case_at(point))
    values = ", ".join(f"{name} = {value}" for name, value in found.values.items())
    return f"{analysis.table(point, divisible=True)}\nnumbers of the mapping: {values}"


def _document(
    analysis: TiledAnalysis, found: Lifted, point: Mapping[str, int], exact: str | None
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "schema": "polymaestro.tiled-formulas/1",
        "operator": analysis.operator.name,
        "extents": {dim.name: str(dim.extent) for dim in analysis.operator.dims},
        "dataflow": [str(directive) for directive in analysis.dataflow.directives],
        "values": found.values,
        "notes": list(analysis.cuts.notes),
        "units": [str(units) for units in analysis.cuts.units],
        "parameters": list(analysis.symbols),
        "valid_on": str(analysis.valid_on),
        "ties": {tie.name: analysis.ties.written(tie.text) for tie in analysis.ties.ties},
    }
    if exact is not None:
        case = _named(analysis, exact).case_at(point)
        return document | {"quantity": exact, "point": dict(point), "case": str(case)}
    near = divisible_point(analysis.cuts, point, analysis.ties)
    formulas = {}
    for name, form in analysis.named():
        view = divisible(form, near)
        where = [] if view.region.is_everywhere else [analysis.ties.written(str(view.region))]
        formulas[name] = {"value": str(view.value), "where": ", ".join([*map(str, view.divides), *where])}
    return document | {"point": near, "formulas": formulas}


def _named(analysis: TiledAnalysis, quantity: str) -> TiledForm:
    forms = dict(analysis.named())
    if quantity not in forms:
        message = f"no quantity {quantity!r}"
        raise PolymaestroError(message + did_you_mean(quantity, forms))
    return forms[quantity]
