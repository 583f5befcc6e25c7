"""Dataflows that may skip or repeat work: anything that binds, and legal ones that were broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from hypothesis import strategies as st

from polymaestro.affine import Affine
from polymaestro.dataflow.directives import Cluster, Dataflow, Directive, Map, SpatialMap, TemporalMap
from polymaestro.strategies.dataflow import Drawn, array_sizes, mappings
from polymaestro.strategies.operator import operators
from polymaestro.workload.operator import Operator


@st.composite
def wild_mappings(draw: st.DrawFn) -> Drawn:
    """Draw an operator, a dataflow that may skip or repeat work, and an array that holds its clusters."""
    operator = draw(operators())
    dataflow = draw(wild_dataflows(operator))
    return Drawn(operator, dataflow, draw(array_sizes(dataflow)))


@st.composite
def wild_dataflows(draw: st.DrawFn, operator: Operator) -> Dataflow:
    """Draw a dataflow of one to three levels that `bind` accepts, legal or not.

    Tiles may overlap or leave gaps, levels may have no spatial map or several, windows may be cut in two.
    """
    directives = _wild_level(draw, operator)
    for _ in range(draw(st.integers(0, 2))):
        directives += [Cluster(Affine.of(draw(st.integers(1, 3)))), *_wild_level(draw, operator)]
    return Dataflow(tuple(directives))


def _wild_level(draw: st.DrawFn, operator: Operator) -> list[Directive]:
    hidden = [draw(st.sampled_from((w.input, w.output))) for w in operator.windows]
    names = [name for name in operator.coordinates if name not in hidden]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=4))
    return [_wild_map(draw, operator, dim) for dim in chosen]


def _wild_map(draw: st.DrawFn, operator: Operator, dim: str) -> Directive:
    extent = operator.extent(dim).constant
    size = draw(st.integers(1, extent + 2))
    offset = draw(st.just(size) | st.integers(1, size + 1))
    kind = SpatialMap if draw(st.booleans()) else TemporalMap
    return kind(Affine.of(size), Affine.of(offset), dim)


class Broken(NamedTuple):
    """A legal mapping after one change of one directive; it may be legal still."""

    operator: Operator
    dataflow: Dataflow
    num_pes: int
    change: str


@st.composite
def broken_mappings(draw: st.DrawFn) -> Broken:
    """Draw a legal mapping and break it in one directive; a dimension may end up mapped twice in a level."""
    legal = draw(mappings())
    directives = list(legal.dataflow.directives)
    places = [index for index, each in enumerate(directives) if not isinstance(each, Cluster)]
    if not places:
        return Broken(*legal, "nothing")
    index = draw(st.sampled_from(places))
    old = directives[index]
    change = draw(st.sampled_from(sorted(CHANGES)))
    if not isinstance(old, Cluster):
        directives[index : index + 1] = CHANGES[change](draw, legal.operator, old)
    return Broken(legal.operator, Dataflow(tuple(directives)), legal.num_pes, change)


def _resized(old: Map, *, size: int = 0, offset: int = 0) -> list[Directive]:
    new_size, new_offset = old.size + size, old.offset + offset
    possible = all(each.constant >= 1 for each in (new_size, new_offset))  # Sz(R) - 1 may be 0
    return [replace(old, size=new_size, offset=new_offset) if possible else old]


def _moved(draw: st.DrawFn, operator: Operator, old: Map) -> list[Directive]:
    return [replace(old, dim=draw(st.sampled_from(operator.coordinates)))]


def _flipped(old: Map) -> list[Directive]:
    kind = TemporalMap if isinstance(old, SpatialMap) else SpatialMap
    return [kind(old.size, old.offset, old.dim)]


def _joined(draw: st.DrawFn, operator: Operator, old: Map) -> list[Directive]:
    """Add a spatial map of any dimension beside a map."""
    dim = draw(st.sampled_from(operator.coordinates))
    size = draw(st.integers(1, 2))
    return [old, SpatialMap(Affine.of(size), Affine.of(size), dim)]


Breaking = Callable[[st.DrawFn, Operator, Map], list[Directive]]

CHANGES: dict[str, Breaking] = {
    "larger offset": lambda _, __, old: _resized(old, offset=1),
    "smaller offset": lambda _, __, old: _resized(old, offset=-1),
    "larger size": lambda _, __, old: _resized(old, size=1),
    "smaller size": lambda _, __, old: _resized(old, size=-1),
    "dropped": lambda _, __, ___: [],
    "doubled": lambda _, __, old: [old, old],
    "space for time": lambda _, __, old: _flipped(old),
    "another dimension": _moved,
    "another spatial map": _joined,
}
"""The ways in which `broken_mappings` changes a directive."""
