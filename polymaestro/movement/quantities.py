r"""The counts of `movement` in product form: sums of products of sets, one set per axis group.

With A = ∏ A_g the tile, B = ∏ B_g the tile of the step before, and s the group whose units share a
parent, one case per loop that advances:

    Σ |A \ B|        =  Σ ∏|A_g|  -  Σ_loops ∏ |A_g ∩ B_g|
    Σ |⋃_u (A \ B)|  =  ∏_h |A_h| · |⋃_u A_s|
                        -  Σ_loops ∏_h |A_h ∩ B_h| · |⋃_u A_s minus ⋃_u (A_s \ B_s)|

and the second in the mirror for what is given up. Nothing is counted here; each factor is a set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import islpy as isl

from polymaestro.loopnest import Loop
from polymaestro.movement.steps import IN, GroupSteps
from polymaestro.relations.sets import coalesced
from polymaestro.workload import Tensor

QUANTITIES = (
    "occupancy",
    "tile_total",
    "fills",
    "parent_reads",
    "drains",
    "parent_updates",
    "read_backs",
    "final_writes",
)
"""What is counted of a tensor at a boundary, in elements, in the order of reports."""


@dataclass(frozen=True)
class Factor:
    """A set to count, or a relation whose largest image is meant (`peak`)."""

    kind: Literal["count", "peak"]
    relation: isl.Map

    def __str__(self) -> str:
        """Write as a number of points."""
        return f"{'max ' if self.kind == 'peak' else ''}|{self.relation}|"


@dataclass(frozen=True)
class Term:
    """sign · ∏ factors."""

    sign: int
    factors: tuple[Factor, ...]


@dataclass(frozen=True)
class Quantity:
    """A sum of terms; empty means 0."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        """Write one factor a line."""
        lines: list[str] = []
        for term in self.terms:
            for index, factor in enumerate(term.factors):
                lines.append(f"{'·' if index else '-' if term.sign < 0 else '+'} {factor}")
        return "\n".join(lines) or "0"

    def minus(self, other: Quantity) -> Quantity:
        """Subtract another sum."""
        return Quantity(self.terms + tuple(Term(-t.sign, t.factors) for t in other.terms))


def product(relations: Iterable[isl.Map], sign: int = 1) -> Quantity:
    """Give sign · ∏ |relation|, or nothing where one of them is empty."""
    kept = tuple(relations)
    if any(each.is_empty() for each in kept):
        return Quantity(())
    return Quantity((Term(sign, tuple(Factor("count", each) for each in kept)),))


def total(quantities: Iterable[Quantity]) -> Quantity:
    """Add up."""
    return Quantity(tuple(term for each in quantities for term in each.terms))


class Flow:
    """How one tensor moves across one boundary."""

    def __init__(
        self,
        groups: tuple[GroupSteps, ...],
        tensor: Tensor,
        retention: str = "one-tile",
        sharing: str = "ideal-multicast",
    ) -> None:
        """Take the groups of one boundary; at most one of them spreads over the units of a parent."""
        self.groups = groups
        self.tensor = tensor
        self.retention = retention
        self.alike = sharing == "identical-tiles" and tensor.role == "input"
        self.loops = sorted((each for g in groups for each in g.loops), key=lambda each: each.position)

    @property
    def spatial(self) -> GroupSteps:
        """The group whose units share a parent."""
        return next(group for group in self.groups if group.spreads)

    def tile_total(self) -> Quantity:
        """Σ over units and steps of the tile."""
        return product(group.tile(self.tensor) for group in self.groups)

    def occupancy(self) -> Quantity:
        """The largest tile, or the most that a unit ever held where it keeps all.

        A group that the tensor does not involve counts 1 where it executes anything.
        """
        held = (
            self._kept_for_good(group) if self.retention == "resident" else group.tile(self.tensor)
            for group in self.groups
        )
        return Quantity((Term(1, tuple(Factor("peak", each) for each in held)),))

    def transfers(self) -> Quantity:
        """Σ over units and steps of what is new; as much is given up again, the end included."""
        if self.retention == "resident":
            return product(self._kept_for_good(group) for group in self.groups)
        if self.retention == "whole-step":
            return self.tile_total()
        kept = [product(self._kept(loop).values(), -1) for loop in self.loops]
        return total([self.tile_total(), *kept])

    def arrivals(self) -> Quantity:
        """Σ over steps and parents of the union over units of what is new; over units alike where it says.

        Other groups hold the same for all units at a step, so the spatial group alone tells who is alike.
        """
        if self.retention == "resident":
            firsts = (group.touched(group.tile(self.tensor), latest=False) for group in self.groups)
            return product(self._join(group, first) for group, first in zip(self.groups, firsts, strict=True))
        used = product(self._join(group, group.tile(self.tensor)) for group in self.groups)
        if self.retention == "whole-step":
            return used
        return total([used, *(self._held_everywhere(loop) for loop in self.loops)])

    def departures(self) -> Quantity:
        """Σ over steps and parents of the union over units of what is given up, the end included."""
        if self.retention == "resident":
            return self.distinct()
        return total([self.left_over(), *(each for loop in self.loops for each in self._given_up(loop))])

    def left_over(self) -> Quantity:
        """Σ over parents of what some unit still holds at the end."""
        return product(group.elements(self._at(group, group.last())) for group in self.groups)

    def distinct(self) -> Quantity:
        """Σ over parents of the different elements that their units ever hold."""
        return product(group.elements(group.tile(self.tensor)) for group in self.groups)

    def _join(self, group: GroupSteps, relation: isl.Map) -> isl.Map:
        """Forget which unit it is among those that get one word together."""
        return group.join_alike(relation, self.tensor) if self.alike else group.spread(relation)

    def _kept_for_good(self, group: GroupSteps) -> isl.Map:
        """From each unit to all that it ever holds."""
        return coalesced(group.tile(self.tensor).project_out(IN, len(group.units), len(group.loops)))

    def _at(self, group: GroupSteps, steps: isl.Set) -> isl.Map:
        return group.tile(self.tensor).intersect_domain(steps)

    def _kept(self, loop: Loop) -> dict[GroupSteps, isl.Map]:
        """What each group holds both before and after this loop advances."""
        return {group: group.kept(self.tensor, loop) for group in self.groups}

    def _held_everywhere(self, loop: Loop) -> Quantity:
        """What arrives nowhere although it is used, as a negative term: every unit had it."""
        return product((self._held_in(group, loop) for group in self.groups), -1)

    def _held_in(self, group: GroupSteps, loop: Loop) -> isl.Map:
        if not group.spreads:
            return group.kept(self.tensor, loop)
        if not self.alike:
            return group.held_by_all(self.tensor, loop)
        now = self._at(group, group.before(loop).domain())
        new = self._join(group, now.subtract(group.tile_before(self.tensor, loop)))
        return coalesced(self._join(group, now).subtract(new))

    def _given_up(self, loop: Loop) -> Iterator[Quantity]:
        yield product(group.spread(group.tile_before(self.tensor, loop)) for group in self.groups)
        if self.retention == "one-tile":
            stays = (
                group.given_up_by_none(self.tensor, loop) if group.spreads else group.kept(self.tensor, loop)
                for group in self.groups
            )
            yield product(stays, -1)
