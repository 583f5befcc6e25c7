"""Tables: rows of text, written plain, as Markdown or as LaTeX. No cell is ever cut: numbers stay exact."""

from __future__ import annotations

import shutil
import sys
import textwrap
from dataclasses import dataclass

import click

PIPED_WIDTH = 100
INDENT = "    "


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

    def plain(self) -> str:
        """Write with blanks between the columns, tighter when that makes it fit the width."""
        head = self._head_lines()
        every = [*head, *(row.cells for row in self.rows if not row.remark)]
        widths = [max(len(cells[column]) for cells in every) for column in range(len(self.head))]
        gap = "  " if sum(widths) + 2 * len(widths) - 2 <= page_width() else " "
        lines = [self.title] * bool(self.title)
        lines += [_filled(f"note: {note}", "") for note in self.notes]
        lines += [click.style(self._line(cells, widths, gap), bold=True) for cells in head]
        for row in self.rows:
            line = self._line(row.cells, widths, gap)
            if not row.remark:
                lines.append(line)
            elif len(line) + 2 + len(row.remark) <= page_width():
                lines.append(f"{line}  {click.style(row.remark, fg='red')}")
            else:
                lines += [line, click.style(_filled(row.remark, INDENT), fg="red")]
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

    def written(self, style: str) -> str:
        """Write in the format of that name."""
        return {"text": self.plain, "markdown": self.markdown, "latex": self.latex}[style]()

    def _head_lines(self) -> list[tuple[str, ...]]:
        """Give the lines of the head, each cell standing on the last of them."""
        cells = [cell.split("\n") for cell in self.head]
        height = max(map(len, cells))
        return list(zip(*([""] * (height - len(lines)) + lines for lines in cells), strict=True))

    def _line(self, cells: tuple[str, ...], widths: list[int], gap: str) -> str:
        padded = [
            cell.ljust(widths[column]) if column < self.words else cell.rjust(widths[column])
            for column, cell in enumerate(cells)
        ]
        return gap.join(padded).rstrip()


def page_width() -> int:
    """Give the width of the terminal, or a fixed one, so that files do not depend on the terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPED_WIDTH


def escaped(text: str) -> str:
    r"""Write plain text as LaTeX.

    >>> print(escaped("CONV_1: 5% → L1"))
    CONV\_1: 5\% $\to$ L1
    """
    signs = {"\\": r"\textbackslash{}", "→": r"$\to$", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    signs |= {sign: f"\\{sign}" for sign in "_%&#{}$"}
    return "".join(signs.get(sign, sign) for sign in text)


def _filled(text: str, indent: str) -> str:
    """Break a text at the width of the page."""
    return textwrap.fill(
        text, max(page_width(), 20), initial_indent=indent, subsequent_indent=INDENT, break_on_hyphens=False
    )
