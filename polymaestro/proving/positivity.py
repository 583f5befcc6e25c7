"""Kind *positivity*: an inequality by a polynomial whose shifted form has no negative coefficient.

On a chamber some conditions h₁ ≥ 0 … hₘ ≥ 0 hold, all affine. If f = Σ c·h₁^a₁ ⋯ hₘ^aₘ with every c ≥ 0, then
f ≥ 0 there (Handelman, "Representing polynomials by positive linear functions on compact convex
polyhedra", 1988). The certificate is that sum; to check it, multiply out. Two ways find it:

* shift: at a vertex of the chamber n conditions meet; written in these as variables, f has no negative
  coefficient. p ≥ 1 alone gives p = 1 + p'.
* where a variable lies between 0 and c, powers of both h and c - h are used (Bernstein's basis).

Floors become variables of their own with 0 ≤ e - d·⌊e/d⌋ ≤ d - 1. Everything is over the rationals, so a
failure to find a sum is no counterexample: those are looked for at integer points.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import comb
from typing import Any

import islpy as isl

from polymaestro.affine import Extremum
from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.quasipolynomial import Atom
from polymaestro.counting.ranges import ranges_of
from polymaestro.proving.functions import MAX_CHAMBERS, Function, points_of
from polymaestro.proving.hypotheses import Hypotheses, hypotheses_of, plain
from polymaestro.proving.linear import solved
from polymaestro.proving.verdicts import Proof
from polymaestro.proving.written import fraction_json, polynomial_json
from polymaestro.relations.components import components
from polymaestro.relations.sets import parameters

MAX_VERTICES = 12  # vertices of one component of the conditions
MAX_TRIES = 40  # combinations of such vertices
MAX_SPLITS = 1  # parameters that get their least value by themselves


def at_least(claim: str, left: Function, right: Function, margin: int = 0) -> Proof:
    """Prove left ≥ right + margin at every point of the context, or find where it fails.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(1,1) K")
    >>> a = pm.analyze(pm.gemm(), flow, 4)
    >>> fills, reads = Function.of(a["L2"]["B"].fills), Function.of(a["L2"]["B"].parent_reads)
    >>> at_least("fills ≥ reads", fills, reads).verdict, at_least("reads ≥ fills", reads, fills).verdict
    ('proved', 'false')
    """
    difference = (left - right).cancelled
    if not margin and all(sign > 0 for sign, _ in difference.products):
        return Proof(claim, "positivity", "proved", note="a sum of products of counts")
    if not margin:
        difference = difference.reduced
    steps: list[dict[str, Any]] = []
    for index, (domain, value) in enumerate(difference.chambers()):
        if index >= MAX_CHAMBERS:
            return Proof(claim, "positivity", "unknown", note=f"more than {MAX_CHAMBERS} chambers")
        for part in domain.compute_divs().get_basic_sets():
            found = _in_parts(value - margin, part, MAX_SPLITS)
            if found is not None:
                steps += found
                continue
            points = points_of(isl.Set.from_basic_set(part))
            point = next((p for p in points if value.evaluate(p) < margin), None)
            if point is None:
                return Proof(claim, "positivity", "unknown", note=f"{value - margin} ≥ 0 on {part}")
            note = f"{left.at(point)} against {right.at(point)}"
            return Proof(claim, "positivity", "false", point, note=note)
    certificate = {"kind": "positivity", "claim": claim, "parts": steps}
    return Proof(claim, "positivity", "proved", certificate=certificate, note=f"{len(steps)} parts")


def _in_parts(value: QuasiPolynomial, part: isl.BasicSet, splits: int) -> list[dict[str, Any]] | None:
    """Give certificates for a part, or for it cut where a parameter has its least value and beyond.

    P·Q ≥ 2 where P + Q ≥ 3 has no certificate over the rationals (P = Q = 3/2 is close to one that fails);
    with P = 1 and P ≥ 2 by themselves it is easy.
    """
    found = nonnegative(value, part)
    if found is not None:
        return [found]
    if not splits or any(value.evaluate(p) < 0 for p in points_of(isl.Set.from_basic_set(part), reach=2)):
        return None
    for name, (low, high) in ranges_of(isl.Set.from_basic_set(part)).items():
        if low is None or low == high or name not in value.names():
            continue
        steps: list[dict[str, Any]] = []
        for test in (f"{name} = {low}", f"{name} > {low}"):
            inside = isl.BasicSet(f"[{', '.join(parameters(part))}] -> {{ : {test} }}").params()
            half = _in_parts(value, part.intersect(inside), splits - 1)
            if half is None:
                break
            steps += half
        else:
            return steps
    return None


def nonnegative(value: QuasiPolynomial, part: isl.BasicSet) -> dict[str, Any] | None:
    """Give a certificate that a quasi-polynomial is ≥ 0 on a part of the parameters, if one is found."""
    if any(isinstance(atom, Extremum) for atom in value.atoms()):
        return None
    known = hypotheses_of(part, value)
    goal = plain(value, known)
    if goal.constant is not None and goal.constant >= 0:
        return _certificate(goal, known, [(goal.constant, {})] if goal.constant else [])
    for basis in _vertices(known.conditions, goal.names()):
        terms = _shifted(goal, known.conditions, basis)
        if terms is not None:
            return _certificate(goal, known, terms)
    return None


# --- Vertices: n conditions that meet in one point of the chamber ---


def _vertices(conditions: Sequence[QuasiPolynomial], wanted: frozenset[str]) -> Iterator[list[int]]:
    """Give sets of independent conditions, as many as names, that meet in a point of the chamber."""
    together = [sorted(condition.names()) for condition in conditions]
    parts: list[list[list[int]]] = []
    for component in components((), together):
        if component & wanted:
            mine = [i for i, each in enumerate(conditions) if each.names() <= component]
            parts.append(list(itertools.islice(_corners(conditions, mine, sorted(component)), MAX_VERTICES)))
    if wanted <= set(itertools.chain(*together)):
        for choice in itertools.islice(itertools.product(*parts), MAX_TRIES):
            yield [index for corner in choice for index in corner]


def _corners(
    conditions: Sequence[QuasiPolynomial], mine: Sequence[int], names: Sequence[str]
) -> Iterator[list[int]]:
    for chosen in itertools.combinations(mine, len(names)):
        matrix = [[conditions[i].table.get(((n, 1),), 0) for n in names] for i in chosen]
        point = solved(matrix, [[-conditions[i].table.get((), 0)] for i in chosen])
        if point is None:
            continue
        values = {name: row[0] for name, row in zip(names, point, strict=True)}
        if all(_value(conditions[i], values) >= 0 for i in mine):
            yield list(chosen)


def _value(linear: QuasiPolynomial, values: Mapping[str, Fraction]) -> Fraction:
    return sum(
        (Fraction(factor) * (values[str(m[0][0])] if m else 1) for m, factor in linear.terms), Fraction(0)
    )


# --- The sum: f as powers of conditions with coefficients ≥ 0 ---

Term = tuple[int | Fraction, dict[int, int]]


def _shifted(
    goal: QuasiPolynomial, conditions: Sequence[QuasiPolynomial], basis: Sequence[int]
) -> list[Term] | None:
    """Write the goal in the conditions of a vertex; None when a coefficient stays negative."""
    names = sorted(frozenset[str]().union(*(conditions[i].names() for i in basis)))
    matrix = [[conditions[i].table.get(((n, 1),), 0) for n in names] for i in basis]
    sides: list[list[int | Fraction]] = [
        [*(int(i == j) for j in range(len(basis))), -conditions[b].table.get((), 0)]
        for i, b in enumerate(basis)
    ]
    inverse = solved(matrix, sides)
    if inverse is None:
        return None
    back: dict[Atom, QuasiPolynomial] = {}
    for name, row in zip(names, inverse, strict=True):
        total = QuasiPolynomial.of(row[-1])
        for index, factor in zip(basis, row, strict=False):
            total = total + QuasiPolynomial.of(_hypothesis(index)) * factor
        back[name] = total
    goal = goal.replace(back)
    terms = [(factor, {_index(atom): power for atom, power in m}) for m, factor in goal.terms]
    if all(factor >= 0 for factor, _ in terms):
        return terms
    for index, (other, length, factor) in _bounded(conditions, basis, back).items():
        terms = _in_bernstein(terms, index, other, length, factor)
    return terms if all(factor >= 0 for factor, _ in terms) else None


def _hypothesis(index: int) -> str:
    """Name a condition so that no symbol has that name."""
    return f"h:{index}"


def _index(atom: Atom) -> int:
    return int(str(atom).removeprefix("h:"))


def _bounded(
    conditions: Sequence[QuasiPolynomial], basis: Sequence[int], back: dict[Atom, QuasiPolynomial]
) -> dict[int, tuple[int, Fraction, Fraction]]:
    """Find for each h of a vertex another condition g = c - a·h: (its index, c, a)."""
    found: dict[int, tuple[int, Fraction, Fraction]] = {}
    for other, condition in enumerate(conditions):
        written = condition.replace(back)
        powers = [(m, f) for m, f in written.terms if m]
        length = Fraction(written.table.get((), 0))
        if other not in basis and len(powers) == 1 and powers[0][1] < 0 < length:
            atom = powers[0][0][0][0]
            if atom in {_hypothesis(index) for index in basis}:
                found[_index(atom)] = (other, length, -Fraction(powers[0][1]))
    return found


def _in_bernstein(
    terms: Iterable[Term], index: int, other: int, length: Fraction, factor: Fraction
) -> list[Term]:
    """Write h^j as Σ over k ≥ j of h^k·g^(d-k), where g = length - factor·h."""
    terms = list(terms)
    degree = max(powers.get(index, 0) for _, powers in terms)
    total: dict[tuple[tuple[int, int], ...], Fraction] = {}
    for coefficient, powers in terms:
        power = powers.get(index, 0)
        rest = {i: p for i, p in powers.items() if i != index}
        # 1 = ((g + factor·h)/length)^(degree - power)
        for k in range(degree - power + 1):
            share = Fraction(comb(degree - power, k)) * factor**k / length ** (degree - power)
            key = {**rest, index: power + k, other: rest.get(other, 0) + degree - power - k}
            place = tuple(sorted((i, p) for i, p in key.items() if p))
            total[place] = total.get(place, Fraction(0)) + Fraction(coefficient) * share
    return [(value, dict(place)) for place, value in total.items() if value]


# --- Certificates ---


def _certificate(goal: QuasiPolynomial, known: Hypotheses, terms: Iterable[Term]) -> dict[str, Any]:
    terms = list(terms)
    used = sorted({index for _, powers in terms for index in powers})
    position = {index: place for place, index in enumerate(used)}
    return {
        "goal": polynomial_json(goal),
        "hypotheses": [polynomial_json(known.conditions[index]) for index in used],
        "terms": [
            [fraction_json(factor), sorted([position[i], p] for i, p in powers.items())]
            for factor, powers in terms
        ],
        "names": dict(known.floors),
        "substituted": {name: str(value) for name, value in known.substituted.items()},
    }
