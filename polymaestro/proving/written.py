"""Polynomials and affine expressions as the JSON data of certificates."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from polymaestro.affine import Affine, Floor
from polymaestro.counting import QuasiPolynomial


def polynomial_json(value: QuasiPolynomial) -> list[list[Any]]:
    """Write Σ coefficient · monomial as [[numerator, denominator], [[name, power], …]] each."""
    return [[fraction_json(factor), [[str(atom), power] for atom, power in m]] for m, factor in value.terms]


def fraction_json(value: int | Fraction) -> list[int]:
    """Write a number as [numerator, denominator]."""
    return [value.numerator, value.denominator]


def affine_json(expression: Affine) -> list[Any]:
    """Write an affine expression: [constant, [[factor, name or [numerator, divisor]], …]]."""
    terms = [
        [factor, [affine_json(atom.numerator), atom.divisor] if isinstance(atom, Floor) else str(atom)]
        for atom, factor in expression.terms
    ]
    return [expression.constant, terms]
