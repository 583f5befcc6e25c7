"""Repairs: a mapping with some of its directives replaced, written as the user would write them.

A rule proposes repairs, the nearest first; which of them mends anything is for others to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from polymaestro.affine import Affine, floor_div
from polymaestro.dataflow.binding import BoundLevel, Mapping
from polymaestro.dataflow.directives import Cluster, Dataflow, Directive, Map, SpatialMap, TemporalMap
from polymaestro.dataflow.tiles import Cut


@dataclass(frozen=True)
class Edit:
    """Put maps, none or several, in the place of one map of a level."""

    level: int
    position: int
    maps: tuple[Map, ...]


@dataclass(frozen=True)
class Resize:
    """Give the cluster that opens a level another size."""

    level: int
    size: int


Repair = tuple[Edit | Resize, ...]
"""Changes that belong together."""


@dataclass(frozen=True)
class Change:
    """One directive as it was written, and what to write instead; nothing means to leave it out."""

    old: Directive | None
    new: tuple[Directive, ...]

    def __str__(self) -> str:
        """Say what to write, in a form that can be pasted."""
        text = " ".join(f"{each};" for each in self.new)
        if self.old is None:
            return f"add '{text}'"
        return f"write '{text}' for '{self.old};'" if self.new else f"leave out '{self.old};'"


@dataclass(frozen=True)
class Suggestion:
    """Changes that mend something, and the whole dataflow after them.

    `cures` says whether every point that the finding is about is then executed exactly once.
    """

    changes: tuple[Change, ...]
    dataflow: Dataflow
    repair: Repair = field(repr=False)
    cures: bool = True

    @property
    def leaves_out(self) -> bool:
        """Whether a directive goes without another in its place."""
        return any(not change.new for change in self.changes)

    def __str__(self) -> str:
        """Say what to write for what."""
        return " and ".join(map(str, self.changes))


def edited(cut: Cut, *maps: Map) -> Edit:
    """Replace the map of a cut."""
    return Edit(cut.level.index, cut.position, maps)


def with_sizes(cut: Cut, size: Affine | int, offset: Affine | int) -> Edit:
    """Give the map of a cut another size and offset."""
    return edited(cut, replace(cut.map, size=Affine.of(size), offset=Affine.of(offset)))


def in_time(cut: Cut) -> Edit:
    """Make a spatial map temporal."""
    return edited(cut, TemporalMap(cut.map.size, cut.map.offset, cut.map.dim, cut.map.place))


def in_space(cut: Cut) -> Edit:
    """Make a temporal map spatial."""
    return edited(cut, SpatialMap(cut.map.size, cut.map.offset, cut.map.dim, cut.map.place))


def is_writable(repair: Repair) -> bool:
    """Whether the directive language has words for every size: names and numbers, no floor and no min."""
    sizes = (
        size
        for edit in repair
        if isinstance(edit, Edit)
        for each in edit.maps
        for size in (each.size, each.offset)
    )
    return all(isinstance(atom, str) for size in sizes for atom, _ in size.terms)


def applied(mapping: Mapping, repair: Repair) -> Mapping:
    """Give the mapping after a repair."""
    levels = list(mapping.levels)
    resized = False
    # The last positions first, so that those before keep their numbers.
    for edit in sorted(repair, key=lambda e: e.position if isinstance(e, Edit) else -1, reverse=True):
        level = levels[edit.level]
        if isinstance(edit, Edit):
            levels[edit.level] = _with_maps(mapping, level, edit)
        else:
            size = Affine.of(edit.size)
            cluster = replace(level.cluster, size=size) if level.cluster else None
            levels[edit.level] = replace(level, units=size, cluster=cluster)
            resized = True
    changed = replace(mapping, levels=tuple(levels))
    if resized:
        levels[0] = replace(levels[0], units=floor_div(mapping.num_pes, changed.clusters))
        changed = replace(mapping, levels=tuple(levels))
    return changed


def suggestion(mapping: Mapping, repair: Repair, *, cures: bool) -> Suggestion:
    """Write a repair as the user would."""
    after = applied(mapping, repair)
    return Suggestion(tuple(_changes(mapping, repair)), dataflow_of(after), repair, cures)


def dataflow_of(mapping: Mapping) -> Dataflow:
    """Give the directives of a mapping as they are written."""
    directives: list[Directive] = []
    for level in mapping.levels:
        directives += [level.cluster] if level.cluster else []
        directives += level.written
    return Dataflow(tuple(directives))


def _changes(mapping: Mapping, repair: Repair) -> Iterator[Change]:
    for edit in repair:
        level = mapping.levels[edit.level]
        if isinstance(edit, Resize):
            yield Change(level.cluster, (Cluster(Affine.of(edit.size)),))
        elif edit.position < len(level.maps):
            yield Change(level.written[edit.position], _written(mapping, level, edit))
        else:
            yield Change(None, _written(mapping, level, edit))


def _with_maps(mapping: Mapping, level: BoundLevel, edit: Edit) -> BoundLevel:
    return replace(
        level,
        maps=_spliced(level.maps, edit.position, edit.maps),
        written=_spliced(level.written, edit.position, _written(mapping, level, edit)),
    )


def _spliced(maps: Sequence[Map], position: int, new: Iterable[Map]) -> tuple[Map, ...]:
    return (*maps[:position], *new, *maps[position + 1 :])


def _written(mapping: Mapping, level: BoundLevel, edit: Edit) -> tuple[Map, ...]:
    """Write new maps with the words of the old: Sz(R) where the old map, or an extent, says so."""
    words: dict[Affine, Affine] = {}
    dims: dict[str, str] = {}
    if edit.position < len(level.maps):
        bound, written = level.maps[edit.position], level.written[edit.position]
        words |= {bound.offset: written.offset, bound.size: written.size}
        dims[bound.dim] = written.dim
    symbols: dict[str, Affine | int] = {
        str(dim.extent): Affine.of(f"Sz({dim.name})")
        for dim in mapping.operator.dims
        if dim.extent.names() == {str(dim.extent)}
    }
    return tuple(
        replace(
            each,
            size=words.get(each.size, each.size.substitute(symbols)),
            offset=words.get(each.offset, each.offset.substitute(symbols)),
            dim=dims.get(each.dim, each.dim),
        )
        for each in edit.maps
    )
