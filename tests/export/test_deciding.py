"""Cases as questions: a decision gives at every point what the first case that holds there gives."""

from __future__ import annotations

import itertools
import random

from polymaestro.affine import Affine
from polymaestro.counting import Condition, Count, QuasiPolynomial, Region
from polymaestro.export.deciding import Decision, Fork, decided, simplified

M, N = Affine.of("M"), Affine.of("N")
VALUES = [M, N, M - N, N - M, M - 2, 2 - M, N - 1]
POINTS = [{"M": m, "N": n} for m, n in itertools.product(range(5), repeat=2)]


def value_of(decision: Decision, point: dict[str, int]) -> int:
    while isinstance(decision, Fork):
        decision = decision.yes if decision.where.holds(point) else decision.no
    return int(decision.evaluate(point))


def drawn(rng: random.Random) -> Count:
    """Draw cases of a run: each asks on where another went the other way, or about an equation."""
    cases: list[tuple[Region, QuasiPolynomial]] = []
    asked: tuple[Condition, ...] = ()
    for number in range(rng.randint(1, 4)):
        condition = Condition(rng.choice(VALUES), equality=rng.random() < 0.3)
        cases.append((Region(((*asked, condition),)), QuasiPolynomial.of(number + 1)))
        asked = (*asked, Condition(-condition.expression - 1))
    return Count(tuple(cases))


def test_decisions_give_the_first_case_that_holds() -> None:
    rng = random.Random(5)
    for _ in range(200):
        count = drawn(rng)
        decision = decided(count)
        for point in POINTS:
            expected = next((value.constant for where, value in count.pieces if where.holds(point)), 0)
            assert value_of(decision, point) == expected, (str(count), point)
            if isinstance(decision, Fork):
                assert value_of(decision.short_first(), point) == expected


def test_simplified_counts_have_the_same_values() -> None:
    rng, shorter = random.Random(6), 0
    for _ in range(100):
        conditions = [Condition(rng.choice(VALUES)) for _ in range(3)]
        every = []
        for answers in itertools.product((True, False), repeat=3):
            pairs = zip(conditions, answers, strict=True)
            where = tuple(each if yes else Condition(-each.expression - 1) for each, yes in pairs)
            every.append((Region((where,)), QuasiPolynomial.of(rng.choice((0, 7)))))
        count = Count(tuple(every))
        found = simplified(count)
        shorter += len(found.pieces) < len(count.pieces)
        for point in POINTS:
            assert found.at(point) == count.at(point)
    assert shorter > 50
