"""Sizes: the expressions inside a directive, read as `Affine`.

    size    := ['-'] product { ('+' | '-') product }
    product := factor { '*' factor }                       at most one factor holds names
    factor  := INT | CONSTANT | SYMBOL | 'Sz' '(' DIM ')' | '(' size ')'

A separator ends a size, so that ``(8, -T+9)`` is a size and an offset and ``(8-T+9)`` one size.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log2

from polymaestro.affine import Affine, Extremum, Floor
from polymaestro.dataflow.scanner import MAX_DIGITS, Scanner, Token, brief
from polymaestro.names import no_symbol

MAX_NESTING = 100
MAX_FACTORS = 1000
MAX_BITS = int(MAX_DIGITS * log2(10))


def read_size(scanner: Scanner, constants: Mapping[str, int], meaning: str) -> Affine:
    """Read one size; `meaning` says in messages what was expected.

    >>> str(read_size(Scanner("8 + 2*(Sz(S) - 1)", "<text>"), {}, "a size"))
    '2·Sz(S) + 6'
    """
    return _Reader(scanner, constants).size(meaning)


def read_positive(scanner: Scanner, constants: Mapping[str, int], meaning: str) -> Affine:
    """Read one size and refuse a number below 1."""
    start = scanner.token.start
    value = read_size(scanner, constants, meaning)
    if value.is_constant and value.constant < 1:
        scanner.fail(f"{meaning} is {value.constant}; it must be 1 or more", start)
    return value


class _Reader:
    """Recursive descent over one size, bounded so that neither the Python stack nor patience runs out."""

    def __init__(self, scanner: Scanner, constants: Mapping[str, int]) -> None:
        self.scanner = scanner
        self.constants = constants
        self.depth = 0
        self.factors = 0

    def size(self, meaning: str) -> Affine:
        scanner = self.scanner
        start = scanner.token.start
        negative = scanner.at("-")
        if negative:
            scanner.advance()
        terms: dict[str | Floor | Extremum, int] = {}
        constant = 0
        while True:
            product = self._product(meaning)
            sign = -1 if negative else 1
            constant += sign * product.constant
            for atom, factor in product.terms:
                terms[atom] = terms.get(atom, 0) + sign * factor
            if scanner.separated or not (scanner.at("+") or scanner.at("-")):
                return self._capped(Affine.combine(terms, constant), start)
            negative = self._sign() == "-"
            meaning = "a number, a name or Sz(dimension)"

    def _sign(self) -> str:
        sign = self.scanner.advance().text
        if self.scanner.separated:
            self.scanner.fail(f"nothing follows the {sign!r} of this size")
        return sign

    def _product(self, meaning: str) -> Affine:
        start = self.scanner.token.start
        value = self._factor(meaning)
        while self.scanner.at("*") and not self.scanner.separated:
            self._sign()
            right = self._factor("a number, a name or Sz(dimension)")
            if not (value.is_constant or right.is_constant):
                self.scanner.fail(
                    "a product of two names is not affine; one factor must be a number or a Constant", start
                )
            value = right * value.constant if value.is_constant else value * right.constant
            value = self._capped(value, start)
        return value

    def _factor(self, meaning: str) -> Affine:
        scanner = self.scanner
        self.factors += 1
        if self.factors > MAX_FACTORS:
            scanner.fail(f"a size of more than {MAX_FACTORS} numbers and names")
        if scanner.token.kind == "int":
            return Affine.of(scanner.number(meaning))
        if scanner.at("("):
            return self._nested()
        label = scanner.label_here()
        if label and label in self.constants:
            return Affine.of(self.constants[scanner.take(label)])
        return self._named(scanner.name(meaning))

    def _named(self, token: Token) -> Affine:
        """Read what a name begins: an extent, a constant or a symbol."""
        scanner = self.scanner
        if token.text == "Sz":
            scanner.word("(")
            dim = scanner.name("the dimension of Sz").text
            scanner.word(")")
            return Affine.of(f"Sz({dim})")
        if token.text in self.constants:
            return Affine.of(self.constants[token.text])
        self._check_symbol(token)
        return Affine.of(token.text)

    def _check_symbol(self, token: Token) -> None:
        """Refuse what cannot be a symbol."""
        scanner = self.scanner
        if scanner.at("(") and not scanner.separated:
            scanner.fail(
                f"unknown function '{brief(token.text)}'; a size may use Sz(dimension), + - * and ( )",
                token.start,
            )
        if token.text.endswith("'"):
            scanner.fail(
                f"{brief(token.text)} is a dimension; its extent is Sz({brief(token.text)})", token.start
            )
        reason = no_symbol(token.text)
        if reason:
            scanner.fail(reason, token.start)

    def _nested(self) -> Affine:
        opening = self.scanner.advance()
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.scanner.fail(f"parentheses nested more than {MAX_NESTING} deep", opening.start)
        value = self.size("a number, a name or Sz(dimension)")
        self.scanner.word(")")
        self.depth -= 1
        return value

    def _capped(self, value: Affine, start: int) -> Affine:
        greatest = max([abs(value.constant), *(abs(factor) for _, factor in value.terms)])
        if greatest.bit_length() > MAX_BITS:
            self.scanner.fail(f"this size has more than {MAX_DIGITS} digits", start)
        return value
