"""Long periods made short: the finite Ehrhart check with a parameter written in blocks.

Where the units of an array take turns, ⌈Q/256⌉ gives a count the period 256 in Q, and two such parameters
need 256² residue classes. Written as Q = 256·(n - 1) + e with 1 ≤ e ≤ 256, and with its bounds made tight
(see `tight`), the same set has vertices without denominators: its count is a polynomial in n and e with a
few cases. isl confirms that the cases do not overlap and are, read in Q again, the set as it was; each case
is then decided by `ehrhart`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from math import lcm

import islpy as isl

from polymaestro.affine import Affine, Floor
from polymaestro.counting import Count
from polymaestro.counting.ranges import fixed_floors, ranges_of
from polymaestro.counting.remainders import Split
from polymaestro.proving.ehrhart import counts_points, decided, stated
from polymaestro.proving.functions import changed, periods_of
from polymaestro.proving.polytopes import (
    NotDecidedError,
    Polytope,
    convex_parts,
    corners_of,
    polytopes_of,
)
from polymaestro.proving.tight import cut, tightened, values_of
from polymaestro.proving.verdicts import Certificate, Proof
from polymaestro.relations.sets import coalesced, named

LONG = 3  # a period that is worth blocks is longer


def counts_all_points(claim: str, domain: isl.Set, count: Count, context: isl.Set) -> Proof:
    """Prove that a count gives the number of points of a set, with parameters in blocks where it takes that.

    >>> from polymaestro.counting import Counter
    >>> counter = Counter(isl.Set("[Q, S] -> { : Q >= 1 and S >= 1 }").params())
    >>> text = "[Q, S] -> {{ [f, y] : 0 <= 24f < Q and 24f <= y < 24f + S + 23 and y < Q + S - {} }}"
    >>> right, wrong = (isl.Set(text.format(i)) for i in (1, 2))
    >>> [counts_all_points("", right, counter.count(s), counter.context).verdict for s in (right, wrong)]
    ['proved', 'false']
    """
    proof = counts_points(claim, domain, count, context)
    if proof.verdict != "unknown":
        return proof
    try:
        return _in_blocks(claim, domain, count, context)
    except NotDecidedError as error:
        return Proof(claim, "Ehrhart", "unknown", note=f"{proof.note}; in blocks: {error}")


def _in_blocks(claim: str, domain: isl.Set, count: Count, context: isl.Set) -> Proof:
    """Decide each case of a set over blocks."""
    domain = named(domain.intersect_params(context))
    splits = [Split(n, p) for n, p in _periods(domain, count, context).items() if p > LONG]
    if not splits:
        message = "no period is long"
        raise NotDecidedError(message)
    inside, region = _applied(domain, splits), _applied(context, splits)
    blocks = {s.parameter: (Affine.of(s.tiles) - 1) * s.size + s.last for s in splits}
    written = changed(count, lambda each: each.substitute(blocks))
    parts: list[Certificate] = []
    again, points = domain.subtract(domain), 0
    for part in _fixing(region, written):
        whole, polytopes = _cases(inside.intersect_params(part))
        ranges = ranges_of(part)
        settled = changed(written, partial(fixed_floors, ranges=ranges))
        proof = decided(claim, whole, polytopes, settled, part)
        if proof.certificate is None:
            return Proof(
                claim, "Ehrhart", proof.verdict, _undone(proof, blocks), note=f"in blocks: {proof.note}"
            )
        parts.append(proof.certificate)
        points += int(proof.note.split()[0])
        again = again.union(_undo(whole, splits))
    if not again.is_equal(domain):
        message = "the cases are not the set"
        raise NotDecidedError(message)
    sizes = {split.parameter: split.size for split in splits}
    old = stated(polytopes_of(domain), count)
    certificate = {"kind": "blocks", "claim": claim, "sizes": sizes, "parts": parts, **old}
    return Proof(claim, "Ehrhart", "proved", certificate=certificate, note=f"{points} points in blocks")


def _periods(domain: isl.Set, count: Count, context: isl.Set) -> dict[str, int]:
    """Give for each parameter the common period of the vertices and the formula."""
    found: dict[str, int] = {}
    for polytope in polytopes_of(domain):
        for corner in corners_of(polytope, context):
            for name, period in corner.periods(polytope.parameters).items():
                found[name] = lcm(found.get(name, 1), period)
    for _, value in count.pieces:
        for name, period in periods_of(value).items():
            found[name] = lcm(found.get(name, 1), period)
    return found


# --- Parameters in blocks, and back ---


def _applied(domain: isl.Set, splits: list[Split]) -> isl.Set:
    for split in splits:
        domain = split.apply(domain)
    return domain


def _undo(domain: isl.Set, splits: list[Split]) -> isl.Set:
    for split in splits:
        domain = split.restored(domain)
    return domain


def _undone(proof: Proof, blocks: Mapping[str, Affine]) -> dict[str, int] | None:
    """Give a counterexample in the parameters as they were."""
    if proof.counterexample is None:
        return None
    point = proof.counterexample
    inner = frozenset[str]().union(*(each.names() for each in blocks.values()))
    kept = {name: value for name, value in point.items() if name not in inner}
    return kept | {name: value.evaluate(point) for name, value in blocks.items()}


def _fixing(region: isl.Set, count: Count) -> Iterator[isl.Set]:
    """Cut a region of parameters until every floor of a count between bounds has one value."""
    waiting = convex_parts(region)
    floors = {atom for _, value in count.pieces for atom in value.atoms() if isinstance(atom, Floor)}
    while waiting:
        part = waiting.pop()
        if part.is_empty():
            continue
        for floor in sorted(floors, key=str):
            values = values_of(part, floor.numerator, floor.divisor)
            if len(values) > 1:
                waiting += cut(part, floor.numerator - values[1] * floor.divisor)
                break
        else:
            yield part


# --- The set in tight cases ---


def _cases(domain: isl.Set) -> tuple[isl.Set, list[Polytope]]:
    """Give a set again as the union of its tight cases, and these as polytopes.

    Raises `NotDecidedError` when they overlap.
    """
    whole, polytopes = domain.subtract(domain), []
    for part in domain.compute_divs().make_disjoint().compute_divs().get_basic_sets():
        for case in tightened(part):
            polytopes.append(case.polytope)
            points = named(case.points)
            if not points.is_disjoint(whole):
                message = "cases overlap"
                raise NotDecidedError(message)
            whole = whole.union(points)
    return coalesced(whole), polytopes
