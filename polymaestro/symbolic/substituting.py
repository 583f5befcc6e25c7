"""Substituting: a closed form in other symbols, as in P = Y - R + 1, or with some of them numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting import Count
from polymaestro.counting.reading import named_division
from polymaestro.errors import ClosedFormError
from polymaestro.loopnest.lowering import INTERNAL
from polymaestro.names import RESERVED
from polymaestro.relations.sets import PARAM, coalesced, parameters
from polymaestro.symbolic.narrowing import Narrower
from polymaestro.symbolic.points import check_known

if TYPE_CHECKING:
    from polymaestro.symbolic.closed_form import ClosedForm


def substituted(form: ClosedForm, given: Mapping[str, str | int]) -> ClosedForm:
    """Put affine expressions in the place of symbols; the equations hold together.

    In P = Y - R + 1, R = 3 the R of the first equation is the 3 of the second.
    """
    values = _resolved({name: _expression(form, name, text) for name, text in given.items()})
    context = _transformed(form.context, values)
    if context.is_empty():
        shown = ", ".join(f"{name} = {value}" for name, value in values.items())
        message = f"{shown} contradicts the region: {form.valid_on}"
        raise ClosedFormError(message)
    known = {id(count): _in_other_symbols(count, values) for count in form.counts}
    products = tuple(
        replace(each, counts=tuple(known[id(count)] for count in each.counts)) for each in form.products
    )
    return Narrower.to(context).form(replace(form, products=products))


def _expression(form: ClosedForm, name: str, text: str | int) -> Affine:
    """Read what a symbol stands for."""
    check_known([name], form.symbols)
    if isinstance(text, int):
        return Affine.of(int(text))
    message = f"cannot read {name} = {text!r}; write an affine expression such as 'Y - R + 1'"
    names = sorted(set(re.findall(r"[^\W\d]\w*", text)) - RESERVED)
    if not text.strip() or re.search(r"[^\w\s+*/(),-]", text) or any(map(INTERNAL.fullmatch, names)):
        raise ClosedFormError(message)
    found: list[Affine] = []
    try:
        value = isl.PwAff(f"[{', '.join(names)}] -> {{ [({text})] }}")
    except isl.Error:
        raise ClosedFormError(message) from None
    value.foreach_piece(lambda _, piece: found.append(named_division(piece)))
    if len(found) != 1:
        raise ClosedFormError(message)
    return found[0]


def _resolved(values: Mapping[str, Affine]) -> dict[str, Affine]:
    """Put the equations into each other until none speaks of a symbol that another replaces."""
    resolved = dict(values)
    for _ in values:
        resolved = {name: value.substitute(resolved) for name, value in resolved.items()}
    for name, value in resolved.items():
        if value.names() & values.keys():
            message = f"{name} = {values[name]} is defined by itself; give the new symbol another name"
            raise ClosedFormError(message)
    return resolved


def _transformed(context: isl.Set, values: Mapping[str, Affine]) -> isl.Set:
    """Write a region of the old symbols in the new ones."""
    old = parameters(context)
    names = frozenset[str]().union(*(value.names() for value in values.values()))
    kept = sorted((set(old) | names) - values.keys())
    equations = " and ".join(f"{name} = {value.isl()}" for name, value in values.items()) or "true"
    every = sorted(set(kept) | set(old))
    ties = isl.Set(f"[{', '.join(every)}] -> {{ : {equations} }}").params()
    both = context.align_params(ties.get_space()).intersect(ties)
    for name in values:
        both = both.project_out(PARAM, both.find_dim_by_name(PARAM, name), 1)
    order = isl.Set(f"[{', '.join(kept)}] -> {{ : }}").params()
    return coalesced(order.intersect(both))


def _in_other_symbols(count: Count, values: Mapping[str, Affine]) -> Count:
    pieces = [(region.substitute(values), value.substitute(values)) for region, value in count.pieces]
    return Count(tuple(pieces))
