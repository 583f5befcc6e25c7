"""Names: what symbols and formulas are called in another language.

A symbol keeps its name unless the language reserves it or the exporter needs it; then it gets
underscores at its end until the name is free. A formula's name has an underscore in the place of each
character that no identifier may hold: ``L2.I.fills`` becomes ``L2_I_fills``.

>>> names = Names(["int", "return"])
>>> names.take("int"), names.take("K"), names.take("L2.I.fills"), names.take("K")
('int_', 'K', 'L2_I_fills', 'K_')
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping

from polymaestro.errors import ExportError

NAME = re.compile(r"[A-Za-z0-9_.:/ -]*[A-Za-z0-9_][A-Za-z0-9_.:/ -]*\Z")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PYTHON = frozenset(keyword.kwlist) | _words("ValueError check message evaluate")
# Keywords up to C23, macros of usual compilers and headers, and the names in our own functions.
C = _words("""
    auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile
    while asm bool true false nullptr typeof typeof_unqual constexpr thread_local static_assert alignas
    alignof complex imaginary noreturn NULL EOF errno unix linux i386 I
    value overflow flag total above below
""")
# Reserved words, and what solvers define on integers, booleans and arrays.
SMTLIB = _words("""
    _ par as let exists forall match not and or xor ite distinct div mod rem abs true false is_int to_int
    to_real store select Int Bool Real Array BINARY DECIMAL HEXADECIMAL NUMERAL STRING assert
""")


class Names:
    """Identifiers of one scope, each given once."""

    def __init__(self, reserved: Iterable[str]) -> None:
        """Start with names that are taken."""
        self.taken = set(reserved)

    def take(self, name: str, *, dots: bool = False) -> str:
        """Give a free identifier that is or resembles the name; some languages allow dots."""
        found = identifier(name, dots=dots)
        while found in self.taken:
            found += "_"
        self.taken.add(found)
        return found


def identifier(name: str, *, dots: bool = False) -> str:
    """Write a name with the characters of an identifier only.

    Raises `ExportError` for a name that a comment could not hold either.
    """
    if not NAME.match(name):
        message = f"a formula cannot be exported as {name!r}; use letters, digits, dots and underscores"
        raise ExportError(message)
    found = re.sub(r"[^A-Za-z0-9_.]" if dots else r"[^A-Za-z0-9_]", "_", name)
    return f"_{found}" if found[0] in ".0123456789" else found


def symbol_names(symbols: Iterable[str], names: Names) -> Mapping[str, str]:
    """Give each symbol its identifier."""
    return {symbol: names.take(symbol) for symbol in symbols}


def numbered(letter: str, taken: Iterable[str]) -> str:
    """Give the letter, with underscores if some name is that letter and a number.

    >>> numbered("c", ["K", "c1"])
    'c_'
    """
    taken = set(taken)
    while any(re.fullmatch(rf"{letter}\d+", name) for name in taken):
        letter += "_"
    return letter
