"""Is a quasi-polynomial 0 on a whole region? Floors are lifted to integers of their own.

With q = ⌊e/d⌋ as a new integer, 0 ≤ e - d·q < d, the region becomes a set of integer points, and what is
linear on it (isl's affine hull) is solved for: where 64 divides C, C = 64·q. If something is left, a
remainder e - d·q with few values, or a name with few values, is gone through value by value.

True means equal everywhere on the region; False means not shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import islpy as isl

from polymaestro.affine import Affine, Floor
from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.merging import vanishes
from polymaestro.counting.quasipolynomial import Atom
from polymaestro.counting.ranges import Range, ranges_of
from polymaestro.counting.reading import conditions_of
from polymaestro.relations.sets import parameters

Kind = Literal["term by term", "in the case", "remainder by remainder"]

MAX_SLICES = 1500  # remainders in all

Solution = dict[Atom, QuasiPolynomial]


def proof_of_zero(value: QuasiPolynomial, domain: isl.Set) -> Kind | None:
    """Say how the value is shown to be 0 on the domain; None where it is not."""
    if value.is_zero:
        return "term by term"
    if vanishes(value, domain):
        return "in the case"
    budget = [MAX_SLICES]
    parts = domain.compute_divs().get_basic_sets()
    if all(_lifted_is_zero(value, isl.Set.from_basic_set(part), budget) for part in parts):
        return "in the case" if budget[0] >= MAX_SLICES - len(parts) else "remainder by remainder"
    return None


@dataclass(frozen=True)
class _Lifted:
    """A value over names and lifted floors, and the region in these."""

    value: QuasiPolynomial
    domain: isl.Set
    floors: tuple[tuple[str, Floor], ...]


def _lifted_is_zero(value: QuasiPolynomial, domain: isl.Set, budget: list[int]) -> bool:
    floors = sorted((a for a in value.atoms() if isinstance(a, Floor)), key=str)
    named = tuple((f"floor{index}_", atom) for index, atom in enumerate(floors))
    for name, atom in named:
        rest = atom.numerator - Affine.of(name) * atom.divisor
        names = ", ".join([*parameters(domain), name])
        text = f"[{names}] -> {{ : {rest.isl()} >= 0 and {(-rest + (atom.divisor - 1)).isl()} >= 0 }}"
        domain = isl.Set(text).params().intersect(domain)
    lifted = value.replace({atom: QuasiPolynomial.of(name) for name, atom in named})
    return _slices_are_zero(_Lifted(lifted, domain, named), budget)


def _slices_are_zero(lifted: _Lifted, budget: list[int]) -> bool:
    budget[0] -= 1
    if budget[0] < 0:
        return False
    if lifted.domain.is_empty():
        return True
    value = lifted.value.replace(solved(lifted.domain))
    if value.is_zero:
        return True
    split = _shortest(lifted, value)
    if split is None:
        return False
    expression, low, high = split
    return all(
        _slices_are_zero(
            _Lifted(lifted.value, _fixed(lifted.domain, expression, number), lifted.floors), budget
        )
        for number in range(low, high + 1)
    )


def _fixed(domain: isl.Set, expression: Affine, number: int) -> isl.Set:
    names = ", ".join(parameters(domain))
    return domain.intersect(isl.Set(f"[{names}] -> {{ : {expression.isl()} = {number} }}").params())


def _shortest(lifted: _Lifted, value: QuasiPolynomial) -> tuple[Affine, int, int] | None:
    """Find the name or remainder in the value that takes the fewest values, more than one."""
    names = value.names()
    found: list[tuple[int, str, Affine, int, int]] = []
    ranges = ranges_of(lifted.domain)
    for name in sorted(names):
        low, high = ranges[name]
        if low is not None and high is not None and high > low:
            found.append((high - low, name, Affine.of(name), low, high))
    for name, floor in lifted.floors:
        if not (floor.numerator.names() | {name}) & names:
            continue
        remainder = floor.numerator - Affine.of(name) * floor.divisor
        low, high = range_on(lifted.domain, remainder)
        if low is not None and high is not None and high > low:
            found.append((high - low, f"~{name}", remainder, low, high))
    if not found:
        return None
    length, _, expression, low, high = min(found, key=lambda each: each[:2])
    return (expression, low, high) if length < MAX_SLICES else None


def range_on(domain: isl.Set, expression: Affine) -> Range:
    """Give the least and greatest value of an expression on a domain; None where there is none."""
    names = ", ".join([*parameters(domain), "value_"])
    tied = isl.Set(f"[{names}] -> {{ : value_ = {expression.isl()} }}").params().intersect(domain)
    return ranges_of(tied)["value_"]


def solved(domain: isl.Set) -> Solution:
    """Solve the equations that hold on a domain; floors of its own are eliminated first.

    The rest is in echelon form: no solution holds an atom that has one.
    """
    equations = [
        QuasiPolynomial.of(condition.expression)
        for condition in conditions_of(domain.affine_hull())
        if condition.equality
    ]
    solution: Solution = {}
    while equations:
        equation = equations.pop().replace(solution)
        linear = {m[0][0]: factor for m, factor in equation.terms if m}
        if not linear:
            continue
        atom = min(linear, key=_preference)
        single = QuasiPolynomial(((((atom, 1),), 1),))
        found = (equation - single * linear[atom]) * (Fraction(-1) / linear[atom])
        solution = {each: other.replace({atom: found}) for each, other in solution.items()}
        solution[atom] = found
    return solution


def _preference(atom: Atom) -> tuple[bool, bool, str]:
    """Eliminate floors first, lifted floors next, names last."""
    return isinstance(atom, str), not str(atom).endswith("_"), str(atom)
