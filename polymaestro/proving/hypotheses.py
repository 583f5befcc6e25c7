"""What a chamber says, as affine conditions over plain names.

Floors become variables of their own with 0 ≤ e - d·⌊e/d⌋ ≤ d - 1, and names that equalities determine go.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import islpy as isl

from polymaestro.affine import Affine, Floor
from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.quasipolynomial import Atom
from polymaestro.counting.ranges import range_of, ranges_of
from polymaestro.counting.reading import conditions_of
from polymaestro.relations.sets import parameters


@dataclass(frozen=True)
class Hypotheses:
    """Affine conditions ≥ 0 over plain names, and what stands for the names that they leave out."""

    conditions: tuple[QuasiPolynomial, ...]
    substituted: Mapping[str, QuasiPolynomial]
    floors: Mapping[str, str]


def hypotheses_of(part: isl.BasicSet, value: QuasiPolynomial) -> Hypotheses:
    """Read the conditions of a part; floors, also those of the value, become names of their own."""
    names: dict[Floor, str] = {}
    conditions: list[QuasiPolynomial] = []
    equalities: list[QuasiPolynomial] = []
    for condition in conditions_of(part):
        plain = _without_floors(QuasiPolynomial.of(condition.expression), names)
        (equalities if condition.equality else conditions).append(plain)
    _without_floors(value, names)
    for floor, name in list(names.items()):
        numerator = _without_floors(QuasiPolynomial.of(floor.numerator), names)
        rest = numerator - QuasiPolynomial.of(name) * floor.divisor
        conditions += [rest, -rest + (floor.divisor - 1)]
    conditions += _rounded(part, names)
    substituted: dict[str, QuasiPolynomial] = {}
    for equality in equalities:
        _eliminate(_replaced(equality, substituted), substituted)
    kept = dict.fromkeys(_replaced(each, substituted) for each in conditions)
    nonzero = tuple(each for each in kept if each.constant is None)
    return Hypotheses(nonzero, substituted, {name: str(floor) for floor, name in names.items()})


def _rounded(part: isl.BasicSet, names: Mapping[Floor, str]) -> Iterator[QuasiPolynomial]:
    """Give what holds of floors because they are integers: their bounds, and which is the larger of two.

    C ≥ 1 makes ⌈C/64⌉ ≥ 1, of which the rationals know only ⌈C/64⌉ ≥ 1/64.
    """
    ranges = ranges_of(isl.Set.from_basic_set(part))
    for floor, name in names.items():
        low, high = range_of(Affine.of(floor), ranges)
        if low is not None:
            yield QuasiPolynomial.of(name) - low
        if high is not None:
            yield -QuasiPolynomial.of(name) + high
    for one, other in itertools.permutations(names, 2):
        related = one.divisor == other.divisor or one.numerator.names() & other.numerator.names()
        if related and _never_below(part, one, other):
            yield QuasiPolynomial.of(names[one]) - QuasiPolynomial.of(names[other])


def _never_below(part: isl.BasicSet, one: Floor, other: Floor) -> bool:
    less = (Affine.of(one) - Affine.of(other)).isl()
    below = isl.Set(f"[{', '.join(parameters(part))}] -> {{ : {less} < 0 }}").params()
    return bool(isl.Set.from_basic_set(part).intersect(below).is_empty())


def _eliminate(equality: QuasiPolynomial, substituted: dict[str, QuasiPolynomial]) -> None:
    """Solve an equality for one of its names and put that into what is known."""
    if equality.constant is not None:
        return
    name = min(equality.names())
    factor = Fraction(equality.table[((name, 1),)])
    solution = (equality - QuasiPolynomial.of(name) * factor) * (-1 / factor)
    for other, known in substituted.items():
        substituted[other] = known.replace({name: solution})
    substituted[name] = solution


def _without_floors(value: QuasiPolynomial, names: dict[Floor, str]) -> QuasiPolynomial:
    """Write a name for each floor; inner floors are named when their own conditions are written."""
    found: dict[Atom, QuasiPolynomial] = {}
    for atom in sorted(value.atoms(), key=str):
        if isinstance(atom, Floor):
            found[atom] = QuasiPolynomial.of(names.setdefault(atom, f"floor{len(names)}"))
            for inner in _inner(atom):
                names.setdefault(inner, f"floor{len(names)}")
    return value.replace(found)


def _inner(floor: Floor) -> Iterator[Floor]:
    for atom, _ in floor.numerator.terms:
        if isinstance(atom, Floor):
            yield atom
            yield from _inner(atom)


def plain(value: QuasiPolynomial, known: Hypotheses) -> QuasiPolynomial:
    """Write a quasi-polynomial over the plain names of its hypotheses."""
    texts = {text: name for name, text in known.floors.items()}
    found: dict[Atom, QuasiPolynomial] = {
        atom: QuasiPolynomial.of(texts[str(atom)]) for atom in value.atoms() if isinstance(atom, Floor)
    }
    return _replaced(value.replace(found), known.substituted)


def _replaced(value: QuasiPolynomial, known: Mapping[str, QuasiPolynomial]) -> QuasiPolynomial:
    return value.replace({name: part for name, part in known.items()})  # noqa: C416  a wider type of key
