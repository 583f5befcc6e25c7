"""Merging chambers: a case analysis shrinks to the cases that really differ.

A polynomial p replaces q on the cell where q is known to hold when p - q vanishes on that cell. isl's own
zero test is term by term, so N² - N on {0, 1} counts as "not zero"; here the equalities of a thin cell
are substituted and short ranges are gone through value by value. True means equal everywhere on the
cell; False means not shown, which costs a case but never a wrong number.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import islpy as isl

from polymaestro.affine import Affine, Floor
from polymaestro.counting.quasipolynomial import Number, QuasiPolynomial
from polymaestro.counting.ranges import ranges_of
from polymaestro.counting.reading import conditions_of
from polymaestro.counting.reducing import reduced
from polymaestro.relations.sets import PARAM, coalesced, integer, sample_of

Piece = tuple[isl.Set, QuasiPolynomial]

MAX_VALUES = 600  # values of a name at which polynomials are compared one by one
MAX_ROUNDS = 3
MAX_PARTS = 16  # basic sets of a chamber that are looked at one by one


class _Cell:
    """A chamber with the polynomial that holds on it; its parts and some points are found when needed."""

    def __init__(self, domain: isl.Set, value: QuasiPolynomial) -> None:
        self.domain = domain
        self.value = value

    @cached_property
    def parts(self) -> list[isl.Set]:
        """The convex parts."""
        return [isl.Set.from_basic_set(part) for part in self.domain.compute_divs().get_basic_sets()]

    @cached_property
    def samples(self) -> list[tuple[dict[str, int], Number]]:
        """Some points of each part, with the value there."""
        points = [point for part in self.parts for point in _points(part)]
        return [(point, self.value.evaluate(point)) for point in points]

    @cached_property
    def genericity(self) -> tuple[int, int, int]:
        """A rank: unbounded in many parameters first, then few equalities, then few parts."""
        ranges = ranges_of(self.domain)
        unbounded = sum(high is None for _, high in ranges.values())
        return unbounded, -sum(low == high for low, high in ranges.values()), -self.domain.n_basic_set()

    def has(self, value: QuasiPolynomial) -> bool:
        """Whether a polynomial is shown to be the value of this cell everywhere on it."""
        if value == self.value:
            return True
        if any(value.evaluate(point) != known for point, known in self.samples):
            return False
        return all(_vanishes(value - self.value, part) for part in self.parts)

    def with_value(self, value: QuasiPolynomial) -> _Cell:
        """Give the cell with another polynomial that holds on it."""
        return self if value == self.value else _Cell(self.domain, value)

    def cut(self) -> list[_Cell]:
        """Cut at the parts where these decide some floor, with what they make of the polynomial."""
        if not 1 < len(self.parts) <= MAX_PARTS or not any(
            isinstance(atom, Floor) for atom in self.value.atoms()
        ):
            return [self]
        whole = reduced(self.value, self.domain)
        disjoint = self.domain.make_disjoint().compute_divs().get_basic_sets()
        cells = [_Cell(part, reduced(self.value, part)) for part in map(isl.Set.from_basic_set, disjoint)]
        return [self] if all(cell.value == whole for cell in cells) else cells

    @staticmethod
    def union(cells: Sequence[_Cell], value: QuasiPolynomial) -> _Cell:
        """Join the domains of cells on all of which a polynomial holds."""
        if len(cells) == 1 and cells[0].value == value:
            return cells[0]
        domain = cells[0].domain
        for other in cells[1:]:
            domain = domain.union(other.domain)
        return _Cell(coalesced(domain), value)


def merged(pieces: list[Piece], context: isl.Set) -> list[Piece]:
    """Merge disjoint pieces; outside them, but inside the context, the value is 0.

    No polynomial of the result is shown to hold on the domain of another, or is 0 on all of its own.

    >>> import islpy as isl
    >>> R = QuasiPolynomial.of("R")
    >>> cells = [(isl.Set("[R] -> { : R >= 2 }"), R * R), (isl.Set("[R] -> { : R = 1 }"), R)]
    >>> [str(value) for _, value in merged(cells, isl.Set("[R] -> { : R >= 1 }"))]
    ['R²']
    """
    rest = context
    for domain, _ in pieces:
        rest = rest.subtract(domain)
    cells = [_Cell(domain, value) for domain, value in pieces if not domain.is_empty()]
    if not rest.is_empty():
        cells.append(_Cell(coalesced(rest), QuasiPolynomial(())))
    cells = _fewest(cells, cells)
    for _ in range(MAX_ROUNDS):
        # What a chamber decides of floors may show that the polynomial holds on another as well.
        before = cells
        parts = [part for cell in cells for part in cell.cut()]
        cells = _fewest([cell.with_value(reduced(cell.value, cell.domain)) for cell in cells], parts)
        if [cell.value for cell in cells] == [cell.value for cell in before]:
            break
    return [(cell.domain, cell.value) for cell in cells if not cell.value.is_zero]


def _fewest(candidates: Sequence[_Cell], parts: Sequence[_Cell]) -> list[_Cell]:
    """Cover all parts with few polynomials, always taking the one that holds on the most that are left.

    Then none holds on all parts of another: it would have been taken first.
    """
    values: dict[QuasiPolynomial, _Cell] = {}
    for each in sorted([*candidates, *parts], key=lambda cell: cell.genericity, reverse=True):
        values.setdefault(each.value, each)
    holds = {v: {index for index, part in enumerate(parts) if part.has(v)} for v in values}
    left = set(range(len(parts)))
    chosen: list[_Cell] = []
    while left:
        value = max(values, key=lambda v: len(holds[v] & left))
        chosen.append(_Cell.union([parts[index] for index in sorted(holds[value] & left)], value))
        left -= holds[value]
    return sorted(chosen, key=lambda cell: cell.genericity, reverse=True)


def _points(part: isl.Set) -> list[dict[str, int]]:
    """Give some points of a convex part: any one, and one on either side of it in each parameter."""
    middle = sample_of(part)
    points = [middle]
    for index, value in enumerate(middle.values()):
        above = part.lower_bound_val(PARAM, index, integer(value + 1))
        below = part.upper_bound_val(PARAM, index, integer(value - 1))
        far = above.lower_bound_val(PARAM, index, integer(3 * abs(value) + 101))
        points += [sample_of(half) for half in (above, below, far) if not half.is_empty()]
    return points


def overlaid(groups: list[list[Piece]]) -> list[Piece]:
    """Add up groups of pieces; the pieces of one group are disjoint, those of two may overlap."""
    total: list[Piece] = []
    for group in groups:
        for domain, value in group:
            total = _added(total, domain, value)
    return total


def _added(total: list[Piece], domain: isl.Set, value: QuasiPolynomial) -> list[Piece]:
    result: list[Piece] = []
    left = domain
    for old, old_value in total:
        common = old.intersect(left)
        if common.is_empty():
            result.append((old, old_value))
            continue
        only = old.subtract(common)
        if not only.is_empty():
            result.append((coalesced(only), old_value))
        result.append((coalesced(common), old_value + value))
        left = left.subtract(common)
    if not left.is_empty():
        result.append((coalesced(left), value))
    return result


def vanishes(value: QuasiPolynomial, domain: isl.Set) -> bool:
    """Whether the value is shown to be 0 at every point of the domain."""
    return _Cell(domain, QuasiPolynomial(())).has(value)


def _vanishes(value: QuasiPolynomial, domain: isl.Set) -> bool:
    value = _with_equalities(value, domain)
    if value.is_zero:
        return True
    value = reduced(value, domain)
    if value.is_zero:
        return True
    ranges = ranges_of(domain)
    lengths = {
        name: high - low + 1
        for name in value.names()
        if (low := ranges[name][0]) is not None and (high := ranges[name][1]) is not None
    }
    if not lengths:
        return False
    name = min(lengths, key=lambda each: lengths[each])
    if lengths[name] > MAX_VALUES or lengths[name] == 1:
        return False
    low = ranges[name][0] or 0
    return all(_vanishes_at(value, domain, name, low + step) for step in range(lengths[name]))


def _vanishes_at(value: QuasiPolynomial, domain: isl.Set, name: str, number: int) -> bool:
    index = domain.find_dim_by_name(isl.dim_type.param, name)
    slice_ = domain.fix_val(isl.dim_type.param, index, integer(number))
    fixed = value.substitute({name: number})
    return fixed.is_zero or slice_.is_empty() or (bool(fixed.names()) and vanishes(fixed, slice_))


def _with_equalities(value: QuasiPolynomial, domain: isl.Set) -> QuasiPolynomial:
    hull = domain.affine_hull()
    for condition in conditions_of(hull):
        terms = condition.expression.terms
        name = next((a for a, f in terms if isinstance(a, str) and abs(f) == 1 and a in value.names()), None)
        if condition.equality and name is not None:
            factor = dict(terms)[name]
            rest = condition.expression - Affine.of(name) * factor
            if name not in rest.names():
                value = value.substitute({name: rest * -factor})
    return value
