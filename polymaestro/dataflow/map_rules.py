"""Rules on one map by itself, for tiles of m indices that advance by o."""

from __future__ import annotations

from collections.abc import Iterator

from polymaestro.dataflow.binding import Mapping
from polymaestro.dataflow.candidates import disjoint, window_repairs
from polymaestro.dataflow.findings import Finding, found_in
from polymaestro.dataflow.tiles import ONE, Cut, LevelCuts, level_cuts, smaller
from polymaestro.workload.operator import Window


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
        yield found_in(cut, reason, disjoint(cut))


def overlaps(mapping: Mapping) -> Iterator[Finding]:
    """Size m ≤ offset o, unless one tile covers the dimension; else m - o indices are in two tiles."""
    for cut in _partitions(mapping):
        spare = cut.map.size - cut.map.offset
        if spare.is_constant and spare.constant > 0:
            reason = (
                f"'{cut.written}' holds {cut.map.size} but moves by {cut.map.offset}: "
                f"tiles overlap by {spare}, so their work is repeated"
            )
            yield found_in(cut, reason, disjoint(cut))


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
            if slide is None or cut.covers or _fits_nothing(cut) or level.pairs(window):
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
            yield found_in(cut, reason, window_repairs(level, cut))


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
                yield found_in(cut, reason, window_repairs(level, cut))


def _windows(level: LevelCuts) -> Iterator[tuple[Cut, Window]]:
    yield from ((cut, cut.slide.window) for cut in level.cuts if cut.slide)


def _fits_nothing(cut: Cut) -> bool:
    if cut.slide is None:
        return False
    held = cut.slide.held(smaller(cut.map.size, cut.size))
    return held.is_constant and held.constant < 1


def _effect(change: int) -> str:
    return "skips" if change > 0 else "repeats"


def stride_readings(mapping: Mapping) -> Iterator[Finding]:
    """Under a stride, an offset on an input coordinate counts output rows or input rows."""
    for level in level_cuts(mapping):
        for cut, window in _windows(level):
            if cut.slide and window.stride != 1 and not cut.covers:
                read, other = window.input, window.output
                if cut.slide.in_output_rows:
                    read, other = other, read
                yield found_in(
                    cut, f"the offset {cut.map.offset} of '{cut.written}' counts {read}, not {other}"
                )
