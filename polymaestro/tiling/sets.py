"""Groups of dimensions that are counted as integer sets: masks, shifted rows, indices of three terms.

No chain of cuts says which points a tile of these has. Where their own sizes are numbers the sets of
`polymaestro.movement` do, for all extents, and as factors they multiply with those of the other groups,
whose sizes may be symbols. Such a group is lowered by itself: of the mapping its own maps are left, and
levels whose units take other dimensions have one unit. Sets for which no formula in the extents is found are
counted at each point, and the chamber of the point is its own extents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from polymaestro.affine import Affine
from polymaestro.counting import QP, Condition, Count, Counter, Region, Summing, region_of
from polymaestro.dataflow.binding import Mapping
from polymaestro.errors import ClosedFormError, CountingUnavailableError, LoweringError
from polymaestro.loopnest import nest_of
from polymaestro.loopnest.nest import Loop
from polymaestro.movement.alone import Advance, Alone
from polymaestro.movement.quantities import Quantity
from polymaestro.movement.steps import GroupSteps
from polymaestro.relations import AxisGroup, Relations, extract
from polymaestro.tiling.apart import alone, cuts_in_places, names_of, symbols_of, with_extents
from polymaestro.tiling.levels import Cut
from polymaestro.tiling.run import Run
from polymaestro.tiling.ties import Ties

Access = tuple[Affine, ...]
Factor = Callable[[Run], QP]
Sum = tuple[tuple[int, tuple[Count, ...]], ...]


@dataclass(frozen=True, eq=False)
class SetAxes:
    """The dimensions of one group, their loops as cuts that say their places, and the relations."""

    dims: tuple[str, ...]
    cuts: tuple[Cut, ...]
    loops: tuple[Loop, ...]
    relations: Relations
    _steps: dict[tuple[int, int, int], GroupSteps] = field(default_factory=dict)
    _fixed: dict[tuple[int, ...], SetAxes] = field(default_factory=dict)
    refusals: list[CountingUnavailableError] = field(default_factory=list)
    """Why no formula of the extents was found, once that is known; numbers for these are counted then."""

    @staticmethod
    def of(mapping: Mapping, dims: Sequence[str], ties: Ties, why: str) -> SetAxes:
        """Lower the maps of some dimensions by themselves; `why` says what else is not possible.

        Raises `LoweringError` where their sizes or units are symbols, `LegalityError` where points are
        skipped or repeated.
        """
        symbols = symbols_of(mapping, dims, ties)
        if symbols:
            numbers = f"give {', '.join(symbols)} a number, and {', '.join(dims)} are counted with numbers"
            message = f"{why}; {numbers}"
            raise LoweringError(message)
        nest = nest_of(alone(mapping, dims))
        named = names_of(mapping.operator, dims)
        cuts = {(cut.level, cut.note): cut for cut in cuts_in_places(mapping) if cut.dim in named}
        found = tuple(cuts[loop.level, loop.note] for loop in nest.loops)
        return SetAxes(tuple(dims), found, nest.loops, extract(nest))

    @property
    def variables(self) -> frozenset[str]:
        """The loop variables."""
        return frozenset(dim.lower() for dim in self.dims)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The symbols that their counts may have."""
        used = frozenset[str]().union(*(tie.names() for tie in self._group(self.relations).ties))
        return tuple(sorted(used & self.relations.nest.symbols))

    @property
    def conditions(self) -> tuple[tuple[Condition, ...], ...]:
        """Where the mapping of these dimensions is legal, as alternatives."""
        return region_of(self.relations.context).pieces

    @cached_property
    def _summing(self) -> Summing:
        return Summing(self.relations, self.counter)

    def steps(self, relations: Relations, depth: int, unit_depth: int) -> GroupSteps:
        """Give the steps of the group above a boundary."""
        key = (id(relations), depth, unit_depth)
        if key not in self._steps:
            self._steps[key] = GroupSteps(self._group(relations), depth, unit_depth)
        return self._steps[key]

    @cached_property
    def counter(self) -> Counter:
        """What counts them, for all extents for which they are legal."""
        return Counter(self.relations.context)

    def _group(self, relations: Relations) -> AxisGroup:
        [group] = (each for each in relations.groups if self.variables & set(each.variables))
        return group

    def counted(self, depth: int, unit_depth: int, access: Access, make: Callable[[Alone], Quantity]) -> Sum:
        """Count a factor."""

        def made(relations: Relations) -> dict[str, Quantity]:
            return {"factor": make(Alone(self.steps(relations, depth, unit_depth), access))}

        return self._summing.of(made)["factor"]

    def at(self, run: Run, why: CountingUnavailableError) -> SetAxes:
        """Give the same dimensions with the numbers of a run's point for extents, and say so in the run.

        Raises `ClosedFormError` where the run has no point, as where all cases are asked for; `why` there is
        no formula of the extents.
        """
        if not run.point:
            message = f"each {', '.join(self.names)} is a case of its own: {why}"
            raise ClosedFormError(message)
        values = {name: run.point[name] for name in self.names}
        for name, value in values.items():
            run.is_equal(Affine.of(name), Affine.of(value))
        key = tuple(values.values())
        if key not in self._fixed:
            relations = extract(with_extents(self.relations.nest, values))
            self._fixed[key] = SetAxes(self.dims, self.cuts, self.loops, relations)
        return self._fixed[key]

    def group(self, depth: int, *, off_chip: bool = False) -> SetGroup:
        """Give the group above a boundary, or above L2, which is one unit."""
        return SetGroup(self, depth, 0 if off_chip else depth)


