"""Quasi-polynomials to SymPy: the only way in, with floors kept as floors.

SymPy is imported when a formula is first asked for: it costs half a second, and counting does not need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from polymaestro.affine import Affine, Extremum, Floor
from polymaestro.counting import Condition, QuasiPolynomial, Region, Tie
from polymaestro.export.names import PYTHON, Names, symbol_names
from polymaestro.symbolic.cases import Case
from polymaestro.symbolic.factoring import Factored, Total, factorize

if TYPE_CHECKING:
    import sympy

LATEX = {
    "≥": r"\geq",
    "≤": r"\leq",
    "%": r"\bmod",
    "·": r" \cdot ",
    "⌈": r"\lceil ",
    "⌉": r" \rceil",
    "⌊": r"\lfloor ",
    "⌋": r" \rfloor",
    " or ": r" \text{ or } ",
}


def piecewise(cases: Sequence[Case]) -> sympy.Expr:
    """Write cases as one expression: plain where a single case holds everywhere, else a Piecewise."""
    import sympy

    if not cases:
        return sympy.Integer(0)
    if len(cases) == 1 and cases[0].region.is_everywhere:
        return product(factorize(cases[0].value))
    pairs = [(product(factorize(case.value)), condition(case.region)) for case in cases]
    return sympy.Piecewise(*pairs, (sympy.Integer(0), True))


def source_of(expressions: Mapping[str, sympy.Expr]) -> str:
    """Write expressions as a Python module that builds them again.

    >>> import sympy
    >>> print(source_of({"L2.fills": sympy.ceiling(sympy.Symbol("K", integer=True) / 4)}))
    from sympy import Eq, Max, Min, Piecewise, ceiling, floor, symbols
    <BLANKLINE>
    K, = symbols('K,', integer=True)
    <BLANKLINE>
    L2_fills = ceiling(K/4)
    """
    import sympy

    imported = ("Eq", "Max", "Min", "Piecewise", "ceiling", "floor", "symbols")
    names = Names([*PYTHON, *imported])
    symbols = sorted({each.name for value in expressions.values() for each in value.free_symbols})
    called = symbol_names(symbols, names)
    new = {sympy.Symbol(old, integer=True): sympy.Symbol(name, integer=True) for old, name in called.items()}
    lines = [f"from sympy import {', '.join(imported)}", ""]
    if symbols:
        lines += [f"{', '.join(called.values())}, = symbols('{','.join(symbols)},', integer=True)", ""]
    lines += [f"{names.take(name)} = {value.xreplace(new)}" for name, value in expressions.items()]
    return "\n".join(lines)


def latex_of(value: QuasiPolynomial) -> str:
    """Write a quasi-polynomial as LaTeX, factored, without dollar signs."""
    return latex_of_product(factorize(value))


def latex_of_product(value: Factored, below: Sequence[str] = ()) -> str:
    """Write a product of factors as LaTeX, over a product of symbols."""
    import sympy

    over = sympy.Mul(*(sympy.Symbol(name, integer=True) for name in below))
    return str(sympy.latex(product(value) / over))


def product(value: Factored) -> sympy.Expr:
    """Write a product of factors."""
    import sympy

    factors = [
        (sympy.Add(*map(product, base.terms)) if isinstance(base, Total) else polynomial(base)) ** power
        for base, power in value.factors
    ]
    return sympy.Mul(sympy.Rational(value.number.numerator, value.number.denominator), *factors)


def latex_of_region(region: Region) -> str:
    """Write a region as LaTeX."""
    return latex_of_condition(str(region))


def latex_of_condition(text: str) -> str:
    r"""Write a condition as LaTeX.

    >>> print(latex_of_condition("K % T_K = 0"))
    K \bmod T_{K} = 0
    """
    text = re.sub(r"[^\W\d]\w*_\w+", lambda found: latex_name(found[0]), text)
    for sign, written in LATEX.items():
        text = text.replace(sign, written)
    return text


def latex_name(name: str) -> str:
    """Write a symbol as LaTeX.

    >>> latex_name("E_C_2")
    'E_{C 2}'
    """
    import sympy

    return str(sympy.latex(sympy.Symbol(name)))


def polynomial(value: QuasiPolynomial) -> sympy.Expr:
    """Write a quasi-polynomial, expanded."""
    return with_meanings(value, {})


def meaning(
    numerator: QuasiPolynomial,
    divisor: QuasiPolynomial | None,
    known: Mapping[str, sympy.Expr],
    *,
    rounded: Literal["up", "down", ""],
) -> sympy.Expr:
    """Write numerator/divisor, rounded or not, with what is known of the names in it."""
    import sympy

    above = with_meanings(numerator, known)
    if divisor is None:
        return above
    quotient = above / with_meanings(divisor, known)
    rounding = {"up": sympy.ceiling, "down": sympy.floor}
    return rounding[rounded](quotient) if rounded else quotient


def with_meanings(value: QuasiPolynomial, known: Mapping[str, sympy.Expr]) -> sympy.Expr:
    """Write a quasi-polynomial with expressions in the place of names, inside of floors too."""
    import sympy

    named = {sympy.Symbol(name, integer=True): known[name] for name in known}
    terms = []
    for monomial, factor in value.terms:
        powers = [affine(Affine.of(atom)).xreplace(named) ** power for atom, power in monomial]
        terms.append(sympy.Mul(sympy.Rational(factor.numerator, factor.denominator), *powers))
    return sympy.Add(*terms)


def in_symbols(expression: sympy.Expr, ties: Sequence[Tie]) -> sympy.Expr:
    """Put what they stand for in the place of ties."""
    import sympy

    known = expressions_of(ties)
    return expression.xreplace({sympy.Symbol(name, integer=True): known[name] for name in known})


def expressions_of(ties: Iterable[Tie]) -> dict[str, sympy.Expr]:
    """Give what every tie stands for, over the symbols that are no ties."""
    found: dict[str, sympy.Expr] = {}
    for tie in ties:
        found[tie.name] = meaning(tie.numerator, tie.divisor, found, rounded=tie.rounded)
    return found


def latex_of_ties(text: str, ties: Sequence[Tie]) -> Iterator[str]:
    """Give the equations of the ties that a LaTeX text names, and of those that these name."""
    import sympy

    used: set[str] = {tie.name for tie in ties if latex_name(tie.name) in text}
    for tie in reversed(ties):
        if tie.name in used:
            used |= tie.names()
    for tie in ties:
        if tie.name in used:
            value = meaning(tie.numerator, tie.divisor, {}, rounded=tie.rounded)
            yield f"{latex_name(tie.name)} = {sympy.latex(value)}"


def latex_with_ties(text: str, ties: Sequence[Tie]) -> str:
    """Say after a LaTeX text what the ties in it are."""
    return r" \quad \text{where } ".join([text, *latex_of_ties(text, ties)])


def constant(value: Fraction | str) -> sympy.Expr:
    """Write a constant of the machine: a rational number, or a positive symbol."""
    import sympy

    if isinstance(value, str):
        return sympy.Symbol(value, positive=True)
    return sympy.Rational(value.numerator, value.denominator)


def affine(expression: Affine) -> sympy.Expr:
    """Write an affine expression; its names become integer symbols."""
    import sympy

    total = sympy.Integer(expression.constant)
    for atom, factor in expression.terms:
        if isinstance(atom, Floor):
            raised = affine(atom.numerator - (atom.divisor - 1)) / atom.divisor
            whole = affine(atom.numerator) / atom.divisor
            value = sympy.ceiling(raised) if atom.prints_as_ceiling else sympy.floor(whole)
        elif isinstance(atom, Extremum):
            pick = sympy.Min if atom.kind == "min" else sympy.Max
            value = pick(*map(affine, atom.arguments))
        else:
            value = sympy.Symbol(str(atom), integer=True)
        total = total + value * factor
    return total


def condition(region: Region) -> sympy.Basic:
    """Write a region as a SymPy condition."""
    import sympy

    return sympy.Or(*(sympy.And(*map(_relation, piece)) for piece in region.pieces))


def _relation(each: Condition) -> sympy.Basic:
    import sympy

    relation = sympy.Eq if each.equality else sympy.Ge
    return relation(affine(each.expression), 0)
