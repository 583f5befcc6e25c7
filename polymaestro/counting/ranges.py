"""Ranges: what a set of parameters says of each one, and interval arithmetic on expressions."""

from __future__ import annotations

from collections.abc import Mapping

import islpy as isl

from polymaestro.affine import Affine, Extremum, Floor, floor_div, greatest, least
from polymaestro.relations.sets import PARAM, SET, parameters

Range = tuple[int | None, int | None]


def ranges_of(domain: isl.Set) -> dict[str, Range]:
    """Give the least and greatest value of each parameter on a set; None where there is none."""
    names = parameters(domain)
    points = domain.move_dims(SET, 0, PARAM, 0, len(names))
    found: dict[str, Range] = {}
    for index, name in enumerate(names):
        low, high = points.dim_min_val(index), points.dim_max_val(index)
        found[name] = (
            low.to_python() if low.is_int() else None,
            high.to_python() if high.is_int() else None,
        )
    return found


def range_of(expression: Affine, ranges: Mapping[str, Range]) -> Range:
    """Bound an expression by interval arithmetic."""
    low: int | None = expression.constant
    high: int | None = expression.constant
    for atom, factor in expression.terms:
        if isinstance(atom, Floor):
            bottom, top = range_of(atom.numerator, ranges)
            bottom = None if bottom is None else bottom // atom.divisor
            top = None if top is None else top // atom.divisor
        else:
            bottom, top = ranges.get(str(atom), (None, None))
        if factor < 0:
            bottom, top = top, bottom
        low = None if low is None or bottom is None else low + factor * bottom
        high = None if high is None or top is None else high + factor * top
    return low, high


def fixed_floors(expression: Affine, ranges: Mapping[str, Range]) -> Affine:
    """Replace each floor whose numerator stays within one step of the divisor by its value.

    >>> str(fixed_floors(Affine.of("n") + floor_div(Affine.of("E") + 3, 4), {"E": (1, 4)}))
    'n + 1'
    """
    result = Affine.of(expression.constant)
    for atom, factor in expression.terms:
        value = Affine.of(atom)
        if isinstance(atom, Floor):
            numerator = fixed_floors(atom.numerator, ranges)
            low, high = range_of(numerator, ranges)
            if low is not None and high is not None and low // atom.divisor == high // atom.divisor:
                value = Affine.of(low // atom.divisor)
            else:
                value = floor_div(numerator, atom.divisor)
        result = result + value * factor
    return result


def fixed_extrema(expression: Affine, ranges: Mapping[str, Range]) -> Affine:
    """Drop the arguments of a min or max that another one always beats, inside floors too.

    >>> from polymaestro.affine import greatest
    >>> str(fixed_extrema(greatest(Affine.of(0), Affine.of("P") - 1) + 1, {"P": (1, None)}))
    'P'
    """
    result = Affine.of(expression.constant)
    for atom, factor in expression.terms:
        value = Affine.of(atom)
        if isinstance(atom, Floor):
            value = floor_div(fixed_extrema(atom.numerator, ranges), atom.divisor)
        elif isinstance(atom, Extremum):
            value = _without_beaten(atom, ranges)
        result = result + value * factor
    return result


def _without_beaten(extremum: Extremum, ranges: Mapping[str, Range]) -> Affine:
    sign = 1 if extremum.kind == "max" else -1
    kept = [fixed_extrema(each, ranges) for each in extremum.arguments]
    for each in tuple(kept):
        others = (other for other in kept if other != each)
        low = (range_of((other - each) * sign, ranges)[0] for other in others)
        if len(kept) > 1 and any(gap is not None and gap >= 0 for gap in low):
            kept.remove(each)
    return greatest(*kept) if extremum.kind == "max" else least(*kept)
