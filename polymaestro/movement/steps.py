"""One axis group at one boundary: tiles, and the step before each step.

The steps of a group are its units and time loops above the boundary. Time passes through the loops of
all groups in one lexicographic order, so seen from a single loop position a group is in one of two modes:

* the advancing loop is its own loop number j: loops before j stay, loop j was at its last active value
  before this one, the loops after it were at their last step and now start again;
* the advancing loop is another group's: the first k of its own loops (those outside that loop) stay, the
  others were at their last step and now start again.

"First" and "last" mean active for that unit. Each mode is a relation (unit, step) -> (unit, step before).
"""

from __future__ import annotations

from functools import cache, cached_property

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.loopnest import Loop
from polymaestro.relations.groups import AxisGroup
from polymaestro.relations.points import first_point
from polymaestro.relations.sets import coalesced, lexmax, lexmin
from polymaestro.workload import Tensor

IN, OUT = isl.dim_type.in_, isl.dim_type.out


class GroupSteps:
    """The steps of an axis group at the boundary whose child has depth `depth`."""

    def __init__(self, group: AxisGroup, depth: int, unit_depth: int | None = None) -> None:
        """Keep the units and loops of the levels above the boundary; `unit_depth` may leave out units."""
        self.group = group
        self.depth = depth
        self.unit_depth = depth if unit_depth is None else unit_depth
        self.units = tuple(each.name for each in group.units if each.level < self.unit_depth)
        self.loops = tuple(each for each in group.loops if each.level < depth)
        self.names = (*self.units, *(each.name for each in self.loops))
        # Each is asked for once a loop and tensor, and tensors may have the same indices here; the memory
        # goes with this object.
        self._onto = cache(self._onto_indices)
        self._kept_in = cache(self._kept_of)
        self._then = cache(self._tile_then)
        self._held = cache(self._held_of)
        self._stays = cache(self._stays_of)
        self.alike = cache(self._alike)
        self.first = cache(self._first)
        self.last = cache(self._last)
        self.own_advances = cache(self._own_loop_advances)
        self.other_advances = cache(self._other_loop_advances)

    @property
    def spreads(self) -> bool:
        """Whether the units of one parent at this boundary are this group's."""
        return any(each.level == self.unit_depth - 1 for each in self.group.units)

    @cached_property
    def _at_step(self) -> isl.Map:
        """From (units, steps) to everything executed there, as [units, loops, variables]."""
        projection = isl.Map(f"{{ [{_list(self.group.dims)}] -> [{_list(self.names)}] }}")
        return projection.intersect_domain(self.group.executed).reverse()

    @cached_property
    def active(self) -> isl.Set:
        """The (units, steps) at which something is executed."""
        return coalesced(self._at_step.domain())

    @cached_property
    def times(self) -> isl.Map:
        """The steps at which some unit is active, as a relation to nothing."""
        return coalesced(isl.Map.from_domain(self.active).project_out(IN, 0, len(self.units)))

    def parents(self) -> isl.Set:
        """Give the parents that have active units."""
        return self.without_steps(self.spread(isl.Map.from_domain(self.active))).domain()

    @cached_property
    def points(self) -> isl.Map:
        """From (units, steps) to the iteration points executed there, of this group's variables."""
        return self._onto(tuple(Affine.of(name) for name in self.group.variables))

    def tile(self, tensor: Tensor) -> isl.Map:
        """From (units, steps) to the indices of a tensor touched there: A_F of this group."""
        return self._onto(self.group.access(tensor))

    def _onto_indices(self, indices: tuple[Affine, ...]) -> isl.Map:
        image = isl.Map(f"{{ [{_list(self.group.dims)}] -> [{', '.join(i.isl() for i in indices)}] }}")
        return coalesced(self._at_step.apply_range(image))

    def spread(self, relation: isl.Map) -> isl.Map:
        """Forget which unit of the parent it is: the union over the units that share a parent."""
        if not self.spreads:
            return relation
        return coalesced(relation.project_out(IN, len(self.units) - 1, 1))

    def apart(self, relation: isl.Map) -> isl.Map:
        """Count which unit of the parent it is among what is there: the sum over these units."""
        if not self.spreads:
            return relation
        return relation.move_dims(OUT, 0, IN, len(self.units) - 1, 1)

    def join_alike(self, relation: isl.Map, tensor: Tensor) -> isl.Map:
        """Forget which of the units it is whose tiles of a tensor are equal at a step: the union over these.

        What is left of the units is one of each class of `alike`.
        """
        if not self.spreads:
            return relation
        return coalesced(relation.apply_domain(self.alike(tensor)))

    def _alike(self, tensor: Tensor) -> isl.Map:
        """From (units, steps) to the first unit of the same parent whose tile at that step is the same."""
        tile, active = self.tile(tensor), self.active
        unit = self.units[-1]
        other = ", ".join("other" if name == unit else name for name in self.names)
        pairs = isl.Map(f"{{ [{_list(self.names)}] -> [{other}] }}")
        pairs = pairs.intersect_domain(active).intersect_range(active)
        # Of (step, other) -> element of the one: those that are not in the tile of the other.
        both = pairs.wrap().identity()
        mine = both.apply_range(pairs.domain_map()).apply_range(tile)
        theirs = both.apply_range(pairs.range_map()).apply_range(tile)
        unequal = mine.subtract(theirs).domain().union(theirs.subtract(mine).domain())
        return coalesced(lexmin(pairs.subtract(unequal.unwrap())))

    def without_steps(self, relation: isl.Map) -> isl.Map:
        """Forget the steps of what is spread or apart already."""
        units = len(self.units) - self.spreads
        return coalesced(relation.project_out(IN, units, len(self.loops)))

    def touched(self, relation: isl.Map, *, latest: bool) -> isl.Map:
        """Keep of (units, step) -> element the first, or the latest, step of each element for each unit."""
        loops = len(self.loops)
        if not loops:
            return relation
        units, width = relation.dim(IN) - loops, relation.dim(OUT)
        by_element = relation.move_dims(IN, relation.dim(IN), OUT, 0, width) if width else relation
        by_element = by_element.move_dims(OUT, 0, IN, units, loops)
        chosen = lexmax(by_element) if latest else lexmin(by_element)
        back = chosen.move_dims(IN, units, OUT, 0, loops)
        return coalesced(back.move_dims(OUT, 0, IN, units + loops, width) if width else back)

    def elements(self, tile: isl.Map) -> isl.Map:
        """Forget the steps, and the units that share a parent: what is held at any time."""
        units = len(self.units) - self.spreads
        return coalesced(self.spread(tile).project_out(IN, units, len(self.loops)))

    def first_in_time(self, steps: isl.Set) -> dict[str, int]:
        """Give the first of some steps, and of these the first unit: a value for each loop and unit.

        `steps` holds (units, loops), where the units that share a parent may be forgotten.
        """
        loops = tuple(each.name for each in self.loops)
        units = self.units[: steps.dim(isl.dim_type.set) - len(loops)]
        order = isl.Map(f"{{ [{_list((*units, *loops))}] -> [{_list((*loops, *units))}] }}")
        return first_point(order.intersect_domain(steps).range(), (*loops, *units))

    def before(self, loop: Loop) -> isl.Map:
        """Relate each step at which this loop advances to the step before, for the same unit."""
        return self._advances(self.mode(loop))

    def tile_before(self, tensor: Tensor, loop: Loop) -> isl.Map:
        """Give the tile of the step before, at the steps where this loop advances."""
        return self._then(self.group.access(tensor), self.mode(loop))

    def kept(self, tensor: Tensor, loop: Loop) -> isl.Map:
        """Give what is held both before and after this loop advances."""
        return self._kept_in(self.group.access(tensor), self.mode(loop))

    def held_by_all(self, tensor: Tensor, loop: Loop) -> isl.Map:
        """Give what each unit of the parent that uses it when this loop advances had before."""
        return self._held(self.group.access(tensor), self.mode(loop))

    def given_up_by_none(self, tensor: Tensor, loop: Loop) -> isl.Map:
        """Give what some unit of the parent had before this loop advances, and no such unit gives up."""
        return self._stays(self.group.access(tensor), self.mode(loop))

    def _advances(self, mode: tuple[bool, int]) -> isl.Map:
        own, index = mode
        return self.own_advances(index) if own else self.other_advances(index)

    def _tile_then(self, access: tuple[Affine, ...], mode: tuple[bool, int]) -> isl.Map:
        return coalesced(self._advances(mode).apply_range(self._onto(access)))

    def _kept_of(self, access: tuple[Affine, ...], mode: tuple[bool, int]) -> isl.Map:
        return coalesced(self._onto(access).intersect(self._then(access, mode)))

    def _held_of(self, access: tuple[Affine, ...], mode: tuple[bool, int]) -> isl.Map:
        now = self._onto(access).intersect_domain(self._advances(mode).domain())
        new = self.spread(now.subtract(self._then(access, mode)))
        return coalesced(self.spread(now).subtract(new))

    def _stays_of(self, access: tuple[Affine, ...], mode: tuple[bool, int]) -> isl.Map:
        before = self._then(access, mode)
        gone = self.spread(before.subtract(self._onto(access)))
        return coalesced(self.spread(before).subtract(gone))

    def mode(self, loop: Loop) -> tuple[bool, int]:
        """Whether a loop is of this group, and how many of the group's loops are outside of it."""
        return loop in self.loops, sum(each.position < loop.position for each in self.loops)

    def _first(self, fixed: int = 0) -> isl.Set:
        """The steps whose loops after the first `fixed` ones are at their first active values."""
        return _flat(lexmin(self._suffixes(fixed)))

    def _last(self, fixed: int = 0) -> isl.Set:
        """The steps whose loops after the first `fixed` ones are at their last active values."""
        return _flat(lexmax(self._suffixes(fixed)))

    def _suffixes(self, fixed: int) -> isl.Map:
        kept = len(self.units) + fixed
        return isl.Map.from_range(self.active).move_dims(IN, 0, OUT, 0, kept)

    def _prefix(self, fixed: int) -> isl.Map:
        kept = self.names[: len(self.units) + fixed]
        return isl.Map(f"{{ [{_list(self.names)}] -> [{_list(kept)}] }}")

    def _other_loop_advances(self, fixed: int) -> isl.Map:
        prefix = self._prefix(fixed)
        starts = prefix.intersect_domain(self.first(fixed))
        ends = prefix.intersect_domain(self.last(fixed))
        return coalesced(starts.apply_range(ends.reverse()))

    def _own_loop_advances(self, index: int) -> isl.Map:
        prefix = self._prefix(index + 1)
        starts = prefix.intersect_domain(self.first(index + 1))
        ends = prefix.intersect_domain(self.last(index + 1))
        kept = self.names[: len(self.units) + index]
        now, then = self.loops[index].name, "before"
        earlier = isl.Map(f"{{ [{_list((*kept, now))}] -> [{_list((*kept, then))}] : {then} < {now} }}")
        reached = starts.range()
        step = lexmax(earlier.intersect_domain(reached).intersect_range(ends.range()))
        return coalesced(starts.apply_range(step).apply_range(ends.reverse()))

    @cached_property
    def is_uniform(self) -> bool:
        """Whether units of one parent that are active together always advance the same loop.

        Where they do not, a step belongs to two cases at once and the product form does not apply.
        """
        classes = [self.first(), *(self.own_advances(j).domain() for j in range(len(self.loops)))]
        seen: isl.Set | None = None
        for each in classes:
            steps = self.spread(isl.Map.from_domain(each)).domain()
            if seen is not None and not seen.is_disjoint(steps):
                return False
            seen = steps if seen is None else seen.union(steps)
        return True

    def arrives_once(self, tensor: Tensor) -> bool:
        """Whether every unit of a parent that ever holds an element first holds it at the same step."""
        touched = lexmin(self._by_element(self.tile(tensor)))
        if self.spreads:
            touched = touched.project_out(IN, len(self.units) - 1, 1)
        return bool(touched.is_single_valued())

    def touches_once(self, tensor: Tensor) -> bool:
        """Whether every unit touches each element at one step only."""
        return bool(self._by_element(self.tile(tensor)).is_single_valued())

    def _by_element(self, relation: isl.Map) -> isl.Map:
        """Turn (units, steps) -> element into (units, element) -> steps."""
        count, loops = len(self.units), len(self.loops)
        width = relation.dim(OUT)
        turned = relation.move_dims(IN, count + loops, OUT, 0, width) if width else relation
        if not loops:
            return turned
        return turned.move_dims(OUT, 0, IN, count, loops)


def _flat(relation: isl.Map) -> isl.Set:
    return coalesced(relation.move_dims(OUT, 0, IN, 0, relation.dim(IN)).range())


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)
