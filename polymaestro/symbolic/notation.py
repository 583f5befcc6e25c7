r"""Factored quasi-polynomials in the notations of LaTeX and MathML, in the order of the text.

One walk over the formula for both; a notation says how names, powers, fractions and brackets look.
Nothing is multiplied out on the way, so a number stays before its bracket.

>>> from polymaestro.affine import ceil_div
>>> tiles = QuasiPolynomial.of(ceil_div(Affine.of("K"), 4))
>>> print(LATEX.write(tiles * tiles * 3))
3 \lceil K/4 \rceil^{2}
>>> print(MATHML.write(tiles))
<mrow><mo ...>⌈</mo><mi>K</mi><mo ...>/</mo><mn>4</mn><mo ...>⌉</mo></mrow>
"""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Iterable
from fractions import Fraction

from polymaestro.affine import Affine, Extremum, Floor
from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.quasipolynomial import Atom
from polymaestro.symbolic.factoring import Factored, Total, factorize


class Notation(ABC):
    """The walk; what a notation has to say for itself is left open."""

    times: str
    minus: str
    plus: str
    comma: str

    @abstractmethod
    def number(self, value: int | str) -> str:
        """Write a positive integer or 0, or a decimal from its digits."""

    @abstractmethod
    def name(self, name: str, index: str) -> str:
        """Write a symbol, with what stands after an underscore as its index."""

    @abstractmethod
    def power(self, base: str, exponent: int) -> str:
        """Write a power."""

    @abstractmethod
    def over(self, above: str, below: str) -> str:
        """Write a fraction with a line."""

    @abstractmethod
    def root(self, inner: str) -> str:
        """Write a square root."""

    @abstractmethod
    def slash(self, above: str, below: str) -> str:
        """Write a fraction on one line."""

    @abstractmethod
    def fenced(self, signs: str, inner: str) -> str:
        """Put into brackets: () ⌈⌉ or ⌊⌋."""

    @abstractmethod
    def function(self, name: str, inner: str) -> str:
        """Write min(…) or max(…)."""

    def write(self, value: QuasiPolynomial | Factored) -> str:
        """Write a formula, factored."""
        product = value if isinstance(value, Factored) else factorize(value)
        alone = product.number == 1 and len(product.factors) == 1 and product.factors[0][1] == 1
        if alone:
            return self._base(product.factors[0][0])
        sign = self.minus if product.number < 0 else ""
        top = self._factors(abs(product.number.numerator), product.factors)
        if product.number.denominator == 1:
            return sign + top
        return sign + self.over(top, self.number(product.number.denominator))

    def _factors(self, number: int, factors: Iterable[tuple[QuasiPolynomial | Total, int]]) -> str:
        parts = []
        for base, power in factors:
            inner = self._base(base)
            inner = self.fenced("()", inner) if len(base.terms) > 1 else inner
            parts.append(inner if power == 1 else self.power(inner, power))
        if number != 1 or not parts:
            parts.insert(0, self.number(number))
        return self.times.join(parts)

    def _base(self, base: QuasiPolynomial | Total) -> str:
        """Write a sum without brackets around it."""
        if isinstance(base, Total):
            each = ((t.number < 0, self.write(Factored(abs(t.number), t.factors))) for t in base.terms)
            return self._signed(each)
        terms = []
        for monomial, factor in base.terms:
            size = abs(Fraction(factor))
            parts = [self._atom(a) if n == 1 else self.power(self._atom(a), n) for a, n in monomial]
            if size != 1 or not parts:
                whole = self.number(size.numerator)
                denominator = self.number(size.denominator)
                parts.insert(0, whole if size.denominator == 1 else self.over(whole, denominator))
            terms.append((factor < 0, self.times.join(parts)))
        return self._signed(terms)

    def _signed(self, terms: Iterable[tuple[bool, str]]) -> str:
        text = ""
        for negative, term in terms:
            sign = self.minus if negative else self.plus if text else ""
            text += sign + term
        return text

    def _atom(self, atom: Atom) -> str:
        if isinstance(atom, Floor):
            up = atom.prints_as_ceiling
            numerator = atom.numerator - (atom.divisor - 1) if up else atom.numerator
            above = self._affine(numerator)
            if len(numerator.terms) + bool(numerator.constant) > 1:
                above = self.fenced("()", above)
            return self.fenced("⌈⌉" if up else "⌊⌋", self.slash(above, self.number(atom.divisor)))
        if isinstance(atom, Extremum):
            return self.function(atom.kind, self.comma.join(map(self._affine, atom.arguments)))
        name, _, index = atom.partition("_")
        return self.name(name, index) if name else self.name(atom, "")

    def _affine(self, expression: Affine) -> str:
        """Write an affine expression, which may hold floors and extrema."""
        terms = []
        for atom, factor in sorted(expression.terms, key=lambda term: term[1] < 0):
            parts = [self._atom(atom)]
            if abs(factor) != 1:
                parts.insert(0, self.number(abs(factor)))
            terms.append((factor < 0, self.times.join(parts)))
        if expression.constant or not terms:
            terms.append((expression.constant < 0, self.number(abs(expression.constant))))
        return self._signed(terms)


