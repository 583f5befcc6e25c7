"""Complete forms for readers: as text, LaTeX and SymPy, ties written out where that reads better."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from polymaestro.counting import Count
from polymaestro.counting.quasipolynomial import single
from polymaestro.counting.ties import expanded, meanings, written
from polymaestro.export import Formula
from polymaestro.symbolic.display import Line
from polymaestro.symbolic.factoring import Factored, added, factorize
from polymaestro.symbolic.named import NamedSum
from polymaestro.symbolic.to_sympy import in_symbols, latex_with_ties

if TYPE_CHECKING:
    import sympy


def text_of(form: Formula) -> str:
    """Write the sum of products, each factor with a chamber a line, and the lengths in their conditions."""
    text = written(str(_named(form)), form.ties)
    return "\n".join([text, *(f"  where {meaning}" for meaning in meanings(text, form.ties))])


def expression_of(form: Formula) -> sympy.Expr:
    """Give a SymPy expression in the symbols of the formula alone."""
    return in_symbols(_named(form).expr, form.ties)


def latex_of(form: Formula) -> str:
    """Write as LaTeX, without dollar signs; ties keep their names, with their equations at the end."""
    return latex_with_ties(_named(form).latex(), form.ties)


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
