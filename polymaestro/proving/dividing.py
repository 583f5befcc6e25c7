"""Sizes that divide each other, written in free numbers: then what divides divides by itself.

Where K is a multiple of T·U and T one of S, K = a·T·U and T = b·S with a, b, S, U ≥ 1, which may be any
numbers. A formula in quotients becomes a polynomial over these; two formulas are the same where their
polynomials are, and one amount is never above another where the difference follows from what is ≥ 0:

    a·T - T > 0          divided by T: a ≥ 2
    a·T + 1 ≥ R + 2·T    stays; that a·T ≥ T + R - 1 follows, each product as a number of its own
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

import islpy as isl

from polymaestro.counting import QP, Tie
from polymaestro.counting.quasipolynomial import Atom, Monomial, single
from polymaestro.proving.polytopes import NotDecidedError

ONE = QP.of(1)
MULTIPLE, REST = "_n", "_e"
"""What free numbers are called after the symbol."""


@dataclass
class Divided:
    """Symbols and names of ties over free numbers ≥ 1, and polynomials in these that are ≥ 0.

    >>> K, T, U = map(QP.of, ("K", "T", "U"))
    >>> found = Divided()
    >>> found.divide([("K", T * U), ("T", QP.of("S"))])
    >>> found.tie([Tie("n_K", K, T)])
    >>> print(found.over(K), found.over(QP.of("n_K")))
    K_n·S·T_n·U K_n·U
    >>> found.follows(K - T), found.follows(K - T - 1)
    (True, False)
    >>> found.know(K - T * U, strict=True)
    >>> found.follows(K - T - 1)
    True
    """

    values: dict[Atom, QP] = field(default_factory=dict)
    facts: list[QP] = field(default_factory=list)
    least: dict[str, int] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    written: list[str] = field(default_factory=list)

    def over(self, value: QP) -> QP:
        """Write a polynomial over the free numbers; raises `NotDecidedError` for a tie that is not known."""
        names = value.names() & self.unknown
        if names:
            message = f"{min(names)}, which nothing divides"
            raise NotDecidedError(message)
        return value.replace(self.values)

    def divide(self, divisors: Iterable[tuple[str, QP]]) -> None:
        """Write each symbol as a free number times the product that divides it.

        Raises `NotDecidedError` where a symbol has several divisors, or symbols divide each other.
        """
        waiting: dict[str, QP] = {}
        for name, divisor in divisors:
            if name in waiting:
                message = f"{waiting[name]} and {divisor} both divide {name}"
                raise NotDecidedError(message)
            waiting[name] = divisor
        while waiting:
            ready = [name for name, divisor in waiting.items() if not divisor.names() & waiting.keys()]
            if not ready:
                message = f"{' and '.join(waiting)} divide each other"
                raise NotDecidedError(message)
            for name in ready:
                self.values[name] = QP.of(f"{name}{MULTIPLE}") * self.over(waiting.pop(name))
                self.written.append(name)

    def tie(self, ties: Iterable[Tie]) -> None:
        """Find what each tie is, if that is a polynomial; no formula may have the others.

        ⌊X/G⌋ becomes a free number U, with X = U·G + e - 1 and e ≤ G: no array is smaller than its clusters.
        Raises `NotDecidedError` where X is no free number itself.
        """
        for tie in ties:
            if tie.names() & self.unknown:
                self.unknown.add(tie.name)
            elif tie.divisor is None:
                self.values[tie.name] = self.over(tie.numerator)
            elif tie.rounded == "up":
                self._round_up(tie, self.over(tie.numerator), self.over(tie.divisor))
            else:
                self._round_down(tie, self.over(tie.divisor))

    def _round_up(self, tie: Tie, above: QP, below: QP) -> None:
        found = divided(above, below)
        if found is not None:
            self.values[tie.name] = found
        elif self.follows(above - 1) and self.follows(below - above):
            self.values[tie.name] = ONE
        else:
            self.unknown.add(tie.name)

    def _round_down(self, tie: Tie, below: QP) -> None:
        name = str(tie.numerator)
        if tie.numerator != QP.of(name) or name in self.values:
            message = f"{tie}, where {name} is no free number"
            raise NotDecidedError(message)
        rest = QP.of(f"{name}{REST}")
        self.written.append(name)
        self.values[name] = QP.of(tie.name) * below + rest - 1
        self.know(below - rest)

    # --- What is known, and what follows ---

    def know(self, value: QP, *, strict: bool = False) -> None:
        """Add that a polynomial in symbols is ≥ 0, or > 0; what its terms share is positive and goes."""
        fact = _without_common(self.over(value)) - int(strict)
        name = min(fact.names(), default="")
        bound = QP.of(name) - fact if name else ONE
        if bound.constant is not None and name:
            self.least[name] = max(self.least.get(name, 1), int(bound.constant))
        else:
            self.facts.append(fact)

    def follows(self, value: QP) -> bool:
        """Whether a polynomial in symbols is shown to be ≥ 0; False means only that this does not show it."""
        goal = _without_common(self.over(value))
        shifted = goal.replace({name: single(name) + self.least.get(name, 1) for name in goal.names()})
        return all(factor > 0 for _, factor in shifted.terms) or self._is_linear(goal)

    def _is_linear(self, goal: QP) -> bool:
        """Decide with each product as a number of its own, of which it is known what divides it."""
        products = sorted({m for each in (*self.facts, goal) for m, _ in each.terms if m}, key=str)
        names = {each: f"m{place}" for place, each in enumerate(products)}

        def text(value: QP) -> str:
            return " + ".join(f"{factor}{names.get(m, '')}" for m, factor in value.terms)

        if any(factor.denominator != 1 for each in (*self.facts, goal) for _, factor in each.terms):
            return False
        known = [f"{text(each)} >= 0" for each in self.facts]
        known += [f"{name} >= {self._low(each)}" for each, name in names.items()]
        for one, other in itertools.permutations(products, 2):
            rest = _over(other, one)
            if rest is not None:
                known.append(f"{names[other]} >= {self._low(rest)}{names[one]}")
        below = " and ".join([*known, f"{text(goal)} < 0"])
        return bool(isl.Set(f"[{', '.join(names.values())}] -> {{ : {below} }}").is_empty())

    def _low(self, product: Monomial) -> int:
        return prod(self.least.get(str(atom), 1) ** power for atom, power in product)

    def points(self, names: Iterable[str], tries: int) -> Iterator[dict[str, int]]:
        """Draw small values of free numbers that satisfy what is known, the same each time."""
        free = sorted(set(names).union(*(fact.names() for fact in self.facts)))
        rng = random.Random(0)  # noqa: S311  no secret
        for _ in range(tries):
            point = {name: self.least.get(name, 1) + rng.choice((0, 0, 1, 2, 5)) for name in free}
            if all(fact.evaluate(point) >= 0 for fact in self.facts):
                yield point

    def restored(self, free: Mapping[str, int]) -> dict[str, int]:
        """Give the symbols that were written in free numbers in the place of these."""
        invented = {f"{name}{kind}" for name in self.written for kind in (MULTIPLE, REST)}
        kept = {name: value for name, value in free.items() if name not in invented}
        values = {name: self.values[name] for name in self.written}
        return kept | {n: int(v.evaluate(free)) for n, v in values.items() if v.names() <= free.keys()}


def divided(value: QP, product: QP) -> QP | None:
    """Divide by a product of names and a number where every term has it, else give None.

    >>> T, n = QP.of("T"), QP.of("n")
    >>> print(divided(T * n * 4 - T * 2, T * 2), divided(T + 1, T))
    2·n - 1 None
    """
    if len(product.terms) != 1:
        return None
    [(below, number)] = product.terms
    total = QP.of(0)
    for monomial, factor in value.terms:
        rest = _over(monomial, below)
        if rest is None:
            return None
        total = total + QP(((rest, factor),)) * (1 / Fraction(number))
    return total


def _over(product: Monomial, below: Monomial) -> Monomial | None:
    """Divide one product by another where it holds all of it."""
    powers = dict(product)
    for atom, power in below:
        powers[atom] = powers.get(atom, 0) - power
    if min(powers.values(), default=0) < 0:
        return None
    return tuple((atom, power) for atom, power in powers.items() if power)


def _without_common(value: QP) -> QP:
    """Divide by the names that all terms hold."""
    bags = [dict(monomial) for monomial, _ in value.terms]
    shared = {atom: min(bag.get(atom, 0) for bag in bags) for atom in (bags[0] if bags else {})}
    common = prod((single(atom) ** power for atom, power in shared.items()), start=ONE)
    return divided(value, common) or value
