"""Legality: the rules that a mapping breaks when it skips or repeats work, one small function each.

A rule says why; whether a point is really skipped or repeated is decided exactly elsewhere, so a rule
may suspect a directive that turns out to be harmless. `RULES` is the table; the docstring of each
function is the rule, for tiles of m indices that advance by o.
"""

from __future__ import annotations

from collections.abc import Iterator

from polymaestro.dataflow.binding import Clash, Mapping, clashes, shortage
from polymaestro.dataflow.findings import Finding, Rule
from polymaestro.dataflow.map_rules import gaps, overlaps, stride_readings, window_fits, window_steps
from polymaestro.dataflow.repairs import Edit, Repair, Resize
from polymaestro.dataflow.unit_rules import diagonals, idle_units, same_work, shared_units

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
