"""Cases: a sum of products of counts multiplied out, chamber by chamber, and merged again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import islpy as isl

from polymaestro.counting import Count, QuasiPolynomial, Region, merged
from polymaestro.errors import ClosedFormError
from polymaestro.relations.sets import coalesced
from polymaestro.showing import Shown, in_math
from polymaestro.symbolic.factoring import factored
from polymaestro.symbolic.notation import LATEX
from polymaestro.symbolic.regions import domain_of, shown_region

MAX_CASES = 3000

Chosen = dict[int, QuasiPolynomial]
Sum = Sequence[tuple[int, tuple[Count, ...]]]


@dataclass(frozen=True, repr=False)
class Case(Shown):
    """A quasi-polynomial and the region where it is the value."""

    region: Region
    value: QuasiPolynomial

    def latex(self) -> str:
        """Write the formula as LaTeX, without dollar signs."""
        return LATEX.write(self.value)

    def _repr_latex_(self) -> str | None:
        return in_math(self.latex(), "" if self.region.is_everywhere else str(self.region))

    def __str__(self) -> str:
        """Write the formula, factored, then its condition."""
        return factored(self.value) + ("" if self.region.is_everywhere else f"  if {self.region}")


def cases_of(products: Sum, context: isl.Set) -> tuple[Case, ...]:
    """Multiply out on each feasible combination of chambers; disjoint, and 0 outside of all."""
    counts = {id(count): count for _, factors in products for count in factors}
    split = [count for count in counts.values() if not count.is_uniform]
    fixed = {key: count.pieces[0][1] for key, count in counts.items() if count.is_uniform}
    pieces = []
    for domain, chosen in _combinations(split, context, fixed):
        pieces.append((domain, multiplied(products, chosen)))
        if len(pieces) > MAX_CASES:
            message = f"the formula has more than {MAX_CASES} cases; fix or assume more of its symbols"
            raise ClosedFormError(message)
    return tuple(Case(shown_region(d, context), value) for d, value in merged(pieces, context))


def _combinations(counts: list[Count], domain: isl.Set, chosen: Chosen) -> Iterator[tuple[isl.Set, Chosen]]:
    """Choose a piece of each count in turn, following only what some parameters satisfy."""
    if not counts:
        yield domain, chosen
        return
    count, *others = counts
    rest = domain
    for region, value in count.pieces:
        inside = domain.intersect(domain_of(region, domain))
        if not inside.is_empty():
            yield from _combinations(others, coalesced(inside), {**chosen, id(count): value})
            rest = rest.subtract(inside)
    if not rest.is_empty():
        yield from _combinations(others, coalesced(rest), {**chosen, id(count): QuasiPolynomial.of(0)})


def meeting_of(counts: list[Count], context: isl.Set, point: Mapping[str, int]) -> isl.Set:
    """Give the part of the context in which each count stays in the piece that a point lies in."""
    region = context
    for count in counts:
        inside, _ = count.piece_at(point)
        if inside is not None:
            region = region.intersect(domain_of(inside, context))
        else:
            for other, _ in count.pieces:
                region = region.subtract(domain_of(other, context))
    return coalesced(region)


def existing_together(
    numbers: Sequence[tuple[Count, isl.Set]], context: isl.Set, point: Mapping[str, int]
) -> isl.Set:
    """Give where each kind of step exists that does at a point and no other, each number in its piece.

    Each number comes with the parameters for which it is not 0.
    """
    region = meeting_of([number for number, _ in numbers if not number.is_uniform], context, point)
    for number, exists in numbers:
        region = region.intersect(exists) if number.at(point) else region.subtract(exists)
    return coalesced(region)


def multiplied(products: Sum, chosen: Chosen) -> QuasiPolynomial:
    """Multiply out with a polynomial chosen for each count, by its identity."""
    total = QuasiPolynomial.of(0)
    for sign, factors in products:
        product = QuasiPolynomial.of(sign)
        for factor in factors:
            product = product * chosen[id(factor)]
        total = total + product
    return total
