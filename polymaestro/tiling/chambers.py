"""The step classes of all groups, chamber by chamber, as the levels that the clock reads.

The chambers of a mapping with symbols are many, and most of them nobody asks for. So each point outside the
chambers known so far adds, group by group, the one that it lies in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from polymaestro.counting import QP, Condition, Region
from polymaestro.counting.classes import BoundaryClasses
from polymaestro.model.clock import Entry, Level
from polymaestro.tiling.chains import Chain
from polymaestro.tiling.classes import GroupLevel, levels_of
from polymaestro.tiling.exploring import explored_whole
from polymaestro.tiling.known import Known, known_about
from polymaestro.tiling.run import Run
from polymaestro.tiling.schedule import Schedule, TiledGroup
from polymaestro.tiling.sets import SetAxes
from polymaestro.tiling.ties import Ties
from polymaestro.tiling.timed_sets import SetTimes, timed

Timed = TiledGroup | SetTimes
Chambers = list[tuple[Region, tuple[GroupLevel, ...]]]


@dataclass(frozen=True)
class TiledClasses:
    """The step classes of all groups; each group's are derived once for each chamber that is asked for."""

    schedule: Schedule
    groups: tuple[Timed, ...]
    known: tuple[Chambers, ...]

    @staticmethod
    def of(
        schedule: Schedule, groups: Iterable[tuple[Chain, ...]], sets: Iterable[SetAxes] = ()
    ) -> TiledClasses:
        """Take the dimensions group by group.

        Raises `CountingUnavailableError` where the steps of sets are of no finite number of classes.
        """
        found: tuple[Timed, ...] = tuple(TiledGroup(schedule, chains) for chains in groups)
        for axes in sets:
            found = (*found, timed(schedule, axes))
        return TiledClasses(schedule, found, tuple([] for _ in found))

    @cached_property
    def shapes(self) -> tuple[BoundaryClasses, ...]:
        """The cases and terms of each boundary."""
        return tuple(self._shape(depth) for depth in range(1, self.schedule.cuts.depth + 1))

    def _shape(self, depth: int) -> BoundaryClasses:
        cases = [
            tuple(group.mode(depth, case) for group in self.groups) for case in self.schedule.cases(depth)
        ]
        modes = dict.fromkeys(mode for group in self.groups for mode in group.modes(depth))
        return BoundaryClasses(
            depth,
            tuple(cases),
            {mode: self.schedule.terms(depth, mode) for mode in modes},
            {mode: self.schedule.terms(0, mode) if depth == 1 else () for mode in modes},
            (),
            next((i for i, group in enumerate(self.groups) if group.groups[depth - 1].shared), 0),
        )

    def near(self, values: Mapping[str, int]) -> list[tuple[Region, tuple[GroupLevel, ...]]]:
        """Give the chamber of each group at a point that holds the ties, and its classes."""
        return [
            self._of_group(group, known, values) for group, known in zip(self.groups, self.known, strict=True)
        ]

    @staticmethod
    def _of_group(
        group: Timed, known: Chambers, values: Mapping[str, int]
    ) -> tuple[Region, tuple[GroupLevel, ...]]:
        for found in known:
            if found[0].holds(values):
                return found
        run = Run(values)
        levels = _levels(group, run)
        known.append((Region((tuple(run.conditions),)), levels))
        return known[-1]

    def levels(self, values: Mapping[str, int], scalar: Callable[[QP], Any]) -> tuple[Level, ...]:
        """Give the classes at a point, each polynomial as what `scalar` makes of it; those that are 0 go."""
        return self.with_classes([levels for _, levels in self.near(values)], scalar)

    def everywhere(self, ties: Ties, given: Region) -> Iterator[Explored]:
        """Give all chambers of one group after the other on a region, and its classes there.

        Raises `ClosedFormError` where a group has too many.
        """
        for group in self.groups:
            yield _explored(group, known_about(ties, group.groups[-1].names, given))

    def with_classes(
        self, found: Sequence[tuple[GroupLevel, ...]], scalar: Callable[[QP], Any]
    ) -> tuple[Level, ...]:
        """Give the levels where each group has the classes of a chamber."""
        return tuple(
            Level(
                shape,
                tuple(_classes(levels[index], scalar) for levels in found),
                tuple(_profiles(levels[index], scalar) for levels in found),
            )
            for index, shape in enumerate(self.shapes)
        )


def _levels(group: Timed, run: Run) -> tuple[GroupLevel, ...]:
    if isinstance(group, SetTimes):
        return group.levels(run)
    return levels_of(group, run)


@dataclass(frozen=True)
class Explored:
    """The chambers of one group; gaps are where its steps cannot be classified."""

    chambers: Chambers
    gaps: tuple[tuple[Condition, ...], ...]


def _explored(group: Timed, known: Known) -> Explored:
    """Classify a group on every chamber; each different outcome goes by its number."""
    outcomes: list[tuple[GroupLevel, ...]] = []

    def number(run: Run) -> QP:
        levels = _levels(group, run)
        if levels not in outcomes:
            outcomes.append(levels)
        return QP.of(outcomes.index(levels))

    count, gaps = explored_whole(number, known)
    chambers = [(region, outcomes[int(value.constant or 0)]) for region, value in count.pieces]
    return Explored(chambers, gaps)


def _classes(level: GroupLevel, scalar: Callable[[QP], Any]) -> dict[Any, dict[int, Entry]]:
    return {
        mode: {
            index: Entry(number, tuple(map(scalar, entry.sizes)), entry.inside)
            for index, entry in classes.items()
            if not _is_zero(number := scalar(entry.number))
        }
        for mode, classes in level.classes.items()
    }


def _profiles(level: GroupLevel, scalar: Callable[[QP], Any]) -> dict[int, Any]:
    return {
        index: scalar(profile)
        if isinstance(profile, QP)
        else {
            mode: [(inner, number) for inner, each in substeps if not _is_zero(number := scalar(each))]
            for mode, substeps in profile.items()
        }
        for index, profile in level.profiles.items()
    }


def _is_zero(number: Any) -> bool:  # noqa: ANN401  see `polymaestro.model.clock.Scalar`
    return number.is_zero if isinstance(number, QP) else number == 0
