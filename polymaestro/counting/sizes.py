"""Sizes of a step: how many elements a relation has at each of its steps, as constant pieces.

The steps become parameters while counting. A size that still names a step is put in terms of the true
parameters where the piece has one value of that step only (the last tile, C - 64·⌊(C-1)/64⌋ elements at
step ⌊(C-1)/64⌋), or is taken value by value where the steps are numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting.engine import Counter
from polymaestro.counting.merging import Piece, merged
from polymaestro.counting.quasipolynomial import QuasiPolynomial
from polymaestro.counting.reading import named_division
from polymaestro.errors import CountingUnavailableError
from polymaestro.relations.effort import limited
from polymaestro.relations.sets import PARAM, SET, coalesced, integer, named, parameters

IN, OUT = isl.dim_type.in_, isl.dim_type.out
ONE = QuasiPolynomial.of(1)
MAX_STEPS = 4096  # steps along one loop
MOST_EFFORT = 10_000_000
"""What isl may take for one relation."""


class Sizer:
    """Counts relations step by step in one context and remembers what it has counted."""

    def __init__(self, counter: Counter) -> None:
        """Count with the engine and the context of a counter."""
        self.counter = counter
        self._known: dict[int, list[tuple[isl.Map, list[Piece]]]] = {}

    def sizes(self, relation: isl.Map) -> list[Piece]:
        """Give disjoint sets of steps, each with the number of images that all of them have.

        Steps outside have none. Raises `CountingUnavailableError` when a size differs from step to step
        and the steps are no numbers, or when it takes too long.
        """
        same = self._known.setdefault(hash(relation), [])
        for other, result in same:
            if other.plain_is_equal(relation):
                return result
        symbols = ", ".join(parameters(relation.params()))
        advice = f"bound {symbols} or give numbers" if symbols else "write fewer levels"
        with limited(MOST_EFFORT, f"the words of a step take too many steps to count; {advice}"):
            result = list(_gathered(self._sizes(relation)))
        same.append((relation, result))
        return result

    def _sizes(self, relation: isl.Map) -> Iterator[Piece]:
        if relation.is_empty():
            return
        if relation.dim(OUT) == 0 or relation.is_single_valued():
            yield coalesced(relation.domain()), ONE
            return
        names = [f"step{index}" for index in range(relation.dim(IN))]
        for index, name in enumerate(names):
            relation = relation.set_dim_name(IN, index, name)
        lifted = relation.move_dims(PARAM, relation.dim(PARAM), IN, 0, len(names)).range()
        lifted = named(coalesced(lifted)).compute_divs()
        for domain, value in merged(self.counter.cells(lifted), coalesced(lifted.params())):
            steps = _as_steps(domain, names)
            yield from _without_steps(steps, value, names)


def _gathered(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Join the steps of equal sizes."""
    joined: dict[QuasiPolynomial, isl.Set] = {}
    for domain, value in pieces:
        joined[value] = joined[value].union(domain) if value in joined else domain
    return ((coalesced(domain), value) for value, domain in joined.items() if not value.is_zero)


def _as_steps(domain: isl.Set, names: list[str]) -> isl.Set:
    """Turn a set of parameters, some of which are steps, into a set of steps."""
    for name in names:
        if domain.find_dim_by_name(PARAM, name) < 0:
            domain = domain.add_dims(PARAM, 1).set_dim_name(PARAM, domain.dim(PARAM), name)
    domain = isl.Set.from_params(domain)
    for index, name in enumerate(names):
        domain = domain.move_dims(SET, index, PARAM, domain.find_dim_by_name(PARAM, name), 1)
    return domain


def _without_steps(domain: isl.Set, value: QuasiPolynomial, names: list[str]) -> Iterator[Piece]:
    """Write a size without the steps, on as many pieces as it takes."""
    name = next((each for each in names if each in value.names()), None)
    if name is None:
        yield domain, value
        return
    index = names.index(name)
    low, high = domain.dim_min(index), domain.dim_max(index)
    if low.is_equal(high):
        for where, step in _parts(low):
            part = domain.intersect_params(where)
            if not part.is_empty():
                yield from _without_steps(part, value.substitute({name: step}), names)
        return
    first, last = domain.dim_min_val(index), domain.dim_max_val(index)
    if not (first.is_int() and last.is_int() and last.to_python() - first.to_python() < MAX_STEPS):
        message = (
            f"the words of a step, {value}, differ from step to step without end; "
            f"give {', '.join(parameters(domain)) or 'the extents'} a number"
        )
        raise CountingUnavailableError(message)
    for number in range(first.to_python(), last.to_python() + 1):
        part = domain.fix_val(SET, index, integer(number))
        if not part.is_empty():
            yield from _without_steps(part, value.substitute({name: number}), names)


def _parts(value: isl.PwAff) -> list[tuple[isl.Set, Affine]]:
    parts: list[tuple[isl.Set, Affine]] = []
    value.foreach_piece(lambda where, step: parts.append((where.params(), named_division(step))))
    return parts
