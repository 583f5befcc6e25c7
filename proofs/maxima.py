"""Costs as sums of maxima of quotients rounded up, and the printed text of one, over free numbers.

    Σ coefficient · max(⌈a/b⌉, ⌈c/d⌉, …)

A term without a maximum stands before max(1), an amount alone is ⌈a/1⌉. Sums are equal where equal maxima
have equal coefficients. What is never the largest, as another entry over the same divisor is no less, is left
out first, on both sides alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from polymaestro.counting import QuasiPolynomial
from polymaestro.equations.formula import Formula
from polymaestro.equations.reading import read
from polymaestro.proving import Divided
from polymaestro.proving.dividing import NotDecidedError, divided
from polymaestro.proving.printed import PrintedCost
from polymaestro.symbolic.costs import Ceiling, Cost

QP = QuasiPolynomial
ONE, MINUS_ONE = QP.of(1), QP.of(-1)


@dataclass(frozen=True)
class Ratio:
    """One polynomial over another, which is positive; with a divisor of 1 where it divides."""

    above: QP
    below: QP = ONE

    @staticmethod
    def of(above: QP, below: QP) -> Ratio:
        """Divide where that leaves nothing."""
        found = divided(above, below)
        return Ratio(above, below) if found is None else Ratio(found)

    def __add__(self, other: Ratio) -> Ratio:
        """Add over one divisor."""
        if self.below == other.below:
            return Ratio.of(self.above + other.above, self.below)
        return Ratio.of(self.above * other.below + other.above * self.below, self.below * other.below)

    def __mul__(self, other: Ratio) -> Ratio:
        """Multiply."""
        return Ratio.of(self.above * other.above, self.below * other.below)

    def at(self, point: Mapping[str, int]) -> Fraction:
        """Evaluate."""
        return Fraction(self.above.evaluate(point)) / Fraction(self.below.evaluate(point))


UNIT = Ratio(ONE)
Largest = frozenset[Ratio]
PLAIN: Largest = frozenset([UNIT])


@dataclass(frozen=True)
class Maxima:
    """Σ coefficient · max of entries, each entry rounded up."""

    terms: Mapping[Largest, Ratio]

    @staticmethod
    def of(value: QP | Ratio) -> Maxima:
        """Give a term without a maximum."""
        return Maxima({PLAIN: value if isinstance(value, Ratio) else Ratio(value)})

    def __add__(self, other: Maxima) -> Maxima:
        """Add, equal maxima together."""
        found = dict(self.terms)
        for each, number in other.terms.items():
            found[each] = found[each] + number if each in found else number
        return Maxima({each: number for each, number in found.items() if not number.above.is_zero})

    def times(self, number: Ratio) -> Maxima:
        """Multiply every coefficient."""
        return Maxima({each: factor * number for each, factor in self.terms.items()})

    @property
    def plain(self) -> Ratio:
        """What this is where no maximum and nothing rounded is in it."""
        if not self.terms.keys() <= {PLAIN}:
            message = f"{' and '.join(map(str, self.terms))}, where a plain amount is needed"
            raise NotDecidedError(message)
        return self.terms.get(PLAIN, Ratio(QP.of(0)))

    @property
    def entries(self) -> Largest:
        """What this is the largest of: itself, where it is no maximum."""
        if len(self.terms) == 1:
            [(each, number)] = self.terms.items()
            if number == UNIT:
                return each
        whole = self.plain
        if whole.below != ONE or any(factor.denominator != 1 for _, factor in whole.above.terms):
            message = f"{whole} in a maximum, which may be no integer"
            raise NotDecidedError(message)
        return frozenset([whole])

    def settled(self, known: Divided) -> Maxima:
        """Leave out of each maximum what is never above another entry."""
        total = Maxima({})
        for each, number in self.terms.items():
            kept: list[Ratio] = []
            for entry in sorted(each, key=str):
                if not any(_is_below(entry, other, known) for other in kept):
                    kept = [other for other in kept if not _is_below(other, entry, known)]
                    kept.append(entry)
            total += Maxima({frozenset(kept): number})
        return total

    def names(self) -> frozenset[str]:
        """Give every name in it."""
        ratios = [each for entries, number in self.terms.items() for each in (*entries, number)]
        return frozenset[str]().union(*(each.above.names() | each.below.names() for each in ratios))

    def at(self, point: Mapping[str, int]) -> Fraction:
        """Evaluate."""
        return sum(
            (n.at(point) * max(-(-entry.at(point) // 1) for entry in each) for each, n in self.terms.items()),
            Fraction(0),
        )


def _is_below(one: Ratio, other: Ratio, known: Divided) -> bool:
    return one.below == other.below and known.follows(other.above - one.above)


def of_cost(cost: Cost) -> Maxima:
    """Read a cost of the library, without latencies, as it is before anything is left out of it."""
    total = Maxima.of(cost.polynomial)
    for atom, number in cost.terms:
        if isinstance(atom, Ceiling):
            if atom.latency != 0 or atom.rate is None:
                message = f"{atom}, which has a latency"
                raise NotDecidedError(message)
            entries = frozenset([Ratio.of(atom.amount, QP.of(atom.rate) * atom.copies)])
        else:
            entries = frozenset[Ratio]().union(*(of_cost(each).entries for each in atom.costs))
        total += Maxima({entries: Ratio(number)})
    return total


# --- What is printed ---


class Text(PrintedCost):
    """A printed formula, the conditions under which it holds, and the names that it explains."""

    def value(self, known: Divided) -> Maxima:
        """Read the formula over free numbers."""
        found: dict[str, Maxima] = {}
        for name, text in reversed(self.names):
            if text.startswith("⌊"):
                check_floor(name, text, known)
            else:
                found[name] = value_of(read(text), known, found)
        return value_of(read(self.total), known, found)


def check_floor(name: str, text: str, known: Divided) -> None:
    """Make sure that ⌊a/b⌋, said of a name, is the free number of that name: 0 ≤ a - name·b < b."""
    inner = value_of(read(text.removeprefix("⌊").removesuffix("⌋")), known).plain
    rest = inner.above - QP.of(name) * inner.below
    if not known.follows(rest) or not known.follows(inner.below - 1 - rest):
        message = f"{name} = {text}"
        raise NotDecidedError(message)


def value_of(formula: Formula, known: Divided, names: Mapping[str, Maxima] | None = None) -> Maxima:
    """Read a formula that was printed for sizes that divide each other."""
    if not formula.arguments:
        return _leaf(formula.leaf, known, names or {})
    several = [value_of(each, known, names) for each in formula.arguments]
    if formula.kind not in COMBINED:
        message = f"a printed formula with {formula.kind}"
        raise NotDecidedError(message)
    return COMBINED[formula.kind](*several)


def _leaf(leaf: int | Fraction | str, known: Divided, names: Mapping[str, Maxima]) -> Maxima:
    if isinstance(leaf, str) and leaf in names:
        return names[leaf]
    return Maxima.of(known.over(QP.of(leaf)))


def _times(one: Maxima, other: Maxima) -> Maxima:
    return one.times(other.plain) if other.terms.keys() <= {PLAIN} else other.times(one.plain)


def _over(one: Maxima, other: Maxima) -> Maxima:
    return one.times(Ratio.of(other.plain.below, other.plain.above))


def _floor(one: Maxima) -> Maxima:
    """⌊x⌋ = -⌈-x⌉, which is how the reader has ⌈x⌉."""
    return Maxima({frozenset([one.plain * Ratio(MINUS_ONE)]): Ratio(MINUS_ONE)})


def _largest(*several: Maxima) -> Maxima:
    return Maxima({Largest().union(*(each.entries for each in several)): UNIT})


def _power(base: Maxima, exponent: Maxima) -> Maxima:
    number = exponent.plain.above.constant
    if not isinstance(number, int) or number < 0:
        message = f"a printed power of {exponent}"
        raise NotDecidedError(message)
    return Maxima.of(Ratio.of(base.plain.above**number, base.plain.below**number))


COMBINED: Mapping[str, Callable[..., Maxima]] = {
    "+": Maxima.__add__,
    "*": _times,
    "/": _over,
    "floor": _floor,
    "max": _largest,
    "**": _power,
}

Relate = Callable[[QP, QP], tuple[QP, bool]]
RELATIONS: Mapping[str, Relate] = {
    "≥": lambda left, right: (left - right, False),
    "≤": lambda left, right: (right - left, False),
    ">": lambda left, right: (left - right, True),
    "<": lambda left, right: (right - left, True),
}


def divisors(conditions: tuple[str, ...]) -> Iterator[tuple[str, QP]]:
    """Give what divides what in printed conditions."""
    for each in conditions:
        if " % " in each:
            whole, _, divisor = each.removesuffix(" = 0").partition(" % ")
            yield whole, value_of(read(divisor), Divided()).plain.above


def tell(known: Divided, conditions: tuple[str, ...]) -> None:
    """Let it be known what printed conditions say beside what divides what."""
    for each in conditions:
        if " % " not in each:
            left, sign, right = re.fullmatch(r"(.+) ([≥≤<>]) (.+)", each).groups()  # type: ignore[union-attr]
            sides = [value_of(read(side), known).plain.above for side in (left, right)]
            value, strict = RELATIONS[sign](*sides)
            known.know(value, strict=strict)
