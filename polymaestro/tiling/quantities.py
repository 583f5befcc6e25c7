"""The counts that `movement` defines as sums of products of factors, one factor per axis group."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.factors import Access, Factor
from polymaestro.tiling.factors import Group as ChainGroup
from polymaestro.tiling.levels import Cut
from polymaestro.tiling.sets import SetGroup
from polymaestro.workload import Tensor

Sum = tuple[tuple[int, tuple[TiledCount, ...]], ...]
Group = ChainGroup | SetGroup


class Flows:
    """The quantities at the boundary above the units of one depth; equal factors are made once."""

    def __init__(self, groups: tuple[Group, ...]) -> None:
        """Take the groups; at most one of them goes to the units that share a parent."""
        self.groups = groups
        self.loops = sorted((cut for g in groups for cut in g.cuts), key=lambda cut: cut.position)
        self._made: dict[tuple[object, ...], TiledCount] = {}

    def steps(self) -> Sum:
        """The steps at which some unit is active."""
        return self._product(lambda g: self._count(g, g.steps))

    def active(self) -> Sum:
        """The active units, summed over the steps."""
        return self._product(lambda g: self._count(g, g.total, ()))

    def macs(self) -> Sum:
        """The points, each executed once."""
        return self._product(lambda g: self._count(g, g.points))

    def elements(self, tensor: Tensor) -> Sum:
        """The elements of a tensor that are touched at all."""
        return self._product(lambda g: self._count(g, g.elements, _access(g, tensor)))

    def tensor(self, tensor: Tensor) -> dict[str, Sum]:
        """Derive every quantity of one tensor."""
        access = {id(g): _access(g, tensor) for g in self.groups}

        def a(group: Group) -> Access:
            return access[id(group)]

        tiles = self._product(lambda g: self._count(g, g.total, a(g)))
        moved = [*tiles, *(each for loop in self.loops for each in self._negated(self._kept(loop, a)))]
        arrived = [
            *self._product(lambda g: self._of_parent(g, g.shared_now, g.total, a(g))),
            *(each for loop in self.loops for each in self._negated(self._held_by_all(loop, a))),
        ]
        held: dict[str, Sum] = {
            "occupancy": self._product(lambda g: self._count(g, g.peak, a(g))),
            "tile_total": tiles,
        }
        if tensor.role == "input":
            return held | {"fills": tuple(moved), "parent_reads": tuple(arrived)}
        final = self._product(lambda g: self._count(g, g.distinct, a(g)))
        first = self._product(lambda g: self._count(g, g.first_seen, a(g)))
        return held | {
            "drains": tuple(moved),
            "parent_updates": tuple(self._departures(a)),
            "read_backs": (*arrived, *self._negated(first)),
            "final_writes": final,
        }

    def _kept(self, loop: Cut, a: Callable[[Group], Access]) -> Sum:
        return self._product(lambda g: self._count(g, g.kept, a(g), g.mode(loop)))

    def _held_by_all(self, loop: Cut, a: Callable[[Group], Access]) -> Sum:
        return self._product(lambda g: self._of_parent(g, g.new_nowhere, g.kept, a(g), g.mode(loop)))

    def _departures(self, a: Callable[[Group], Access]) -> Iterator[tuple[int, tuple[TiledCount, ...]]]:
        yield from self._product(lambda g: self._of_parent(g, g.shared_before, g.before, a(g), g.end))
        for loop in self.loops:
            yield from self._given_up(loop, a)

    def _given_up(
        self, loop: Cut, a: Callable[[Group], Access]
    ) -> Iterator[tuple[int, tuple[TiledCount, ...]]]:
        yield from self._product(lambda g: self._of_parent(g, g.shared_before, g.before, a(g), g.mode(loop)))
        kept = self._product(lambda g: self._of_parent(g, g.gone_nowhere, g.kept, a(g), g.mode(loop)))
        yield from self._negated(kept)

    def _of_parent(
        self, group: Group, shared: Callable[..., Factor], own: Callable[..., Factor], *arguments: object
    ) -> TiledCount:
        return self._count(group, own if group.shared is None else shared, *arguments)

    def _count(self, group: Group, make: Callable[..., Factor], *arguments: object) -> TiledCount:
        key = (id(group), make.__name__, arguments)
        if key not in self._made:
            self._made[key] = TiledCount(make(*arguments), group.names)
        return self._made[key]

    def _product(self, factor: Callable[[Group], TiledCount]) -> Sum:
        return ((1, tuple(factor(group) for group in self.groups)),)

    @staticmethod
    def _negated(total: Sum) -> Sum:
        return tuple((-sign, counts) for sign, counts in total)


def _access(group: Group, tensor: Tensor) -> Access:
    return tuple(index for index in tensor.access if index.names() & group.variables)
