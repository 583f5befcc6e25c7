"""Rules on the maps that share the units of a level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from polymaestro.dataflow.binding import Mapping
from polymaestro.dataflow.candidates import parted, realigned, spread
from polymaestro.dataflow.findings import Finding, found_in
from polymaestro.dataflow.tiles import ONE, level_cuts


def shared_units(mapping: Mapping) -> Iterator[Finding]:
    """Two spatial maps of a level with several units are an input coordinate and its own filter.

    Unit u gets the u-th tile of both, so of two unrelated dimensions only the diagonal is executed.
    """
    for level in level_cuts(mapping):
        spatial = level.spatial
        if level.has_one_unit or len(spatial) < 2 or level.pair:  # noqa: PLR2004  two share
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
        found = found_in(spatial[-1], reason, parted(mapping, level))
        yield replace(found, dims=dims)


def diagonals(mapping: Mapping) -> Iterator[Finding]:
    """An input coordinate and its filter that share the units walk along one output: p = (y - δr)/σ.

    So the tile from above holds one output, and the rows advance δ for every tap.
    """
    for level in level_cuts(mapping):
        if level.pair is None:
            continue
        rows, taps = level.pair
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
        yield found_in(rows, reason, realigned(mapping, level, level.pair))


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
                yield found_in(cut, reason)
                break
