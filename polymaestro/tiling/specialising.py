"""Specialising: numbers for tiles, clusters and PEs, and what is left is a closed form in the extents.

With numbers every tie is a quotient that isl knows: ⌈K/4⌉ tiles of 4, the last of K - 4·(⌈K/4⌉ - 1) points.
So a chamber that a run decided is a set of extents, and all chambers are found one after another: a point
that no chamber holds so far has one of its own, until nothing is left. That is done factor by factor, where
the extents are one or two and the chambers few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import islpy as isl

from polymaestro.affine import Affine, ceil_div, floor_div
from polymaestro.counting import QP, Condition, Count, Region, merged
from polymaestro.errors import ClosedFormError, CountingError
from polymaestro.relations.sets import coalesced, restricted, sample_of
from polymaestro.symbolic.closed_form import ClosedForm, Product
from polymaestro.symbolic.narrowing import narrowed_context
from polymaestro.symbolic.points import check_known
from polymaestro.symbolic.regions import domain_of, shown_region, tidied_region
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.quantities import Sum
from polymaestro.tiling.ties import Ties


@dataclass(frozen=True)
class Specialiser:
    """Puts numbers into the formulas of one analysis; formulas that share a factor share its chambers."""

    ties: Ties
    numbers: Mapping[str, int]
    values: Mapping[str, Affine]
    context: isl.Set
    symbols: tuple[str, ...]
    valid_on: Region
    known: dict[int, tuple[TiledCount, Count]] = field(default_factory=dict)

    @staticmethod
    def of(
        ties: Ties,
        symbols: tuple[str, ...],
        valid_on: Region,
        numbers: Mapping[str, int],
        assuming: Iterable[str] = (),
    ) -> Specialiser:
        """Take numbers for some symbols; the others stay, on the region where assumptions hold.

        Raises `ClosedFormError` for a symbol that there is not, for numbers that contradict the region, and
        where a symbol that stays divides another or is multiplied by one.
        """
        check_known(numbers, symbols)
        shown = ", ".join(f"{name} = {number}" for name, number in sorted(numbers.items()))
        contradiction = ClosedFormError(f"{shown} contradicts the region: {valid_on}")
        values = _values(ties, numbers)
        if values is None:
            raise contradiction
        kept = tuple(name for name in symbols if name not in numbers)
        needed = Region(tuple((*piece, *_clusters_fit(ties)) for piece in valid_on.pieces))
        context = coalesced(_set(needed.substitute(values), kept))
        if context.is_empty():
            raise contradiction
        context = narrowed_context(context, assuming, tidied_region(context))
        return Specialiser(ties, dict(numbers), values, context, kept, tidied_region(context))

    def form(self, products: Sum) -> ClosedForm:
        """Give Σ sign · ∏ counts as a closed form in the symbols that stay."""
        found = (Product(sign, tuple(map(self.count, counts))) for sign, counts in products)
        kept = tuple(each for each in found if all(count.pieces for count in each.counts))
        return ClosedForm(kept, self.context, self.symbols, self.valid_on)

    def count(self, count: TiledCount) -> Count:
        """Give all chambers of a count, those with the same formula in one."""
        if id(count) not in self.known:
            context = restricted(self.context, count.names)
            found = merged(self.chambers(count, context), context)
            pieces = tuple((shown_region(domain, context), value) for domain, value in found)
            # The memory keeps the old count, so that its identity is not given to another.
            self.known[id(count)] = (count, Count(pieces))
        return self.known[id(count)][1]

    def chambers(self, count: TiledCount, context: isl.Set) -> list[tuple[isl.Set, QP]]:
        """Give disjoint chambers of a count that together are all of a context.

        Raises `CountingError` where one does not hold its own point, which only a wrong derivation makes.
        """
        found = []
        rest = context
        while not rest.is_empty():
            sample = sample_of(rest)
            region, value = count.piece_at(self.ties.extended({**self.numbers, **sample}))
            here = region.substitute(self.values)
            if not here.holds(sample):  # then what is left would never get smaller
                shown = ", ".join(f"{name} = {number}" for name, number in sorted(sample.items()))
                message = f"the chamber {here} does not hold the point {shown} that it was derived at"
                raise CountingError(message)
            inside = coalesced(rest.intersect(domain_of(here, rest)))
            found.append((inside, value.substitute(self.values)))
            rest = coalesced(rest.subtract(inside))
        return found


def _values(ties: Ties, numbers: Mapping[str, int]) -> dict[str, Affine] | None:
    """Give what numbers and ties stand for, in the symbols that stay; None where a tile or array is empty."""
    values = {name: Affine.of(number) for name, number in numbers.items()}
    for tie in ties.ties:
        numerator = tie.numerator.substitute(values)
        divisor = QP.of(1) if tie.divisor is None else tie.divisor.substitute(values)
        powers = (sum(power for _, power in monomial) for monomial, _ in numerator.terms)
        if divisor.constant is None or any(power > 1 for power in powers):
            names = ", ".join(sorted(divisor.names() or numerator.names()))
            message = f"{tie} is no quotient by a number; give a number for {names}"
            raise ClosedFormError(message)
        if divisor.constant < 1:
            return None
        whole = Affine.combine({m[0][0]: int(factor) for m, factor in numerator.terms if m})
        whole += int(numerator.table.get((), 0))
        rounded = ceil_div if tie.rounded == "up" else floor_div
        values[tie.name] = whole if tie.divisor is None else rounded(whole, int(divisor.constant))
    return values


def _clusters_fit(ties: Ties) -> list[Condition]:
    """Every ⌊PEs/clusters⌋ is a unit at least."""
    return [Condition(Affine.of(tie.name) - 1) for tie in ties.ties if tie.rounded == "down"]


def _set(region: Region, names: tuple[str, ...]) -> isl.Set:
    return isl.Set(f"[{', '.join(names)}] -> {{ : {region.isl()} }}").params()
