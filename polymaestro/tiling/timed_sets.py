"""Step classes of groups that are counted as sets, as the clock of a tiled analysis reads them.

The classes are those of a plain analysis of the group alone, for all extents; a run picks those that exist.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from polymaestro.counting import QP, Count
from polymaestro.counting.classes import GroupClasses, Profile, classify_group, presence
from polymaestro.counting.sizes import Sizer
from polymaestro.errors import CountingUnavailableError
from polymaestro.model.clock import Entry
from polymaestro.movement.crossings import entangled
from polymaestro.movement.steps import GroupSteps
from polymaestro.movement.transfers import END, Crossing, Mode, WordTerm
from polymaestro.tiling.classes import Classes, GroupLevel
from polymaestro.tiling.run import Run
from polymaestro.tiling.schedule import Schedule, TimedGroup
from polymaestro.tiling.sets import SetAxes, SetGroup, piece_in


@dataclass(frozen=True)
class _Crossing(Crossing):
    """One group at a boundary, in the modes in which the loops of all groups put it."""

    timed: SetTimes

    def modes(self, group: GroupSteps) -> tuple[Mode, ...]:  # noqa: ARG002  there is one
        """Give every mode but the end."""
        return tuple(mode for mode in self.timed.modes(max(self.depth, 1)) if mode != END)

    def terms(self, mode: Mode) -> tuple[WordTerm, ...]:
        """Give what crosses in a mode; off chip what is resident, and what is not, as the schedule says."""
        return self.timed.schedule.terms(self.depth, mode)


@dataclass(frozen=True)
class SetTimes(TimedGroup):
    """The steps of a group that is counted as sets."""

    axes: SetAxes
    found: tuple[GroupClasses, ...] = ()
    refusal: CountingUnavailableError | None = None
    """Why the steps have no classes for all extents; they are classified at numbers for these then."""

    @cached_property
    def groups(self) -> tuple[SetGroup, ...]:
        """The group with its loops above each boundary, from 1 on."""
        return tuple(self.axes.group(depth) for depth in range(1, self.schedule.cuts.depth + 1))

    def levels(self, run: Run) -> tuple[GroupLevel, ...]:
        """Give the classes that exist in a run, at every boundary."""
        if self.refusal:
            return timed(self.schedule, self.axes.at(run, self.refusal)).levels(run)
        found: list[GroupLevel] = []
        for each, present in zip(reversed(self.found), reversed(self._present), strict=True):
            classes = {
                mode: {
                    index: Entry(piece_in(run, step.number), step.sizes, step.inside)
                    for index, step in enumerate(steps)
                    if not piece_in(run, present[id(step)]).is_zero
                }
                for mode, steps in each.classes.items()
            }
            inner = found[0].classes if found else {}
            profiles = {index: _profile(profile, inner) for index, profile in enumerate(each.profiles)}
            found.insert(0, GroupLevel(classes, profiles))
        return tuple(found)

    @cached_property
    def _present(self) -> list[dict[int, Count]]:
        context = self.axes.relations.context
        return [{id(step): presence(step, context) for step in each.all} for each in self.found]

    def crossings(self) -> tuple[Crossing, ...]:
        """Give every boundary from DRAM → L2 on."""
        operator, policies = self.schedule.cuts.operator, self.schedule.policies
        relations = self.axes.relations
        steps = [self.axes.steps(relations, max(depth, 1), depth) for depth in range(len(policies))]
        return tuple(
            _Crossing(depth, (each,), operator, here, self)
            for depth, (each, here) in enumerate(zip(steps, policies, strict=True))
        )


def timed(schedule: Schedule, axes: SetAxes) -> SetTimes:
    """Classify the steps of a group for all extents.

    Raises `CountingUnavailableError` where they depend on the steps of other groups, or are of no finite
    number of classes although all extents are numbers.
    """
    times = SetTimes(schedule, axes)
    off_chip, *crossings = times.crossings()
    why = entangled((off_chip, *crossings))
    if why:
        message = f"the run time has no closed form here, because {why}; analyze takes numbers"
        raise CountingUnavailableError(message)
    try:
        return replace(times, found=classify_group(off_chip, crossings, Sizer(axes.counter)))
    except CountingUnavailableError as error:
        if not axes.names:
            raise
        return replace(times, refusal=error)


def _profile(profile: Profile, inner: Classes) -> QP | dict[Mode, tuple[tuple[int, QP], ...]]:
    """Give the MACs, or the sub-steps of the classes that exist."""
    if profile.macs is not None:
        return profile.macs
    substeps: dict[Mode, tuple[tuple[int, QP], ...]] = {}
    for mode, index, number in profile.substeps:
        if index in inner[mode]:
            substeps[mode] = (*substeps.get(mode, ()), (index, number))
    return substeps
