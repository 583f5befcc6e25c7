"""Tables: rows of text, aligned, as Markdown, LaTeX or HTML. No cell is ever cut: numbers stay exact."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import escape

WIDTH = 100
INDENT = "    "
STYLE = (
    "<style>"
    ".polymaestro div{overflow-x:auto}"
    ".polymaestro table{border-collapse:collapse;margin:.4em 0 1.2em}"
    ".polymaestro caption{text-align:left;font-weight:bold;padding:.3em 0}"
    ".polymaestro caption{caption-side:top;white-space:nowrap}"
    ".polymaestro.polymaestro table th,.polymaestro.polymaestro table td"
    "{text-align:left;padding:.35em .9em .35em 0;border:0;white-space:nowrap}"
    ".polymaestro.polymaestro table .number{text-align:right;font-variant-numeric:tabular-nums}"
    ".polymaestro.polymaestro table thead th{border-top:2px solid;border-bottom:1px solid}"
    ".polymaestro thead th{font-weight:normal;font-style:italic}"
    ".polymaestro.polymaestro table tbody tr:last-child td{border-bottom:2px solid}"
    ".polymaestro .note{font-size:smaller}"
    ".polymaestro.polymaestro table .wrong{color:#b3261e;white-space:normal}"
    "</style>"
)
"""For everything in an element of class ``polymaestro``; no script, no font, no network.

The class stands twice where a notebook has rules of its own, which are as strong as one class.
"""


@dataclass(frozen=True)
class Row:
    """Cells, and a remark that is printed instead of the cells that are missing."""

    cells: tuple[str, ...]
    remark: str = ""


@dataclass(frozen=True)
class Table:
    """A head, whose cells may have lines, and rows.

    The first `words` columns are words, the others numbers. With `math`, the last column is a formula that
    is already in the markup of the format.
    """

    head: tuple[str, ...]
    rows: tuple[Row, ...]
    words: int = 1
    title: str = ""
    notes: tuple[str, ...] = ()
    math: bool = False

    def plain(self, width: int = WIDTH) -> str:
        """Write with blanks between the columns, tighter when that makes it fit the width."""
        head = self.head_lines()
        every = [*head, *(row.cells for row in self.rows if not row.remark)]
        widths = [max(len(cells[column]) for cells in every) for column in range(len(self.head))]
        gap = "  " if sum(widths) + 2 * len(widths) - 2 <= width else " "
        lines = [self.title] * bool(self.title)
        lines += [_filled(f"note: {note}", "", width) for note in self.notes]
        lines += [self._line(cells, widths, gap) for cells in head]
        for row in self.rows:
            line = self._line(row.cells, widths, gap)
            if not row.remark:
                lines.append(line)
            elif len(line) + 2 + len(row.remark) <= width:
                lines.append(f"{line}  {row.remark}")
            else:
                lines += [line, _filled(row.remark, INDENT, width)]
        return "\n".join(lines)

    def markdown(self) -> str:
        """Write as a Markdown table."""
        rules = [":--" if column < self.words else "--:" for column in range(len(self.head))]
        rows = [[cell.replace("\n", " ") for cell in self.head], rules]
        for row in self.rows:
            cells = [*row.cells, *([row.remark] if row.remark else [])]
            rows.append([cell.replace("|", "\\|") for cell in cells] + [""] * (len(self.head) - len(cells)))
        before = [f"**{self.title}**\n"] * bool(self.title) + [f"Note: {note}\n" for note in self.notes]
        return "\n".join([*before, *(f"| {' | '.join(cells)} |" for cells in rows)])

    def latex(self) -> str:
        """Write as a tabular in the manner of booktabs."""
        columns = "l" * self.words + "r" * (len(self.head) - self.words)
        lines = [f"% {text}" for text in (self.title, *self.notes) if text]
        head = " & ".join(escaped(cell.replace("\n", " ")) for cell in self.head)
        lines += [f"\\begin{{tabular}}{{{columns}}}", "\\toprule", rf"{head} \\", "\\midrule"]
        for row in self.rows:
            cells = [escaped(cell) for cell in row.cells]
            if self.math:
                cells[-1] = row.cells[-1]
            if row.remark:
                free = len(self.head) - len(cells)
                cells.append(f"\\multicolumn{{{free}}}{{l}}{{{escaped(row.remark)}}}")
            lines.append(rf"{' & '.join(cells)} \\")
        return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"])

    def html(self) -> str:
        """Write as an HTML table, whose style is `STYLE`."""
        lines = [f"<div><table><caption>{escape(self.title)}</caption>", "<thead>"]
        lines += [f"<tr>{self._cells('th', self.head)}</tr>", "</thead><tbody>"]
        for row in self.rows:
            cells = self._cells("td", row.cells)
            if row.remark:
                free = len(self.head) - len(row.cells)
                cells += f'<td class="wrong" colspan="{free}">{escape(row.remark)}</td>'
            lines.append(f"<tr>{cells}</tr>")
        lines.append("</tbody></table></div>")
        return "\n".join([*lines, *(f'<p class="note">{escape(note)}</p>' for note in self.notes)])

    def written(self, style: str) -> str:
        """Write in the format of that name: text, markdown, latex or html."""
        writers = {"text": self.plain, "markdown": self.markdown, "latex": self.latex, "html": self.html}
        return writers[style]()

    def head_lines(self) -> list[tuple[str, ...]]:
        """Give the lines of the head, each cell standing on the last of them."""
        cells = [cell.split("\n") for cell in self.head]
        height = max(map(len, cells))
        return list(zip(*([""] * (height - len(lines)) + lines for lines in cells), strict=True))

    def _cells(self, tag: str, cells: tuple[str, ...]) -> str:
        """Write cells as HTML; the lines of a head become one."""
        kinds = ("", ' class="number"')
        return "".join(
            f"<{tag}{kinds[column >= self.words]}>{escape(cell.replace(chr(10), ' '))}</{tag}>"
            for column, cell in enumerate(cells)
        )

    def _line(self, cells: tuple[str, ...], widths: list[int], gap: str) -> str:
        padded = [
            cell.ljust(widths[column]) if column < self.words else cell.rjust(widths[column])
            for column, cell in enumerate(cells)
        ]
        return gap.join(padded).rstrip()


def escaped(text: str) -> str:
    r"""Write plain text as LaTeX.

    >>> print(escaped("CONV_1: 5% → L1"))
    CONV\_1: 5\% $\to$ L1
    """
    signs = {"\\": r"\textbackslash{}", "→": r"$\to$", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    signs |= {sign: f"\\{sign}" for sign in "_%&#{}$"}
    return "".join(signs.get(sign, sign) for sign in text)


def _filled(text: str, indent: str, width: int) -> str:
    """Break a text at the width of the page."""
    return textwrap.fill(
        text, max(width, 20), initial_indent=indent, subsequent_indent=INDENT, break_on_hyphens=False
    )
