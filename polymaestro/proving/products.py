"""Sums of products over disjoint parameters, shown equal factor by factor.

Two sums of products, each factor over the parameters of its axis group, may be equal without having one
factor in common: K·(C + 1) is K·C + K. Multiplied out they have as many chambers as those of their factors
multiply to; so here they are compared as tensors. In each group the factors span a space of functions.
Values at points show which factors are independent (enough points tell them apart, an exact rank), and
suggest how the others are made of these: d·f = Σ c·b. Each such equation is then proved for all parameters
(`functions.equal`), on chambers of one or two parameters; a counterexample is one more point to tell
factors apart by.

Products of independent functions of disjoint parameters are independent. So when both sums are written in
the independent factors they are the same function just when their coefficients are; and where these differ,
some combination of the points shows it.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm

import islpy as isl

from polymaestro.counting import Count, region_of
from polymaestro.counting.ranges import ranges_of
from polymaestro.proving.functions import Function, equal, points_of
from polymaestro.proving.verdicts import Proof
from polymaestro.relations.sets import parameters, restricted, sample_of

Factor = tuple[Count, ...]
Point = Mapping[str, int]
Combination = dict[int, Fraction]
"""Coefficients of independent factors, by their numbers."""
Tensor = dict[tuple[int, ...], Fraction]

MAX_ROUNDS = 40
DRAWN = 24
SIZES = (4, 20, 100, 700)


def equal_sums(claim: str, pairs: Mapping[str, tuple[Function, Function]]) -> Iterator[Proof]:
    """Prove each pair equal at every point of its context, or find where they differ.

    Pairs on the same context share what is found out about their factors.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(2,2) K")
    >>> form = Function.of(pm.analyze(pm.gemm(), flow, 4)["L2"]["A"].fills)
    >>> twice = Function.of(pm.analyze(pm.gemm(), flow, 8)["L2"]["A"].fills)
    >>> [proof.verdict for proof in equal_sums("fills", {"A": (form, twice), "2A": (form + form, twice)})]
    ['proved', 'false']
    """
    known: list[tuple[isl.Set, list[Group]]] = []
    for name, (left, right) in pairs.items():
        groups = next((groups for context, groups in known if context.is_equal(left.context)), None)
        if groups is None:
            alike = [pair for pair in pairs.values() if pair[0].context.is_equal(left.context)]
            groups = _groups(left.context, [each for pair in alike for each in pair])
            known.append((left.context, groups))
        yield _compared(f"{claim} {name}".strip(), left, right, groups)


def _compared(claim: str, left: Function, right: Function, groups: Sequence[Group]) -> Proof:
    where = left.context.subtract(right.context).union(right.context.subtract(left.context))
    if not where.is_empty():
        return Proof(claim, "polynomials", "false", sample_of(where), note="only one of them holds there")
    difference = _tensor(left - right, groups)
    if not difference:
        chambers = sum(group.chambers for group in groups)
        note = f"{chambers} chambers of factors that are written differently"
        return Proof(claim, "polynomials", "proved", note=note)
    point = _witness(difference, groups)
    if point is None or left.at(point) == right.at(point):
        return Proof(claim, "polynomials", "unknown", note=f"{len(difference)} products are left")
    return Proof(claim, "polynomials", "false", point, note=f"{left.at(point)} against {right.at(point)}")


@dataclass(eq=False)
class Group:
    """The factors over some parameters, and how they are made of independent ones among them."""

    context: isl.Set
    names: frozenset[str]
    factors: dict[Factor, int] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    chambers: int = 0
    _proved: set[tuple[Factor, tuple[tuple[Factor, int], ...]]] = field(default_factory=set)

    def part(self, counts: Iterable[Count]) -> Factor:
        """Give those of the counts that speak of these parameters."""
        mine = [count for count in counts if _names(count) & self.names]
        return tuple(sorted(mine, key=str))

    def take(self, counts: Iterable[Count]) -> None:
        """Take a factor in."""
        part = self.part(counts)
        self.factors.setdefault(part, len(self.factors))

    @cached_property
    def combinations(self) -> dict[Factor, Combination]:
        """Each factor in terms of the independent ones, proved; one that is not stands for itself."""
        self.points = list(_drawn(self.context))
        for _ in range(MAX_ROUNDS):
            found = self._suggested()
            failed = self._refuted(found)
            if failed is None:
                return found
            self.points.append(failed)
        return {factor: {number: Fraction(1)} for factor, number in self.factors.items()}

    def _suggested(self) -> dict[Factor, Combination]:
        """Write every factor through independent ones so that all points agree."""
        reducer = _Reducer()
        return {
            factor: reducer.take(number, [_value(factor, point) for point in self.points])
            for factor, number in self.factors.items()
        }

    def _refuted(self, found: dict[Factor, Combination]) -> Point | None:
        """Prove what is suggested; give a point where some of it is wrong."""
        by_number = {number: factor for factor, number in self.factors.items()}
        for factor, combination in found.items():
            if combination == {self.factors[factor]: 1}:
                continue
            scale = lcm(*(c.denominator for c in combination.values()))
            terms = tuple((by_number[n], int(c * scale)) for n, c in combination.items())
            if (factor, terms) in self._proved:
                continue
            right = Function(tuple((c, counts) for counts, c in terms), self.context)
            difference = (Function(((scale, factor),), self.context) - right).cancelled
            proof = equal("", difference, Function((), self.context))
            if proof.verdict == "false":
                return proof.counterexample
            if proof.verdict == "unknown":
                found[factor] = {self.factors[factor]: Fraction(1)}
            else:
                self._proved.add((factor, terms))
                self.chambers += int(proof.note.split()[0])
        return None


@dataclass(frozen=True)
class _Row:
    """An independent vector as it is left: left = scale · vector - Σ made · independent vectors before it."""

    number: int
    left: list[int]
    scale: int
    made: dict[int, int]

    @cached_property
    def pivot(self) -> int | None:
        """Where the first number is that is not 0."""
        return next((index for index, value in enumerate(self.left) if value), None)

    def without(self, other: _Row) -> _Row:
        """Subtract the multiple of an independent row that cancels its pivot here."""
        pivot = other.pivot
        if pivot is None or not self.left[pivot]:
            return self
        times, factor = other.left[pivot], self.left[pivot]
        left = [times * mine - factor * its for mine, its in zip(self.left, other.left, strict=True)]
        made = {key: times * value for key, value in self.made.items()}
        for key, value in ((other.number, -other.scale), *other.made.items()):
            made[key] = made.get(key, 0) - factor * value
        common = gcd(times * self.scale, *left, *made.values())
        return _Row(
            self.number,
            [value // common for value in left],
            times * self.scale // common,
            {key: value // common for key, value in made.items() if value},
        )


class _Reducer:
    """Gaussian elimination in integers: each vector is independent of those before or made of them."""

    def __init__(self) -> None:
        self.rows: list[_Row] = []

    def take(self, number: int, vector: list[int]) -> Combination:
        """Take a vector; give it as a combination of independent ones, itself if it is one."""
        row = _Row(number, vector, 1, {})
        for each in self.rows:
            row = row.without(each)
        if row.pivot is None:
            return {key: Fraction(value, row.scale) for key, value in row.made.items()}
        self.rows.append(row)
        return {number: Fraction(1)}


def _groups(context: isl.Set, functions: Sequence[Function]) -> list[Group]:
    """Split the parameters so that no count speaks of two groups and the context is a product."""
    parts: list[frozenset[str]] = []
    counts = {count for each in functions for _, factors in each.products for count in factors}
    for names in [*map(_names, counts), *(frozenset([name]) for name in parameters(context))]:
        met = [part for part in parts if part & names]
        joined = names.union(*met)
        parts = [part for part in parts if part not in met] + ([joined] if joined else [])
    box = isl.Set.universe(context.get_space())
    for part in parts:
        box = box.intersect(restricted(context, part))
    if not box.is_subset(context):
        parts = [frozenset(parameters(context))]
    groups = [Group(restricted(context, part), part) for part in sorted(parts, key=sorted)]
    for group, each in itertools.product(groups, functions):
        for _, factors in each.products:
            group.take(factors)
    return groups


def _tensor(function: Function, groups: Sequence[Group]) -> Tensor:
    """Write a sum of products in the independent factors of each group."""
    total: Tensor = {}
    for sign, counts in function.cancelled.products:
        scalar = Fraction(sign)
        for count in counts:
            if not _names(count):
                scalar *= count.at({})
        choices = [group.combinations[group.part(counts)].items() for group in groups]
        for chosen in itertools.product(*choices):
            key = tuple(number for number, _ in chosen)
            value = scalar
            for _, coefficient in chosen:
                value *= coefficient
            total[key] = total.get(key, Fraction(0)) + value
    return {key: value for key, value in total.items() if value}


def _witness(tensor: Tensor, groups: Sequence[Group]) -> dict[str, int] | None:
    """Choose a point in each group in turn so that what is left of the tensor is not 0."""
    found: dict[str, int] = {}
    for group in groups:
        by_number = {number: factor for factor, number in group.factors.items()}
        for point in group.points:
            values = {n: _value(by_number[n], point) for n in {key[0] for key in tensor}}
            left: Tensor = {}
            for (first, *others), coefficient in tensor.items():
                rest = tuple(others)
                left[rest] = left.get(rest, Fraction(0)) + coefficient * values[first]
            left = {key: value for key, value in left.items() if value}
            if left:
                break
        else:
            return None
        tensor = left
        found |= point
    return found


def _drawn(context: isl.Set) -> Iterator[Point]:
    """Give small and larger points of a context, the same ones each time."""
    yield from itertools.islice(points_of(context), DRAWN)
    rng = random.Random(0)  # noqa: S311  to tell functions apart
    ranges = ranges_of(context)
    region = region_of(context)
    for _ in range(DRAWN * len(SIZES)):
        point = {name: _between(rng, *bounds) for name, bounds in ranges.items()}
        if region.holds(point):
            yield point


def _between(rng: random.Random, low: int | None, high: int | None) -> int:
    """Draw a number, as often a small one as a large one, between bounds as far as there are any."""
    low = 0 if low is None else low
    far = low + rng.choice(SIZES)
    return rng.randint(low, far if high is None else min(high, far))


def _names(count: Count) -> frozenset[str]:
    names = (region.names() | value.names() for region, value in count.pieces)
    return frozenset[str]().union(*names)


def _value(factor: Factor, point: Point) -> int:
    product = 1
    for count in factor:
        product *= count.at(point)
    return product
