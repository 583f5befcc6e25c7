"""Reading: what einsum strings and the conditions on their domain have in common.

expression := ['-'] term { ('+' | '-') term }
term       := INT | [INT '*'] name
"""

from __future__ import annotations

import re
from typing import NoReturn

from polymaestro.affine import Affine, Extremum, Floor
from polymaestro.errors import Place, WorkloadError

WORD = re.compile(
    r"\s*+(?P<word>max=(?!=)|[A-Za-z_][A-Za-z0-9_]*+|[0-9]{1,4000}+(?![A-Za-z0-9_.])"
    r"|\+=|[<>=]=|[-+*=,<>\[\]]|\S|\Z)"
)
NAME = re.compile(r"[A-Za-z_]")


class Reader:
    """Recursive descent over a text with one token of lookahead; `source` says in messages what it is."""

    def __init__(self, text: str, source: str) -> None:
        """Read the first token."""
        self.text = text
        self.source = source
        self.word, self.start, self.stop = "", 0, 0
        self.advance()

    def name(self, name: str, start: int) -> None:
        """Check a name in an expression; what may stand there is for the kinds of text to say."""

    def expression(self, meaning: str) -> Affine:
        """Read an affine expression; `meaning` says in messages what was expected."""
        sign = self.advance() if self.word == "-" else "+"
        total: dict[str | Floor | Extremum, int] = {}
        constant = 0
        while True:
            variable, factor = self._term(meaning)
            factor = -factor if sign == "-" else factor
            if variable:
                total[variable] = total.get(variable, 0) + factor
            else:
                constant += factor
            if self.word not in ("+", "-"):
                return Affine.combine(total, constant)
            sign = self.advance()

    def _term(self, meaning: str) -> tuple[str, int]:
        factor = 1
        if self.word.isascii() and self.word.isdigit():
            factor = int(self.advance())
            if self.word != "*":
                return "", factor
            self.advance()
        if not NAME.match(self.word):
            self.expected(meaning)
        self.name(self.word, self.start)
        return self.advance(), factor

    def advance(self) -> str:
        """Give the token and read the one after it."""
        taken = self.word
        found = WORD.match(self.text, self.stop)
        self.word = found["word"] if found else ""
        self.start, self.stop = found.span("word") if found else (len(self.text), len(self.text))
        return taken

    def expected(self, meaning: str) -> NoReturn:
        """Fail at a token that is not what belongs here."""
        found = repr(self.word[:60]) if self.word else "the end"
        self.fail(f"expected {meaning}, found {found}", self.start)

    def fail(self, message: str, start: int) -> NoReturn:
        """Raise a `WorkloadError` with a caret under this offset."""
        line = self.text.replace("\n", " ").replace("\r", " ")
        raise WorkloadError(message + Place(self.source, 1, start + 1, line).excerpt())
