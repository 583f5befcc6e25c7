"""Scanner: the text of a directive or hardware file as tokens with their places.

Separators are loose in the files that circulate: blanks, ``:`` ``,`` ``;`` ``->`` and comments all
stand between tokens and are skipped; the scanner only remembers that one of them was there. Written by
hand and not with lark, since ``-`` belongs to a layer name but is a minus in a size, and since a message
should say in words what was expected. Tokens are read when asked for: linear, and noise fails at once.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple, NoReturn

from polymaestro.errors import LanguageError, Place, did_you_mean

MAX_DIGITS = 4000  # Python refuses to print integers of more than 4300 digits
MAX_SHOWN = 60
PRIMES = "'\u2018\u2019\u2032"  # as word processors and papers set the prime of Y'
SKIPPED = re.compile(r"(?:[\s:,;]|->|//[^\r\n]*+)*+")
BLANKS = re.compile(r"(?:\s|//[^\r\n]*+)*+")
TOKEN = re.compile(
    rf"(?P<name>[A-Za-z_][A-Za-z0-9_]*+[{PRIMES}]?)|(?P<int>[0-9]++(?![A-Za-z_.]))|(?P<sign>[-+*(){{}}])"
)
LABEL = re.compile(r"(?:[\w.]|-(?!>))++")
LINE_END = re.compile(r"\r\n|\n|\r")
WORD = re.compile(r"[^\s:,;(){}]{1,60}")


class Token(NamedTuple):
    """One token: its kind, its text with primes made plain, where it starts and ends."""

    kind: Literal["name", "int", "sign", "end", "other"]
    text: str
    start: int
    stop: int


class Scanner:
    """A text with one token of lookahead.

    >>> scanner = Scanner("Layer CONV-1 { K: 64 }", "a.m")
    >>> scanner.word("Layer"), scanner.label("the name of the layer"), scanner.token.text
    ('Layer', 'CONV-1', '{')
    """

    def __init__(self, text: str, file: str) -> None:
        """Read the first token."""
        self.text = text
        self.file = file
        self.separated = False
        self.token = self._next(1 if text.startswith("\ufeff") else 0)

    @property
    def ended(self) -> bool:
        """Whether only blanks are left."""
        return self.token.kind == "end"

    def advance(self) -> Token:
        """Give the token and read the one after it."""
        taken = self.token
        self.token = self._next(taken.stop)
        return taken

    def at(self, text: str) -> bool:
        """Whether the token is this word or sign."""
        return self.token.text == text and self.token.kind in ("name", "sign")

    def word(self, text: str) -> str:
        """Take this word or sign, or fail."""
        if not self.at(text):
            self.expected(repr(text))
        return self.advance().text

    def name(self, meaning: str) -> Token:
        """Take a name, or fail saying what it was meant to be."""
        if self.token.kind != "name":
            self.expected(meaning)
        return self.advance()

    def number(self, meaning: str) -> int:
        """Take an integer of at most `MAX_DIGITS` digits, or fail saying what it was meant to be."""
        if self.token.kind != "int":
            self.expected(meaning)
        if len(self.token.text) > MAX_DIGITS:
            self.fail(f"an integer of {len(self.token.text)} digits; the most is {MAX_DIGITS}")
        return int(self.advance().text)

    def label(self, meaning: str) -> str:
        """Take the name of a network or layer, which may hold letters, digits and ``_ - .``, or fail."""
        found = self.label_here()
        if found is None:
            self.expected(meaning)
        return self.take(found)

    def label_here(self) -> str | None:
        """Give the longest run of label characters at the token, if there is one."""
        found = LABEL.match(self.text, self.token.start)
        return found[0] if found else None

    def take(self, label: str) -> str:
        """Take a label that `label_here` has given."""
        self.token = self._next(self.token.start + len(label))
        return label

    def expected(self, meaning: str) -> NoReturn:
        """Fail at a token that is not what belongs here."""
        self.fail(f"expected {meaning}, found {self.shown()}")

    def unknown(self, what: str, token: Token, known: tuple[str, ...], where: str = "") -> NoReturn:
        """Fail at a name that is not one of the known ones."""
        name = brief(token.text)
        self.fail(f"unknown {what} {name!r}{where}{did_you_mean(name, known)}", token.start)

    def fail(self, message: str, offset: int | None = None) -> NoReturn:
        """Raise a `LanguageError` at an offset, or at the token."""
        raise LanguageError(message, self.place(self.token.start if offset is None else offset))

    def shown(self) -> str:
        """Write the token for a message, cut when it is long."""
        if self.token.kind == "end":
            return "the end of the text"
        word = WORD.match(self.text, self.token.start)
        return repr(word[0] if word and self.token.kind != "sign" else self.token.text)

    def place(self, offset: int) -> Place:
        """Give the file, line and column of an offset, and (the start of) the line itself."""
        index = bisect_right(self._starts, offset) - 1
        start = self._starts[index]
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self.text)
        line = self.text[start : min(end, start + 200)].rstrip("\r\n")
        return Place(self.file, index + 1, offset - start + 1, line)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in LINE_END.finditer(self.text))]

    def _next(self, offset: int) -> Token:
        start = _end(SKIPPED, self.text, offset)
        self.separated = start > offset and _end(BLANKS, self.text, offset) < start
        found = TOKEN.match(self.text, start)
        if not found:
            text = self.text[start : start + 1]
            return Token("other" if text else "end", text, start, start + len(text))
        if found.lastgroup == "name":
            plain = found[0][:-1] + "'" if found[0][-1] in PRIMES else found[0]
            return Token("name", plain, start, found.end())
        return Token("int" if found.lastgroup == "int" else "sign", found[0], start, found.end())


def _end(pattern: re.Pattern[str], text: str, offset: int) -> int:
    found = pattern.match(text, offset)
    return found.end() if found else offset


def brief(value: object) -> str:
    """Write a value for a message, cut when it is long."""
    text = str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def read_source(path: str | Path) -> tuple[str, str]:
    """Read a file, or standard input for ``-``, and give its text and the name to print for it.

    Raises `LanguageError` where the file cannot be read or is not UTF-8.
    """
    name = "<stdin>" if str(path) == "-" else str(path)
    if not name:
        message = "the name of the file is empty"
        raise LanguageError(message, Place("''", 1, 1))
    if name == "<stdin>" and sys.stdin is None:
        message = "standard input is closed"
        raise LanguageError(message, Place(name, 1, 1))
    try:
        raw = sys.stdin.buffer.read() if name == "<stdin>" else Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"cannot read this file: {reason}"
        raise LanguageError(message, Place(name, 1, 1)) from None
    try:
        return raw.decode("utf-8"), name
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = 1 + len(LINE_END.findall(before.decode("utf-8")))
        column = 1 + len(LINE_END.split(before.decode("utf-8"))[-1])
        message = f"byte {raw[error.start]:#04x} at offset {error.start} is not UTF-8; save the file as UTF-8"
        raise LanguageError(message, Place(name, line, column)) from None
