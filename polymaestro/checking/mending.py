"""Suggestions that were shown to help: a repair is made, and coverage decided again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from polymaestro.checking.measuring import Sizes
from polymaestro.dataflow import Dataflow
from polymaestro.dataflow.binding import Mapping, clashes, shortage
from polymaestro.dataflow.candidates import remaining_repairs
from polymaestro.dataflow.findings import Finding
from polymaestro.dataflow.repairs import (
    Edit,
    Repair,
    Resize,
    applied,
    dataflow_of,
    is_writable,
    suggestion,
)
from polymaestro.errors import LoweringError
from polymaestro.loopnest import nest_of
from polymaestro.relations import AxisGroup, Coverage, Relations, axis_groups
from polymaestro.relations.coverage import coverage_of
from polymaestro.relations.sets import parameters

MOST_TRIED = 60  # repairs for one finding
MOST_TRIED_WITH_SYMBOLS = 16  # the same where each takes longer


class Mender:
    """Tries repairs of one mapping; looks only at the groups that a repair can change."""

    def __init__(self, mapping: Mapping, relations: Relations) -> None:
        """Take a mapping and what it covers."""
        self.mapping = mapping
        self.relations = relations
        self.sizes = Sizes(relations)
        self.symbolic = bool(parameters(relations.context))

    def mended(self, finding: Finding) -> Finding:
        """Give the finding with the nearest repair that cures it, else the nearest that helps, else none."""
        helpful: Repair | None = None
        most = MOST_TRIED_WITH_SYMBOLS if self.symbolic else MOST_TRIED
        for repair in islice(self._candidates(finding), most):
            before, after = self._scope(finding, repair)
            if after and all(part.is_exact for part in after):
                return replace(finding, suggestion=suggestion(self.mapping, repair, cures=True))
            if helpful is None and after and self._helps(before, after):
                helpful = repair
        if helpful is None:
            return finding
        return replace(finding, suggestion=suggestion(self.mapping, helpful, cures=False))

    def _candidates(self, finding: Finding) -> Iterator[Repair]:
        """Give what the rule proposes, then other changes of the directives concerned."""
        tried: list[Repair] = []
        for repair in chain(finding.repairs, remaining_repairs(self.mapping, finding.dims)):
            if repair not in tried and is_writable(repair):
                tried.append(repair)
                yield repair

    def _scope(self, finding: Finding, repair: Repair) -> tuple[Sequence[Coverage], Sequence[Coverage]]:
        """Give the coverage before and after of all groups that the finding or the repair concerns.

        Nothing after where the repair is no repair or leaves no loop nest.
        """
        groups = self._groups_after(repair)
        if groups is None:
            return (), ()
        before = [part.group for part in self.relations.coverage]
        concerned = _nodes_of(self.mapping, finding, repair)
        if not all(isinstance(edit, Edit) for edit in repair):
            concerned |= set().union(*map(_nodes, before))
        size = -1
        while len(concerned) > size:
            size = len(concerned)
            for group in (*before, *groups):
                if not concerned.isdisjoint(_nodes(group)):
                    concerned |= _nodes(group)
        return (
            [part for part in self.relations.coverage if not concerned.isdisjoint(_nodes(part.group))],
            [coverage_of(group) for group in groups if not concerned.isdisjoint(_nodes(group))],
        )

    def _groups_after(self, repair: Repair) -> tuple[AxisGroup, ...] | None:
        changed = applied(self.mapping, repair)
        return None if changed == self.mapping else groups_of(changed, self.relations)

    def _helps(self, before: Sequence[Coverage], after: Sequence[Coverage]) -> bool:
        """Whether more points, or the points of more parameters, are executed exactly once."""
        if not self.symbolic:
            old, new = (self.sizes.number(parts, self.sizes.once) for parts in (before, after))
            return isinstance(old, int) and isinstance(new, int) and new > old
        region, grown = self.relations.context, self.relations.context
        for part in before:
            region = part.exact_on(region)
        for part in after:
            grown = part.exact_on(grown)
        return bool(region.is_strict_subset(grown))


def joint_repair(mapping: Mapping, relations: Relations, findings: Iterable[Finding]) -> Dataflow | None:
    """Give the dataflow with suggestions that together make it legal, if there are such ones.

    Findings about the same dimensions have alternatives; one that leaves nothing out goes first.
    """
    known = [finding for finding in findings if finding.suggestion]
    chosen: list[Edit | Resize] = []
    for part in relations.coverage:
        about = [each.suggestion for each in known if each.suggestion and explains(each, part)]
        cures = sorted((each for each in about if each.cures), key=lambda each: each.leaves_out)
        for each in cures[:1] or about:
            chosen += [edit for edit in each.repair if edit not in chosen]
    places = {(edit.level, edit.position if isinstance(edit, Edit) else None) for edit in chosen}
    if not chosen or len(places) < len(chosen):
        return None
    repair = tuple(chosen)
    groups = groups_of(applied(mapping, repair), relations)
    if groups is None or not all(coverage_of(group).is_exact for group in groups):
        return None
    return dataflow_of(applied(mapping, repair))


def explains(finding: Finding, part: Coverage) -> bool:
    """Whether a finding is about the dimensions of a group, or the units of one that has no dimensions."""
    if not part.variables:
        return f"u{finding.level}" in {units.name for units in part.group.units} and not finding.dims
    return any(dim.lower() in part.variables for dim in finding.dims)


def groups_of(mapping: Mapping, relations: Relations) -> tuple[AxisGroup, ...] | None:
    """Give the axis groups of a changed mapping, in the context of the first; None where it is no nest."""
    if shortage(mapping) or any(clashes(mapping)):
        return None
    try:
        return axis_groups(nest_of(mapping), relations.context)
    except LoweringError:
        return None


def _nodes_of(mapping: Mapping, finding: Finding, repair: Repair) -> set[str]:
    """Give the variables and units that a finding is about, and those whose maps a repair changes."""
    names = set(finding.dims)
    for edit in repair:
        if isinstance(edit, Edit):
            old = mapping.levels[edit.level].maps[edit.position : edit.position + 1]
            names |= {each.dim for each in (*old, *edit.maps)}
    for window in mapping.operator.windows:
        if window.input in names:
            names |= {window.output, window.filter}
    return {name.lower() for name in names} or {f"u{finding.level}"}


def _nodes(group: AxisGroup) -> set[str]:
    """Give the variables and units of a group: what changes when maps move between groups."""
    return {*group.variables, *(units.name for units in group.units)}
