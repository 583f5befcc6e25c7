"""The report as HTML with formulas as MathML: it needs no script, no font and no network."""

from __future__ import annotations

from html import escape

from polymaestro.model.paper.grids import Cell, Grid
from polymaestro.model.paper.report import Paper
from polymaestro.showing import STYLE
from polymaestro.symbolic.written import Written

NAMESPACE = "http://www.w3.org/1998/Math/MathML"


def html(paper: Paper) -> str:
    """Write the report as one element that stands by itself in any page."""
    lines = [f'{STYLE}<div class="polymaestro">', f"<h3>{escape(paper.title)}</h3>"]
    lines.append(
        f"<p><code>{escape(paper.computation)}</code>{paper.extents and ', '}{escape(paper.extents)}</p>"
    )
    lines.append("<pre>" + "\n".join(map(escape, paper.dataflow)) + "</pre>")
    lines += [f"<p>Note: {escape(note)}</p>" for note in paper.notes]
    if paper.parameters:
        names = ", ".join(paper.parameters)
        lines.append(f"<p>Parameters: {escape(names)}, where {escape(paper.valid_on)}.</p>")
    if not paper.case.is_everywhere:
        lines.append(f"<p>Formulas: in the case where {escape(paper.where)}.</p>")
    for grid in paper.grids:
        lines += _table(grid)
    named = (f"{key.replace('_', ' ')}: {value}" for key, value in paper.policies.items())
    lines.append(f'<p class="note">Policies: {escape("; ".join(named))}.</p>')
    return "\n".join([*lines, "</div>"])


def _table(grid: Grid) -> list[str]:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in grid.head)
    lines = [f"<div><table><caption>{escape(grid.title)}</caption>", f"<thead><tr>{head}</tr></thead><tbody>"]
    lines += [f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in grid.rows]
    lines.append("</tbody></table></div>")
    return [*lines, *([f'<p class="note">{escape(grid.note)}</p>'] * bool(grid.note))]


def _cell(cell: Cell) -> str:
    if isinstance(cell, Written):
        return f'<math xmlns="{NAMESPACE}" displaystyle="true"><mrow>{cell.mathml}</mrow></math>'
    return escape(cell)
