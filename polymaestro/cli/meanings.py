"""What each number means, with its unit: the definitions of `movement` and `model` in a sentence each."""

from __future__ import annotations

import textwrap

MEANINGS = (
    ("MACs", "", "multiply-accumulates executed, summed over PEs and steps"),
    ("steps", "", "time steps at which at least one PE is active"),
    ("utilization", "%", "active PEs, summed over the steps, per PE and step"),
    ("occupancy", "elements", "the largest tile that a unit below the boundary holds at any step"),
    ("tile total", "elements", "the tiles of all units and steps added up: what moves when nothing is kept"),
    (
        "fills",
        "elements",
        "what the units receive: the part of each tile that the unit did not hold at its last active step",
    ),
    ("parent reads", "elements", "what the parent sends: fills that several units share count once"),
    (
        "drains",
        "elements",
        "what the units send up: outputs that leave a tile, and all that is left at the end",
    ),
    (
        "parent updates",
        "elements",
        "what the parent takes in: drains of several units to one output count once",
    ),
    ("read backs", "elements", "outputs that are sent down again after they were drained unfinished"),
    ("final writes", "elements", "different outputs drained; parent updates beyond these are partial sums"),
    ("reuse inside tile", "MACs/element", "MACs / tile total"),
    ("reuse temporal", "factor", "tile total / fills: kept from step to step (outputs: / drains)"),
    (
        "reuse spatial",
        "factor",
        "fills / parent reads: multicast (outputs: drains / parent updates, reduction)",
    ),
    ("cycles", "cycles", "the run time, from the first word in to the last word out"),
    ("roofline", "cycles", "what no schedule beats: the longest of computing and of moving over each link"),
    ("bandwidth", "words/cycle", "words in and out of a step per cycle of computing, at most and on average"),
    (
        "energy",
        "pJ or MAC",
        "each access, each MAC and each hop, times the energy that the machine gives it",
    ),
)


def meanings(depth: int, width: int) -> str:
    """Write the table in lines of that width, with the memories of a dataflow of so many levels."""
    memories = ["L2", *(f"cluster{index}" for index in range(1, depth)), "L1"]
    lines = [
        f"memories, from the top: {' → '.join(memories)}; an arrow is a boundary between parent and child",
        "each count is per boundary; a unit keeps its tile while it is idle; time and energy need --hw",
    ]
    widths = [max(len(row[column]) for row in MEANINGS) for column in (0, 1)]
    for name, unit, meaning in MEANINGS:
        start = f"  {name.ljust(widths[0])}  {unit.ljust(widths[1])}  "
        lines += textwrap.wrap(meaning, width, initial_indent=start, subsequent_indent=" " * len(start))
    return "\n".join(lines)
