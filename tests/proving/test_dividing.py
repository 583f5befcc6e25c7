"""Sizes that divide, in free numbers: nothing follows that is false somewhere, wrong texts are refuted."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from polymaestro.counting import QP, Tie
from polymaestro.proving import Divided
from polymaestro.proving.polytopes import NotDecidedError

K, T, U, R, PES, G = map(QP.of, ("K", "T", "U", "R", "PEs", "G"))
Loader = Callable[[str], ModuleType]


def mapping() -> Divided:
    """K in whole folds of U units of T, U those that PEs make in clusters of G."""
    known = Divided()
    known.divide([("K", T * U)])
    known.tie([Tie("U", PES, G, "down")])
    known.know(K - T * U, strict=True)
    known.know(T + 1 - R * 2)
    return known


def test_what_follows_holds_at_every_point() -> None:
    rng, known, shown, failing = random.Random(3), mapping(), 0, 0
    products = [K, T, U, R, K * R, T * U, T * T, PES, G, QP.of(1)]
    points = [
        {"K": folds * tile * units, "T": tile, "U": units, "R": taps, "PEs": units * size + rest, "G": size}
        for folds in (2, 3, 5)
        for tile in (1, 2, 3, 7)
        for units in (1, 2, 4)
        for taps in (1, 2, 4)
        for size in (1, 3)
        for rest in range(size)
        if tile + 1 >= 2 * taps
    ]
    for _ in range(500):
        chosen = rng.sample(products, 3)
        value = sum((each * rng.choice((-2, -1, 1, 1, 2, 3)) for each in chosen), QP.of(0))
        holds = all(value.evaluate(point) >= 0 for point in points)
        failing += not holds
        if known.follows(value):
            shown += 1
            assert holds, value
    assert shown > 100
    assert failing > 100


def test_what_is_not_linear_in_symbols_follows_by_what_divides() -> None:
    known = mapping()
    for value in (K - T * U * 2, K * R - T * R * 2, K - R * 2, PES - U, PES - U * G, U * G + G - 1 - PES):
        assert known.follows(value)
    for value in (K - T * U * 3, K - R * 4, U - 2, T - R, PES - U * G - 1):
        assert not known.follows(value) or value == T - R


def test_a_tie_that_nothing_divides_may_not_be_used() -> None:
    known = mapping()
    known.tie([Tie("n", R + T, T), Tie("m", K, T), Tie("one", QP.of(1), T), Tie("E", QP.of("n") * T)])
    assert known.over(QP.of("m")) == QP.of("K_n") * U
    assert known.over(QP.of("one")) == QP.of(1)
    for name in ("n", "E"):
        with pytest.raises(NotDecidedError, match=f"{name}, which nothing divides"):
            known.over(QP.of(name) + 1)


@pytest.mark.parametrize(
    ("divisors", "message"),
    [([("K", T), ("K", U)], "both divide K"), ([("K", T), ("T", K)], "divide each other")],
)
def test_symbols_have_one_divisor_each(divisors: list[tuple[str, QP]], message: str) -> None:
    with pytest.raises(NotDecidedError, match=message):
        Divided().divide(divisors)


@pytest.fixture(scope="module")
def divisible(module_of: Loader) -> ModuleType:
    return module_of("proofs/divisible.py")


COST = "(K/T - 1)·max(T, ⌈(T + 4)/B⌉) + K/T·⌈4·T/B⌉ + ⌈(K + R)/B⌉  if K % T = 0, T < K, R ≥ 2"


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("K/T - 1", "n_K - 1", "false"),
        ("max(T,", "max(⌈(T + 3)/B⌉, T,", "proved"),
        ("max(T,", "max(⌈(T + 5)/B⌉, T,", "false"),
        ("T + 4", "T + 5", "false"),
        ("K/T - 1", "K/T", "false"),
        ("max(T,", "max(T + 1,", "false"),
        ("⌈4·T/B⌉", "4·T/B", "false"),
        ("(K + R)", "(K·R)", "false"),
        ("+ ⌈(K + R)", "+ ⌊(K + R + B - 1)/B⌋ - ⌈(K + R)/B⌉ + ⌈(K + R)", "unknown"),
    ],
)
def test_another_text_is_another_cost(divisible: Any, old: str, new: str, verdict: str) -> None:
    right = divisible.Text.read(COST, ["cycles"])
    wrong = divisible.Text.read(COST.replace(old, new), ["cycles"])
    known = Divided()
    known.divide(divisible.divisors(right.conditions))
    divisible.tell(known, right.conditions)
    proof = divisible.same("", lambda: right.value(known), lambda: wrong.value(known), known)
    assert proof.verdict == verdict
    if verdict == "false":
        assert proof.counterexample.keys() >= {"K", "T"}
        assert proof.counterexample["K"] % proof.counterexample["T"] == 0


def test_names_and_floors_are_read_and_floors_checked(divisible: Any) -> None:
    names = "\n  where MACs = 3·K²  (events)\n  where n = K/T\n  where U = ⌊PEs/G⌋"
    text = f"n·MACs pJ\n  if K % T = 0, K ≥ 2·U{names}"
    known = Divided()
    known.divide([("K", T)])
    known.tie([Tie("U", PES, G, "down")])
    read = divisible.Text.read(text, ["pJ"])
    assert read.conditions == ("K % T = 0", "K ≥ 2·U")
    assert read.value(known).plain.above == QP.of("K_n") ** 3 * T**2 * 3
    with pytest.raises(NotDecidedError, match="U = ⌊PEs/T⌋"):
        divisible.Text.read(text.replace("PEs/G", "PEs/T"), ["pJ"]).value(known)


def test_a_condition_that_is_left_out_is_missed(divisible: Any) -> None:
    *_, row = divisible.tiled()
    cost = row.analysis.runtime(divisible.machine_of(row.analysis))
    conditions = divisible.Text.read(cost.divisible_at(row.near).text(), ["cycles"]).conditions
    decided = list(divisible.decisions(cost, row.point))
    assert divisible.holding("", decided, row.known(conditions)).verdict == "proved"
    assert len(conditions) == 3
    for left_out in conditions[1:]:
        fewer = tuple(each for each in conditions if each != left_out)
        assert divisible.holding("", decided, row.known(fewer)).verdict == "unknown", left_out
