"""Min and max recovered from two chambers, and only where the rule's conditions hold."""

from __future__ import annotations

import islpy as isl
import pytest

from polymaestro.affine import Affine
from polymaestro.counting import QuasiPolynomial, region_of
from polymaestro.symbolic.factoring import factored
from polymaestro.symbolic.folding import extremum, folded

A, B, C, P, Q, R, S = map(QuasiPolynomial.of, "ABCPQRS")
NAMES = "[A, B, C, P, Q, R, S]"


def where(condition: str) -> isl.Set:
    return isl.Set(f"{NAMES} -> {{ : {condition} }}").params()


def fold(context: str, *cells: tuple[str, QuasiPolynomial]) -> list[str]:
    pieces = [(where(f"({context}) and ({condition})"), value) for condition, value in cells]
    found = folded(pieces, where(context))
    for a in range(1, 9):
        for b in range(1, 9):
            point = {"A": a, "B": b, "C": a, "P": b, "Q": a, "R": 3, "S": b}
            before = [v.evaluate(point) for d, v in pieces if region_of(d).holds(point)]
            after = [v.evaluate(point) for d, v in found if region_of(d).holds(point)]
            assert (before or [0]) == (after or [0]), point
    return [factored(value) for _, value in found]


def test_the_smaller_of_two_symbols_is_their_min() -> None:
    assert fold("A >= 1", ("A <= B", A), ("A > B", B)) == ["min(A, B)"]


def test_the_larger_of_two_symbols_is_their_max() -> None:
    assert fold("A >= 1", ("A <= B", B), ("A > B", A)) == ["max(A, B)"]


def test_the_order_of_the_chambers_does_not_matter() -> None:
    number = QuasiPolynomial.of(64)
    assert fold("C >= 1", ("C >= 64", number), ("C < 64", C)) == ["min(C, 64)"]
    assert fold("C >= 1", ("C < 64", C), ("C >= 64", number)) == ["min(C, 64)"]


def test_common_factors_stay_outside() -> None:
    assert fold("C >= 1", ("C >= 64", R * S * 64), ("C < 64", C * R * S)) == ["R·S·min(C, 64)"]


def test_a_number_is_read_as_the_symbol_that_has_this_value() -> None:
    assert fold("C >= 1", ("C >= 2", R * 2), ("C = 1", R)) == ["R·min(C, 2)"]


def test_zero_elsewhere_is_the_other_half() -> None:
    assert fold("P >= 1", ("S > Q", P * (S - Q))) == ["-P·min(Q - S, 0)"]


def test_what_overlaps_is_subtracted_as_a_product_of_its_own() -> None:
    whole, overlap = P * R * (Q + S - 1), (P - 1) * (R - 1) * (S - Q + 1)
    cells = (("S < Q", whole), ("S >= Q", whole - overlap))
    assert fold("P >= 1", *cells) == ["P·R·(Q + S - 1) + (P - 1)·(R - 1)·min(Q - S - 1, 0)"]


@pytest.mark.parametrize(
    ("context", "cells"),
    [
        ("A >= 1", [("A <= B + 2", A), ("A > B + 2", B)]),  # A > B on a part of the first
        ("A >= 1", [("A >= 4", A), ("A < 4", B)]),  # the border is not where they meet
        ("A >= 1", [("A <= B", A), ("A > B", B + 2)]),  # A = B + 1 has neither A nor the smaller
        ("C >= 1", [("C >= 2", R * 3), ("C = 1", R)]),  # 2 gives 3, so min(C, 3) is wrong
        ("A >= 1", [("A <= B", A * A), ("A > B", B)]),  # the difference has no affine factor
    ],
)
def test_chambers_that_are_no_min_or_max_stay(context: str, cells: list[tuple[str, QuasiPolynomial]]) -> None:
    assert len(fold(context, *cells)) == 2


def test_a_fold_that_is_longer_than_its_chambers_is_not_made() -> None:
    long = (P + Q) * (R + S) + A * B
    cells = (("C >= 4", long * C - A - B - P), ("C < 4", long * 4 - A - B - P))
    assert len(fold("C >= 1", *cells)) <= 2


def test_extrema_are_written_with_positive_symbols_first() -> None:
    assert str(extremum("max", Affine.of("P") * -1, Affine.of(-64))) == "-min(P, 64)"
    assert str(extremum("min", Affine.of(64), Affine.of("P"))) == "min(P, 64)"
