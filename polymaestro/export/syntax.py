"""Syntax: integer arithmetic as text, in the notation of a language.

What a language differs in is a `Syntax`; what all have in common, reading polynomials and regions, are
the functions here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Protocol

from polymaestro.affine import Affine, Floor
from polymaestro.counting import Condition, QuasiPolynomial, Region

Terms = Sequence[tuple[int, Sequence[str]]]
AtomTexts = Callable[[str | Floor], str]


class Syntax(Protocol):
    """How a language writes what integer formulas are made of."""

    def total(self, terms: Terms, constant: int) -> str:
        """Write Σ factor · ∏ texts + constant."""

    def floor(self, numerator: str, divisor: int) -> str:
        """Write a division that rounds down."""

    def compare(self, left: str, relation: str, right: int) -> str:
        """Write a comparison; the relation is ``>=``, ``<=`` or ``=``."""

    def every(self, conditions: Sequence[str]) -> str:
        """Write a conjunction of two conditions or more."""

    def some(self, conditions: Sequence[str]) -> str:
        """Write a disjunction of two conditions or more."""

    def truth(self, *, value: bool) -> str:
        """Write true or false."""


class Infix:
    """The notation of Python, and of C where nothing can overflow; each with words of its own.

    >>> Infix().total([(3, ["P", "R"]), (-1, ["P"])], 2)
    '3*P*R - P + 2'
    """

    AND, OR, EQUAL = "and", "or", "=="
    TRUE, FALSE = "True", "False"

    def number(self, value: int) -> str:
        """Write a number that is not negative."""
        return str(value)

    def total(self, terms: Terms, constant: int) -> str:
        """Write Σ factor · ∏ texts + constant, the positive terms first."""
        text = ""
        ordered: list[tuple[int, Sequence[str]]] = sorted(terms, key=lambda term: term[0] < 0)
        first = constant > 0 and bool(terms) and ordered[0][0] < 0  # 4 - P, but P - 4
        ordered.insert(0 if first else len(terms), (constant, ()))
        for factor, texts in ordered:
            if factor:
                parts = [self.number(abs(factor)), *texts]
                body = "*".join(part for part in parts if part != "1") or "1"
                sign = "-" if factor < 0 else "+"
                text += f" {sign} {body}" if text else f"-{body}" if factor < 0 else body
        return text or self.number(0)

    def floor(self, numerator: str, divisor: int) -> str:
        """Write a division that rounds down."""
        return f"({numerator})//{self.number(divisor)}"

    def compare(self, left: str, relation: str, right: int) -> str:
        """Write a comparison."""
        sign = "-" if right < 0 else ""
        return f"{left} {self.EQUAL if relation == '=' else relation} {sign}{self.number(abs(right))}"

    def every(self, conditions: Sequence[str]) -> str:
        """Write a conjunction."""
        return "(" + f" {self.AND} ".join(conditions) + ")"

    def some(self, conditions: Sequence[str]) -> str:
        """Write a disjunction."""
        return "(" + f" {self.OR} ".join(conditions) + ")"

    def truth(self, *, value: bool) -> str:
        """Write true or false."""
        return self.TRUE if value else self.FALSE


def affine(expression: Affine, syntax: Syntax, texts: AtomTexts) -> str:
    """Write an affine expression."""
    return syntax.total([(f, [texts(atom_of(a))]) for a, f in expression.terms], expression.constant)


def polynomial(value: QuasiPolynomial, syntax: Syntax, texts: AtomTexts) -> str:
    """Write a quasi-polynomial: its numerator over the common denominator, which divides it exactly."""
    numerator, constant, denominator = over_common_denominator(value)
    terms = [(factor, [texts(atom) for atom in atoms]) for factor, atoms in numerator]
    text = syntax.total(terms, constant)
    return text if denominator == 1 else syntax.floor(text, denominator)


def over_common_denominator(
    value: QuasiPolynomial,
) -> tuple[list[tuple[int, tuple[str | Floor, ...]]], int, int]:
    """Give integer factors with their atoms (a square holds one twice), the constant and the denominator."""
    denominator = lcm(*(factor.denominator for _, factor in value.terms))
    terms, constant = [], 0
    for monomial, factor in value.terms:
        whole = (Fraction(factor) * denominator).numerator
        atoms = tuple(atom_of(atom) for atom, power in monomial for _ in range(power))
        if atoms:
            terms.append((whole, atoms))
        else:
            constant = whole
    return terms, constant, denominator


def condition(each: Condition, syntax: Syntax, texts: AtomTexts) -> str:
    """Write a condition, with the constant on the right: K >= 5, not K - 5 >= 0."""
    terms, relation, right = separated(each)
    left = syntax.total([(factor, [texts(atom)]) for factor, atom in terms], 0)
    return syntax.compare(left, relation, right)


def separated(each: Condition) -> tuple[list[tuple[int, str | Floor]], str, int]:
    """Give the terms, the relation and the constant of Σ factor · atom ≥, ≤ or = constant."""
    expression = each.expression
    flipped = all(factor < 0 for _, factor in expression.terms)
    sign = -1 if flipped else 1
    relation = "=" if each.equality else "<=" if flipped else ">="
    terms = [(factor * sign, atom_of(atom)) for atom, factor in expression.terms]
    return terms, relation, -expression.constant * sign


def region(where: Region, syntax: Syntax, texts: AtomTexts) -> str:
    """Write a union of conjunctions."""
    if where.is_everywhere or not where.pieces:
        return syntax.truth(value=where.is_everywhere)
    pieces = []
    for piece in where.pieces:
        conditions = [condition(each, syntax, texts) for each in piece]
        pieces.append(conditions[0] if len(conditions) == 1 else syntax.every(conditions))
    return pieces[0] if len(pieces) == 1 else syntax.some(pieces)


def atom_of(atom: object) -> str | Floor:
    """Give a name or floor; formulas have no other atoms."""
    if isinstance(atom, str | Floor):
        return atom
    message = f"{atom} in a formula"
    raise TypeError(message)


def named_atoms(symbols: Mapping[str, str], floors: Mapping[Floor, str]) -> AtomTexts:
    """Give the texts of symbols and floors that have names."""
    return lambda atom: floors[atom] if isinstance(atom, Floor) else symbols[atom]
