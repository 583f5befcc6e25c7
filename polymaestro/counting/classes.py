"""Step classes: the steps of an axis group fall into finitely many kinds, and each kind is counted.

    Crossings ─ sizes ▶ pieces of steps ─ refine ▶ StepClass ─ number ▶ Count

In one group and mode, the words of a step are functions of (parent, step) that are constant on pieces;
where all pieces meet, the steps are alike: a class. What a unit does *inside* a step is its profile: how
many of its sub-steps fall into each class of the level below, and at the PEs how many MACs. So the class of
a step also says which profiles its units have. The steps of all groups together are products of classes.

Worked example: TemporalMap(64,64) C makes two classes when loop c advances: ⌈C/64⌉ - 2 steps that bring 64
channels, and one that brings the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import islpy as isl

from polymaestro.counting.engine import Count
from polymaestro.counting.merging import Piece
from polymaestro.counting.quasipolynomial import QuasiPolynomial
from polymaestro.counting.reading import region_of
from polymaestro.counting.sizes import IN, OUT, Sizer
from polymaestro.movement.crossings import crossings_of, entangled
from polymaestro.movement.steps import GroupSteps
from polymaestro.movement.transfers import END, Crossing, Mode, WordTerm
from polymaestro.policies import Policies
from polymaestro.relations import Relations
from polymaestro.relations.effort import limited
from polymaestro.relations.sets import coalesced, parameters

ZERO = QuasiPolynomial.of(0)

MOST_STEPS = 8_000_000
"""What isl may take for the classes of a nest with symbols."""


@dataclass(frozen=True)
class StepClass:
    """Steps that are alike: `number` of them over all parents, each with these sizes, one a term.

    `inside` lists the profiles that the units of the parent have at such a step, `exists` says for which
    parameters there is one at all.
    """

    number: Count
    exists: isl.Set
    sizes: tuple[QuasiPolynomial, ...]
    inside: tuple[int, ...]


@dataclass(frozen=True)
class Profile:
    """What one unit does during one step: MACs at a PE, else so many sub-steps of a mode and class."""

    macs: QuasiPolynomial | None
    substeps: tuple[tuple[Mode, int, QuasiPolynomial], ...]


@dataclass(frozen=True)
class GroupClasses:
    """The step classes of one group at one boundary, by mode, and the profiles of its units."""

    classes: Mapping[Mode, tuple[StepClass, ...]]
    profiles: tuple[Profile, ...]

    @property
    def all(self) -> Iterator[StepClass]:
        """The classes of all modes."""
        for found in self.classes.values():
            yield from found


@dataclass(frozen=True)
class BoundaryClasses:
    """One boundary: the modes of the groups in each case, the terms in order, the classes of each group.

    Cases are the first step of a unit, and one for each time loop above the boundary. `spatial` is the
    group whose units share a parent. The terms of the boundary below L2 are followed by those of DRAM.
    """

    depth: int
    cases: tuple[tuple[Mode, ...], ...]
    terms: Mapping[Mode, tuple[WordTerm, ...]]
    off_chip_terms: Mapping[Mode, tuple[WordTerm, ...]]
    groups: tuple[GroupClasses, ...]
    spatial: int


@dataclass(frozen=True)
class StepClasses:
    """All boundaries from L2 down; `entangled` says why there are none where groups cannot be separated."""

    boundaries: tuple[BoundaryClasses, ...]
    entangled: str = ""


def classify(relations: Relations, policies: Sequence[Policies], sizer: Sizer) -> StepClasses:
    """Find the step classes of every boundary; the policies are those of each, from DRAM → L2 on.

    Raises `CountingUnavailableError` when the steps of a group have no finite number of classes, or these
    take too long to find.
    """
    advice = relations.advice(parameters(relations.context))
    with limited(MOST_STEPS, f"sorting the steps into classes takes too many steps of isl; {advice}"):
        crossings = crossings_of(relations, policies)
        why = entangled(crossings)
        return StepClasses((), why) if why else _classified(crossings, sizer)


def _classified(crossings: Sequence[Crossing], sizer: Sizer) -> StepClasses:
    builder = _Builder(sizer)
    boundaries: list[BoundaryClasses] = []
    inner: list[_Group] | None = None
    for crossing in reversed(crossings[1:]):
        off_chip = crossings[0] if crossing.depth == 1 else None
        made = [builder.group(crossing, off_chip, i, inner[i] if inner else None) for i in _range(crossing)]
        boundaries.insert(0, _boundary(crossing, off_chip, made))
        inner = made
    return StepClasses(tuple(boundaries))


def classify_group(
    off_chip: Crossing, crossings: Sequence[Crossing], sizer: Sizer
) -> tuple[GroupClasses, ...]:
    """Find the step classes of one group, the only one of the crossings, at every boundary from L2 on.

    Raises as `classify` does.
    """
    builder, found = _Builder(sizer), list[_Group]()
    with limited(MOST_STEPS, "sorting the steps into classes takes too many steps of isl; give numbers"):
        for crossing in reversed(crossings):
            outside = off_chip if crossing.depth == 1 else None
            found.insert(0, builder.group(crossing, outside, 0, found[0] if found else None))
    return tuple(GroupClasses(each.classes, tuple(each.profiles)) for each in found)


def presence(each: StepClass, context: isl.Set) -> Count:
    """Give 1 where steps of a class exist, 0 in the rest of a context, which the regions do not repeat."""
    there = coalesced(each.exists.gist(context)).remove_redundancies()
    none = coalesced(context.subtract(each.exists).gist(context)).remove_redundancies()
    return Count(((region_of(there), QuasiPolynomial.of(1)), (region_of(none), ZERO)))


def _range(crossing: Crossing) -> range:
    return range(len(crossing.groups))


def _boundary(crossing: Crossing, off_chip: Crossing | None, groups: list[_Group]) -> BoundaryClasses:
    modes = (*dict.fromkeys(m for group in crossing.groups for m in crossing.modes(group)), END)
    return BoundaryClasses(
        crossing.depth,
        tuple(tuple(crossing.mode(g, case) for g in crossing.groups) for case in crossing.cases),
        {mode: crossing.terms(mode) for mode in modes},
        {mode: off_chip.terms(mode) if off_chip else () for mode in modes},
        tuple(GroupClasses(g.classes, tuple(g.profiles)) for g in groups),
        next(i for i, group in enumerate(crossing.groups) if group.spreads),
    )


Refined = list[tuple[isl.Set, tuple[QuasiPolynomial, ...]]]
Finest = list[tuple[isl.Set, tuple[QuasiPolynomial, ...], tuple[int, ...]]]


@dataclass(frozen=True)
class _Group:
    """The classes of a group with the steps that they are made of."""

    classes: dict[Mode, tuple[StepClass, ...]]
    steps: dict[Mode, list[isl.Set]]
    profiles: list[Profile]


@dataclass(frozen=True)
class _Builder:
    sizer: Sizer

    def group(
        self, crossing: Crossing, off_chip: Crossing | None, index: int, inner: _Group | None
    ) -> _Group:
        """Classify one group at one boundary, given its classes one boundary further in."""
        group = crossing.groups[index]
        units = self._units(group, inner)
        made = _Group({}, {}, [profile for profile, _ in units])
        busy = [coalesced(group.spread(isl.Map.from_domain(where)).domain()) for _, where in units]
        for mode in (*crossing.modes(group), END):
            relations = [crossing.relation(group, mode, term) for term in crossing.terms(mode)]
            if off_chip:
                whole = off_chip.groups[index]
                relations += [off_chip.relation(whole, mode, term) for term in off_chip.terms(mode)]
            steps = crossing.steps(group, mode)
            if mode == END:
                steps, inside = group.parents(), []
            else:
                inside = busy
            found = _joined(self._refined(steps, relations), inside)
            made.steps[mode] = [where for where, _, _ in found]
            made.classes[mode] = tuple(
                StepClass(self.sizer.counter.count(where), where.params(), sizes, profiles)
                for where, sizes, profiles in found
            )
        return made

    def _refined(self, steps: isl.Set, relations: Iterable[isl.Map]) -> Refined:
        """Cut steps until every relation has one size on each part."""
        parts: Refined = [(steps, ())]
        for relation in relations:
            parts = _cut(parts, self.sizer.sizes(relation))
        return parts

    def _units(self, group: GroupSteps, inner: _Group | None) -> list[tuple[Profile, isl.Set]]:
        """Give each profile that units have, with the (unit, step) that have it."""
        if inner is None:
            macs = self._refined(group.active, [group.points])
            return [(Profile(sizes[0], ()), where) for where, sizes in macs]
        keys = [(mode, c) for mode, each in inner.steps.items() if mode != END for c in range(len(each))]
        outer = len(group.units) + len(group.loops)
        relations = [_from_outer(inner.steps[mode][c], outer) for mode, c in keys]
        return [
            (
                Profile(None, tuple((*key, n) for key, n in zip(keys, sizes, strict=True) if not n.is_zero)),
                where,
            )
            for where, sizes in self._refined(group.active, relations)
        ]


def _from_outer(steps: isl.Set, outer: int) -> isl.Map:
    """Relate the (unit, step) of the level above to the sub-steps."""
    relation = isl.Map.from_range(steps)
    return relation.move_dims(IN, 0, OUT, 0, outer) if outer else relation


def _cut(parts: Refined, pieces: list[Piece]) -> Refined:
    """Cut each part along the pieces; what no piece holds has size 0."""
    result: Refined = []
    for where, sizes in parts:
        rest = where
        for domain, value in pieces:
            common = rest.intersect(domain)
            if not common.is_empty():
                result.append((coalesced(common), (*sizes, value)))
                rest = rest.subtract(common)
                if rest.is_empty():
                    break
        if not rest.is_empty():
            result.append((coalesced(rest), (*sizes, ZERO)))
    return _merged(result)


def _merged(parts: Refined) -> Refined:
    joined: dict[tuple[QuasiPolynomial, ...], isl.Set] = {}
    for where, sizes in parts:
        joined[sizes] = joined[sizes].union(where) if sizes in joined else where
    return [(coalesced(where), sizes) for sizes, where in joined.items()]


def _joined(parts: Refined, busy: list[isl.Set]) -> Finest:
    """Cut each part by which profiles the units of its steps have."""
    result: Finest = [(where, sizes, ()) for where, sizes in parts]
    for index, steps in enumerate(busy):
        cut: Finest = []
        for where, sizes, inside in result:
            common, rest = where.intersect(steps), where.subtract(steps)
            if not common.is_empty():
                cut.append((coalesced(common), sizes, (*inside, index)))
            if not rest.is_empty():
                cut.append((coalesced(rest), sizes, inside))
        result = cut
    return result
