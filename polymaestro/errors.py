"""Every error that polymaestro raises on purpose: one class per stage, all under one root.

A message says what is wrong, where, the value that was found and the nearest right one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class PolymaestroError(Exception):
    """The root: whatever polymaestro refuses to do, it refuses with one of these.

    >>> import polymaestro as pm
    >>> try:
    ...     pm.parse_dataflow("TemporalMap(1,1)")
    ... except pm.PolymaestroError as error:
    ...     print(type(error).__name__)
    LanguageError
    """


class WorkloadError(PolymaestroError):
    """An operator, tensor or extent that makes no sense."""


class DataflowError(PolymaestroError):
    """A directive, or a list of them, that does not fit its operator."""


class AssumptionError(PolymaestroError):
    """A condition on the symbols that does not read, or that speaks of a symbol that is none."""


class LoweringError(PolymaestroError):
    """A mapping that cannot be written as a quasi-affine loop nest."""


class LegalityError(PolymaestroError):
    """A dataflow that skips work, repeats it, or does not fit the array."""


class CountingError(PolymaestroError):
    """A set whose points cannot be counted."""


class CountingUnavailableError(CountingError):
    """A set that no installed engine counts exactly."""


class ClosedFormError(PolymaestroError):
    """A closed form that was evaluated or assumed outside the region where it holds."""


class ExportError(PolymaestroError):
    """A formula that cannot be written in another language, or that does not read back."""


class EquationError(PolymaestroError):
    """A user's formula that does not read, or a question about formulas that has no answer."""


class SearchError(PolymaestroError):
    """A goal, condition or space of a search that makes no sense, or a space where nothing fits."""


class HardwareError(PolymaestroError):
    """A hardware description that makes no sense."""


@dataclass(frozen=True)
class Place:
    """Where in a text something stands; lines and columns count from 1."""

    file: str
    line: int
    column: int
    text: str = ""

    def __str__(self) -> str:
        """Give the ``file:line:column`` that editors understand."""
        return f"{self.file}:{self.line}:{self.column}"

    def excerpt(self) -> str:
        """Give the line itself with a caret under the column; empty when the line is unknown."""
        if not self.text:
            return ""
        shown = self.text.expandtabs(1)[:160]
        return f"\n  {shown}\n  {' ' * (min(self.column, 161) - 1)}^"


class LanguageError(PolymaestroError):
    """A directive or hardware file that does not read.

    >>> print(LanguageError("zero size", Place("a.m", 2, 5, "abc {0}")))
    a.m:2:5: zero size
      abc {0}
          ^
    """

    def __init__(self, message: str, place: Place) -> None:
        """Join the message and the place into one printable text."""
        super().__init__(f"{place}: {message}{place.excerpt()}")
        self.message = message
        self.place = place


MOST_KNOWN, SOME = 16, 6
"""More names than the first are not all listed; the second says how many are."""


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Give the tail of a message about an unknown name: the nearest known one, and all or the nearest few.

    >>> did_you_mean("Kk", ["K", "C"])
    "; did you mean 'K'? Known: C, K"
    >>> did_you_mean("L15", [f"L{n}" for n in range(100, 200)])
    "; did you mean 'L195'? Known: L195, L185, L175, L165, L159, L158 and 94 more"
    """
    name, names = str(name), sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5) or [
        other for other in names if other.lower() == name.lower()
    ]
    hint = f"; did you mean {near[0]!r}?" if near else ";"
    if len(names) > MOST_KNOWN:
        names = (difflib.get_close_matches(name, names, n=SOME, cutoff=0) + names)[:SOME]
        return f"{hint} Known: {', '.join(names)} and {len(set(known)) - SOME} more"
    return f"{hint} Known: {', '.join(names)}"
