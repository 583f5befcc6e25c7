"""What is printed: on a terminal tables by rich, in lines that fit it; elsewhere plain, one line a row."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

import click

from polymaestro.showing import Table
from polymaestro.showing.tables import WIDTH

LEAST_WIDTH = 20  # columns, where a terminal says that it has fewer
INSET = 4  # blanks before what is left of a long line


def on_terminal() -> bool:
    """Whether a person reads standard output, or colours are demanded as if one did."""
    context = click.get_current_context(silent=True)
    return sys.stdout.isatty() or (context is not None and context.color is True)


def page_width() -> int:
    """Give the width of the terminal, or a fixed one, so that files do not depend on the terminal."""
    if not on_terminal():
        return WIDTH
    return max(shutil.get_terminal_size(fallback=(WIDTH, 0)).columns, LEAST_WIDTH)


def written(tables: Iterable[Table], style: str) -> str:
    """Write tables in the format of that name, with a line between two; on a terminal text is drawn."""
    if style == "text" and on_terminal():
        return "\n\n".join(_drawn(table, page_width()) for table in tables)
    return "\n\n".join(table.written(style) for table in tables)


def say(text: str, style: str = "text", *, nl: bool = True) -> None:
    """Print results; on a terminal, lines of text that are wider than it go on below, set in."""
    click.echo(fitted(text, page_width()) if style == "text" and on_terminal() else text, nl=nl)


def tell(text: str) -> None:
    """Say what is no result, on standard error."""
    click.echo(on_errors(text), err=True)


def on_errors(text: str) -> str:
    """Fit a message to the terminal that standard error goes to, if it is one."""
    return fitted(text, max(shutil.get_terminal_size().columns, LEAST_WIDTH)) if sys.stderr.isatty() else text


def fitted(text: str, width: int) -> str:
    """Break lines at blanks where they are too wide, but not above a caret; colours take no room.

    >>> print(fitted("  fills       C·K·N·P·R·(Q + S - 1)", 26))
      fills       C·K·N·P·R·(Q
                  + S - 1)
    """
    lines = text.split("\n")
    pointed = (after.strip() == "^" for after in [*lines[1:], ""])
    parts = ([line] if kept else _parts(line, width) for line, kept in zip(lines, pointed, strict=True))
    return "\n".join(part for several in parts for part in several)


def _parts(line: str, width: int) -> Iterator[str]:
    """Break one line; what goes on stands under the last column that begins in the left half."""
    bare = click.unstyle(line)
    if len(bare) <= width:
        yield line
        return
    columns = [found.end() for found in re.finditer(r"\S {2,}(?=\S)", bare) if found.end() <= width // 2]
    inset = columns[-1] if columns else len(bare) - len(bare.lstrip()) + INSET
    words = re.findall(r"\s*\S+", line)
    part = ""
    for word in words:
        if part.strip() and len(click.unstyle(part + word)) > width:
            yield part
            part = " " * inset + word.lstrip()
        else:
            part += word
    yield part


def _drawn(table: Table, width: int) -> str:
    """Draw a table by rich, in several blocks of columns where it is wider than the terminal.

    A remark comes in the place of numbers, so it stands below with the name of its row.
    """
    head, bodies = table.head_lines(), [row.cells for row in table.rows]
    filled = [(*cells, *[""] * (len(table.head) - len(cells))) for cells in bodies]
    widths = [max(map(len, column)) for column in zip(*head, *filled, strict=True)]
    lines = [click.style(table.title, bold=True)] * bool(table.title)
    lines += [f"note: {note}" for note in table.notes]
    blocks = [list(range(len(widths)))] if table.math else _blocks(widths, width)
    parts = [_block(table, filled, columns, widths, width) for columns in blocks]
    lines.append("\n\n".join(parts))
    lines += [click.style(f"{row.cells[0]}: {row.remark}", fg="red") for row in table.rows if row.remark]
    return "\n".join(lines)


def _blocks(widths: Sequence[int], width: int) -> list[list[int]]:
    """Give the columns that stand side by side, the first in each block, in as few blocks as fit.

    >>> _blocks([10, 20, 20, 20, 5], 80), _blocks([10, 20, 20, 20, 5], 70)
    ([[0, 1, 2, 3, 4]], [[0, 1, 2], [0, 3, 4]])
    """
    first, others = widths[0], [each + 1 for each in widths[1:]]
    blocks: list[list[int]] = [[]]
    for number in range(1, len(others) + 1):
        blocks = _parts_of(others, number)
        if all(first + sum(others[column - 1] for column in block) <= width for block in blocks):
            break
    return [[0, *block] for block in blocks]


def _parts_of(sizes: Sequence[int], number: int) -> list[list[int]]:
    """Share columns 1, 2, … among parts of about the same width, by where the middle of each lies."""
    parts: list[list[int]] = [[] for _ in range(number)]
    before = 0
    for column, size in enumerate(sizes, start=1):
        parts[(2 * before + size) * number // (2 * sum(sizes))].append(column)
        before += size
    return [part for part in parts if part]


def _block(
    table: Table, rows: Sequence[Sequence[str]], columns: Sequence[int], widths: Sequence[int], width: int
) -> str:
    from rich import box  # noqa: PLC0415  only a terminal pays for it
    from rich.console import Console  # noqa: PLC0415  only terminals need it
    from rich.table import Table as Drawing  # noqa: PLC0415  only terminals need it
    from rich.text import Text  # noqa: PLC0415  only terminals need it

    needed = sum(widths[each] for each in columns)
    loose = needed + 2 * (len(columns) - 1) <= width
    ruled = box.Box("    \n    \n ── \n    \n    \n    \n    \n    \n")
    drawing = Drawing(box=ruled, show_edge=False, pad_edge=False, padding=(0, int(loose), 0, 0))
    for column in columns:
        drawing.add_column(
            Text(table.head[column], style="bold"),
            justify="left" if column < table.words else "right",
            vertical="bottom",
            no_wrap=True,
            min_width=widths[column],
        )
    for row in rows:
        drawing.add_row(*(Text(row[column]) for column in columns))
    sheet = StringIO()
    room = max(width, needed + 2 * len(columns))
    console = Console(file=sheet, width=room, force_terminal=True, color_system="standard", no_color=False)
    console.print(drawing)
    return "\n".join(line.rstrip() for line in sheet.getvalue().rstrip("\n").split("\n"))
