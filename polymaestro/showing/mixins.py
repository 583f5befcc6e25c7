"""What a result looks like where nobody prints it: at the prompt of an interpreter, in a notebook."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from html import escape

from polymaestro.showing.tables import STYLE, WIDTH, Table

LONGEST = 800
"""Signs of LaTeX in one line of a notebook."""

SIGNS = {
    "⌈": r"\lceil ",
    "⌉": r"\rceil ",
    "⌊": r"\lfloor ",
    "⌋": r"\rfloor ",
    "·": r"\cdot ",
    "≥": r"\ge ",
    "≤": r"\le ",
    "%": r"\bmod ",
    ", ": r",\ ",
    " or ": r"\text{ or }",
}


class Shown:
    """A result that shows itself as print does; a dataclass takes `repr=False` with it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Show what print does."""
        return str(self)


class Tabled(Shown):
    """A result that is tables, with texts between them: aligned where it is printed, HTML in a notebook."""

    def tables(self) -> Iterable[Table | str]:
        """Give the tables and texts in their order."""
        raise NotImplementedError

    def __str__(self) -> str:
        """Write the tables aligned, with a line between two."""
        return "\n\n".join(
            textwrap.fill(each, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
            if isinstance(each, str)
            else each.plain()
            for each in self.tables()
        )

    def _repr_html_(self) -> str:
        return page(self.tables())


def page(tables: Iterable[Table | str]) -> str:
    """Write tables and texts as HTML for a notebook."""
    parts = (
        f'<p class="note">{escape(each)}</p>' if isinstance(each, str) else each.html() for each in tables
    )
    return "\n".join([f'{STYLE}<div class="polymaestro">', *parts, "</div>"])


def in_math(formula: str, condition: str = "") -> str | None:
    r"""Set LaTeX for a notebook, with the condition under which it is right, which may be plain text.

    A formula that is many times wider than a page gives None: the notebook then shows it as text, in lines.

    >>> in_math("K M", "K ≥ 3, M % 4 = 0")
    '$\\displaystyle K M \\quad \\text{if } K \\ge  3,\\ M \\bmod  4 = 0$'
    """
    if len(formula) > LONGEST:
        return None
    for sign, command in SIGNS.items():
        condition = condition.replace(sign, command)
    where = rf" \quad \text{{if }} {condition}" if condition else ""
    return rf"$\displaystyle {formula}{where}$"
