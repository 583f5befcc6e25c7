"""The report as plain text, as Markdown and as JSON."""

from __future__ import annotations

import json as standard
from typing import Any

from polymaestro.model.paper.grids import Cell, Grid
from polymaestro.model.paper.report import Paper
from polymaestro.symbolic.written import Written

WIDTH = 100


def text(paper: Paper) -> str:
    """Write the report for a terminal; tables that are too wide are written row by row."""
    lines = [f"{paper.title}: {paper.computation}"]
    lines += [f"  {paper.extents}"] * bool(paper.extents) + ["dataflow:"]
    lines += [f"  {line}" for line in paper.dataflow]
    lines += [f"  note: {note}" for note in paper.notes]
    lines += _regions(paper)
    for grid in paper.grids:
        lines += ["", grid.title, *_table(grid)]
        lines += [f"  ({grid.note})"] * bool(grid.note)
    return "\n".join([*lines, "", _policies(paper)])


def markdown(paper: Paper) -> str:
    """Write the report as Markdown, formulas as code."""
    lines = [
        f"## {paper.title}",
        "",
        f"`{paper.computation}`{paper.extents and ', '}{paper.extents}",
        "",
        "```",
    ]
    lines += [*paper.dataflow, "```"]
    lines += [f"\nNote: {note}" for note in paper.notes]
    lines += [f"\n{line}" for line in _regions(paper)]
    for grid in paper.grids:
        lines += ["", f"### {grid.title}", "", _bar(grid.head), _bar(":--" for _ in grid.head)]
        lines += [_bar(_marked(cell) for cell in row) for row in grid.rows]
        lines += ["", grid.note] * bool(grid.note)
    return "\n".join([*lines, "", _policies(paper)])


def json(paper: Paper) -> str:
    """Write the report as one JSON document; each formula as text and as LaTeX."""
    document = {
        "schema": "polymaestro.paper/1",
        "operator": paper.title,
        "computation": paper.computation,
        "extents": paper.extents,
        "dataflow": list(paper.dataflow),
        "notes": list(paper.notes),
        "parameters": list(paper.parameters),
        "valid_on": paper.valid_on,
        "where": paper.where,
        "point": dict(paper.point),
        "tables": [
            {
                "title": grid.title,
                "note": grid.note,
                "rows": [dict(zip(grid.head, map(_data, row), strict=True)) for row in grid.rows],
            }
            for grid in paper.grids
        ],
        "policies": dict(paper.policies),
    }
    return standard.dumps(document, indent=2, ensure_ascii=False)


def _regions(paper: Paper) -> list[str]:
    lines = []
    if paper.parameters:
        lines.append(f"parameters: {', '.join(paper.parameters)}, where {paper.valid_on}")
    if not paper.case.is_everywhere:
        lines.append(f"formulas: in the case where {paper.where}")
    return lines


def _policies(paper: Paper) -> str:
    named = (f"{key.replace('_', ' ')}: {value}" for key, value in paper.policies.items())
    return f"policies: {'; '.join(named)}"


def _table(grid: Grid) -> list[str]:
    cells = [list(grid.head), *([_plain(cell) for cell in row] for row in grid.rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(grid.head))]
    if sum(widths) + 2 * len(widths) <= WIDTH:
        return [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in cells
        ]
    label = max(map(len, grid.head))
    lines = []
    for row in cells[1:]:
        lines.append(f"  {row[0]}")
        lines += [f"    {head:<{label}}  {cell}" for head, cell in zip(grid.head[1:], row[1:], strict=True)]
    return lines


def _plain(cell: Cell) -> str:
    return cell.text if isinstance(cell, Written) else cell


def _marked(cell: Cell) -> str:
    return f"`{cell.text}`" if isinstance(cell, Written) else cell


def _data(cell: Cell) -> Any:  # noqa: ANN401  a part of a JSON document
    return {"text": cell.text, "latex": cell.latex} if isinstance(cell, Written) else cell


def _bar(cells: Any) -> str:  # noqa: ANN401  any iterable of text
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
