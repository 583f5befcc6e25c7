"""Reading isl: constraints as quasi-affine expressions over names, sets as regions.

The only place besides the engines that looks inside an isl object. Existentials are turned into
floors first (`compute_divs`), and every dimension must have a name.
"""

from __future__ import annotations

import islpy as isl

from polymaestro.affine import Affine, floor_div
from polymaestro.counting.region import Condition, Region
from polymaestro.errors import CountingError

PARAM, SET, DIV = isl.dim_type.param, isl.dim_type.set, isl.dim_type.div


def conditions_of(piece: isl.BasicSet) -> tuple[Condition, ...]:
    """Read the constraints of a basic set; its integer divisions become floors.

    >>> [even] = isl.Set("[n] -> { [i] : 0 <= i < n and i mod 2 = 0 }").compute_divs().get_basic_sets()
    >>> [str(condition) for condition in conditions_of(even)]
    ['i % 2 = 0', 'i ≥ 0', 'n > i']
    """
    read = (_condition(constraint) for constraint in piece.get_constraints())
    return tuple(condition for condition in read if not condition.defines_a_floor)


def region_of(domain: isl.Set) -> Region:
    """Read a set of parameters as a region."""
    pieces = domain.compute_divs().get_basic_sets()
    return Region(tuple(conditions_of(piece) for piece in pieces))


def _condition(constraint: isl.Constraint) -> Condition:
    names = [
        (kind, index, constraint.get_dim_name(kind, index) or f"x{index}")
        for kind in (PARAM, SET)
        for index in range(constraint.dim(kind))
    ]
    total = Affine.of(constraint.get_constant_val().to_python())
    for kind, index, name in names:
        factor = constraint.get_coefficient_val(kind, index).to_python()
        if factor:
            total = total + Affine.of(name) * factor
    for index in range(constraint.dim(DIV)):
        factor = constraint.get_coefficient_val(DIV, index).to_python()
        if factor:
            total = total + _floor(constraint.get_div(index), names) * factor
    return Condition(total, equality=constraint.is_equality())


def _floor(division: isl.Aff, names: list[tuple[isl.dim_type, int, str]]) -> Affine:
    """Read the floor of an expression with a common denominator."""
    if division.is_nan():
        message = "an existential variable has no closed form; compute_divs did not resolve it"
        raise CountingError(message)
    divisor = division.get_denominator_val().to_python()
    scaled = division.scale_val(isl.Val(divisor))
    total = Affine.of(scaled.get_constant_val().to_python())
    for kind, index, name in names:
        where = isl.dim_type.in_ if kind == SET else kind
        factor = scaled.get_coefficient_val(where, index).to_python()
        if factor:
            total = total + Affine.of(name) * factor
    for index in range(scaled.dim(DIV)):
        factor = scaled.get_coefficient_val(DIV, index).to_python()
        if factor:
            total = total + _floor(scaled.get_div(index), names) * factor
    return floor_div(total, divisor)


def named_division(division: isl.Aff) -> Affine:
    """Read an integer division over named parameters as a floor."""
    return _floor(
        division, [(PARAM, i, str(division.get_dim_name(PARAM, i))) for i in range(division.dim(PARAM))]
    )
