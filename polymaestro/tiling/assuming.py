"""Assumptions about mappings with symbols: affine conditions, and what divides what."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

from polymaestro.affine import Affine
from polymaestro.counting import Condition, Region, region_of
from polymaestro.errors import AssumptionError, ClosedFormError
from polymaestro.relations.assumptions import assumed
from polymaestro.relations.sets import coalesced
from polymaestro.symbolic.regions import point_near
from polymaestro.tiling.known import Known, in_common
from polymaestro.tiling.ties import Ties

ROUNDS = 4
DIVISIBLE = "divisible"
DIVIDES = re.compile(r"\s*(\w+)\s*(?:%|\bmod\b)\s*(\w+|\(?\w+\s*[*·]\s*\w+\)?)\s*==?\s*0\s*")


def narrowed(region: Region, assumptions: Iterable[str], ties: Ties, symbols: Sequence[str]) -> Region:
    """Add conditions to a region.

    Raises `AssumptionError` for what does not read, `ClosedFormError` where nothing is left.
    """
    found = region
    for assumption in assumptions:
        added = _read(assumption, ties, symbols)
        pieces = itertools.product(found.pieces, added.pieces)
        found = Region(tuple(tuple(dict.fromkeys([*piece, *more])) for piece, more in pieces))
        if not found.pieces or Known(ties, symbols, found).domain.is_empty():
            message = f"the assumption {assumption!r} contradicts the region: {ties.written(str(region))}"
            raise ClosedFormError(message)
    return found


def _read(assumption: str, ties: Ties, symbols: Sequence[str]) -> Region:
    if assumption.strip() == DIVISIBLE:
        return Region((tuple(Condition(part - rest, equality=True) for _, part, rest in ties.cuts()),))
    divides = DIVIDES.fullmatch(assumption)
    if divides and not divides[2].isdecimal():
        return Region(((_multiple(assumption, divides[1], divides[2], ties),),))
    return region_of(coalesced(assumed(assumption, symbols)))


def _multiple(assumption: str, whole: str, divisor: str, ties: Ties) -> Condition:
    """Say that the last tile of a length, or its last fold, is as long as the others."""
    names = sorted(re.findall(r"\w+", divisor))
    tied = {tie.name for tie in ties.ties}
    known = []
    for length, part, rest in ties.cuts():
        factors = _factors(part, ties)
        if str(length) == whole and names == sorted(factors):
            return Condition(part - rest, equality=True)
        text = "*".join(factors)
        if not length.names() & tied:
            known.append(f"{length} % {f'({text})' if len(factors) > 1 else text} == 0")
    message = (
        f"assumption {assumption!r}: the mapping cuts no {whole} into parts of {divisor}; "
        f"it has {', '.join(known)}"
    )
    raise AssumptionError(message)


def _factors(part: Affine, ties: Ties) -> list[str]:
    """Give what a tile or a width is the product of."""
    for tie in ties.ties:
        if str(part) == tie.name and tie.is_short and tie.divisor is None:
            return str(tie.numerator).split("·")
    return str(part).split("·")


def region_text(region: Region, ties: Ties) -> str:
    """Write a region: ``K % T = 0`` where it says that the last tile or fold is as long as the others.

    >>> ties = Ties({"K", "T"})
    >>> split = ties.split("K", Affine.of("K"), Affine.of("T"))
    >>> full = Condition(Affine.of("T") - split.edge, equality=True)
    >>> region_text(Region(((full, Condition(Affine.of("K") - 1)),)), ties)
    'K % T = 0, K ≥ 1'
    """
    always = in_common(region)
    full = {rest: part for _, part, rest in ties.cuts() if Condition(part - rest, equality=True) in always}
    divides: dict[str, None] = {}
    for whole, part, rest in ties.cuts():
        if rest in full:
            length, divisor = (ties.written(str(each)) for each in (full.get(whole, whole), part))
            divides[f"{length} % {f'({divisor})' if '·' in divisor else divisor} = 0"] = None
    said = {Condition(part - rest, equality=True) for rest, part in full.items()}
    left = Region(tuple(tuple(each for each in piece if each not in said) for piece in region.pieces))
    return ", ".join([*divides, *([] if left.is_everywhere else [ties.written(str(left))])])


def point_in(
    region: Region, ties: Ties, symbols: Sequence[str], wish: Mapping[str, int]
) -> Mapping[str, int]:
    """Give a point of a region near the one that is wished for.

    The conditions on ties are no affine ones on symbols, so that numbers that a tile has to divide are raised
    to multiples, the innermost first. Raises `ClosedFormError` where that finds no point.
    """
    domain = Known(ties, symbols, region).of_symbols()
    point = {name: value for name, value in point_near(domain, wish).items() if name in symbols}
    for _ in range(ROUNDS):
        values = ties.extended(point)
        if region.holds(values):
            return point
        for whole, part, rest in reversed(list(ties.cuts())):
            if Condition(part - rest, equality=True) in in_common(region) and str(whole) in point:
                size = part.evaluate(values)
                point[str(whole)] = -(-point[str(whole)] // size) * size
                values = ties.extended(point)
    shown = ", ".join(f"{name} = {value}" for name, value in wish.items())
    message = f"found no point of {ties.written(str(region))} near {shown}"
    raise ClosedFormError(message)
