"""Long formulas: a sum of products of named counts, each with its few chambers.

Multiplied out, the chambers of the factors multiply too, and so do the terms of their polynomials; as a sum
of products with the factors below it, the same formula fits a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from polymaestro.affine import Affine
from polymaestro.counting import Count
from polymaestro.counting.quasipolynomial import Atom, single
from polymaestro.symbolic.cases import Case
from polymaestro.symbolic.display import (
    Line,
    abbreviations,
    condition_of,
    latex_of_lines,
    lines_of,
    own_context,
)
from polymaestro.symbolic.factoring import Factored, added, factored, factorize
from polymaestro.symbolic.to_sympy import affine, condition, latex_of, latex_of_product, product

if TYPE_CHECKING:
    import sympy

    from polymaestro.symbolic.closed_form import ClosedForm


@dataclass(frozen=True)
class NamedSum:
    """A sum of products, what the names of its factors mean, and what those of floors do."""

    total: Factored
    factors: tuple[tuple[str, tuple[Line, ...]], ...]
    floors: tuple[tuple[Atom, str], ...]

    def __str__(self) -> str:
        """Write the sum, then each factor with a chamber a line, then the floors."""
        lines = [str(self.total)]
        for name, cases in self.factors:
            shown = [factored(line.value) + condition_of(line) for line in cases]
            indent = " " * len(f"  where {name} = ")
            lines += [f"  where {name} = {shown[0]}", *(indent + text for text in shown[1:])]
        lines += [f"  where {name} = {floor}" for floor, name in self.floors]
        return "\n".join(lines)

    @property
    def expr(self) -> sympy.Expr:
        """The sum as a SymPy expression, each named factor as a Piecewise."""
        import sympy  # noqa: PLC0415  half a second

        meanings: dict[str, sympy.Expr] = {name: affine(Affine.of(floor)) for floor, name in self.floors}
        result = product(self.total)
        for name, lines in self.factors:
            pairs = [
                (product(factorize(line.value)), True if line.region is None else condition(line.region))
                for line in lines
            ]
            meanings = {name: sympy.Piecewise(*pairs), **meanings}
        for name, meaning in meanings.items():
            result = result.subs(sympy.Symbol(name, integer=True), meaning)
        return result

    def latex(self) -> str:
        """Write as LaTeX, without dollar signs."""
        texts = [f"{name} = {latex_of_lines(lines)}" for name, lines in self.factors]
        texts += [f"{name} = {latex_of(single(floor))}" for floor, name in self.floors]
        return r" \quad \text{where } ".join([latex_of_product(self.total), *texts])


def named_sum(form: ClosedForm) -> NamedSum:
    """Write a form as a sum of products, with names for the factors of several chambers."""
    counts = form.folded_counts
    floors = abbreviations(value for count in counts.values() for _, value in count.pieces)
    split = {count.pieces: count for count in counts.values() if not count.is_uniform}
    free = (name for index in range(1, 999) if (name := f"f_{index}") not in form.symbols)
    names = dict(zip(split, free, strict=False))

    def base(count: Count) -> Factored:
        if not count.is_uniform:
            return Factored(Fraction(1), ((single(names[count.pieces]), 1),))
        return factorize(count.pieces[0][1].replace(floors))

    terms = []
    for each in form.products:
        term = Factored(Fraction(each.sign), ())
        for count in each.counts:
            term = term.times(base(counts[id(count)]))
        terms.append(term)
    factors = []
    for pieces, name in names.items():
        cases = [Case(region, value.replace(floors)) for region, value in pieces]
        factors.append((name, tuple(lines_of(cases, own_context(split[pieces], form.context)))))
    return NamedSum(added(terms), tuple(factors), tuple((a, str(n)) for a, n in floors.items()))
