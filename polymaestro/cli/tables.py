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
    """A head, rows, and how many columns at the left are words; the others are numbers."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]
    words: int = 1
    title: str = ""

    def plain(self) -> str:
        """Write with blanks between the columns, tighter when that makes it fit the width."""
        every = [self.head, *(row.cells for row in self.rows if not row.remark)]
        widths = [max(len(cells[column]) for cells in every) for column in range(len(self.head))]
        gap = "  " if sum(widths) + 2 * len(widths) - 2 <= page_width() else " "
        lines = [click.style(self._line(self.head, widths, gap), bold=True)]
        for row in self.rows:
            line = self._line(row.cells, widths, gap)
            if not row.remark:
                lines.append(line)
            elif len(line) + 2 + len(row.remark) <= page_width():
                lines.append(f"{line}  {click.style(row.remark, fg='red')}")
            else:
                wrapped = textwrap.fill(
                    row.remark, page_width(), initial_indent=INDENT, subsequent_indent=INDENT
                )
                lines += [line, click.style(wrapped, fg="red")]
        return "\n".join([self.title, *lines] if self.title else lines)

    def markdown(self) -> str:
        """Write as a Markdown table."""
        rules = [":--" if column < self.words else "--:" for column in range(len(self.head))]
        lines = [f"| {' | '.join(cells)} |" for cells in (self.head, tuple(rules))]
        for row in self.rows:
            rest = [row.remark.replace("|", "\\|")] if row.remark else []
            cells = [*row.cells, *rest]
            cells += [""] * (len(self.head) - len(cells))
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join([f"**{self.title}**", "", *lines] if self.title else lines)

    def latex(self) -> str:
        """Write as a tabular in the manner of booktabs."""
        columns = "l" * self.words + "r" * (len(self.head) - self.words)
        lines = [f"\\begin{{tabular}}{{{columns}}}", "\\toprule", _latex_row(self.head), "\\midrule"]
        for row in self.rows:
            cells = [escaped(cell) for cell in row.cells]
            if row.remark:
                free = len(self.head) - len(cells)
                cells.append(f"\\multicolumn{{{free}}}{{l}}{{{escaped(row.remark)}}}")
            lines.append(" & ".join(cells) + r" \\")
        lines += ["\\bottomrule", "\\end{tabular}"]
        return "\n".join([f"% {self.title}", *lines] if self.title else lines)

    def written(self, style: str) -> str:
        """Write in the format of that name."""
        return {"text": self.plain, "markdown": self.markdown, "latex": self.latex}[style]()

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


def _latex_row(cells: tuple[str, ...]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"
