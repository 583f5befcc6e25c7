r"""What units share where units that are active together advance different loops.

A causal mask does that: in a row of the triangle some units begin, others come from the row before. The
loop that advances for a unit is the innermost one that is not at its first value. Among the loops of the
groups that have no units this is the same for all units, call it M; so at a step of kind M a unit either
advances M, or a loop of the spatial group inside of M. Units with the same B_h, the tile before in every
group h without units, make up a block c. With A_s, B_s the tiles of the spatial group:

    K_c = ⋃_{u in c} A_s(u)    N   = ⋃_u A_s(u) \ B_s(u)
    H_c = ⋃_{u in c} B_s(u)    G_c = ⋃_{u in c} B_s(u) \ A_s(u)

An element (x_s, x_h) that some unit uses arrives nowhere iff x_s is not in N and x_h is in B_h of every
block with x_s in K_c. It is given up by some unit of c iff x_s is in H_c, x_h in B_h, and x_s in G_c or x_h
not in A_h; units of several blocks may give it up at once, hence inclusion and exclusion over sets T:

    arrivals   = Σ ∏|⋃A| - Σ_M Σ_C |⋂_C K_c minus other K_c minus N| · ∏_h |A_h ∩ ⋂_C B_h|
    departures = Σ_M Σ_T ± ( |⋂_T H_c| · ∏_h |⋂_T B_h|  -  |⋂_T H_c minus ⋂_T G_c| · ∏_h |A_h ∩ ⋂_T B_h| )
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

import islpy as isl

from polymaestro.loopnest import Loop
from polymaestro.movement.quantities import Flow, Quantity, product, total
from polymaestro.movement.steps import GroupSteps
from polymaestro.relations.sets import coalesced


@dataclass(frozen=True)
class _Block:
    """Units with the same tiles before in the groups without units: those that advance one of these loops."""

    loops: tuple[Loop, ...]
    before: isl.Map


class MixedFlow(Flow):
    """How one tensor moves across a boundary where units of one parent differ in what they advance."""

    def arrivals(self) -> Quantity:
        """Σ over steps and parents of the union over units of what is new."""
        if self.retention != "one-tile":
            return super().arrivals()
        used = product(self._join(group, group.tile(self.tensor)) for group in self.groups)
        return total([used, *(each for kind in self._kinds() for each in self._held_everywhere_at(kind))])

    def departures(self) -> Quantity:
        """Σ over steps and parents of the union over units of what is given up, the end included."""
        if self.retention == "resident":
            return super().departures()
        return total(
            [self.left_over(), *(each for kind in self._kinds() for each in self._given_up_at(kind))]
        )

    def _kinds(self) -> Iterator[Loop | None]:
        """Give each loop M, and None for the steps at which all of them are at their first value."""
        yield None
        yield from (loop for loop in self.loops if loop not in self.spatial.loops)

    def _blocks(self, kind: Loop | None) -> list[_Block]:
        """Sort what may advance at steps of a kind by the tiles before of groups that the tensor involves."""
        inside = [each for each in self.spatial.loops if kind is None or each.position > kind.position]
        found: dict[tuple[tuple[bool, int], ...], list[Loop]] = {}
        involved = [group for group in self._others if group.group.access(self.tensor)]
        for loop in inside if kind is None else [kind, *inside]:
            found.setdefault(tuple(group.mode(loop) for group in involved), []).append(loop)
        return [
            _Block(tuple(loops), coalesced(reduce(isl.Map.union, map(self.spatial.before, loops))))
            for loops in found.values()
        ]

    @property
    def _others(self) -> list[GroupSteps]:
        return [group for group in self.groups if group is not self.spatial]

    def _held_everywhere_at(self, kind: Loop | None) -> Iterator[Quantity]:
        """What arrives nowhere although it is used, as negative terms: every unit that uses it had it."""
        blocks = self._blocks(kind)
        now = [self._at(self.spatial, block.before.domain()) for block in blocks]
        used = [self._join(self.spatial, tile) for tile in now]
        fresh = [tile.subtract(self._held(block)) for tile, block in zip(now, blocks, strict=True)]
        if kind is None:
            fresh.append(self._at(self.spatial, self.spatial.first()))
        new = self._join(self.spatial, coalesced(reduce(isl.Map.union, fresh)))
        for chosen in _subsets(len(blocks)):
            held = reduce(isl.Map.intersect, (used[index] for index in chosen)).subtract(new)
            for index in set(range(len(blocks))) - set(chosen):
                held = held.subtract(used[index])
            kept = [self._kept_through(group, kind, [blocks[i] for i in chosen]) for group in self._others]
            yield product([coalesced(held), *kept], -1)

    def _given_up_at(self, kind: Loop | None) -> Iterator[Quantity]:
        blocks = self._blocks(kind)
        tile = self.spatial.tile(self.tensor)
        held = [self.spatial.spread(self._held(block)) for block in blocks]
        gone = [self.spatial.spread(self._held(block).subtract(tile)) for block in blocks]
        for chosen in _subsets(len(blocks)):
            sign = 1 if len(chosen) % 2 else -1
            both = coalesced(reduce(isl.Map.intersect, (held[index] for index in chosen)))
            stays = coalesced(both.subtract(reduce(isl.Map.intersect, (gone[index] for index in chosen))))
            some = [blocks[index] for index in chosen]
            before = [self._held_through(group, kind, some) for group in self._others]
            kept = [self._kept_through(group, kind, some) for group in self._others]
            yield product([both, *before], sign)
            if self.retention == "one-tile":
                yield product([stays, *kept], -sign)

    def _held(self, block: _Block) -> isl.Map:
        """The tile before of the spatial group, at the steps and units of a block."""
        return coalesced(block.before.apply_range(self.spatial.tile(self.tensor)))

    def _held_through(self, group: GroupSteps, kind: Loop | None, blocks: list[_Block]) -> isl.Map:
        """What a group without units held before in all of some blocks, at the steps of a kind."""
        steps = group.first() if kind is None else group.before(kind).domain()
        tile = group.tile(self.tensor)
        held = (group.before(block.loops[0]).apply_range(tile) for block in blocks)
        return coalesced(reduce(isl.Map.intersect, held).intersect_domain(steps))

    def _kept_through(self, group: GroupSteps, kind: Loop | None, blocks: list[_Block]) -> isl.Map:
        """What of it is still in the tile."""
        return coalesced(self._held_through(group, kind, blocks).intersect(group.tile(self.tensor)))


def _subsets(count: int) -> Iterator[tuple[int, ...]]:
    """Give every non-empty set of the numbers 0 … count - 1."""
    for size in range(1, count + 1):
        yield from combinations(range(count), size)