@dataclass(frozen=True, eq=False)
class SetGroup:
    """A group at one boundary, with the factors of `polymaestro.tiling.factors.Group`."""

    axes: SetAxes
    depth: int
    unit_depth: int
    end: Advance = None

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """The loops in their order."""
        return tuple(cut for cut in self.axes.cuts if cut.level < self.depth)

    @property
    def variables(self) -> frozenset[str]:
        """The loop variables."""
        return self.axes.variables

    @property
    def names(self) -> tuple[str, ...]:
        """The symbols of its counts."""
        return self.axes.names

    @cached_property
    def shared(self) -> GroupSteps | None:
        """The steps, where the units that share a parent take these dimensions.

        Raises `CountingUnavailableError` where these units do not advance the same loop together.
        """
        steps = self._steps
        if not steps.spreads:
            return None
        if not steps.is_uniform:
            message = (
                f"units that work together advance different loops of {', '.join(self.axes.dims)}, which "
                f"needs numbers in the whole mapping; map {self._spatial} over time, or use analyze"
            )
            raise CountingUnavailableError(message)
        return steps

    def mode(self, loop: Cut) -> Advance:
        """Give what the loops do at the steps where some loop of any group advances."""
        return loop in self.cuts, sum(cut.position < loop.position for cut in self.cuts)

    # --- Factors; see `Group` ---

    def total(self, access: Access) -> Factor:
        """Σ over units and steps of |A|."""
        return self._factor(access, Alone.total)

    def kept(self, access: Access, mode: Advance) -> Factor:
        """Σ over units and the steps of a mode of |A ∩ B|."""
        return self._factor(access, lambda group: group.kept(mode))

    def before(self, access: Access, mode: Advance) -> Factor:
        """Σ over units and the steps of a mode of |B|."""
        return self.shared_before(access, mode)

    def shared_now(self, access: Access) -> Factor:
        """Σ over steps of |⋃ A|."""
        return self._factor(access, Alone.used)

    def shared_before(self, access: Access, mode: Advance) -> Factor:
        """Σ over the steps of a mode of |⋃ B|."""
        return self._factor(access, lambda group: group.held(mode))

    def new_nowhere(self, access: Access, mode: Advance) -> Factor:
        """Σ over the steps of a mode of |⋃ A| - |⋃ (A minus B)|."""
        return self._factor(access, lambda group: group.new_nowhere(mode))

    def gone_nowhere(self, access: Access, mode: Advance) -> Factor:
        """Σ over the steps of a mode of |⋃ B| - |⋃ (B minus A)|."""
        return self._factor(access, lambda group: group.gone_nowhere(mode))

    def peak(self, access: Access) -> Factor:
        """The largest |A|."""
        return self._factor(access, Alone.peak)

    def distinct(self, access: Access) -> Factor:
        """Σ over parents of |⋃ over units and steps of A|."""
        return self._factor(access, Alone.distinct)

    def first_seen(self, access: Access) -> Factor:
        """The distinct elements, where all units that hold one get it first at the same step."""
        count = self.distinct(access)

        def checked(run: Run) -> QP:
            if self.shared and not self._arrives_once(access):
                message = (
                    f"units along {self._spatial} hold overlapping parts of the output, so that which of its "
                    f"partial sums come back depends on all units; map {self._spatial} over time"
                )
                raise CountingUnavailableError(message)
            return count(run)

        return checked

    def elements(self, access: Access) -> Factor:
        """|⋃ over all units and steps of A|."""
        return self.axes.group(1, off_chip=True).distinct(access)

    def points(self) -> Factor:
        """The points of these dimensions."""
        return self._factor((), Alone.points)

    def steps(self) -> Factor:
        """The steps at which some unit is active."""
        return self._factor((), Alone.times)

    @cached_property
    def _steps(self) -> GroupSteps:
        return self.axes.steps(self.axes.relations, self.depth, self.unit_depth)

    def _arrives_once(self, access: Access) -> bool:
        return self._steps.arrives_once(Alone(self._steps, access).tensor)

    @property
    def _spatial(self) -> str:
        cuts = (cut.dim for cut in self.axes.cuts if cut.units is not None and cut.level == self.depth - 1)
        return next(cuts, ", ".join(self.axes.dims))

    def _factor(self, access: Access, make: Callable[[Alone], Quantity]) -> Factor:
        known: list[Sum] = []

        def counted(run: Run) -> Sum:
            if not known and not self.axes.refusals:
                try:
                    known.append(self.axes.counted(self.depth, self.unit_depth, access, make))
                except CountingUnavailableError as error:
                    self.axes.refusals.append(error)
            if known:
                return known[0]
            fixed = self.axes.at(run, self.axes.refusals[0])
            return fixed.counted(self.depth, self.unit_depth, access, make)

        def count(run: Run) -> QP:
            total = QP.of(0)
            for sign, counts in counted(run):
                product = QP.of(sign)
                for each in counts:
                    product = product * piece_in(run, each)
                total = total + product
            return total

        return count


def piece_in(run: Run, count: Count) -> QP:
    """Give the formula of the piece that a run lies in, 0 outside of all.

    Any order of the pieces is right. At a point its own comes first, since the others would only add
    conditions.
    """
    pieces = [(piece, value) for region, value in count.pieces for piece in region.pieces]
    if run.point:
        own = [each for each in pieces if Region((each[0],)).holds(run.point)]
        pieces = own or pieces
    for piece, value in pieces:
        if all(_holds(run, each) for each in piece):
            return value
    return QP.of(0)


def _holds(run: Run, condition: Condition) -> bool:
    if condition.equality:
        return run.is_equal(condition.expression, Affine.of(0))
    return run.is_at_least(condition.expression, Affine.of(0))
