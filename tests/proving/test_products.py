"""Sums of products compared factor by factor: equal in other factors, refuted with a point, never guessed."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import islpy as isl
import pytest

import polymaestro as pm
from polymaestro.affine import Affine, ceil_div
from polymaestro.counting import Condition, Count, QuasiPolynomial, Region
from polymaestro.counting.region import EVERYWHERE
from polymaestro.proving import Blocks, Function, Proof, equal_sums, products
from polymaestro.proving.functions import listed
from polymaestro.tiling import lifted

PROOFS = Path(__file__).resolve().parents[2] / "proofs"
CONTEXT = isl.Set("[C, K, P, R] -> { : C >= 1 and K >= 1 and P >= 1 and R >= 1 }").params()
C, K, P, R = (QuasiPolynomial.of(name) for name in "CKPR")
ONE = QuasiPolynomial.of(1)


def piece(*pieces: tuple[str, QuasiPolynomial]) -> Count:
    """Build a count from lower bounds, as in K - 4 ≥ 0."""
    found = []
    for bound, value in pieces:
        name, low = bound.split(">=") if ">=" in bound else bound.split("<=")
        sign = 1 if ">=" in bound else -1
        found.append((Region(((Condition((Affine.of(name.strip()) - int(low)) * sign),),)), value))
    return Count(tuple(found))


def plain(value: QuasiPolynomial) -> Count:
    return Count(((EVERYWHERE, value),))


def function(*terms: tuple[int, tuple[Count, ...]], context: isl.Set = CONTEXT) -> Function:
    return Function(terms, context)


def compared(left: Function, right: Function) -> Proof:
    (found,) = equal_sums("", {"it": (left, right)})
    return found


def test_sums_in_other_factors_are_equal() -> None:
    """(K + 1)·(C + 2) is K·C + 2·K + C + 2, and three halves of a factor are that."""
    left = function((1, (plain(K + 1), plain(C + 2))))
    right = function((1, (plain(K), plain(C))), (2, (plain(K),)), (1, (plain(C),)), (2, ()))
    assert compared(left, right).verdict == "proved"
    half = function((2, (plain(K * 3), plain(P * R))), (-3, (plain(K * 2), plain(R), plain(P))))
    assert compared(half, function()).verdict == "proved"


def test_pieces_that_agree_on_thin_chambers_are_equal() -> None:
    """min(K, 4)·⌈C/3⌉ with K = 4 in either piece, and ⌈C/3⌉ = 1 written out where C ≤ 3."""
    tiles = QuasiPolynomial.of(ceil_div(Affine.of("C"), 3))
    left = function((1, (piece(("K>=4", ONE * 4), ("K<=3", K)), plain(tiles))))
    right = function((1, (piece(("K>=5", ONE * 4), ("K<=4", K)), piece(("C>=4", tiles), ("C<=3", ONE)))))
    assert compared(left, right).verdict == "proved"


@pytest.mark.parametrize(
    "right",
    [
        function((1, (piece(("K>=5", ONE * 4), ("K<=4", K)), plain(C + 1)))),
        function((1, (piece(("K>=6", ONE * 4), ("K<=5", K)), plain(C)))),
        function((1, (piece(("K>=5", ONE * 4), ("K<=4", K)), piece(("C>=2", C))))),
        function((1, (piece(("K>=900", ONE * 5), ("K<=899", K)), plain(C)))),
        function((1, (piece(("K>=5", ONE * 4), ("K<=4", K)), plain(C))), (1, (plain(P), plain(R)))),
        function(),
    ],
)
def test_differences_are_found_with_a_point(right: Function) -> None:
    left = function((1, (piece(("K>=5", ONE * 4), ("K<=4", K)), plain(C))))
    found = compared(left, right)
    assert found.verdict == "false"
    assert found.counterexample is not None
    assert left.at(found.counterexample) != right.at(found.counterexample)
    assert set(found.counterexample) == {"C", "K", "P", "R"}


def test_a_difference_far_away_is_found_by_proving() -> None:
    """No point that is drawn reaches K = 5000; the proof of the suggested equation fails there."""
    left = function((1, (plain(K), plain(C))))
    right = function((1, (piece(("K>=5000", K + 1), ("K<=4999", K)), plain(C))))
    found = compared(left, right)
    assert found.verdict == "false"
    assert (found.counterexample or {}).get("K", 0) >= 5000


def test_contexts_that_are_no_product_or_differ() -> None:
    """Where K ≤ C, min(K, C) is K, though the two parameters share no factor."""
    below = CONTEXT.intersect(isl.Set("[C, K] -> { : K <= C }").params())
    least = Count(
        (
            (Region(((Condition(Affine.of("C") - "K"),),)), K),
            (Region(((Condition(Affine.of("K") - "C" - 1),),)), C),
        )
    )
    left, right = function((1, (least,)), context=below), function((1, (plain(K),)), context=below)
    assert compared(left, right).verdict == "proved"
    wide = function((1, (plain(K),)))
    found = compared(left, wide)
    assert (found.verdict, found.note) == ("false", "only one of them holds there")
    point = found.counterexample
    assert point is not None
    assert point["K"] > point["C"]
    proofs = equal_sums("", {"narrow": (left, right), "wide": (wide, function((1, (least,))))})
    assert [proof.verdict for proof in proofs] == ["proved", "false"]


def test_an_equation_that_is_not_shown_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    undecided = Proof("", "polynomials", "unknown")
    monkeypatch.setattr(products, "equal", lambda *_: undecided)
    left, right = function((1, (plain(K * 2), plain(C)))), function((2, (plain(K), plain(C))))
    assert compared(left, right).verdict == "unknown"
    assert compared(left, left).verdict == "proved"


def test_numbers_alone_are_compared() -> None:
    everywhere = isl.Set("{ : }").params()
    left = Function(((2, (plain(ONE * 3),)),), everywhere)
    assert compared(left, Function(((6, ()),), everywhere)).verdict == "proved"
    assert compared(left, Function(((5, ()),), everywhere)).verdict == "false"


@pytest.fixture(scope="module")
def tiles() -> Iterator[ModuleType]:
    """Give proofs/tiles.py."""
    sys.path.insert(0, str(PROOFS))
    spec = importlib.util.spec_from_file_location("proofs_of_tiles", PROOFS / "tiles.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(PROOFS))


PARTS = [("C-P", 1, 1), ("X-P", 1, 4), ("YX-P", 1, 3), ("YR-P", 1, 4), ("KC-P", 1, 3), ("X-P", 2, 4)]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "stride", "place"), PARTS)
def test_symbolic_tiles_with_numbers_are_what_the_numbers_give(
    tiles: ModuleType, name: str, stride: int, place: int
) -> None:
    """One choice of each dataflow, for filters of every length; the statement has all choices."""
    proofs = list(tiles.compared(name, stride, [place]))
    assert [proof for proof in proofs if proof.verdict != "proved"] == []
    assert len(proofs) > 16


def test_choices_are_different_and_ten(tiles: ModuleType) -> None:
    for name, flow in tiles.FLOWS.items():
        published = lifted(pm.conv2d(), flow, tiles.NUM_PES).values
        drawn = list(itertools.islice(tiles.choices(name, published), tiles.CHOICES))
        assert len({tuple(sorted(each.items())) for each in drawn}) == tiles.CHOICES == 10


@pytest.mark.parametrize("name", ["C-P", pytest.param("KC-P", marks=pytest.mark.slow)])
def test_wrong_numbers_are_refuted_with_a_point(tiles: ModuleType, name: str) -> None:
    """Any tile or cluster one larger, or a unit more, makes some formula wrong, as the point shows."""
    operator = pm.conv2d()
    found = lifted(operator, tiles.FLOWS[name], tiles.NUM_PES)
    general = pm.analyze_tiles(operator, found.dataflow, found.num_pes)
    numbers = dict.fromkeys(found.values, 3) | {"T_C0": 10, "PEs": 7}
    flow = found.dataflow.substituted(numbers)
    right = pm.analyze(operator, flow, numbers["PEs"]).forms.every()
    unit = numbers.get("G1", 1)
    units = numbers["PEs"] // unit
    larger = [{symbol: numbers[symbol] + 1} for symbol in numbers if symbol not in ("PEs", "G1")]
    larger.append({"PEs": (units + 1) * unit})
    larger += [{"G1": unit + 1, "PEs": units * (unit + 1)}] * ("G1" in numbers)
    for change in larger:
        wrong = numbers | change
        left = general.specialised(wrong)
        pairs = {each: (Function.of(form), Function.of(right[each])) for each, form in left.items()}
        refuted = [proof for proof in equal_sums("", pairs) if proof.verdict == "false"]
        assert refuted, change
        for proof in refuted:
            point = proof.counterexample
            assert point is not None
            assert left[proof.claim].at(**point) != right[proof.claim].at(**point)


@pytest.mark.parametrize("change", [{"T_Q0": 4}, {"PEs": 3}, {"T_P0": 4}])
def test_wrong_numbers_are_refuted_in_blocks_too(tiles: ModuleType, change: dict[str, int]) -> None:
    operator = pm.conv2d()
    found = lifted(operator, tiles.FLOWS["X-P"], tiles.NUM_PES)
    numbers = dict.fromkeys(found.values, 3) | {"PEs": 2}
    blocks = tiles.blocks("X-P", numbers)
    flow = found.dataflow.substituted(numbers)
    right = pm.analyze(
        operator.with_extents(blocks.values), flow, 2, assuming=blocks.conditions
    ).forms.every()
    wrong = pm.analyze_tiles(operator, found.dataflow, found.num_pes).specialised(numbers | change)
    pairs = {
        name: (blocks.function(Function.of(form)), Function.of(right[name])) for name, form in wrong.items()
    }
    refuted = [proof for proof in equal_sums("", pairs) if proof.verdict == "false"]
    assert refuted
    for proof in refuted:
        point = proof.counterexample
        assert point is not None
        extents = {**point, "Q": blocks.values["Q"].evaluate(point)}
        of_extents = {name: extents[name] for name in wrong[proof.claim].symbols}
        assert wrong[proof.claim].at(**of_extents) != right[proof.claim].at(**point)


def test_blocks_are_all_extents_once() -> None:
    blocks = Blocks({"Q": (6, 4), "P": (1, 3)})
    context = isl.Set("[P, Q, S] -> { : P >= 1 and Q >= 1 and S >= 1 }").params()
    written = blocks.applied(context)
    assert blocks.restored(written).is_equal(context)
    for rows, columns in itertools.product(range(1, 8), range(1, 60)):
        here = isl.Set(f"[P, Q, S] -> {{ : P = {rows} and Q = {columns} and S = 2 }}").params()
        [point] = listed(blocks.applied(here), 2)
        values = blocks.values
        assert (values["P"].evaluate(point), values["Q"].evaluate(point)) == (rows, columns)
