"""Binding: a dataflow meets its operator; names are resolved and sizes become extents.

Everything after this stage works on a `Mapping`: ``Y'`` has become the output dimension of the
window ``Y``, every ``Sz(D)`` the extent of D, and every level knows how many units it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

from polymaestro.affine import Affine, floor_div
from polymaestro.dataflow.directives import SIZE_OF, Cluster, Dataflow, Level, Map, located
from polymaestro.dataflow.scanner import brief
from polymaestro.errors import DataflowError, HardwareError, LoweringError, WorkloadError, did_you_mean
from polymaestro.names import no_symbol
from polymaestro.workload.operator import Operator, Window


@dataclass(frozen=True)
class BoundLevel:
    """One level: the number of units inside each unit above, and the maps, outermost first.

    `written` holds the same maps as the dataflow has them, `cluster` the directive that opened the level.
    """

    index: int
    units: Affine
    maps: tuple[Map, ...]
    written: tuple[Map, ...]
    cluster: Cluster | None

    def map_of(self, dim: str) -> Map | None:
        """Give the map that names this dimension or input coordinate, if there is one."""
        return next((each for each in self.maps if each.dim == dim), None)


@dataclass(frozen=True)
class Mapping:
    """A dataflow bound to its operator and array."""

    operator: Operator
    levels: tuple[BoundLevel, ...]
    num_pes: Affine

    @property
    def clusters(self) -> int:
        """The PEs of all clusters together: how many one unit of level 0 needs."""
        return prod(level.units.constant for level in self.levels[1:])


@dataclass(frozen=True)
class Clash:
    """Two maps of one level that cannot stand together; `position` is that of the later one."""

    level: int
    position: int
    earlier: int
    same: bool
    reason: str


def bind(operator: Operator, dataflow: Dataflow, num_pes: int | str, *, top: Affine | None = None) -> Mapping:
    """Resolve names and sizes of a dataflow against an operator, and refuse what no loop nest can be.

    Level 0 gets ⌊num_pes / (product of all cluster sizes)⌋ units, each later level its cluster size; `top`
    stands for the former where a cluster size is a symbol.

    Raises `DataflowError` for an unknown dimension, one mapped twice in a level, an output dimension
    mapped beside its own input coordinate, sizes below 1, or an array smaller than its clusters;
    `LoweringError` for a cluster whose size is a symbol, which cannot divide the array.

    >>> from polymaestro.workload import gemm
    >>> one = Affine.of(1)
    >>> from polymaestro.dataflow.directives import SpatialMap
    >>> flow = Dataflow((SpatialMap(Affine.of("Sz(K)"), one, "M"),))
    >>> str(bind(gemm(K=7), flow, 16).levels[0].maps[0].size)
    '7'
    """
    mapping = resolved(operator, dataflow, num_pes, top=top)
    reason = shortage(mapping)
    if reason:
        raise DataflowError(reason)
    for clash in clashes(mapping):
        raise DataflowError(located(clash.reason, mapping.levels[clash.level].maps[clash.position].place))
    return mapping


def resolved(
    operator: Operator, dataflow: Dataflow, num_pes: int | str, *, top: Affine | None = None
) -> Mapping:
    """Resolve names and sizes only: maps of one level may clash, and the array may be too small.

    Raises `DataflowError` for an unknown dimension, for sizes below 1; `HardwareError` for an array of no
    PEs; `LoweringError` as `bind` does.
    """
    check_kinds(operator, dataflow)
    refuse_shadows(operator, dataflow)
    array = Affine.of(array_of(num_pes))
    levels = dataflow.levels
    below = [bound_size(operator, level.cluster.size) for level in levels if level.cluster]
    units = [_top_units(array, below) if top is None else top, *below]
    bound = tuple(
        BoundLevel(level.index, count, _bound_maps(operator, level), level.maps, level.cluster)
        for level, count in zip(levels, units, strict=True)
    )
    return Mapping(operator, bound, array)


def shortage(mapping: Mapping) -> str:
    """Say by how much the array is too small for its clusters; empty where it is not."""
    units = mapping.levels[0].units
    if not units.is_constant or units.constant >= 1:
        return ""
    needed = mapping.clusters
    return f"the clusters need {needed} PEs, the array has {mapping.num_pes}; give at least {needed}"


def clashes(mapping: Mapping) -> Iterator[Clash]:
    """Give every map of a dimension mapped already, or of an output beside its own input coordinate."""
    for level in mapping.levels:
        for position, each in enumerate(level.maps):
            for earlier, other in enumerate(level.maps[:position]):
                window = window_of(mapping.operator, each.dim)
                shown = level.written[position]
                if each.dim == other.dim:
                    reason = f"'{shown}' maps {each.dim} a second time in one level; keep one of the two"
                elif window and {each.dim, other.dim} == {window.input, window.output}:
                    reason = (
                        f"'{shown}' maps {each.dim} beside {other.dim} in one level: the rows of the input "
                        f"fix the rows of the output; keep one of the two"
                    )
                else:
                    continue
                yield Clash(level.index, position, earlier, each.dim == other.dim, reason)


def window_of(operator: Operator, dim: str) -> Window | None:
    """Give the window whose input coordinate, output or filter this dimension is."""
    return next((w for w in operator.windows if dim in (w.input, w.output, w.filter)), None)


def check_kinds(operator: object, dataflow: object) -> None:
    """Refuse what is no operator and no dataflow, such as the text of one."""
    if not isinstance(operator, Operator):
        message = f"expected an operator, as pm.gemm() or pm.einsum(…) gives it, not {brief(repr(operator))}"
        raise WorkloadError(message)
    if not isinstance(dataflow, Dataflow):
        message = (
            f"expected a dataflow, as pm.parse_dataflow(…) or pm.dataflows.kc_p() gives it, "
            f"not {brief(repr(dataflow))}"
        )
        raise DataflowError(message)


def refuse_shadows(operator: Operator, dataflow: Dataflow) -> None:
    """Refuse a size with a symbol that is called like a dimension of another extent: `DataflowError`."""
    dims = {*operator.coordinates, *operator.primes} - set(operator.symbols)
    for each in dataflow.directives:
        used = each.size.names() | (frozenset() if isinstance(each, Cluster) else each.offset.names())
        for name in sorted(used & dims):
            message = (
                f"{name} in '{each}' is a dimension of {operator.name}; write Sz({name}) for its extent, or "
                f"give the symbol another name"
            )
            raise DataflowError(located(message, each.place))


def array_of(num_pes: int | str) -> int | str:
    """Give the number of PEs, a Python integer or a symbol; raises `HardwareError` for anything else."""
    if isinstance(num_pes, str):
        reason = no_symbol(num_pes)
        if reason:
            message = f"num_pes: {reason}"
            raise HardwareError(message)
        return num_pes
    array = Affine.of(num_pes).constant
    if array < 1:
        message = f"num_pes is {array}; it must be 1 or more"
        raise HardwareError(message)
    return array


def _top_units(array: Affine, clusters: list[Affine]) -> Affine:
    product = 1
    for size in clusters:
        if not size.is_constant:
            message = (
                f"a cluster of {size} units divides the array, so its size must be a number here; "
                f"give {', '.join(sorted(size.names()))} a value (--keep on the command line)"
            )
            raise LoweringError(message)
        product *= size.constant
    return floor_div(array, product)


def _bound_maps(operator: Operator, level: Level) -> tuple[Map, ...]:
    return tuple(
        replace(
            each,
            size=bound_size(operator, each.size, each),
            offset=bound_size(operator, each.offset, each),
            dim=_dimension(operator, each),
        )
        for each in level.maps
    )


def _dimension(operator: Operator, directive: Map) -> str:
    """Resolve a name, where ``Y'`` is the output coordinate that belongs to the input rows ``Y``."""
    name = operator.primes.get(directive.dim, directive.dim)
    if name in operator.coordinates:
        return name
    known = [*operator.coordinates, *operator.primes]
    message = f"{operator.name} has no dimension {name!r}, named by '{directive}'"
    raise DataflowError(located(message + did_you_mean(name, known), directive.place))


def bound_size(operator: Operator, size: Affine, directive: Map | None = None) -> Affine:
    """Put the extents of an operator in the place of each Sz(); refuse numbers below 1."""
    values: dict[str, Affine | int] = {}
    for name in size.names():
        found = SIZE_OF.fullmatch(name)
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
