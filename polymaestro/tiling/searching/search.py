"""One search: goal, conditions and space of an analysis, and how they are gone through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from math import lcm
from typing import TYPE_CHECKING, Any

import numpy as np

from polymaestro.affine import Affine
from polymaestro.counting import Condition, Region
from polymaestro.errors import SearchError
from polymaestro.tiling.analysis import TiledAnalysis
from polymaestro.tiling.costs import TiledEnergy
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.quantities import Sum
from polymaestro.tiling.searching.bounds import Weighed
from polymaestro.tiling.searching.descent import Best, Descent, EnoughError
from polymaestro.tiling.searching.goals import Limit, Quantities, value_of
from polymaestro.tiling.searching.points import Points
from polymaestro.tiling.searching.roofs import Roof, roofs_of
from polymaestro.tiling.searching.spaces import Group, Space, Tiles, groups_of, parts_of
from polymaestro.tiling.searching.tables import Table, table_of
from polymaestro.tiling.searching.trees import Bound, Judge
from polymaestro.tiling.searching.waves import BestFirst, Sweep
from polymaestro.tiling.timing import TiledRunTime

if TYPE_CHECKING:
    from polymaestro.tiling.search import Objective


@dataclass(frozen=True)
class Search:
    """What is searched: `goal` is a sum of quantities, or an object that has a value at a point."""

    analysis: TiledAnalysis
    name: str
    goal: Sum | Objective
    limits: tuple[Limit, ...]
    space: Space
    scale: int | None = None
    """What a sum was multiplied by so that its factors are integers; None where they were."""
    roofs: tuple[Roof, ...] = ()
    """What a goal that is no sum is never below, if that is known."""

    @staticmethod
    def of(  # noqa: PLR0913, PLR0917  as `optimize` has it
        analysis: TiledAnalysis,
        minimize: str | Objective,
        subject_to: Iterable[str],
        extents: Mapping[str, int],
        choices: Mapping[str, int | Iterable[int]],
        tiles: Tiles,
    ) -> Search:
        """Read goal and conditions, and give each symbol its values."""
        known = Quantities(analysis)
        goal: Sum | Objective
        scale = None
        roofs: tuple[Roof, ...] = ()
        if isinstance(minimize, str):
            name, goal = minimize, known.goal(minimize)
        elif isinstance(minimize, TiledForm) and minimize.ties is analysis.ties:
            named = (name for name, form in analysis.named() if form is minimize)
            name, goal = next(named, "the formula"), minimize.products
        elif isinstance(minimize, TiledEnergy) and minimize.counted.ties is analysis.ties:
            _checked(minimize, analysis)
            name, (goal, scale) = "energy", _scaled(minimize)
        else:
            name, goal = type(minimize).__name__, _checked(minimize, analysis)
        if isinstance(minimize, TiledRunTime) and minimize.counted.ties is analysis.ties:
            roofs = tuple(roofs_of(analysis, minimize))
        limits = tuple(known.limit(text) for text in subject_to)
        space = Space.of(analysis, extents, choices, tiles)
        return Search(analysis, name, goal, limits, space, scale, roofs)

    def value(self, found: Any) -> Any:  # noqa: ANN401  whatever has an order
        """Give the value of the goal that a search has found."""
        return found if self.scale is None else Fraction(found, self.scale)

    def run(self, limit: int | None) -> tuple[Best, bool]:
        """Find the best point, and say whether it is proved.

        Raises `SearchError` where no point satisfies the conditions.
        """
        best, proved = Best(), True
        try:
            if self.roofs and not isinstance(self.goal, tuple):
                judge = self._judge(self.goal)
                sweeps = [self._sweep(judge, fixed) for fixed in self._legal()]
                BestFirst(judge, sweeps, best, limit).run()
            else:
                self._descend(best, limit)
        except EnoughError:
            proved = False
        if best.value is None:
            raise SearchError(self._nothing(proved=proved))
        self._confirm(best.point, best.value)
        return best, proved

    def _descend(self, best: Best, limit: int | None) -> None:
        descents: Iterable[Descent] = (self._descent(fixed, best, limit) for fixed in self._legal())
        if isinstance(self.goal, tuple):
            # The tables of a sum are small, so that all of them can be kept; a good value is known at once.
            descents = list(descents)
            for each in descents:
                each.dive()
        for each in descents:
            each.run()

    @property
    def free(self) -> list[str]:
        """The symbols that are chosen, in the order in which points are compared."""
        return [*self._shared, *(name for group in self._groups for name in group.names)]

    # --- Groups ---

    @cached_property
    def _sums(self) -> list[Sum]:
        goals = [self.goal] if isinstance(self.goal, tuple) else []
        roofs = (total for each in self.roofs for total in (each.amount, each.copies))
        return [*goals, *roofs, *(each.total for each in self.limits)]

    @cached_property
    def _regions(self) -> list[Region]:
        """Give what must hold for the mapping to be legal; numbers of units are 1 or more."""
        units = (tie.name for tie in self.analysis.ties.ties if tie.rounded == "down")
        enough = [Region(((Condition(Affine.of(name) - 1),),)) for name in units]
        return [*enough, *parts_of(self.analysis.valid_on)]

    @cached_property
    def _counts(self) -> tuple[TiledCount, ...]:
        return tuple(dict.fromkeys(c for total in self._sums for _, counts in total for c in counts))

    @cached_property
    def _split(self) -> tuple[tuple[str, ...], list[Group]]:
        return groups_of(self.space, self.analysis.ties, self._counts, self._regions)

    @property
    def _shared(self) -> tuple[str, ...]:
        return self._split[0]

    @property
    def _groups(self) -> list[Group]:
        return self._split[1]

    @cached_property
    def _senses(self) -> dict[TiledCount, int] | None:
        """Say which values of a count are better, if all that is known of the goal are counts."""
        if not isinstance(self.goal, tuple):
            return None
        wanted = [(self.goal, 1)]
        wanted += [(each.total, 1) for each in self.limits if each.high is not None]
        wanted += [(each.total, -1) for each in self.limits if each.low is not None]
        signs: dict[TiledCount, set[int]] = {count: set() for count in self._counts}
        for total, sense in wanted:
            for factor, counts in total:
                for count in counts:
                    signs[count].add(sense if factor > 0 else -sense)
        return {count: next(iter(found)) if len(found) == 1 else 0 for count, found in signs.items()}

    # --- Once the shared symbols have values ---

    def _legal(self) -> Iterator[dict[str, int]]:
        """Give the combinations of shared symbols that lie in the regions that no group has."""
        inside = {each for group in self._groups for each in group.regions}
        outside = [each for each in self._regions if each not in inside]
        for fixed in self.space.each(self._shared):
            if all(Points(self.analysis.ties, fixed, 1).holds(each)[0] for each in outside):
                yield fixed

    def _tables(self, fixed: Mapping[str, int]) -> list[Table]:
        """Evaluate every group; without a free symbol there is one point, a row of nothing."""
        ties = self.analysis.ties
        found = [table_of(group, self.space, ties, fixed, self._senses) for group in self._groups]
        return found or [Table((), np.zeros((1, 0), np.int64), {})]

    def _descent(self, fixed: Mapping[str, int], best: Best, limit: int | None) -> Descent:
        weigh, tables, bounds = self._weighed(fixed)
        goal = weigh(self.goal) if isinstance(self.goal, tuple) else self._judge(self.goal)
        return Descent(goal, bounds, fixed, tables, best, limit)

    def _sweep(self, judge: Judge, fixed: Mapping[str, int]) -> Sweep:
        weigh, tables, bounds = self._weighed(fixed)
        roofs = [(weigh(each.amount), weigh(each.copies)) for each in self.roofs]
        return Sweep(judge, bounds, fixed, tables, roofs)

    def _judge(self, goal: Objective) -> Judge:
        return partial(_value, goal, getattr(goal, "symbols", self.analysis.symbols))

    def _weighed(self, fixed: Mapping[str, int]) -> tuple[Callable[[Sum], Weighed], list[Table], list[Bound]]:
        """Give what writes a sum over the tables, the tables, and the conditions over them."""
        tables = self._tables(fixed)
        points = Points(self.analysis.ties, fixed, 1)
        open_ = {count for group in self._groups for count in group.counts}
        constants = {count: int(points.count(count)[0]) for count in self._counts if count not in open_}

        def weigh(total: Sum) -> Weighed:
            return Weighed.of(total, constants, tables)

        return weigh, tables, [Bound(weigh(each.total), each.low, each.high) for each in self.limits]

    # --- Answers ---

    def _confirm(self, point: Mapping[str, int], value: Any) -> None:  # noqa: ANN401  whatever has an order
        """Evaluate the best point once more, in Python integers and one by one."""
        extended = self.analysis.ties.extended(point)
        for each in self.limits:
            found = value_of(each.total, extended)
            if not (each.low is None or each.low <= found) or not (each.high is None or found <= each.high):
                message = f"{found} does not satisfy {each.text!r}; this is a mistake in the search"
                raise SearchError(message)
        if isinstance(self.goal, tuple) and value_of(self.goal, extended) != value:
            message = (
                f"the search took {value} for the goal at {dict(point)}; this is a mistake in the search"
            )
            raise SearchError(message)

    def _nothing(self, *, proved: bool) -> str:
        """Say why no point was found."""
        if not proved:
            return "no point was found before the limit; allow more"
        if not any(table.rows for each in self._legal() for table in self._tables(each)):
            return "the mapping is legal at no point of the space; give other choices"
        for each in self.limits:
            least = replace(self, goal=each.total, limits=(), scale=None, roofs=()).run(None)[0].value
            if each.high is not None and least > each.high:
                return (
                    f"no point of the space satisfies {each.text!r}; it fails by {least - each.high} or more"
                )
        return "no point of the space satisfies all conditions; allow more or give more choices"


def _checked(goal: Objective, analysis: TiledAnalysis) -> Objective:
    """Refuse a goal that has no value, or asks for what the mapping does not have."""
    if not hasattr(goal, "at"):
        message = (
            f"{goal!r} cannot be made smallest: give the name of a quantity, or what has a value at a point"
        )
        raise SearchError(message)
    missing = [name for name in getattr(goal, "symbols", ()) if name not in analysis.symbols]
    if missing:
        message = f"the goal needs values for {', '.join(missing)}, which the mapping does not have"
        raise SearchError(message + "; give it numbers for these")
    return goal


def _scaled(energy: TiledEnergy) -> tuple[Sum, int]:
    """Write an energy whose constants are numbers as a sum of counts, and what it was multiplied by."""
    terms = energy.by_symbol().get("", [])
    scale = lcm(*(factor.denominator for factor, _ in terms))
    return (
        tuple(
            (int(factor * scale) * sign, counts) for factor, form in terms for sign, counts in form.products
        ),
        scale,
    )


def _value(goal: Objective, names: Iterable[str], point: Mapping[str, int]) -> Any:  # noqa: ANN401  whatever has an order
    """Evaluate what is no sum, with the symbols that it asks for."""
    return goal.at(**{name: point[name] for name in names})
