"""The quantities of a boundary as they are defined, over all loops and groups at once, as integer sets.

    A(u, t)    the elements that unit u touches at step t, whatever the loops and units inside do
    t⁻(u, t)   the step before t, in lexicographic order over all loops, at which u was active
    New = A(u, t) minus A(u, t⁻)        Gone = A(u, t⁻) minus A(u, t)        Left = A at the last step of u

A parent sees the union over its units. Drained up to t is what some unit of the parent gave up at a step
≤ t, and an element that arrives is read back when it was drained before (as `movement` defines it).
Nothing here knows of a product form, nor of one case per loop: that is what the library is compared with.
"""

from __future__ import annotations

from functools import cached_property

import islpy as isl

from polymaestro.loopnest import LoopNest
from polymaestro.relations.sets import coalesced
from polymaestro.workload import Tensor

IN, OUT = isl.dim_type.in_, isl.dim_type.out


class Literal:
    """New, Gone, Left and what a parent sees of one tensor at one boundary.

    Relations go from units and steps above the boundary to elements; `units` and `loops` name the former.
    """

    def __init__(self, nest: LoopNest, executed: isl.Set, depth: int, tensor: Tensor) -> None:
        """Take everything that is executed, as [units, loops, variables] in the order of the nest."""
        every = [*(u.name for u in nest.units), *(each.name for each in nest.loops)]
        every += [variable for variable, _ in nest.tiles]
        self.units = tuple(each.name for each in nest.units if each.level < depth)
        self.loops = tuple(each.name for each in nest.loops if each.level < depth)
        names = ", ".join((*self.units, *self.loops))
        outer = isl.Map(f"{{ [{', '.join(every)}] -> [{names}] }}").intersect_domain(executed)
        access = ", ".join(index.isl() for index in tensor.access)
        self.tile = coalesced(
            outer.reverse().apply_range(isl.Map(f"{{ [{', '.join(every)}] -> [{access}] }}"))
        )
        self.active = coalesced(outer.range())

    @cached_property
    def earlier(self) -> isl.Map:
        """From each active step to those of the same unit that are earlier."""
        order = self._order(self.units, strict=True)
        return order.intersect_domain(self.active).intersect_range(self.active)

    @cached_property
    def before(self) -> isl.Map:
        """t⁻: the last of the earlier steps."""
        return self.earlier.lexmax()

    @cached_property
    def held(self) -> isl.Map:
        """A(u, t⁻)."""
        return coalesced(self.before.apply_range(self.tile))

    @cached_property
    def new(self) -> isl.Map:
        """What arrives at a unit."""
        return coalesced(self.tile.subtract(self.held))

    @cached_property
    def gone(self) -> isl.Map:
        """What a unit gives up at a step."""
        return coalesced(self.held.subtract(self.tile))

    @cached_property
    def left(self) -> isl.Map:
        """What a unit holds at its last step."""
        return coalesced(self.tile.intersect_domain(self.active.subtract(self.before.range())))

    @cached_property
    def drained(self) -> isl.Map:
        """From each parent and step to all that was drained at it or before."""
        order = self._order(self.units[:-1], strict=False)
        return coalesced(order.apply_range(self.per_parent(self.gone)))

    @cached_property
    def read_back(self) -> isl.Map:
        """What arrives below a parent and was drained before."""
        return coalesced(self.per_parent(self.new).intersect(self.drained))

    @cached_property
    def kept(self) -> isl.Map:
        """What a unit uses at a step and held before: reuse over time, Σ|A| - fills in number."""
        return coalesced(self.tile.intersect(self.held))

    def at_two_units(self, relation: isl.Map) -> isl.Set:
        """Give the parameters for which two units of one parent have the same element at the same step."""
        parents, inputs = len(self.units) - 1, relation.dim(IN)
        names = [f"i{index}" for index in range(inputs + relation.dim(OUT))]
        others = ["other" if index == parents else name for index, name in enumerate(names)]
        pairs = isl.Map(f"{{ [{', '.join(names)}] -> [{', '.join(others)}] : other > {names[parents]} }}")
        points = relation.wrap().flatten()
        return pairs.intersect_domain(points).intersect_range(points).params()

    def per_parent(self, relation: isl.Map) -> isl.Map:
        """Give the union over the units that share a parent."""
        return coalesced(relation.project_out(IN, len(self.units) - 1, 1))

    def ever(self, relation: isl.Map) -> isl.Map:
        """Give the union over units of a parent and all steps."""
        return coalesced(relation.project_out(IN, len(self.units) - 1, len(self.loops) + 1))

    def _order(self, units: tuple[str, ...], *, strict: bool) -> isl.Map:
        """Relate steps to earlier ones, or to these and themselves, for the same units."""
        now, then = (
            [f"now{i}" for i, _ in enumerate(self.loops)],
            [f"then{i}" for i, _ in enumerate(self.loops)],
        )
        pairs = list(zip(then, now, strict=True))
        cases = [
            " and ".join([*(f"{s} = {t}" for s, t in pairs[:index]), f"{s} < {t}"])
            for index, (s, t) in enumerate(pairs)
        ]
        if not strict:
            cases.append(" and ".join(f"{s} = {t}" for s, t in pairs) or "true")
        ends = f"[{', '.join([*units, *now])}] -> [{', '.join([*units, *then])}]"
        return isl.Map(f"{{ {ends} : {' or '.join(cases) or 'false'} }}")
