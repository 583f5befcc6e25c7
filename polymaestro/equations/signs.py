"""Where is a quasi-polynomial positive, zero, negative? Exact where it is stated, else "not decided".

The value is split into irreducible factors. A factor that is affine in names and floors has its sign on
sets that isl gives exactly. Another one has a sign on the whole region when its coefficients show it:
every name is counted from its least value, floors are variables of their own with K = 4·⌊K/4⌋ + r and
0 ≤ r ≤ 3, and a polynomial whose coefficients (in the Bernstein basis for what is bounded, see
R. Farouki, "The Bernstein polynomial basis: A centennial retrospective", 2012) are all ≥ 0 is ≥ 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Literal

import islpy as isl

from polymaestro.affine import Affine, Floor
from polymaestro.counting import Condition, QuasiPolynomial, Region
from polymaestro.counting.quasipolynomial import Monomial, Number
from polymaestro.counting.ranges import Range
from polymaestro.counting.reducing import reduced
from polymaestro.equations.conditions import NoChambersError, affine_over, domain_of
from polymaestro.equations.zero import range_on, solved
from polymaestro.relations.sets import coalesced, parameters
from polymaestro.symbolic.polynomials import factors_of

Sign = Literal["<", "=", ">", "?"]

SIGNS: Mapping[int, Sign] = {-1: "<", 0: "=", 1: ">"}
MAX_PARTS = 64  # basic sets of a domain
MAX_PEELS = 4  # least values that are taken off on top of each other
MAX_ATTEMPTS = 40
"""How many regions are tried for one value; peeling off names in any order would try very many."""


@dataclass(frozen=True)
class Signed:
    """A part of a region, and the sign of the value on all of it; "?" where it is not decided."""

    domain: isl.Set
    sign: Sign


@dataclass(frozen=True)
class _Effort:
    """How often a region may still be split, and how many regions may be tried in all."""

    splits: int
    attempts: list[int]

    @property
    def is_left(self) -> bool:
        """Whether one more split is allowed."""
        return self.splits > 0 and self.attempts[0] > 0

    def deeper(self) -> _Effort:
        """Spend one split and one attempt."""
        self.attempts[0] -= 1
        return _Effort(self.splits - 1, self.attempts)


def signs_of(value: QuasiPolynomial, domain: isl.Set) -> list[Signed]:
    """Cut a region into parts on each of which the value has one sign, as far as that is decided.

    >>> K = QuasiPolynomial.of("K")
    >>> for each in signs_of(K * K * (K - 4), isl.Set("[K] -> { : K >= 1 }").params()):
    ...     print(each.sign, each.domain)
    < [K] -> {  : 0 < K <= 3 }
    = [K] -> {  : K = 4 }
    > [K] -> {  : K >= 5 }
    """
    found = _signs(value, domain, _Effort(MAX_PEELS, [MAX_ATTEMPTS]))
    order: tuple[Sign, ...] = ("<", "=", ">", "?")
    return [Signed(coalesced(found[sign]), sign) for sign in order if sign in found]


def unite(found: dict[Sign, isl.Set], sign: Sign, domain: isl.Set) -> None:
    """Add a domain to what has this sign."""
    found[sign] = found[sign].union(domain) if sign in found else domain


def _signs(value: QuasiPolynomial, domain: isl.Set, effort: _Effort) -> dict[Sign, isl.Set]:
    value = reduced(value, domain)
    if value.constant is None and value.is_affine:
        return _factor_signs(value, domain, effort)  # nothing to factor
    content, parts = factors_of(value) if value.constant is None else (value.constant, [])
    found: dict[Sign, isl.Set] = {SIGNS[(content > 0) - (content < 0)]: domain}
    for part, power in parts:
        found = _times(found, _factor_signs(part, domain, effort), even=power % 2 == 0)
    return found


def _times(left: Mapping[Sign, isl.Set], right: Mapping[Sign, isl.Set], *, even: bool) -> dict[Sign, isl.Set]:
    """Multiply the signs on each pair of parts that meet."""
    result: dict[Sign, isl.Set] = {}
    for first, here in left.items():
        for second, there in right.items():
            both = here.intersect(there)
            if not both.is_empty():
                unite(result, _product(first, ">" if even and second == "<" else second), both)
    return result


def _product(first: Sign, second: Sign) -> Sign:
    if "=" in (first, second):
        return "="
    if "?" in (first, second):
        return "?"
    return ">" if first == second else "<"


def _factor_signs(part: QuasiPolynomial, domain: isl.Set, effort: _Effort) -> dict[Sign, isl.Set]:
    """Give the signs of one irreducible factor."""
    try:
        affine, _ = affine_over(part, "its sign")
    except NoChambersError:
        return _polynomial_signs(part, domain, effort)
    tests: dict[Sign, Condition] = {
        "<": Condition(-affine - 1),
        "=": Condition(affine, equality=True),
        ">": Condition(affine - 1),
    }
    found = {sign: domain_of(Region(((test,),)), domain) for sign, test in tests.items()}
    return {sign: where for sign, where in found.items() if not where.is_empty()}


def _polynomial_signs(part: QuasiPolynomial, domain: isl.Set, effort: _Effort) -> dict[Sign, isl.Set]:
    """Decide a factor by its coefficients; where that fails, peel off the least value of a name."""
    if len(domain.get_basic_sets()) <= MAX_PARTS:
        ways: Mapping[Sign, QuasiPolynomial] = {">": part, "<": part * -1}
        for sign, value in ways.items():
            if all(_is_positive(value, isl.Set.from_basic_set(each)) for each in domain.get_basic_sets()):
                return {sign: domain}
    return _peeled(part, domain, effort) if effort.is_left else {"?": domain}


def _peeled(part: QuasiPolynomial, domain: isl.Set, effort: _Effort) -> dict[Sign, isl.Set]:
    """Split at the least value of some name or floor, if that decides the sign everywhere."""
    for atom in sorted(part.atoms(), key=str):
        low, high = range_on(domain, Affine.of(atom))
        if low is None or low == high:
            continue
        least = Region(((Condition(Affine.of(atom) - low, equality=True),),))
        slice_ = domain_of(least, domain)
        found = _signs(part.replace({atom: QuasiPolynomial.of(low)}), slice_, effort.deeper())
        if "?" not in found:
            others = _polynomial_signs(part, domain.subtract(slice_), effort.deeper())
            for sign, where in others.items():
                unite(found, sign, where)
        if "?" not in found:
            return found
    return {"?": domain}


def _is_positive(value: QuasiPolynomial, domain: isl.Set) -> bool:
    """Whether the coefficients show that the value is > 0 on a convex region."""
    value, domain = _without_floors(value, domain)
    value = value.replace(solved(domain))
    ranges = {name: range_on(domain, Affine.of(name)) for name in sorted(value.names())}
    table: dict[Monomial, Number] = dict(value.terms)
    for name, (low, high) in ranges.items():
        table = _rebased(table, name, (low, high))
    constants = [factor for monomial, factor in table.items() if _is_constant(monomial)]
    return all(factor >= 0 for factor in table.values()) and bool(constants) and min(constants) > 0


def _is_constant(monomial: Monomial) -> bool:
    """Whether only elements of Bernstein bases are in a product: at each point one of them is not 0."""
    return all(str(atom).startswith("#") for atom, _ in monomial)


def _without_floors(value: QuasiPolynomial, domain: isl.Set) -> tuple[QuasiPolynomial, isl.Set]:
    """Write floors as names, and K as 4·⌊K/4⌋ + r where a floor has a name of coefficient 1."""
    floors = sorted((atom for atom in value.atoms() if isinstance(atom, Floor)), key=str)
    for index, floor in enumerate(floors):
        quotient, remainder = f"q{index}_", f"r{index}_"
        tie = floor.numerator - Affine.of(quotient) * floor.divisor - remainder
        names = ", ".join([*parameters(domain), quotient, remainder])
        text = f"[{names}] -> {{ : {tie.isl()} = 0 and 0 <= {remainder} < {floor.divisor} }}"
        domain = isl.Set(text).params().intersect(domain)
        value = value.replace({floor: QuasiPolynomial.of(quotient)})
    return value, domain


def _rebased(table: Mapping[Monomial, Number], name: str, bounds: Range) -> dict[Monomial, Number]:
    """Write the powers of a name in a basis that is nowhere negative between its bounds.

    Powers of (name - low) where it is unbounded above, the Bernstein basis where it is bounded; a basis
    element that is 1 somewhere is marked with #.
    """
    low, high = bounds
    split: dict[Monomial, dict[int, Number]] = {}
    for monomial, factor in table.items():
        power = dict(monomial).get(name, 0)
        rest = tuple(each for each in monomial if each[0] != name)
        powers = split.setdefault(rest, {})
        powers[power] = powers.get(power, 0) + factor
    degree = max(max(powers) for powers in split.values())
    if low is None or degree == 0:
        return dict(table)
    result: dict[Monomial, Number] = {}
    for rest, powers in split.items():
        shifted = [_shifted(powers, low, power) for power in range(degree + 1)]
        for index, factor in enumerate(shifted if high is None else _bernstein(shifted, high - low)):
            own: Monomial = ((name, index),) if index and high is None else ()
            own = ((f"#{name}", index + 1),) if high is not None else own
            if factor or not own or high is not None:  # a constant that is 0 must be seen
                key = tuple(sorted((*rest, *own), key=str))
                result[key] = result.get(key, 0) + factor
    return result


def _shifted(powers: Mapping[int, Number], low: int, power: int) -> Number:
    """Give the coefficient of (x - low)^power in Σ powers[k]·x^k."""
    terms = (f * comb(k, power) * low ** (k - power) for k, f in powers.items() if k >= power)
    return sum(terms, Fraction(0))


def _bernstein(coefficients: list[Number], width: int) -> list[Number]:
    """Convert Σ c_k·t^k for 0 ≤ t ≤ width to the Bernstein basis of its degree."""
    degree = len(coefficients) - 1
    scaled = [Fraction(c) * width**k for k, c in enumerate(coefficients)]
    return [
        sum((Fraction(comb(j, k), comb(degree, k)) * scaled[k] for k in range(j + 1)), Fraction(0))
        for j in range(degree + 1)
    ]
