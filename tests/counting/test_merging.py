"""Chambers: what a region decides is used only where it decides it, and merging leaves nothing to merge."""

from __future__ import annotations

import islpy as isl
import pytest

from polymaestro.affine import Affine, ceil_div, floor_div
from polymaestro.counting import Condition, QuasiPolynomial, Region, merged, region_of
from polymaestro.counting.merging import vanishes
from polymaestro.counting.reducing import decided, reduced, with_decided_floors

C, K, P, R = map(QuasiPolynomial.of, "CKPR")


def where(condition: str, names: str = "C, K, P, R") -> isl.Set:
    return isl.Set(f"[{names}] -> {{ : {condition} }}").params()


def tiles(name: str, size: int) -> QuasiPolynomial:
    return QuasiPolynomial.of(ceil_div(Affine.of(name), size))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("C mod 64 = 0", "1/64·C"),
        ("C mod 64 = 1", "1/64·C + 63/64"),
        ("C mod 128 = 0", "1/64·C"),
        ("C mod 32 = 0", "⌈C/64⌉"),  # half a tile may be left
        ("1 <= C <= 64", "1"),
        ("65 <= C <= 128", "2"),
        ("1 <= C <= 65", "⌈C/64⌉"),
        ("0 <= C <= 64", "⌈C/64⌉"),
        ("C = 100", "2"),
        ("C = 64K", "1/64·C"),
        ("C = 64K or C = 64K + 1", "C - 63·K"),
        ("C >= 1", "⌈C/64⌉"),
    ],
)
def test_a_ceiling_is_evaluated_where_the_region_decides_it(condition: str, expected: str) -> None:
    assert str(reduced(tiles("C", 64), where(condition))) == expected


def test_two_floors_become_one_where_their_difference_is_known() -> None:
    value = tiles("C", 64) - QuasiPolynomial.of(floor_div(Affine.of("C"), 64))
    assert str(reduced(value, where("C mod 64 >= 1"))) == "1"
    assert reduced(value, where("C mod 64 = 0")).is_zero
    assert reduced(value, where("C >= 1")) == value


def test_nested_tiles_are_evaluated_from_inside() -> None:
    inner = ceil_div(Affine.of("C"), 4)
    value = QuasiPolynomial.of(ceil_div(inner, 8))
    assert str(reduced(value, where("C mod 32 = 0"))) == "1/32·C"
    assert str(reduced(value, where("C mod 4 = 0"))) == str(value)  # 8 need not divide C/4


def test_a_symbol_with_one_value_is_that_number_and_floors_alone_leave_it() -> None:
    assert str(reduced(C * K, where("C = 3"))) == "3·K"
    assert str(with_decided_floors(C * tiles("C", 64), where("C = 3"))) == "C"
    assert str(reduced(C * K, where("3 <= C <= 4"))) == "C·K"


def test_what_is_decided_holds_at_every_point() -> None:
    floors = [ceil_div(Affine.of("C"), 6).terms[0][0], ceil_div(Affine.of("C"), 4).terms[0][0]]
    domain = where("C mod 12 = 5 and C >= 1", "C")
    known = decided([f for f in floors if not isinstance(f, str)], domain)
    assert len(known) == 2
    for value in range(5, 500, 12):
        for atom, formula in known.items():
            assert formula.evaluate({"C": value}) == Affine.of(atom).evaluate({"C": value})


def test_a_special_case_joins_the_general_formula() -> None:
    cells = [(where("P >= 2"), P * R - R), (where("P = 1"), QuasiPolynomial.of(0))]
    [(domain, value)] = merged(cells, where("P >= 1"))
    assert value == P * R - R
    assert domain.is_equal(where("P >= 1"))


def test_a_general_formula_joins_a_special_one_that_holds_on_it_too() -> None:
    # On C = 1 both are right; on C = 2 only the second: the cell of more parts must not win by itself.
    cells = [(where("C = 1 and K >= 1"), K), (where("C = 2 and K >= 1"), K * C)]
    assert [str(value) for _, value in merged(cells, where("1 <= C <= 2 and K >= 1"))] == ["C·K"]


def test_formulas_that_differ_at_one_point_stay_apart() -> None:
    cells = [(where("P >= 2"), P), (where("P = 1"), QuasiPolynomial.of(2))]
    assert len(merged(cells, where("P >= 1"))) == 2


def test_parts_of_a_chamber_go_to_different_formulas_once_their_floors_are_known() -> None:
    mixed = K * tiles("C", 8)
    cells = [
        (where("1 <= C <= 8 and P >= 3 or C >= 9 and P = 2"), mixed),
        (where("P = 1"), K),
        (where("P >= 3 and C >= 9"), K * 7),
    ]
    found = merged(cells, where("C >= 1 and P >= 1"))
    assert sorted(str(value) for _, value in found) == ["7·K", "K", "K·⌈C/8⌉"]
    for point in ({"C": 3, "P": 4}, {"C": 20, "P": 2}, {"C": 20, "P": 1}, {"C": 20, "P": 9}):
        whole = {"K": 5, "R": 1, **point}
        before = [value.evaluate(whole) for domain, value in cells if region_of(domain).holds(whole)]
        after = [value.evaluate(whole) for domain, value in found if region_of(domain).holds(whole)]
        assert before == after


def test_zero_is_shown_where_few_values_are_possible_and_not_beyond() -> None:
    square = P * P - P
    assert vanishes(square, where("0 <= P <= 1"))
    assert not vanishes(square, where("0 <= P <= 2"))
    assert vanishes((P - 1) * (R - 2), where("P = 1 or R = 2"))
    assert not vanishes((P - 1) * (R - 2), where("P >= 1 and R >= 2"))
    assert vanishes(C - K * 2, where("C = 2K"))


def test_merging_keeps_the_value_at_every_point_of_a_box() -> None:
    cells = [
        (where("C mod 4 = 0", "C, K"), C),
        (where("C mod 4 >= 1 and K >= C", "C, K"), tiles("C", 4) * 4),
        (where("C mod 4 >= 1 and K < C and K >= 3", "C, K"), K * 2 - C),
    ]
    context = where("1 <= C <= 30 and 1 <= K <= 30", "C, K")
    cells = [(domain.intersect(context), value) for domain, value in cells]
    found = merged(cells, context)
    assert len(found) == 2
    for c in range(1, 31):
        for k in range(1, 31):
            point = {"C": c, "K": k}
            before = [v.evaluate(point) for d, v in cells if region_of(d).holds(point)] or [0]
            after = [v.evaluate(point) for d, v in found if region_of(d).holds(point)] or [0]
            assert before == after, point


def test_a_region_speaks_of_floors_as_conditions_do() -> None:
    remainder = Affine.of("C") - floor_div(Affine.of("C"), 64) * 64
    assert str(Region(((Condition(remainder, equality=True),),))) == "C % 64 = 0"
