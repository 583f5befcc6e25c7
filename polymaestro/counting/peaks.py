"""Peaks: the largest number of elements that any unit holds at any step.

A tile without holes along one index is as large as the distance between its ends, and the largest
distance is an integer program that isl solves for all parameters. Any other tile is counted with the
steps as parameters, and the largest value is found the same way while it is affine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import gcd, lcm
from types import MappingProxyType

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting.merging import Piece
from polymaestro.counting.quasipolynomial import QuasiPolynomial
from polymaestro.counting.ranges import ranges_of
from polymaestro.counting.reading import conditions_of, named_division
from polymaestro.errors import CountingUnavailableError
from polymaestro.relations.sets import PARAM, coalesced, named, parameters

IN, OUT = isl.dim_type.in_, isl.dim_type.out
MAX_RANGE = 64  # values of an expression at which a cell is split
NOTHING: Mapping[str, Affine] = MappingProxyType({})

Cells = Callable[[isl.Set, isl.Set], list[Piece]]


def peak_pieces(tile: isl.Map, cells: Cells) -> list[Piece]:
    """Give the largest |image| of a tile relation, as disjoint pieces of parameters.

    `cells` counts a set in a context of parameters. Raises `CountingUnavailableError` when the size of
    a tile is not affine in the step.
    """
    if tile.dim(OUT) == 0:
        return [(tile.params(), QuasiPolynomial.of(1))]
    if tile.dim(OUT) == 1 and has_no_holes(tile):
        span = isl.Map("{ [x, y] -> [z] : z = y - x + 1 }")
        pairs = tile.range_product(tile).range().unwrap().wrap().flatten()
        return _largest(pairs.apply(span))
    return _largest_count(tile, cells)


def has_no_holes(tile: isl.Map) -> bool:
    """Whether every tile of one index holds all that lies between its ends."""
    below = tile.apply_range(isl.Map("{ [x] -> [y] : y > x }"))
    above = tile.apply_range(isl.Map("{ [x] -> [y] : y < x }"))
    return bool(below.intersect(above).is_subset(tile))


def _largest(values: isl.Set) -> list[Piece]:
    """Give the largest element of a one-dimensional set."""
    pieces: list[Piece] = []

    def keep(domain: isl.Set, value: isl.Aff) -> None:
        pieces.append((domain.params(), QuasiPolynomial.of(named_division(value))))

    coalesced(values).dim_max(0).foreach_piece(keep)
    return pieces


def _largest_count(tile: isl.Map, cells: Cells) -> list[Piece]:
    tile, names = with_named_steps(tile)
    own = set(parameters(tile.wrap()))
    lifted = named(tile.move_dims(PARAM, tile.dim(PARAM), IN, 0, len(names)).range()).compute_divs()
    counted = cells(lifted, lifted.params())
    constant = [piece for piece in counted if not piece[1].is_affine and piece[1].names() <= own]
    pieces = _largest_affine([piece for piece in counted if piece not in constant], own, names)
    for domain, value in constant:
        try:
            pieces = _raised(pieces, _without(domain, names), value)
        except CountingUnavailableError:
            return _largest_affine(counted, own, names)
    return pieces


def with_named_steps(tile: isl.Map) -> tuple[isl.Map, list[str]]:
    """Give a tile whose steps have names that parameters may take over, and these."""
    names = [f"step{index}" for index in range(tile.dim(IN))]
    for index, name in enumerate(names):
        tile = tile.set_dim_name(IN, index, name)
    return tile, names


def _largest_affine(counted: list[Piece], own: set[str], steps: list[str]) -> list[Piece]:
    """Give the largest of values that are affine, at the least once cells are split."""
    values = isl.Set("{ [z] : false }")
    for domain, value in counted:
        for cell, affine in affine_cells(domain, value, own):
            values = values.union(_valued(cell, affine, steps))
    return _largest(values)


def _raised(pieces: list[Piece], domain: isl.Set, value: QuasiPolynomial) -> list[Piece]:
    """Take in a value that is the same at every step, where it is the largest so far.

    Raises `CountingUnavailableError` where neither of two values is shown to be the larger one.
    """
    result: list[Piece] = []
    for old, old_value in pieces:
        common = old.intersect(domain)
        if common.is_empty() or _is_at_least(old_value, value, common):
            result.append((old, old_value))
            domain = domain.subtract(common)
        elif _is_at_least(value, old_value, common):
            result.append((old.subtract(common), old_value))
        else:
            message = f"which of {value} and {old_value} is the size of the largest tile is not known"
            raise CountingUnavailableError(message)
    return [(coalesced(cell), each) for cell, each in [*result, (domain, value)] if not cell.is_empty()]


def _is_at_least(left: QuasiPolynomial, right: QuasiPolynomial, domain: isl.Set) -> bool:
    """Whether left ≥ right on a domain is plain: no coefficient is negative once lower bounds are 0."""
    ranges = ranges_of(domain)
    lowest = {name: ranges[name][0] for name in (left - right).names()}
    shift = {name: Affine.of(name) + low for name, low in lowest.items() if low is not None}
    shifted = (left - right).substitute(shift)
    floors = any(not isinstance(atom, str) for atom in shifted.atoms())
    return len(shift) == len(lowest) and not floors and all(factor >= 0 for _, factor in shifted.terms)


def affine_cells(
    domain: isl.Set, value: QuasiPolynomial, own: set[str], replaced: Mapping[str, Affine] = NOTHING
) -> Iterator[tuple[isl.Set, QuasiPolynomial]]:
    """Split a cell at the values of expressions with a short range until its polynomial is affine.

    The rows of the last tile are such an expression, or the distance of a tile from a diagonal. Each value
    replaces one name in the polynomial and in what is left to try; `replaced` says by what.
    """
    if value.is_affine:
        yield domain, value
        return
    if domain.n_basic_set() > 1:
        for part in domain.make_disjoint().get_basic_sets():
            yield from affine_cells(isl.Set.from_basic_set(part), value, own, replaced)
        return
    form = _shortest_form(domain, value.names(), replaced)
    if form is None:
        message = (
            f"the size of a tile, {value}, is not affine in its step, so its largest value is not known; "
            f"give {', '.join(sorted(value.names() & own)) or 'the extents'} a number"
        )
        raise CountingUnavailableError(message)
    name, factor = next((a, f) for a, f in form.expression.terms if a in value.names() and abs(f) == 1)
    rest = form.expression - Affine.of(name) * factor
    for number in form.values:
        cell = domain.intersect(_parametric(domain, f"{form.expression.isl()} = {number}"))
        if not cell.is_empty():
            new = {str(name): (number - rest) * factor}
            kept = {old: instead.substitute(new) for old, instead in replaced.items()}
            yield from affine_cells(cell, value.substitute(new), own, kept | new)


@dataclass(frozen=True)
class _Form:
    """An expression over parameters and the values that it takes."""

    expression: Affine
    values: range


def _shortest_form(domain: isl.Set, names: frozenset[str], replaced: Mapping[str, Affine]) -> _Form | None:
    """Find the expression with the fewest values among single names and what bounds the cell.

    It holds one of the names with the factor 1 or -1, so that each of its values replaces that name.
    """
    conditions = (each for part in domain.get_basic_sets() for each in conditions_of(part))
    bounds = (_direction(each.expression.substitute(replaced)) for each in conditions)
    linear = (
        bound
        for bound in bounds
        if any(atom in names and abs(factor) == 1 for atom, factor in bound.terms)
        and all(isinstance(atom, str) for atom, _ in bound.terms)
    )
    forms = [_Form(each, values) for each in _distinct(names, linear) if (values := _values(domain, each))]
    return min(forms, key=lambda form: len(form.values), default=None)


def _direction(expression: Affine) -> Affine:
    """Give an expression without its constant, divided by what its factors have in common."""
    common = gcd(*(factor for _, factor in expression.terms)) or 1
    return Affine.combine({atom: factor // common for atom, factor in expression.terms})


def _distinct(names: frozenset[str], bounds: Iterable[Affine]) -> list[Affine]:
    """Give single names and bounds, each up to its sign once."""
    found: dict[Affine, None] = dict.fromkeys(Affine.of(name) for name in sorted(names))
    for bound in bounds:
        if -bound not in found:
            found.setdefault(bound)
    return list(found)


def _values(domain: isl.Set, expression: Affine) -> range | None:
    """Give the range of an expression on a cell, where it is short."""
    image = isl.Set(f"[{', '.join(parameters(domain))}] -> {{ [z] : z = {expression.isl()} }}")
    image = image.intersect_params(domain)
    image = image.project_out(PARAM, 0, image.dim(PARAM))
    low, high = image.dim_min_val(0), image.dim_max_val(0)
    if not low.is_int() or not high.is_int() or high.to_python() - low.to_python() >= MAX_RANGE:
        return None
    return range(low.to_python(), high.to_python() + 1)


def _parametric(domain: isl.Set, condition: str) -> isl.Set:
    return isl.Set(f"[{', '.join(parameters(domain))}] -> {{ : {condition} }}").params()


def _valued(domain: isl.Set, value: QuasiPolynomial, steps: list[str]) -> isl.Set:
    """Give the set of values that an affine count takes on a cell of parameters and steps."""
    scale = lcm(*(factor.denominator for _, factor in value.terms))
    scaled = Affine.of(0)
    for monomial, factor in value.terms:
        atom = Affine.of(monomial[0][0]) if monomial else Affine.of(1)
        scaled = scaled + atom * int(factor * scale)
    names = parameters(domain)
    tie = isl.Set(f"[{', '.join(names)}] -> {{ [z] : {scale}*z = {scaled.isl()} }}")
    return _without(tie.intersect_params(domain), steps)


def _without(domain: isl.Set, names: list[str]) -> isl.Set:
    """Project parameters out."""
    for name in names:
        position = domain.find_dim_by_name(PARAM, name)
        if position >= 0:
            domain = domain.project_out(PARAM, position, 1)
    return domain
