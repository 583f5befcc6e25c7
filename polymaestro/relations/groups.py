"""Axis groups: the parts into which a separable dataflow falls.

Nodes are loops, units and iteration variables; whatever shares a constraint or a tensor index is joined.
Each connected component is a group, and everything that is counted is a product over groups.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.loopnest import Loop, LoopNest, Units
from polymaestro.relations.components import components
from polymaestro.relations.sets import named_set
from polymaestro.workload import Tensor


@dataclass(frozen=True)
class AxisGroup:
    """One group: its units and loops (outermost first), its variables, and what ties them.

    `ties` are the constraints of the nest and `bounds` those of the iteration domain, both ≥ 0. `parts`
    are further constraints, each part with its own, that cut what is executed into pieces.
    """

    units: tuple[Units, ...]
    loops: tuple[Loop, ...]
    variables: tuple[str, ...]
    ties: tuple[Affine, ...]
    bounds: tuple[Affine, ...]
    context: isl.Set
    parts: tuple[tuple[Affine, ...], ...] = ((),)

    @property
    def dims(self) -> tuple[str, ...]:
        """The dimensions of `executed`: units, loops, variables."""
        return (*(u.name for u in self.units), *(each.name for each in self.loops), *self.variables)

    @cached_property
    def executed(self) -> isl.Set:
        """The set of all [units, loops, variables] that are executed: θ of this group as a graph."""
        pieces = (named_set(self.dims, (*self.ties, *part), self.context) for part in self.parts)
        return reduce(isl.Set.union, pieces)

    @property
    def space_time(self) -> isl.Map:
        """From this group's iteration points to the units and steps that execute them: its space-time map."""
        placed = isl.Map.from_range(self.executed)
        start = len(self.dims) - len(self.variables)
        return placed.move_dims(isl.dim_type.in_, 0, isl.dim_type.out, start, len(self.variables))

    @cached_property
    def whole(self) -> isl.Set:
        """The group's part of the iteration domain."""
        return named_set(self.variables, self.bounds, self.context)

    def access(self, tensor: Tensor) -> tuple[Affine, ...]:
        """Give the indices of a tensor that this group's variables make up."""
        mine = frozenset(self.variables)
        return tuple(index for index in tensor.access if index.names() & mine)

    @property
    def name(self) -> str:
        """The variables, or the units of a level that maps nothing onto them."""
        return ", ".join(self.variables) or ", ".join(units.name for units in self.units)


def axis_groups(nest: LoopNest, context: isl.Set) -> tuple[AxisGroup, ...]:
    """Split a nest into its axis groups, in the order of the operator's dimensions."""
    ties = tuple(each.expression for each in nest.constraints())
    box = (bound for dim in nest.operator.dims for bound in dim.bounds())
    bounds = (*box, *nest.operator.conditions)
    indices = (index for tensor in nest.operator.tensors for index in tensor.access)
    nodes = nest.variables
    edges = [each.names() & nodes for each in (*ties, *indices)]
    order = [variable for variable, _ in nest.tiles]
    groups = [
        AxisGroup(
            tuple(each for each in nest.units if each.name in members),
            tuple(each for each in nest.loops if each.name in members),
            tuple(variable for variable in order if variable in members),
            tuple(each for each in ties if each.names() & members),
            tuple(each for each in bounds if each.names() & members),
            context,
        )
        for members in components(sorted(nodes), map(sorted, edges))
    ]
    return tuple(sorted(groups, key=lambda g: order.index(g.variables[0]) if g.variables else len(order)))


def joined(groups: Iterable[AxisGroup]) -> AxisGroup:
    """Give the product of groups as one group."""
    groups = tuple(groups)
    return AxisGroup(
        tuple(sorted((u for g in groups for u in g.units), key=lambda each: each.level)),
        tuple(sorted((each for g in groups for each in g.loops), key=lambda each: each.position)),
        tuple(v for g in groups for v in g.variables),
        tuple(tie for g in groups for tie in g.ties),
        tuple(bound for g in groups for bound in g.bounds),
        groups[0].context,
    )
