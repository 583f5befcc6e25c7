"""A formula in the three notations that people read: plain text, LaTeX, MathML. The one place for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from polymaestro.affine import Affine
from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.quasipolynomial import single
from polymaestro.symbolic.factoring import Factored, Total, factored, factorize
from polymaestro.symbolic.notation import LATEX, MATHML, Notation
from polymaestro.symbolic.polynomials import factors_of


@dataclass(frozen=True)
class Written:
    """One formula, three notations; `latex` without dollar signs, `mathml` without its outer element."""

    text: str
    latex: str
    mathml: str


NOTHING = Written("–", r"\text{--}", "<mtext>–</mtext>")


def written(value: QuasiPolynomial | Affine) -> Written:
    """Write a quasi-polynomial, factored.

    >>> written(QuasiPolynomial.of("K") * QuasiPolynomial.of("K") * 2).latex
    '2 K^{2}'
    """
    value = _as_polynomial(value) if isinstance(value, Affine) else value
    return Written(factored(value), LATEX.write(value), MATHML.write(value))


def _as_polynomial(value: Affine) -> QuasiPolynomial:
    total = QuasiPolynomial.of(value.constant)
    for atom, factor in value.terms:
        total = total + single(atom) * factor
    return total


def quotient(above: QuasiPolynomial, below: QuasiPolynomial) -> Written:
    """Write a quotient, the factors that both have cancelled.

    >>> P, Q = map(QuasiPolynomial.of, "PQ")
    >>> quotient(P * (Q + 2) * 6, P * Q * 4).text
    '3·(Q + 2) / (2·Q)'
    """
    if below.is_zero:
        return NOTHING
    if above.is_zero:
        return written(above)
    top, bottom = _cancelled(above, below)
    if bottom.factors:
        return _fraction(top, bottom)
    return _product(Factored(top.number / bottom.number, top.factors))


def sum_of(values: Iterable[QuasiPolynomial]) -> Written:
    """Write a sum whose terms stay as they are, each factored.

    >>> K, P = map(QuasiPolynomial.of, "KP")
    >>> sum_of([K * (P + 2), QuasiPolynomial.of(0), P * 9]).text
    'K·(P + 2) + 9·P'
    """
    return _product(_added(values))


def per_sum(above: QuasiPolynomial, values: Iterable[QuasiPolynomial]) -> Written:
    """Write above / (sum of values), the terms as they are."""
    return _fraction(factorize(above), _added(values))


def _added(values: Iterable[QuasiPolynomial]) -> Factored:
    terms = tuple(factorize(value) for value in values if not value.is_zero)
    return terms[0] if len(terms) == 1 else Factored(Fraction(1), ((Total(terms), 1),))


def _product(value: Factored) -> Written:
    return Written(str(value), LATEX.write(value), MATHML.write(value))


def _fraction(top: Factored, bottom: Factored) -> Written:
    text = f"{_bracketed(top, always=False)} / {_bracketed(bottom, always=True)}"
    latex, mathml = (each.over(each.write(top), each.write(bottom)) for each in (LATEX, MATHML))
    return Written(text, latex, mathml)


def under_root(number: int, above: QuasiPolynomial, root: QuasiPolynomial, less: QuasiPolynomial) -> Written:
    r"""Write number · above / √root - less.

    >>> K, P = map(QuasiPolynomial.of, "KP")
    >>> print(under_root(2, K, P, (K + P) * 8).latex)
    \dfrac{2 K}{\sqrt{P}} - 8 (K + P)
    """
    top, inner, rest = factorize(above * number), factorize(root), factorize(less)
    several = rest.number == 1 and len(rest.factors) == 1 and len(rest.factors[0][0].terms) > 1
    text = f"({rest})" if several else str(rest)

    def shown(notation: Notation) -> str:
        fraction = notation.over(notation.write(top), notation.root(notation.write(inner)))
        after = notation.write(rest)
        return fraction + notation.minus + (notation.fenced("()", after) if several else after)

    return Written(f"{top} / √({inner}) - {text}", shown(LATEX), shown(MATHML))


def _cancelled(above: QuasiPolynomial, below: QuasiPolynomial) -> tuple[Factored, Factored]:
    (one, over_), (two, under) = (
        factors_of(value) if value.constant is None else (Fraction(value.constant), [])
        for value in (above, below)
    )
    tops, bottoms = Counter(dict(over_)), Counter(dict(under))
    number = Fraction(one) / two
    return (
        Factored(Fraction(number.numerator), tuple((tops - bottoms).items())),
        Factored(Fraction(number.denominator), tuple((bottoms - tops).items())),
    )


def _bracketed(product: Factored, *, always: bool) -> str:
    """Write a product so that a quotient line may stand beside it; below the line, products need it too."""
    factors = product.factors
    one = len(factors) == 1 and product.number == 1 and factors[0][1] == 1
    several = len(factors[0][0].terms) > 1 if one else always
    return f"({product})" if several else str(product)
