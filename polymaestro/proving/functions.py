"""Counts as functions of the parameters: sums of products, their chambers, equality everywhere.

Kind *polynomials*: two functions are equal when on each chamber, where both are one quasi-polynomial, the
difference vanishes. Term by term where it can be; on thin chambers the equalities are substituted and
short ranges are gone through (`counting.merging.vanishes`); then in each residue class of the floors.
A difference that does not vanish is looked for at points of the chamber: the first one that is not 0 is
the counterexample.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lcm, prod

import islpy as isl

from polymaestro.affine import Affine, Floor
from polymaestro.counting import Condition, Count, QuasiPolynomial, Region
from polymaestro.counting.merging import vanishes
from polymaestro.counting.ranges import fixed_floors, ranges_of
from polymaestro.counting.region import EVERYWHERE
from polymaestro.counting.residues import Residues
from polymaestro.errors import CountingError
from polymaestro.proving.verdicts import Proof
from polymaestro.relations.sets import PARAM, coalesced, integer, parameters, sample_of
from polymaestro.symbolic import ClosedForm

MAX_CHAMBERS = 5000
SEARCHED = 400  # points for a counterexample
REACH = 6  # how far such points lie from the least ones
MAX_CLASSES = 600  # residue classes in all

Products = tuple[tuple[int, tuple[Count, ...]], ...]
Chamber = tuple[isl.Set, QuasiPolynomial]


@dataclass(frozen=True)
class Function:
    """Σ sign · ∏ counts on a context of parameters.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(1,1) K")
    >>> a = pm.analyze(pm.gemm(), flow, 4)
    >>> moved, kept = Function.of(a["L2"]["A"].fills), Function.of(a["L2"]["B"].fills)
    >>> equal("fills", moved, kept).counterexample is not None, equal("fills", moved, moved).verdict
    (True, 'proved')
    """

    products: Products
    context: isl.Set

    @staticmethod
    def of(form: ClosedForm) -> Function:
        """Read a closed form."""
        return Function(tuple((each.sign, each.counts) for each in form.products), form.context)

    @staticmethod
    def polynomial(value: QuasiPolynomial | int | str | Affine, context: isl.Set) -> Function:
        """Give one quasi-polynomial that holds everywhere."""
        whole = QuasiPolynomial.of(value)
        return Function(((1, (Count(((EVERYWHERE, whole),)),)),), context)

    def __add__(self, other: Function) -> Function:
        """Add, where both hold."""
        context = self.context if self.context is other.context else self.context.intersect(other.context)
        return Function(self.products + other.products, context)

    def __neg__(self) -> Function:
        """Change the sign."""
        return Function(tuple((-sign, counts) for sign, counts in self.products), self.context)

    def __sub__(self, other: Function) -> Function:
        """Subtract, where both hold."""
        return self + -other

    def __mul__(self, other: Function) -> Function:
        """Multiply out, where both hold."""
        products = tuple((s * t, a + b) for s, a in self.products for t, b in other.products)
        return Function(products, self.context.intersect(other.context))

    def where(self, condition: str) -> Function:
        """Restrict to parameters with a condition, as isl reads it."""
        names = ", ".join(parameters(self.context))
        inside = isl.Set(f"[{names}] -> {{ : {condition} }}").params()
        return Function(self.products, coalesced(self.context.intersect(inside)))

    def substituted(self, values: Mapping[str, Affine], context: isl.Set) -> Function:
        """Put expressions in the place of parameters; what is in these lies in a context."""
        ranges = ranges_of(context)
        counts = {count: count for _, factors in self.products for count in factors}
        for count in counts:
            counts[count] = changed(count, lambda each: fixed_floors(each.substitute(values), ranges))
        products = ((sign, tuple(counts[count] for count in factors)) for sign, factors in self.products)
        return Function(tuple(products), context)

    def at(self, point: Mapping[str, int]) -> int:
        """Evaluate at a point of the context."""
        total = 0
        for sign, counts in self.products:
            value = sign
            for count in counts:
                value *= count.at(point)
            total += value
        return total

    @cached_property
    def cancelled(self) -> Function:
        """The same function with opposite products gone."""
        table: Counter[frozenset[tuple[Count, int]]] = Counter()
        counts_of: dict[frozenset[tuple[Count, int]], tuple[Count, ...]] = {}
        for sign, counts in self.products:
            key = frozenset(Counter(counts).items())
            counts_of[key] = counts
            table[key] += sign
        products = tuple((sign, counts_of[key]) for key, sign in table.items() if sign)
        return Function(products, self.context)

    @property
    def common(self) -> tuple[Count, ...]:
        """The counts that every product holds; each is a number of points, so none is negative."""
        bags = [Counter(counts) for _, counts in self.products]
        shared = bags[0] if bags else Counter()
        for bag in bags[1:]:
            shared &= bag
        return tuple(shared.elements())

    @property
    def reduced(self) -> Function:
        """The function divided by the counts that all products share: as positive, or zero, as it is."""
        small = self.cancelled
        shared = Counter(small.common)
        products = tuple(
            (sign, tuple((Counter(counts) - shared).elements())) for sign, counts in small.products
        )
        return Function(products, self.context)

    def chambers(self) -> Iterator[Chamber]:
        """Give disjoint parts of the context, together all of it, each with its one quasi-polynomial."""
        counts = dict.fromkeys(count for _, factors in self.products for count in factors)
        fixed = {count: count.pieces[0][1] for count in counts if count.is_uniform}
        split = [count for count in counts if not count.is_uniform]
        for domain, chosen in _meetings(split, self.context, fixed):
            total = QuasiPolynomial.of(0)
            for sign, factors in self.products:
                value = QuasiPolynomial.of(sign)
                for factor in factors:
                    value = value * chosen[factor]
                total = total + value
            yield domain, total


def _meetings(
    counts: list[Count], domain: isl.Set, chosen: dict[Count, QuasiPolynomial]
) -> Iterator[tuple[isl.Set, dict[Count, QuasiPolynomial]]]:
    """Choose a piece of each count in turn, following only what some parameters satisfy."""
    if domain.is_empty():
        return
    if not counts:
        yield domain, chosen
        return
    count, *others = counts
    names = ", ".join(parameters(domain))
    rest = domain
    for region, value in count.pieces:
        inside = rest.intersect(isl.Set(f"[{names}] -> {{ : {region.isl()} }}").params())
        rest = coalesced(rest.subtract(inside))
        yield from _meetings(others, coalesced(inside), {**chosen, count: value})
    yield from _meetings(others, rest, {**chosen, count: QuasiPolynomial.of(0)})


def changed(count: Count, change: Callable[[Affine], Affine]) -> Count:
    """Change every expression in a count."""
    return Count(
        tuple(
            (
                Region(
                    tuple(
                        tuple(Condition(change(each.expression), each.equality) for each in piece)
                        for piece in region.pieces
                    )
                ),
                value.mapped(change),
            )
            for region, value in count.pieces
        )
    )


def points_of(domain: isl.Set, reach: int = REACH) -> Iterator[dict[str, int]]:
    """Give some points of a set of parameters: one that isl picks, then small ones."""
    if domain.is_empty():
        return
    yield sample_of(domain)
    box = domain
    for name, (low, _) in ranges_of(domain).items():
        start = 0 if low is None else low
        inside = isl.Set(f"[{name}] -> {{ : {start} <= {name} <= {start + reach} }}").params()
        box = box.intersect(inside)
    yield from listed(box, SEARCHED)


def listed(domain: isl.Set, limit: int) -> Iterator[dict[str, int]]:
    """Give the points of a bounded set of parameters in order, no more than a limit.

    >>> list(listed(isl.Set("[n] -> { : 2 <= n <= 4 }").params(), 2))
    [{'n': 2}, {'n': 3}]
    """
    return itertools.islice(_walked(domain, parameters(domain)), limit)


def _walked(domain: isl.Set, names: Sequence[str]) -> Iterator[dict[str, int]]:
    if domain.is_empty():
        return
    if not names:
        yield {}
        return
    name, *others = names
    low, high = ranges_of(domain)[name]
    if low is None or high is None:
        message = f"cannot list the points of {domain}: {name} has no bound"
        raise CountingError(message)
    index = domain.find_dim_by_name(PARAM, name)
    for value in range(low, high + 1):
        for point in _walked(domain.fix_val(PARAM, index, integer(value)), others):
            yield {name: value, **point}


def is_zero(value: QuasiPolynomial, domain: isl.Set) -> bool:
    """Whether a quasi-polynomial is shown to be 0 on a domain, in each residue class if need be.

    >>> from polymaestro.affine import floor_div
    >>> n = Affine.of("n")
    >>> value = QuasiPolynomial.of(floor_div(n, 2) + floor_div(n + 1, 2) - n)
    >>> is_zero(value, isl.Set("[n] -> { : n >= 0 }").params())
    True
    """
    if vanishes(value, domain):
        return True
    periods = periods_of(value)
    if not periods or prod(periods.values()) > MAX_CLASSES:
        return False
    name, period = min(periods.items(), key=lambda item: (item[1], item[0]))
    for residue, inside in Residues(name, period, is_parameter=True).classes(domain):
        part = value.substitute({name: Affine.of(name) * period + residue})
        if not inside.is_empty() and not is_zero(part, inside.params()):
            return False
    return True


def periods_of(value: QuasiPolynomial) -> dict[str, int]:
    """Give for each parameter a period of all floors that hold it."""
    periods: dict[str, int] = {}
    for atom in value.atoms():
        if isinstance(atom, Floor):
            for name in Affine.of(atom).names():
                periods[name] = lcm(periods.get(name, 1), _divisors(atom))
    return periods


def _divisors(floor: Floor) -> int:
    inner = (_divisors(atom) for atom, _ in floor.numerator.terms if isinstance(atom, Floor))
    return floor.divisor * lcm(*inner)


def equal(claim: str, left: Function, right: Function) -> Proof:
    """Prove that two functions are equal at every point of the context, or find where they differ."""
    difference = (left - right).cancelled
    chambers = 0
    for domain, value in difference.chambers():
        chambers += 1
        if chambers > MAX_CHAMBERS:
            return Proof(claim, "polynomials", "unknown", note=f"more than {MAX_CHAMBERS} chambers")
        if is_zero(value, domain):
            continue
        point = next((p for p in points_of(domain) if value.evaluate(p)), None)
        if point is None:
            return Proof(claim, "polynomials", "unknown", note=f"{value} on {domain}")
        note = f"{left.at(point)} against {right.at(point)}"
        return Proof(claim, "polynomials", "false", point, note=note)
    return Proof(claim, "polynomials", "proved", note=f"{chambers} chambers")
