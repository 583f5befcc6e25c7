"""The shape of a count before it is counted: chambers, degree and periods from the polytopes alone.

A set in disjoint parts, with every existential written as a dimension of its own, is a union of parametric
polytopes {x : A·x + B·p + c ≥ 0}. Any dim(x) independent conditions meet in one point v(p), affine in the
parameters p, which is a vertex of the polytope for those p at which it satisfies all conditions. Where the
same choices are vertices, the number of integer points is one quasi-polynomial in p, of degree ≤ dim(x),
and its period in a parameter divides the least common multiple of the denominators of that parameter in
the v(p). (P. Clauss and V. Loechner, "Parametric analysis of polyhedral iteration spaces", 1998, §3;
S. Verdoolaege et al., "Counting integer points in parametric polytopes using Barvinok's rational functions",
2007, §2; B. Sturmfels, "On vector partition functions", 1995, for what holds on the walls.)

Choices that meet in the same point are kept apart here, which can only make the chambers smaller.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import lcm, prod

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting import Condition
from polymaestro.counting.reading import conditions_of
from polymaestro.errors import PolymaestroError
from polymaestro.proving.linear import Basis, Row, solved
from polymaestro.relations.sets import coalesced, dimensions, named, parameters

MAX_CHOICES = 20_000  # sets of conditions that may meet in a vertex
MAX_PERIOD = 300
MAX_CELLS = 60  # cells of the parameters


class NotDecidedError(PolymaestroError):
    """A finite check that would need too many points or conditions; it becomes the verdict ``unknown``."""


@dataclass(frozen=True)
class Polytope:
    """Conditions over dimensions and parameters, each a row [A | B | c] with A·x + B·p + c ≥ 0 or = 0."""

    size: int
    parameters: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]
    equalities: tuple[bool, ...]

    @property
    def degree(self) -> int:
        """The largest degree that its count can have: its dimensions but those that equalities fix."""
        basis = Basis()
        for row, equality in zip(self.rows, self.equalities, strict=True):
            if equality:
                basis.add(row[: self.size])
        return self.size - basis.rank


@dataclass(frozen=True)
class Corner:
    """A vertex v(p) as rows [B | c], and the parameters for which it is one."""

    point: tuple[Row, ...]
    exists_on: isl.Set

    def periods(self, names: Sequence[str]) -> dict[str, int]:
        """Give the common denominator of each parameter in the vertex."""
        return {
            name: lcm(*(row[index].denominator for row in self.point)) for index, name in enumerate(names)
        }


@dataclass(frozen=True)
class Cell:
    """Parameters on which a count is one quasi-polynomial of at most this degree and these periods."""

    domain: isl.Set
    degree: int
    periods: tuple[tuple[str, int], ...]


def polytopes_of(domain: isl.Set) -> list[Polytope]:
    """Write a set as disjoint polytopes without existentials; they have as many points together.

    >>> [even] = polytopes_of(isl.Set("[n] -> { [i] : 0 <= i < n and i mod 2 = 0 }"))
    >>> even.size, even.degree, even.parameters
    (2, 1, ('n',))
    """
    parts = named(domain).compute_divs().make_disjoint().compute_divs()
    return [_polytope(part) for part in parts.get_basic_sets()]


def _polytope(part: isl.BasicSet) -> Polytope:
    lifted = part.lift().flatten()
    lifted = named(isl.Set.from_basic_set(lifted)).get_basic_sets()[0]
    return polytope_of(dimensions(lifted), parameters(lifted), conditions_of(lifted))


def polytope_of(dims: Sequence[str], names: Sequence[str], conditions: Iterable[Condition]) -> Polytope:
    """Write conditions without floors as a polytope over dimensions and parameters."""
    rows, equalities = [], []
    for condition in conditions:
        factors = dict(condition.expression.terms)
        rows.append((*(factors.get(n, 0) for n in (*dims, *names)), condition.expression.constant))
        equalities.append(condition.equality)
    return Polytope(len(dims), tuple(names), tuple(rows), tuple(equalities))


def corners_of(polytope: Polytope, context: isl.Set) -> list[Corner]:
    """Find every choice of conditions that is a vertex somewhere in the context."""
    fixed = [i for i, equality in enumerate(polytope.equalities) if equality]
    basis = Basis()
    always = [i for i in fixed if basis.add(polytope.rows[i][: polytope.size])]
    free = [i for i in range(len(polytope.rows)) if i not in fixed]
    corners = []
    choices = itertools.combinations(free, polytope.size - len(always))
    for chosen in itertools.islice(choices, MAX_CHOICES):
        point = _meeting(polytope, [*always, *chosen])
        if point is not None:
            domain = _exists_on(polytope, point, context)
            if not domain.is_empty():
                corners.append(Corner(tuple(point), domain))
    return corners


def _too_many_choices(polytope: Polytope) -> bool:
    """Whether there are more choices of conditions than are tried."""
    free = len(polytope.rows) - sum(polytope.equalities)
    total = 1
    for index in range(polytope.degree):
        total = total * (free - index) // (index + 1)
    return total > MAX_CHOICES


def _meeting(polytope: Polytope, chosen: Sequence[int]) -> list[Row] | None:
    """Solve the chosen conditions, taken as equations, for the dimensions."""
    size = polytope.size
    rows = [polytope.rows[i] for i in chosen]
    return solved([row[:size] for row in rows], [[-v for v in row[size:]] for row in rows])


def _exists_on(polytope: Polytope, point: Sequence[Row], context: isl.Set) -> isl.Set:
    """Give the parameters at which a meeting point satisfies every condition."""
    size, names = polytope.size, polytope.parameters
    tests = []
    for row, equality in zip(polytope.rows, polytope.equalities, strict=True):
        at_point = [
            row[size + j] + sum(row[i] * point[i][j] for i in range(size)) for j in range(len(names) + 1)
        ]
        scale = lcm(*(value.denominator for value in at_point))
        whole = [int(value * scale) for value in at_point]
        expression = Affine.combine(dict(zip(names, whole, strict=False)), whole[-1])
        tests.append(f"{expression.isl()} {'=' if equality else '>='} 0")
    body = " and ".join(tests) or "true"
    return coalesced(isl.Set(f"[{', '.join(names)}] -> {{ : {body} }}").params().intersect(context))


def cells_of(polytopes: Iterable[Polytope], context: isl.Set) -> list[Cell]:
    """Cut a context into cells on which the same choices are vertices, of all polytopes together.

    Raises `NotDecidedError` when the periods are too long or the cells too many to be of use.
    """
    found = [(polytope, _few_corners(polytope, context)) for polytope in polytopes]
    cells = [Cell(context, 0, tuple((name, 1) for name in parameters(context)))]
    for polytope, corners in found:
        for corner in corners:
            periods = corner.periods(polytope.parameters)
            cells = [part for cell in cells for part in _cut(cell, corner, polytope.degree, periods)]
            if len(cells) > MAX_CELLS:
                message = f"more than {MAX_CELLS} cells"
                raise NotDecidedError(message)
    return [replace(cell, domain=part) for cell in cells for part in convex_parts(cell.domain)]


def _few_corners(polytope: Polytope, context: isl.Set) -> list[Corner]:
    """Find the vertices, unless they are too many or their periods too long: before any cutting is done."""
    if _too_many_choices(polytope):
        message = f"a polytope of {polytope.size} dimensions and {len(polytope.rows)} conditions"
        raise NotDecidedError(message)
    corners = corners_of(polytope, context)
    for corner in corners:
        periods = corner.periods(polytope.parameters)
        if prod(periods.values()) > MAX_PERIOD:
            message = f"periods of {periods}"
            raise NotDecidedError(message)
    return corners


def convex_parts(domain: isl.Set) -> list[isl.Set]:
    """Cut a set into its convex parts: a polynomial may vanish on a cross and not be zero."""
    parts = domain.make_disjoint().compute_divs().get_basic_sets()
    return [isl.Set.from_basic_set(part) for part in parts]


def _cut(cell: Cell, corner: Corner, degree: int, periods: dict[str, int]) -> list[Cell]:
    inside = coalesced(cell.domain.intersect(corner.exists_on))
    outside = coalesced(cell.domain.subtract(corner.exists_on))
    parts = [] if outside.is_empty() else [Cell(outside, cell.degree, cell.periods)]
    if not inside.is_empty():
        joint = tuple((name, lcm(old, periods.get(name, 1))) for name, old in cell.periods)
        parts.append(Cell(inside, max(cell.degree, degree), joint))
    return parts
