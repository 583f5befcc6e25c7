"""Reducing: what a region says of floors and names is put into a polynomial.

Where C is a multiple of 64, ⌈C/64⌉ is C/64; where 1 ≤ K ≤ 64, ⌈K/64⌉ is 1; where two floors differ by a
constant, one says what the other does. All three are equalities of the affine hull of the region with a
dimension added for each floor, so one rule finds them all: isl computes the hull of the integer points,
and Gaussian elimination over it writes as many floors as possible through the others and the names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import islpy as isl

from polymaestro.affine import Affine, Extremum, Floor
from polymaestro.counting.quasipolynomial import Atom, QuasiPolynomial
from polymaestro.counting.reading import conditions_of
from polymaestro.relations.sets import parameters

Row = dict[Atom, Fraction]

ONE: Atom = ""
"""Stands for 1 in a row, where other keys stand for atoms."""


def reduced(value: QuasiPolynomial, domain: isl.Set) -> QuasiPolynomial:
    """Evaluate the floors that a region decides, and the names to which it gives one value.

    >>> tiles = QuasiPolynomial.of(Affine.of(Floor(Affine.of("C") + 63, 64)))
    >>> print(reduced(tiles, isl.Set("[C] -> { : C >= 1 and C mod 64 = 0 }").params()))
    1/64·C
    >>> print(reduced(tiles, isl.Set("[C] -> { : 1 <= C <= 64 }").params()))
    1
    >>> print(reduced(tiles, isl.Set("[C] -> { : 1 <= C <= 65 }").params()))
    ⌈C/64⌉
    """
    if value.constant is not None:
        return value
    numbers = {
        atom: int(given.constant)
        for atom, given in decided(value.names(), domain).items()
        if isinstance(atom, str) and given.constant is not None
    }
    return with_decided_floors(value.substitute(numbers), domain)


def with_decided_floors(value: QuasiPolynomial, domain: isl.Set) -> QuasiPolynomial:
    """Evaluate the floors that a region decides, and leave names as they are."""
    floors = sorted((atom for atom in value.atoms() if isinstance(atom, Floor)), key=_complexity)
    if not floors:
        return value
    return value.replace({a: v for a, v in decided(floors, domain).items() if isinstance(a, Floor)})


def decided(atoms: Iterable[Atom], domain: isl.Set) -> dict[Atom, QuasiPolynomial]:
    """Give the atoms that a domain determines, as combinations of atoms that it leaves free.

    Floors are written through names and simpler floors, later names through earlier ones.
    """
    floors = [atom for atom in atoms if isinstance(atom, Floor)]
    rows = _equalities(floors, domain)
    if not rows:
        return {}
    order = sorted(floors, key=_complexity, reverse=True) + sorted(parameters(domain), reverse=True)
    return {pivot: _solved(pivot, row) for pivot, row in _eliminated(rows, order).items()}


def _equalities(floors: Sequence[Floor], domain: isl.Set) -> list[Row]:
    """Give the linear equations between parameters and floors that hold on a domain."""
    if not floors:
        return _rows(domain.affine_hull(), {})
    names = [f"x{index}" for index in range(len(floors))]
    ties = " and ".join(
        f"{name} = {Affine.of(floor).isl()}" for name, floor in zip(names, floors, strict=True)
    )
    space = f"[{', '.join(parameters(domain))}] -> {{ [{', '.join(names)}] : {ties or 'true'} }}"
    hull = isl.Set(space).intersect_params(domain).affine_hull()
    return _rows(hull, dict(zip(names, floors, strict=True)))


def _rows(hull: isl.BasicSet, meaning: Mapping[str | Floor | Extremum, Atom]) -> list[Row]:
    """Read the equations of an affine hull."""
    rows = []
    for condition in conditions_of(hull):
        expression = condition.expression
        if condition.equality and all(isinstance(atom, str) for atom, _ in expression.terms):
            row = {meaning.get(atom, str(atom)): Fraction(factor) for atom, factor in expression.terms}
            rows.append(row | {ONE: Fraction(expression.constant)})
    return rows


def _eliminated(rows: list[Row], order: Sequence[Atom]) -> dict[Atom, Row]:
    """Solve for as many atoms as there are rows, those that come first in the order; Gauss and Jordan."""
    solved: dict[Atom, Row] = {}
    for atom in order:
        pivot = next((row for row in rows if row.get(atom)), None)
        if pivot is None:
            continue
        rows = [_without(atom, row, pivot) for row in rows if row is not pivot]
        solved = {known: _without(atom, row, pivot) for known, row in solved.items()}
        solved[atom] = pivot
    return solved


def _without(atom: Atom, row: Row, pivot: Row) -> Row:
    """Subtract the multiple of a pivot row that cancels an atom."""
    scale = row.get(atom, Fraction(0)) / pivot[atom]
    if not scale:
        return row
    return {key: row.get(key, Fraction(0)) - scale * pivot.get(key, Fraction(0)) for key in row | pivot}


def _solved(atom: Atom, row: Row) -> QuasiPolynomial:
    """Read a row as atom = …."""
    total = QuasiPolynomial.of(0)
    for key, factor in row.items():
        if key != atom and factor:
            term = QuasiPolynomial.of(1 if key == ONE else Affine.of(key))
            total = total + term * (-factor / row[atom])
    return total


def _complexity(floor: Floor) -> tuple[int, int, str]:
    text = str(floor)
    return len(floor.numerator.names()), len(text), text
