"""What is linear as a condition: affine expressions of quasi-polynomials, regions as sets."""

from __future__ import annotations

from math import lcm

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting import QuasiPolynomial, Region
from polymaestro.errors import EquationError
from polymaestro.relations.sets import parameters


class NoChambersError(EquationError):
    """A formula that is not quasi-polynomial, piece by piece; the message says why."""


def domain_of(region: Region, context: isl.Set) -> isl.Set:
    """Give the part of the context that lies in a region."""
    names = ", ".join(parameters(context))
    return context.intersect(isl.Set(f"[{names}] -> {{ : {region.isl()} }}").params())


def affine_over(value: QuasiPolynomial, wanted: str) -> tuple[Affine, int]:
    """Write a value that is linear in its atoms as an affine expression over a positive integer."""
    scale = lcm(*(factor.denominator for _, factor in value.terms))
    total = Affine.of(0)
    for monomial, factor in value.terms:
        if len(monomial) > 1 or any(power > 1 for _, power in monomial):
            message = f"{value} is not linear, so {wanted} has no chambers"
            raise NoChambersError(message)
        atom = Affine.of(monomial[0][0]) if monomial else Affine.of(1)
        total = total + atom * int(factor * scale)
    return total, scale
