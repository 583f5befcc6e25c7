"""Kind *isl sets* for peaks: a number is the largest size that a tile has at any step, for all parameters.

A tile along one index without holes has max - min + 1 elements, so the sizes that it takes are a set of
numbers: none is larger than the peak, and the peak is one of them. isl decides both. A tile of no index, or
of one element a step, has the size 1 where there is a step. Any other tile is not decided here.
"""

from __future__ import annotations

from dataclasses import replace

import islpy as isl

from polymaestro.affine import Extremum
from polymaestro.counting import Count, QuasiPolynomial
from polymaestro.proving.geometry import equal_sets, within
from polymaestro.proving.verdicts import Proof
from polymaestro.relations.sets import parameters, restricted

IN, OUT = isl.dim_type.in_, isl.dim_type.out


def is_largest(claim: str, tile: isl.Map, peak: Count, context: isl.Set) -> Proof:
    """Prove that a count is the largest number of images that a relation has at a point of its domain.

    >>> tile = isl.Map("[n] -> { [t] -> [i] : 0 <= 4t < n and 4t <= i < 4t + 4 and i < n }")
    >>> context = isl.Set("[n] -> { : n >= 1 }").params()
    >>> from polymaestro.counting import Counter
    >>> is_largest("", tile, Counter(context).peak(tile), context).verdict
    'proved'
    >>> is_largest("", tile, Counter(context).count(isl.Set("{ [i] : 0 <= i < 4 }")), context).counterexample
    {'n': 1}
    """
    context = restricted(context, parameters(tile.params()))
    sizes = _sizes(tile.intersect_params(context))
    if sizes is None or not all(_is_linear(value) for _, value in peak.pieces):
        return Proof(claim, "isl sets", "unknown", note="tiles of several indices or with holes")
    names = ", ".join(parameters(context))
    rest = context
    checks: list[Proof] = []
    for region, value in peak.pieces:
        here = rest.intersect(isl.Set(f"[{names}] -> {{ : {region.isl()} }}").params())
        rest = rest.subtract(here)
        checks += _of_piece(claim, sizes.intersect_params(here), value, here)
    outside = sizes.intersect_params(rest)
    checks.append(within(claim, outside, outside.subtract(outside)))
    wrong = next((each for each in checks if each.verdict != "proved"), None)
    if wrong is None:
        return Proof(claim, "isl sets", "proved")
    point = {name: value for name, value in (wrong.counterexample or {}).items() if name in names.split(", ")}
    return replace(wrong, counterexample=point)


def _of_piece(claim: str, sizes: isl.Set, value: QuasiPolynomial, here: isl.Set) -> tuple[Proof, Proof]:
    """No size is larger than the value, and it is one of them."""
    scaled, scale = value.as_affine()
    names = ", ".join(parameters(here))
    bound, exact = (
        isl.Set(f"[{names}] -> {{ [z] : {scale}*z {sign} {scaled.isl()} }}") for sign in ("<=", "=")
    )
    return within(claim, sizes, bound), equal_sets(claim, sizes.intersect(exact).params(), here)


def _sizes(tile: isl.Map) -> isl.Set | None:
    """Give all sizes that a tile has at its steps; None where they are not its lengths."""
    if tile.dim(OUT) == 0 or tile.is_single_valued():
        return isl.Set("{ [1] }").intersect_params(tile.params())
    if tile.dim(OUT) != 1:
        return None
    below = tile.apply_range(isl.Map("{ [x] -> [y] : y >= x }"))
    above = tile.apply_range(isl.Map("{ [x] -> [y] : y <= x }"))
    if not below.intersect(above).is_equal(tile):
        return None
    first, last = tile.lexmin(), tile.lexmax()
    return (
        first.range_product(last)
        .range()
        .unwrap()
        .wrap()
        .flatten()
        .apply(isl.Map("{ [x, y] -> [z] : z = y - x + 1 }"))
    )


def _is_linear(value: QuasiPolynomial) -> bool:
    return value.is_affine and not any(isinstance(atom, Extremum) for atom in value.atoms())
