"""Complete forms for readers: as text, LaTeX and SymPy, ties written out where that reads better."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from polymaestro.counting import Count, QuasiPolynomial, Tie
from polymaestro.counting.quasipolynomial import single
from polymaestro.counting.ties import meanings, written
from polymaestro.export import Formula
from polymaestro.symbolic.display import Line
from polymaestro.symbolic.factoring import Factored, added, factorize
from polymaestro.symbolic.named import NamedSum
from polymaestro.symbolic.to_sympy import latex_name, polynomial

if TYPE_CHECKING:
    import sympy


def text_of(form: Formula) -> str:
    """Write the sum of products, each factor with a chamber a line, and the lengths in their conditions."""
    text = written(str(_named(form)), form.ties)
    return "\n".join([text, *(f"  where {meaning}" for meaning in meanings(text, form.ties))])


def expression_of(form: Formula) -> sympy.Expr:
    """Give a SymPy expression in the symbols of the formula alone."""
    return in_symbols(_named(form).expr, form.ties)


def in_symbols(expression: sympy.Expr, ties: Sequence[Tie]) -> sympy.Expr:
    """Put what they stand for in the place of ties."""
    import sympy  # noqa: PLC0415

    for tie in reversed(ties):
        symbol = sympy.Symbol(tie.name, integer=True)
        if expression.has(symbol):
            expression = expression.subs(symbol, _meaning(tie))
    return expression


def _meaning(tie: Tie) -> sympy.Expr:
    import sympy  # noqa: PLC0415

    above, *below = map(polynomial, tie.expressions)
    if not below:
        return above
    return sympy.ceiling(above / below[0]) if tie.rounded == "up" else sympy.floor(above / below[0])


def latex_of(form: Formula) -> str:
    """Write as LaTeX, without dollar signs; ties keep their names, with their equations at the end."""
    text = _named(form).latex()
    return r" \quad \text{where } ".join([text, *latex_of_ties(text, form.ties)])


def latex_of_ties(text: str, ties: Sequence[Tie]) -> Iterator[str]:
    """Give the equations of the ties that a LaTeX text names, and of those that these name."""
    import sympy  # noqa: PLC0415

    used: set[str] = {tie.name for tie in ties if latex_name(tie.name) in text}
    for tie in reversed(ties):
        if tie.name in used:
            used |= tie.names()
    for tie in ties:
        if tie.name in used:
            yield f"{latex_name(tie.name)} = {sympy.latex(_meaning(tie))}"


def expanded(value: QuasiPolynomial, ties: Iterable[Tie]) -> QuasiPolynomial:
    """Put lengths in terms of extents, tiles and numbers of tiles; only quotients stay."""
    for tie in reversed(list(ties)):
        if tie.divisor is None:
            value = value.replace({tie.name: tie.numerator})
    return value


def _named(form: Formula) -> NamedSum:
    """Name the factors of several chambers."""
    counts = dict.fromkeys(count for _, factors in form.sums for count in factors)
    free = (name for index in range(1, 999) if (name := f"f_{index}") not in form.symbols)
    names = dict(zip((count for count in counts if not count.is_uniform), free, strict=False))

    def base(count: Count) -> Factored:
        if not count.is_uniform:
            return Factored(Fraction(1), ((single(names[count]), 1),))
        return factorize(expanded(count.pieces[0][1], form.ties))

    terms = []
    for sign, factors in form.sums:
        term = Factored(Fraction(sign), ())
        for count in factors:
            term = term.times(base(count))
        terms.append(term)
    lines = [
        (name, tuple(Line(expanded(value, form.ties), region) for region, value in count.pieces))
        for count, name in names.items()
    ]
    return NamedSum(added(terms), tuple(lines), ())
