"""Which groups of dimensions are cut into consecutive tiles, and why the others are not."""

from __future__ import annotations

import copy

from polymaestro.dataflow.binding import Mapping
from polymaestro.errors import CountingUnavailableError, LoweringError
from polymaestro.relations.components import components
from polymaestro.tiling.apart import is_legal, names_of, symbols_of
from polymaestro.tiling.levels import NoCutError
from polymaestro.tiling.mapping import Dims, cuts_of
from polymaestro.tiling.shapes import index_of
from polymaestro.tiling.ties import Ties
from polymaestro.workload import Operator


def uncut(mapping: Mapping, ties: Ties) -> dict[Dims, str]:
    """Give the groups of dimensions that are not cut into consecutive tiles, and why.

    Where only a tile of everything would be a cut, sets say more, as long as all sizes are numbers.
    """
    operator = mapping.operator
    groups = joined(operator)
    found = {dims: why for dims in groups if (why := _no_boxes(operator, dims))}
    while True:
        try:
            cuts = cuts_of(mapping, copy.deepcopy(ties), found)
        except NoCutError as error:
            [dims] = (each for each in groups if error.dim in names_of(operator, each))
            if not (symbols_of(mapping, dims, ties) or is_legal(mapping, dims)):
                raise LoweringError(str(error)) from None
            found[dims] = str(error)
            continue
        narrow = {dims: why for dim, why in cuts.narrow.items() for dims in groups if dim in dims}
        numbers = {
            dims: why
            for dims, why in narrow.items()
            if not symbols_of(mapping, dims, ties) and is_legal(mapping, dims)
        }
        if not numbers:
            return found
        found |= numbers


def _no_boxes(operator: Operator, dims: Dims) -> str:
    """Say why the points of some dimensions, or what they index, are no boxes; empty where they are."""
    variables = {dim.lower() for dim in dims}
    if any(each.names() & variables for each in operator.constraints):
        shown = ", ".join(f"{each} ≥ 0" for each in operator.constraints)
        return f"the iteration domain of {operator.name} is no box ({shown}), which symbolic tiles need"
    for tensor in operator.tensors:
        try:
            index_of(tuple(index for index in tensor.access if index.names() & variables))
        except CountingUnavailableError as error:
            return str(error)
    return ""


def joined(operator: Operator) -> list[Dims]:
    """Give the dimensions that share a tensor index or a condition, in the order of the operator."""
    order = [dim.variable for dim in operator.dims]
    indices = (index for tensor in operator.tensors for index in tensor.access)
    edges = (each.names() & set(order) for each in (*indices, *operator.constraints))
    return [tuple(name.upper() for name in order if name in part) for part in components(order, edges)]
