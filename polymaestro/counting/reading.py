"""Reading isl: constraints as quasi-affine expressions over names, sets as regions.

The only place besides the engines that looks inside an isl object. Existentials are turned into
floors first (`compute_divs`), and every dimension must have a name.
"""

from __future__ import annotations

import islpy as isl

from polymaestro.affine import Affine, Extremum, Floor, floor_div
from polymaestro.counting.region import Condition, Region
from polymaestro.errors import CountingError
from polymaestro.relations.sets import dimensions, integer, parameters

Names = list[tuple[isl.dim_type, int, str]]

PARAM, SET, DIV = isl.dim_type.param, isl.dim_type.set, isl.dim_type.div


def conditions_of(piece: isl.BasicSet) -> tuple[Condition, ...]:
    """Read the constraints of a basic set; its integer divisions become floors.

    >>> [even] = isl.Set("[n] -> { [i] : 0 <= i < n and i mod 2 = 0 }").compute_divs().get_basic_sets()
    >>> [str(condition) for condition in conditions_of(even)]
    ['i % 2 = 0', 'i ≥ 0', 'n > i']
    """
    names = _names(piece)
    read = (_condition(constraint, names) for constraint in piece.get_constraints())
    return tuple(condition for condition in read if not condition.defines_a_floor)


def region_of(domain: isl.Set) -> Region:
    """Read a set of parameters as a region."""
    pieces = domain.compute_divs().get_basic_sets()
    return Region(tuple(conditions_of(piece) for piece in pieces))


def _condition(constraint: isl.Constraint, names: Names) -> Condition:
    return Condition(_combination(constraint, names, SET), equality=constraint.is_equality())


def _combination(source: isl.Constraint | isl.Aff, names: Names, dims: isl.dim_type) -> Affine:
    """Read Σ coefficient · name + Σ coefficient · floor + constant; `dims` is how isl calls dimensions."""
    terms: dict[str | Floor | Extremum, int] = {}
    for kind, index, name in names:
        factor = source.get_coefficient_val(dims if kind == SET else kind, index).to_python()
        if factor:
            terms[name] = factor
    total = Affine.combine(terms, source.get_constant_val().to_python())
    for index in range(source.dim(DIV)):
        factor = source.get_coefficient_val(DIV, index).to_python()
        if factor:
            total = total + _floor(source.get_div(index), names) * factor
    return total


def _names(piece: isl.BasicSet) -> Names:
    """Give the parameters and dimensions of a basic set with their names."""
    params = [(PARAM, index, name) for index, name in enumerate(parameters(piece))]
    return params + [(SET, index, name) for index, name in enumerate(dimensions(piece))]


def _floor(division: isl.Aff, names: Names) -> Affine:
    """Read the floor of an expression with a common denominator."""
    if division.is_nan():
        message = "an existential variable has no closed form; compute_divs did not resolve it"
        raise CountingError(message)
    divisor = division.get_denominator_val().to_python()
    scaled = division.scale_val(integer(divisor))
    return floor_div(_combination(scaled, names, isl.dim_type.in_), divisor)


def named_division(division: isl.Aff) -> Affine:
    """Read an integer division over named parameters as a floor."""
    names = [(PARAM, i, str(division.get_dim_name(PARAM, i))) for i in range(division.dim(PARAM))]
    return _floor(division, names)