class Latex(Notation):
    """LaTeX for mathematics mode, with amsmath."""

    times = " "
    minus = " - "
    plus = " + "
    comma = ", "
    brackets = {"(": "(", ")": ")", "⌈": r"\lceil ", "⌉": r" \rceil", "⌊": r"\lfloor ", "⌋": r" \rfloor"}  # noqa: RUF012  never changed

    def write(self, value: QuasiPolynomial | Factored) -> str:
        """Write a formula, factored."""
        return super().write(value).strip()

    def number(self, value: int | str) -> str:
        """Write digits."""
        return str(value)

    def name(self, name: str, index: str) -> str:
        """Write long names upright."""
        base = name if len(name) == 1 else rf"\mathrm{{{name}}}"
        return f"{base}_{{{index.replace('_', ',')}}}" if index else base

    def power(self, base: str, exponent: int) -> str:
        """Write ^."""
        return f"{base}^{{{exponent}}}"

    def over(self, above: str, below: str) -> str:
        r"""Write \dfrac."""
        return rf"\dfrac{{{above}}}{{{below}}}"

    def root(self, inner: str) -> str:
        r"""Write \sqrt."""
        return rf"\sqrt{{{inner}}}"

    def slash(self, above: str, below: str) -> str:
        """Write /."""
        return f"{above}/{below}"

    def fenced(self, signs: str, inner: str) -> str:
        """Write brackets of normal size."""
        return self.brackets[signs[0]] + inner.strip() + self.brackets[signs[1]]

    def function(self, name: str, inner: str) -> str:
        r"""Write \min or \max."""
        return rf"\{name}({inner.strip()})"


class MathML(Notation):
    """Presentation MathML, the inside of a ``<math>`` element."""

    times = '<mo lspace="0.1em" rspace="0.1em">·</mo>'
    minus = "<mo>−</mo>"
    plus = "<mo>+</mo>"
    comma = "<mo>,</mo>"

    def number(self, value: int | str) -> str:
        """Write a number element."""
        return f"<mn>{value}</mn>"

    def name(self, name: str, index: str) -> str:
        """Write an identifier, with a subscript where there is an index."""
        base = f"<mi>{html.escape(name)}</mi>"
        return f"<msub>{base}<mi>{html.escape(index)}</mi></msub>" if index else base

    def power(self, base: str, exponent: int) -> str:
        """Write a superscript."""
        return f"<msup><mrow>{base}</mrow><mn>{exponent}</mn></msup>"

    def over(self, above: str, below: str) -> str:
        """Write a fraction element."""
        return f"<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>"

    def root(self, inner: str) -> str:
        """Write a root element."""
        return f"<msqrt>{inner}</msqrt>"

    def slash(self, above: str, below: str) -> str:
        """Write a slash without space."""
        return f"{above}{_tight('/')}{below}"

    def fenced(self, signs: str, inner: str) -> str:
        """Write brackets without space."""
        return f"<mrow>{_tight(signs[0])}{inner}{_tight(signs[1])}</mrow>"

    def function(self, name: str, inner: str) -> str:
        """Write a name and brackets."""
        return f"<mi>{name}</mi>{self.fenced('()', inner)}"


def _tight(sign: str) -> str:
    return f'<mo lspace="0" rspace="0" stretchy="false">{sign}</mo>'


LATEX = Latex()
MATHML = MathML()
