"""Names in printed costs: multiples of what has one, and numbers that are exact as decimals or not so."""

from __future__ import annotations

from fractions import Fraction

from polymaestro.counting import QuasiPolynomial
from polymaestro.equations.reading import read
from polymaestro.symbolic.costs import ONE, Cost, decimal, largest, total, transfer
from polymaestro.symbolic.naming import Origin, named

T, K = map(QuasiPolynomial.of, ("T", "K"))


def test_names_stand_for_what_they_are_also_in_multiples() -> None:
    words = transfer(T * 3, rate="B", latency=Fraction(0))
    cost = total([(K, largest([Cost.of(T * T), words])), (ONE, words), (K * 2, Cost.of(T * T))])
    (_, first, _), *parts = named(cost, {words: {Origin("in", "L2 → L1 in"): None}}, ["T", "K", "B"]).rows()
    assert "2·K·comp_1" in first.text
    assert {name for name, _, _ in parts} == {"in_1", "comp_1"}
    for tile, number, rate in ((2, 3, 1), (5, 1, 7), (1, 4, 2)):
        point = {"T": tile, "K": number, "B": rate}
        values = dict(point)
        for name, value, _ in reversed(parts):
            values[name] = int(read(value.text).evaluate(values))
        assert read(first.text).evaluate(values) == cost.evaluate(point)
        assert cost.evaluate(point) == number * max(tile**2, -(-3 * tile // rate)) + -(-3 * tile // rate) + (
            2 * number * tile**2
        )


def test_decimals_are_exact_however_long() -> None:
    for number in (Fraction(1, 2**40), Fraction(1, 2**100), Fraction(10**40 + 1, 5), Fraction(3, 7)):
        assert Fraction(decimal(number)) == number
