"""Binding: a dataflow meets its operator; names are resolved and sizes become extents.

Everything after this stage works on a `Mapping`: ``Y'`` has become the output dimension of the
window ``Y``, every ``Sz(D)`` the extent of D, and every level knows how many units it has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace

from polymaestro.affine import Affine, floor_div
from polymaestro.dataflow.directives import Dataflow, Level, Map, located
from polymaestro.errors import DataflowError, WorkloadError, did_you_mean
from polymaestro.workload.operator import Operator, Window

SIZE_OF = re.compile(r"Sz\((?P<dim>[^()]+)\)\Z")


@dataclass(frozen=True)
class BoundLevel:
    """One level: the number of units inside each unit above, and the maps, outermost first."""

    index: int
    units: Affine
    maps: tuple[Map, ...]

    def map_of(self, dim: str) -> Map | None:
        """Give the map that names this dimension or input coordinate, if there is one."""
        return next((each for each in self.maps if each.dim == dim), None)


@dataclass(frozen=True)
class Mapping:
    """A dataflow bound to its operator and array."""

    operator: Operator
    levels: tuple[BoundLevel, ...]


def bind(operator: Operator, dataflow: Dataflow, num_pes: int | str) -> Mapping:
    """Resolve names and sizes of a dataflow against an operator.

    Level 0 gets ⌊num_pes / (product of all cluster sizes)⌋ units, each later level its cluster size.

    Raises `DataflowError` for an unknown dimension, one mapped twice in a level, an output dimension
    mapped beside its own input coordinate, sizes below 1, or an array smaller than its clusters.

    >>> from polymaestro.workload import gemm
    >>> one = Affine.of(1)
    >>> from polymaestro.dataflow.directives import SpatialMap
    >>> flow = Dataflow((SpatialMap(Affine.of("Sz(K)"), one, "M"),))
    >>> str(bind(gemm(K=7), flow, 16).levels[0].maps[0].size)
    '7'
    """
    levels = dataflow.levels
    below = [_size(operator, level.cluster.size) for level in levels if level.cluster]
    units = [_top_units(num_pes, below), *below]
    bound = tuple(
        BoundLevel(level.index, count, _bound_maps(operator, level))
        for level, count in zip(levels, units, strict=True)
    )
    return Mapping(operator, bound)


def evaluated(mapping: Mapping, point: Table[str, int]) -> Mapping:
    """Put numbers in the place of every symbol of a mapping."""
    operator = mapping.operator
    numbers = operator.with_extents({d.name: d.extent.evaluate(point) for d in operator.dims})
    levels = tuple(
        BoundLevel(
            level.index,
            Affine.of(level.units.evaluate(point)),
            tuple(
                replace(
                    each,
                    size=Affine.of(each.size.evaluate(point)),
                    offset=Affine.of(each.offset.evaluate(point)),
                )
                for each in level.maps
            ),
        )
        for level in mapping.levels
    )
    return Mapping(numbers, levels)


def window_of(operator: Operator, dim: str) -> Window | None:
    """Give the window whose input coordinate, output or filter this dimension is."""
    return next((w for w in operator.windows if dim in (w.input, w.output, w.filter)), None)


def _top_units(num_pes: int | str, clusters: list[Affine]) -> Affine:
    product = 1
    for size in clusters:
        if not size.is_constant:
            message = (
                f"a cluster of {size} units divides the array, so its size must be a number here; "
                f"give {', '.join(sorted(size.names()))} a value (--keep on the command line)"
            )
            raise DataflowError(message)
        product *= size.constant
    units = floor_div(Affine.of(num_pes), product)
    if units.is_constant and units.constant < 1:
        message = f"the clusters need {product} PEs, the array has {num_pes}; give at least {product}"
        raise DataflowError(message)
    return units


def _bound_maps(operator: Operator, level: Level) -> tuple[Map, ...]:
    bound: list[Map] = []
    for each in level.maps:
        dim = _dimension(operator, each)
        for other in bound:
            _check_pair(operator, each, dim, other.dim)
        bound.append(
            replace(
                each,
                size=_size(operator, each.size, each),
                offset=_size(operator, each.offset, each),
                dim=dim,
            )
        )
    return tuple(bound)


def _dimension(operator: Operator, directive: Map) -> str:
    """Resolve a name, where ``Y'`` is the output coordinate that belongs to the input rows ``Y``."""
    name = operator.primes.get(directive.dim, directive.dim)
    if name in operator.coordinates:
        return name
    known = [*operator.coordinates, *operator.primes]
    message = f"{operator.name} has no dimension {name!r}, named by '{directive}'"
    raise DataflowError(located(message + did_you_mean(name, known), directive.place))


def _check_pair(operator: Operator, directive: Map, dim: str, other: str) -> None:
    window = window_of(operator, dim)
    if dim == other:
        message = f"'{directive}' maps {dim} a second time in one level; keep one of the two"
    elif window and {dim, other} == {window.input, window.output}:
        message = (
            f"'{directive}' maps {dim} beside {other} in one level: the rows of the input fix the "
            f"rows of the output; keep one of the two"
        )
    else:
        return
    raise DataflowError(located(message, directive.place))


def _size(operator: Operator, size: Affine, directive: Map | None = None) -> Affine:
    values: dict[str, Affine | int] = {}
    for name in size.names():
        found = SIZE_OF.match(name)
        if found:
            values[name] = _extent(operator, found["dim"], directive)
    result = size.substitute(values)
    if result.is_constant and result.constant < 1:
        message = f"{size.isl()} is {result.constant} for this operator; it must be 1 or more"
        raise DataflowError(located(message, directive.place if directive else None))
    return result


def _extent(operator: Operator, name: str, directive: Map | None) -> Affine:
    try:
        return operator.extent(operator.primes.get(name, name))
    except WorkloadError as error:
        place = directive.place if directive else None
        raise DataflowError(located(f"in Sz({name}): {error}", place)) from None
