"""Narrowing: a closed form on a smaller region, as if its conditions had been known while counting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import islpy as isl

from polymaestro.counting import Count, Region, merged
from polymaestro.errors import ClosedFormError
from polymaestro.relations.assumptions import assumed
from polymaestro.relations.sets import coalesced, parameters, restricted
from polymaestro.symbolic.regions import domain_of, shown_region, tidied_region

if TYPE_CHECKING:
    from polymaestro.symbolic.closed_form import ClosedForm


def narrowed_context(context: isl.Set, assumptions: Iterable[str], shown: Region) -> isl.Set:
    """Intersect a region with assumptions; raises `ClosedFormError` when nothing is left."""
    for assumption in assumptions:
        inside = context.intersect(assumed(assumption, parameters(context)))
        if inside.is_empty():
            message = f"the assumption {assumption!r} contradicts the region: {shown}"
            raise ClosedFormError(message)
        context, shown = coalesced(inside), tidied_region(inside)
    return context


@dataclass(frozen=True)
class Narrower:
    """Restricts forms to a region; forms that share a count share what becomes of it."""

    context: isl.Set
    symbols: tuple[str, ...]
    region: Region
    known: dict[int, tuple[Count, Count]] = field(default_factory=dict)

    @staticmethod
    def to(context: isl.Set) -> Narrower:
        """Make one for a region of parameters."""
        return Narrower(context, tuple(parameters(context)), tidied_region(context))

    def form(self, form: ClosedForm) -> ClosedForm:
        """Restrict a form; products with a factor that is 0 throughout are dropped."""
        products = [replace(each, counts=tuple(map(self.count, each.counts))) for each in form.products]
        kept = tuple(each for each in products if all(count.pieces for count in each.counts))
        return replace(form, products=kept, context=self.context, symbols=self.symbols, valid_on=self.region)

    def count(self, count: Count) -> Count:
        """Restrict a count: chambers outside the region go, and what the region decides is evaluated."""
        if id(count) not in self.known:
            names = [value.names() | region.names() for region, value in count.pieces]
            context = restricted(self.context, frozenset[str]().union(*names))
            # The memory keeps the old count, so that its identity is not given to another.
            self.known[id(count)] = (count, restricted_count(count, context))
        return self.known[id(count)][1]


def restricted_count(count: Count, context: isl.Set) -> Count:
    """Give the count with all that a region of its parameters says of it."""
    pieces = [(context.intersect(domain_of(region, context)), value) for region, value in count.pieces]
    kept = merged([piece for piece in pieces if not piece[0].is_empty()], context)
    return Count(tuple((shown_region(domain, context), value) for domain, value in kept))


def narrowed(forms: Sequence[ClosedForm], assumptions: Iterable[str]) -> Narrower:
    """Make what restricts forms of one context to assumptions."""
    first = forms[0]
    return Narrower.to(narrowed_context(first.context, assumptions, first.valid_on))
