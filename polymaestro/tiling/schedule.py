"""The schedule of a mapping with symbols: its loops above each boundary, and how a group sees them.

At a step one loop advances. The group that has it sees its own loop do so; another group sees how many of
its own loops are outside of it, and stay, while those inside start again (`polymaestro.movement.transfers`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

from polymaestro.affine import floor_div
from polymaestro.errors import CountingUnavailableError
from polymaestro.movement.transfers import END, FIRST, Crossing, Mode, WordTerm
from polymaestro.policies import Policies
from polymaestro.tiling.chains import Chain
from polymaestro.tiling.factors import Group
from polymaestro.tiling.kinds import NOWHERE, Reach, Status
from polymaestro.tiling.levels import Cut, Cuts
from polymaestro.tiling.sets import SetGroup
from polymaestro.tiling.shapes import index_of


@dataclass(frozen=True)
class Schedule:
    """The time loops above each boundary, and what crosses it; boundary 0 is DRAM → L2.

    `resident` are the tensors that stay in L2, None where what crosses to and from DRAM takes no time.
    """

    cuts: Cuts
    policies: tuple[Policies, ...]
    resident: frozenset[str] | None

    def cases(self, depth: int) -> tuple[Cut | None, ...]:
        """None for the first step of a unit, and each loop above the boundary."""
        return (None, *(cut for cut in self.cuts.cuts if cut.level < depth))

    def terms(self, depth: int, mode: Mode) -> tuple[WordTerm, ...]:
        """Give the terms of a boundary."""
        found = Crossing(depth, (), self.cuts.operator, self.policies[depth]).terms(mode)
        if depth:
            return found
        if self.resident is None:
            return ()
        return tuple(term for term in found if term.resident == (term.tensor in self.resident))


@dataclass(frozen=True)
class TimedGroup(ABC):
    """How a group of dimensions sees the loops: its own and, as modes, those of the others."""

    schedule: Schedule

    @property
    @abstractmethod
    def groups(self) -> Sequence[Group | SetGroup]:
        """The group with its loops above each boundary, from 1 on."""

    def cuts(self, depth: int) -> tuple[Cut, ...]:
        """Give the own loops above a boundary, outermost first."""
        return self.groups[depth - 1].cuts if depth else ()

    def mode(self, depth: int, case: Cut | None) -> Mode:
        """Say how the group sees a case."""
        if case is None:
            return FIRST
        own = self.cuts(depth)
        if case in own:
            return Mode("own", own.index(case))
        return Mode("other", sum(cut.position < case.position for cut in own))

    def inner_modes(self, depth: int) -> tuple[Mode, ...]:
        """Give the modes of the loops of the level above a boundary."""
        cases = (case for case in self.schedule.cases(depth) if case and case.level == depth - 1)
        return tuple(dict.fromkeys(self.mode(depth, case) for case in cases))

    def modes(self, depth: int) -> tuple[Mode, ...]:
        """Give every mode in which some case puts the group, and the end."""
        cases = (self.mode(depth, case) for case in self.schedule.cases(depth))
        return (*dict.fromkeys(cases), END)


@dataclass(frozen=True)
class TiledGroup(TimedGroup):
    """A group of dimensions in consecutive tiles."""

    chains: tuple[Chain, ...]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The group with its loops above each boundary, from 1 on."""
        return tuple(Group(self.chains, depth) for depth in range(1, self.schedule.cuts.depth + 1))

    def outer_mode(self, depth: int, mode: Mode) -> Mode:
        """Give the mode one boundary further out: for a loop below it, all loops there stay."""
        number = len(self.cuts(depth - 1))
        return Mode("other", number) if mode.kind in ("own", "other") and mode.loop >= number else mode

    def status(self, mode: Mode, index: int) -> Status:
        """Say what an own loop does in a mode."""
        if mode == FIRST:
            return "begins"
        if mode == END or index > mode.loop or (mode.kind == "other" and index == mode.loop):
            return "restarts"
        return "advances" if index == mode.loop else "stays"

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The loop variables in the order of their loops at level 0."""
        place = {cut.dim: cut.position for cut in self.cuts(1)}
        return tuple(c.variable for c in sorted(self.chains, key=lambda c: place.get(c.dim, inf)))

    def is_marked(self, dim: str) -> bool:
        """Whether it matters that a dimension is at its first or last tile: where a tensor lacks it."""
        operator = self.schedule.cuts.operator
        if self.schedule.resident is not None:
            return True
        return not any(dim.lower() in index.names() for index in operator.output.access)

    def reach(self, depth: int, chain: Chain) -> Reach:
        """Give how far windows of a tensor that stays in L2 reach along a dimension.

        An element σp + δr of a tile comes from earlier points too where p goes back by δ and r goes on by σ,
        or the other way round; where r is the inner loop, it goes on until p has left its tile.
        """
        window = self._window(chain) if depth == 1 else None
        if window is None:
            return NOWHERE
        other, jump, jump_of_other = window
        own, outer = _top_cut(chain), _top_cut(other)
        if own is None or outer is None or own.position < outer.position:
            return Reach(jump)
        jumps = floor_div(other.lengths.step(outer) - 1, jump_of_other) + 1
        return Reach(jump, chain.lengths.step(own) + jumps * jump)

    def _window(self, chain: Chain) -> tuple[Chain, int, int] | None:
        """Give the other dimension of a window, and the steps of both that lead to the same element."""
        schedule = self.schedule
        found = {
            (index.variables, index.factors)
            for tensor in schedule.cuts.operator.tensors
            if tensor.role == "input" and tensor.name in (schedule.resident or ())
            for index in (index_of((each,)) for each in tensor.access if chain.variable in each.names())
            if len(index.variables) > 1
        }
        if not found:
            return None
        if len(found) > 1:
            message = (
                f"two tensors have different windows along {chain.dim}, which symbolic tiles cannot follow"
            )
            raise CountingUnavailableError(message)
        [(variables, factors)] = found
        place = variables.index(chain.variable)
        other = next(each for each in self.chains if each.variable == variables[1 - place])
        return other, factors[1 - place], factors[place]


def _top_cut(chain: Chain) -> Cut | None:
    """Give the loop of a dimension at level 0."""
    return next((cut for cut in chain.cuts if cut.level == 0), None)
