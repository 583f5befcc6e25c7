"""Legality: the rules that a mapping breaks when it skips or repeats work, one small function each.

A rule says why; whether a point is really skipped or repeated is decided exactly elsewhere, so a rule
may suspect a directive that turns out to be harmless. `RULES` is the table; the docstring of each
function is the rule, for tiles of m indices that advance by o.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from polymaestro.dataflow.binding import Clash, Mapping, clashes, shortage
from polymaestro.dataflow.candidates import disjoint, parted, realigned, spread, window_repairs
from polymaestro.dataflow.directives import Directive
from polymaestro.dataflow.repairs import Edit, Repair, Resize, Suggestion
from polymaestro.dataflow.tiles import ONE, Cut, LevelCuts, level_cuts, smaller
from polymaestro.errors import Place
from polymaestro.showing import Shown
from polymaestro.workload.operator import Window

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, repr=False)
class Finding(Shown):
    """What a rule found: the directive, the reason, the loop dimensions whose work is concerned.

    `repairs` may mend it, the nearest first; `suggestion` is one of them that was shown to do so.
    """

    reason: str
    directive: Directive | None = None
    level: int | None = None
    dims: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = field(default=(), repr=False, compare=False)
    rule: str = ""
    severity: Severity = "error"
    suggestion: Suggestion | None = None
    at: Place | None = field(default=None, compare=False, repr=False)

    @property
    def place(self) -> Place | None:
        """Where the directive, or what else it is about, stands, if it was read from a text."""
        return self.at or (self.directive.place if self.directive else None)

    def line(self) -> str:
        """Say it in one line: place, reason, suggestion."""
        tail = ""
        if self.suggestion:
            helps = "" if self.suggestion.cures else " (that helps, but is not enough)"
            tail = f"; {self.suggestion}{helps}"
        start = f"{self.place}: " if self.place else ""
        return f"{start}{self.reason.splitlines()[0]}{tail}"

    def __str__(self) -> str:
        """Say it, with the line of the file where there is one."""
        excerpt = (
            self.place.excerpt()
            if self.place
            else "".join(f"\n{line}" for line in self.reason.splitlines()[1:])
        )
        return self.line() + excerpt


@dataclass(frozen=True)
class Rule:
    """A name, how bad it is, and the function that finds where a mapping breaks the rule."""

    name: str
    severity: Severity
    find: Callable[[Mapping], Iterator[Finding]]


def broken(mapping: Mapping, rules: tuple[Rule, ...]) -> Iterator[Finding]:
    """Give what each rule finds in a mapping."""
    for rule in rules:
        for finding in rule.find(mapping):
            yield replace(finding, rule=rule.name, severity=rule.severity)


# --- A map by itself ---


def gaps(mapping: Mapping) -> Iterator[Finding]:
    """Size m ≥ offset o, unless one tile covers the dimension; else o - m of every o indices are left out."""
    for cut in _partitions(mapping):
        spare = cut.map.offset - cut.map.size
        if not spare.is_constant:
            reason = (
                f"'{cut.written}' moves by {cut.map.offset} and holds {cut.map.size}: these must be equal"
            )
        elif spare.constant > 0:
            reason = (
                f"'{cut.written}' moves by {cut.map.offset} but holds {cut.map.size}: "
                f"gaps of {spare} between its tiles are left out"
            )
        else:
            continue
        yield _of(cut, reason, disjoint(cut))


def overlaps(mapping: Mapping) -> Iterator[Finding]:
    """Size m ≤ offset o, unless one tile covers the dimension; else m - o indices are in two tiles."""
    for cut in _partitions(mapping):
        spare = cut.map.size - cut.map.offset
        if spare.is_constant and spare.constant > 0:
            reason = (
                f"'{cut.written}' holds {cut.map.size} but moves by {cut.map.offset}: "
                f"tiles overlap by {spare}, so their work is repeated"
            )
            yield _of(cut, reason, disjoint(cut))


def _partitions(mapping: Mapping) -> Iterator[Cut]:
    """Give the maps of loop dimensions with more than one tile."""
    for level in level_cuts(mapping):
        yield from (cut for cut in level.cuts if not cut.slide and not cut.covers)


# --- A map of an input coordinate ---


def window_steps(mapping: Mapping) -> Iterator[Finding]:
    """A tile of input rows that holds k whole windows moves by k outputs, σk rows."""
    for level in level_cuts(mapping):
        for cut, window in _windows(level):
            slide = cut.slide
            if slide is None or cut.covers or _fits_nothing(cut) or _in_pair(level, window):
                continue
            held = slide.held(cut.map.size)
            step = cut.map.offset * slide.unit
            rows_alike = cut.map.size - (slide.taps - 1) * window.dilation
            if step in (held * window.stride, rows_alike):
                continue
            change = step - held * window.stride
            effect = "skips or repeats" if not change.is_constant else _effect(change.constant)
            windows = "window" if held == ONE else "windows"
            reason = (
                f"'{cut.written}' holds {held} whole {windows} of {slide.rows_of(ONE)} ({window.filter} tile "
                f"{slide.taps}) but moves by {cut.map.offset} of {window.input}, not {held * window.stride}: "
                f"it {effect} indices of {window.output}"
            )
            yield _of(cut, reason, window_repairs(level, cut))


def window_fits(mapping: Mapping) -> Iterator[Finding]:
    """A tile of input rows holds at least one window, δ(w - 1) + 1 rows under a filter tile of w."""
    for level in level_cuts(mapping):
        for cut, window in _windows(level):
            if cut.slide and _fits_nothing(cut):
                reason = (
                    f"'{cut.written}' leaves {smaller(cut.map.size, cut.size)} of {window.input} to a tile, "
                    f"but a window needs {cut.slide.rows_of(ONE)} ({window.filter} tile {cut.slide.taps}): "
                    f"nothing is computed"
                )
                yield _of(cut, reason, window_repairs(level, cut))


def _windows(level: LevelCuts) -> Iterator[tuple[Cut, Window]]:
    yield from ((cut, cut.slide.window) for cut in level.cuts if cut.slide)


def _fits_nothing(cut: Cut) -> bool:
    if cut.slide is None:
        return False
    held = cut.slide.held(smaller(cut.map.size, cut.size))
    return held.is_constant and held.constant < 1


def _effect(change: int) -> str:
    return "skips" if change > 0 else "repeats"


# --- Maps that share the units of a level ---


def shared_units(mapping: Mapping) -> Iterator[Finding]:
    """Two spatial maps of a level with several units are an input coordinate and its own filter.

    Unit u gets the u-th tile of both, so of two unrelated dimensions only the diagonal is executed.
    """
    for level in level_cuts(mapping):
        spatial = level.spatial
        if level.has_one_unit or len(spatial) < 2 or _pair_of(level):  # noqa: PLR2004  two share
            continue
        if all(cut.covers for cut in spatial):
            continue
        names = ", ".join(cut.written.dim for cut in spatial)
        shown = " and ".join(f"'{cut.written}'" for cut in spatial)
        reason = (
            f"{shown} share the unit index of level {level.level.index}, so unit u gets the u-th tile "
            f"of each and only this diagonal is executed; {names} are no window pair"
        )
        dims = tuple(dict.fromkeys(dim for cut in spatial for dim in cut.dims))
        found = _of(spatial[-1], reason, parted(mapping, level))
        yield replace(found, dims=dims)


def diagonals(mapping: Mapping) -> Iterator[Finding]:
    """An input coordinate and its filter that share the units walk along one output: p = (y - δr)/σ.

    So the tile from above holds one output, and the rows advance δ for every tap.
    """
    for level in level_cuts(mapping):
        pair = None if level.has_one_unit else _pair_of(level)
        if pair is None:
            continue
        rows, taps = pair
        slide = rows.slide
        if slide is None:
            continue
        window = slide.window
        step, due = rows.map.offset * slide.unit, taps.map.offset * window.dilation
        if step != due and not (rows.covers and taps.covers):
            reason = (
                f"'{rows.written}' advances {step} rows from unit to unit and '{taps.written}' {due}: "
                f"the units do not work on the same {window.output}"
            )
        elif slide.outputs != ONE:
            reason = (
                f"'{rows.written}' beside '{taps.written}' computes one {window.output} = "
                f"({window.input.lower()} - {window.dilation}·{window.filter.lower()})/{window.stride}, "
                f"but the tile from above holds {slide.outputs}"
            )
        else:
            continue
        yield _of(rows, reason, realigned(mapping, level, pair))


def same_work(mapping: Mapping) -> Iterator[Finding]:
    """A level with several units has a SpatialMap; else all its units do the same work."""
    for level in level_cuts(mapping):
        if level.has_one_unit or level.spatial:
            continue
        index = level.level.index
        reason = (
            f"level {index} has {level.level.units} units and no SpatialMap, so all of them do the same work"
        )
        directive = level.level.cluster or next(iter(level.level.written), None)
        yield Finding(reason, directive, index, (), tuple(spread(level)))


def _in_pair(level: LevelCuts, window: Window) -> bool:
    pair = None if level.has_one_unit else _pair_of(level)
    return pair is not None and pair[0].map.dim == window.input


def _pair_of(level: LevelCuts) -> tuple[Cut, Cut] | None:
    """Give the spatial maps of an input coordinate and its filter, where these are all there are."""
    if len(level.spatial) != 2:  # noqa: PLR2004  a pair
        return None
    for rows in level.spatial:
        if rows.slide:
            for taps in level.spatial:
                if taps.map.dim == rows.slide.window.filter:
                    return rows, taps
    return None


# --- What is no loop nest at all ---


def small_arrays(mapping: Mapping) -> Iterator[Finding]:
    """The array has at least as many PEs as the clusters multiply to."""
    reason = shortage(mapping)
    if not reason:
        return
    repairs: list[Repair] = []
    for level in mapping.levels[1:]:
        others = mapping.clusters // level.units.constant
        size = mapping.num_pes.constant // others
        if size >= 1:
            repairs.append((Resize(level.index, size),))
    largest = max(mapping.levels[1:], key=lambda level: level.units.constant)
    yield Finding(reason, largest.cluster, largest.index, (), tuple(repairs))


def mapped_twice(mapping: Mapping) -> Iterator[Finding]:
    """A level maps each dimension at most once."""
    yield from (_clash(mapping, clash) for clash in clashes(mapping) if clash.same)


def outputs_beside_inputs(mapping: Mapping) -> Iterator[Finding]:
    """A level maps an output coordinate or its input coordinate, not both: each fixes the other."""
    yield from (_clash(mapping, clash) for clash in clashes(mapping) if not clash.same)


def _clash(mapping: Mapping, clash: Clash) -> Finding:
    level = mapping.levels[clash.level]
    repairs = tuple((Edit(clash.level, position, ()),) for position in (clash.position, clash.earlier))
    return Finding(clash.reason, level.written[clash.position], clash.level, (), repairs)


# --- What is legal, and worth knowing ---


def unused_pes(mapping: Mapping) -> Iterator[Finding]:
    """The clusters divide the array; else some PEs belong to no cluster."""
    if mapping.num_pes.is_constant and mapping.clusters:
        left = mapping.num_pes.constant % mapping.clusters
        if left:
            reason = (
                f"the array has {mapping.num_pes} PEs and one unit of level 0 needs {mapping.clusters}: "
                f"{left} {'is' if left == 1 else 'are'} never used"
            )
            yield Finding(reason, mapping.levels[1].cluster, 0)


def idle_units(mapping: Mapping) -> Iterator[Finding]:
    """A level has no more units than its spatial map has positions; else some units never work."""
    for level in level_cuts(mapping):
        units = level.level.units
        if level.has_one_unit or not units.is_constant:
            continue
        for cut in level.spatial:
            positions = cut.positions
            if positions is not None and positions.is_constant and positions.constant < units.constant:
                some = "1 position" if positions == ONE else f"{positions} positions"
                reason = (
                    f"'{cut.written}' has {some} for the {units} units of level {level.level.index}: "
                    f"{units - positions} of {units} never work"
                )
                yield _of(cut, reason)
                break


def stride_readings(mapping: Mapping) -> Iterator[Finding]:
    """Under a stride, an offset on an input coordinate counts output rows or input rows."""
    for level in level_cuts(mapping):
        for cut, window in _windows(level):
            if cut.slide and window.stride != 1 and not cut.covers:
                read, other = window.input, window.output
                if cut.slide.in_output_rows:
                    read, other = other, read
                yield _of(cut, f"the offset {cut.map.offset} of '{cut.written}' counts {read}, not {other}")


def _of(cut: Cut, reason: str, repairs: Iterator[Repair] | tuple[Repair, ...] = ()) -> Finding:
    return Finding(reason, cut.written, cut.level.index, cut.dims, tuple(repairs))


STRUCTURE = (
    Rule("array", "error", small_arrays),
    Rule("mapped-twice", "error", mapped_twice),
    Rule("output-beside-input", "error", outputs_beside_inputs),
)
"""Rules without which there is no loop nest to look at."""

WORK = (
    Rule("gap", "error", gaps),
    Rule("overlap", "error", overlaps),
    Rule("window-fit", "error", window_fits),
    Rule("window-step", "error", window_steps),
    Rule("shared-units", "error", shared_units),
    Rule("diagonal", "error", diagonals),
    Rule("same-work", "error", same_work),
)
"""Rules that explain skipped and repeated work."""

ADVICE = (
    Rule("unused-pes", "warning", unused_pes),
    Rule("idle-units", "warning", idle_units),
    Rule("stride-reading", "note", stride_readings),
)
"""What is legal, and worth knowing."""

RULES = (*STRUCTURE, *WORK, *ADVICE)
