"""What is linear as a condition: affine expressions of quasi-polynomials, regions as sets."""

from __future__ import annotations

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
    if not value.is_affine:
        message = f"{value} is not linear, so {wanted} has no chambers"
        raise NoChambersError(message)
    return value.as_affine()
