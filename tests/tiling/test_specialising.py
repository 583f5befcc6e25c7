"""Numbers put into formulas with symbolic tiles: closed forms with all their cases, in the extents."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import polymaestro as pm
from polymaestro.affine import Affine
from polymaestro.counting import Condition, QuasiPolynomial, Region
from polymaestro.errors import ClosedFormError, CountingError, CountingUnavailableError, EquationError
from polymaestro.loopnest.interpreter import interpret

GEMM = "SpatialMap(T_M,T_M) M; TemporalMap(T_N,T_N) N; Cluster(G); TemporalMap(2,2) N; SpatialMap(1,1) K"
NUMBERS = {"T_M": 3, "T_N": 4, "G": 2, "PEs": 5}


@pytest.fixture(scope="module")
def tiled() -> pm.TiledAnalysis:
    return pm.analyze_tiles(pm.gemm(), pm.parse_dataflow(GEMM), "PEs")


def test_specialised_forms_are_the_interpreters_counts_at_every_small_extent(tiled: pm.TiledAnalysis) -> None:
    forms = tiled.specialised(NUMBERS)
    for sizes in itertools.product((1, 2, 3, 6, 7, 13), (1, 3, 4, 5, 9), (1, 2, 5)):
        point = dict(zip(("M", "N", "K"), sizes, strict=True))
        seen = interpret(pm.gemm(), tiled.dataflow, NUMBERS["PEs"], point | NUMBERS)
        found = {name: form.at(**point) for name, form in forms.items()}
        assert (found["macs"], found["steps"], found["active_units"]) == (seen.macs, seen.steps, seen.active)
        for boundary, observed in zip(tiled.boundaries, seen.boundaries, strict=True):
            for tensor, quantities in observed.tensors.items():
                for name, value in quantities.items():
                    assert found[f"{boundary.parent}.{tensor}.{name}"] == value, (name, point)


@pytest.mark.parametrize(
    ("stride", "dilation"),
    [(2, 1), *(pytest.param(*each, marks=pytest.mark.slow) for each in ((3, 2), (1, 2)))],
)
def test_strides_and_dilations_are_specialised_too(stride: int, dilation: int) -> None:
    """Footprints with gaps have floors of their own."""
    operator = pm.conv2d(N=1, K=1, C=1, Q=1, S=1, stride=stride, dilation=dilation)
    flow = pm.parse_dataflow("TemporalMap(T_R,T_R) R; SpatialMap(T_P,T_P) Y'")
    tiled = pm.analyze_tiles(operator, flow, "PEs")
    numbers = {"T_R": 2, "T_P": 2, "PEs": 3}
    forms = tiled.specialised(numbers)
    for rows, taps in itertools.product((1, 2, 3, 5, 6, 7, 12, 14), (1, 2, 3, 4, 5)):
        observed = interpret(operator, flow, 3, {"P": rows, "R": taps} | numbers).boundaries[0].tensors["I"]
        assert {key: forms[f"L2.I.{key}"].at(P=rows, R=taps) for key in observed} == observed


def test_cases_cover_each_point_once_and_views_and_exporters_agree(tiled: pm.TiledAnalysis) -> None:
    form = tiled["L2"]["Z"].parent_updates.specialised(**NUMBERS)
    compiled = form.lambdify("python")
    for sizes in itertools.product((1, 5, 6, 7, 30), (1, 4, 5, 30), (1, 2, 3, 30)):
        point = dict(zip(("M", "N", "K"), sizes, strict=True))
        expected = tiled["L2"]["Z"].parent_updates.at(**point, **NUMBERS)
        holding = [case for case in form.cases if case.region.holds(point)]
        values = [case.value.evaluate(point) for case in holding]
        assert values == [expected] * len(values)
        assert len(values) <= 1
        assert values or expected == 0
        assert compiled(**point) == expected
    assert pm.ClosedForm.from_json(form.to_json()) == form
    divisible = form.divisible()
    assert divisible.at(M=12, N=8, K=4) == tiled["L2"]["Z"].parent_updates.at(M=12, N=8, K=4, **NUMBERS)


def test_extents_may_get_numbers_as_well(tiled: pm.TiledAnalysis) -> None:
    form = tiled["L2"]["A"].fills.specialised(**NUMBERS, K=5)
    assert form.symbols == ("M", "N")
    assert form.at(M=7, N=9) == tiled["L2"]["A"].fills.at(M=7, N=9, K=5, **NUMBERS)
    assert str(tiled.macs.specialised(**NUMBERS, M=2, N=3, K=5)) == "30"


def test_a_symbol_that_divides_must_get_a_number(tiled: pm.TiledAnalysis) -> None:
    with pytest.raises(ClosedFormError, match="give a number for G"):
        tiled.macs.specialised(T_M=3, T_N=4, PEs=5)
    with pytest.raises(ClosedFormError, match="give a number for T_N"):
        tiled.macs.specialised(T_M=3, G=2, PEs=5)


def test_unknown_symbols_and_contradictions_are_refused(tiled: pm.TiledAnalysis) -> None:
    with pytest.raises(ClosedFormError, match="no symbol 'T_X'"):
        tiled.specialised({"T_X": 3})
    with pytest.raises(ClosedFormError, match="T_N = 0 contradicts the region"):
        tiled.macs.specialised(**NUMBERS | {"T_M": 3, "T_N": 0})
    with pytest.raises(ClosedFormError, match="contradicts the region"):  # no unit for a cluster of 2
        tiled.macs.specialised(**NUMBERS | {"PEs": 1})
    with pytest.raises(ClosedFormError, match="the assumption 'M <= 0' contradicts"):
        tiled.macs.specialised("M <= 0", **NUMBERS)


def test_an_assumption_leaves_out_what_cannot_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Single taps in each unit, and a stride: three outputs reach over more units than are compared."""
    monkeypatch.setattr("polymaestro.tiling.families.MAX_REACH", 2)
    flow = pm.parse_dataflow("TemporalMap(A,A) Y'; SpatialMap(1,1) R")
    tiled = pm.analyze_tiles(pm.conv2d(N=1, K=1, C=1, Q=1, S=1, stride=2), flow, "PEs")
    reads = tiled["L2"]["I"].parent_reads
    with pytest.raises(CountingUnavailableError, match="share elements along R"):
        reads.specialised(A=3, PEs=64)
    form = reads.specialised("R <= 2", A=3, PEs=64)
    assert str(form.valid_on) == "P ≥ 1, R ≤ 2, R ≥ 1"
    for rows, taps in itertools.product((1, 2, 3, 4, 7, 12), (1, 2)):
        assert form.at(P=rows, R=taps) == reads.at(P=rows, R=taps, A=3, PEs=64)


def test_units_of_which_each_shares_rows_with_many_are_counted() -> None:
    """One row in each of 64 units, and filters of many taps."""
    flow = pm.parse_dataflow("TemporalMap(T_C,T_C) C; SpatialMap(Sz(R),1) Y")
    tiled = pm.analyze_tiles(pm.conv2d(N=1, K=1, Q=1, S=1), flow, "PEs")
    form = tiled["L2"]["I"].parent_reads.specialised(T_C=2, PEs=64)
    for rows, taps in itertools.product((1, 63, 65, 130), (1, 2, 30, 70)):
        numbers = pm.conv2d(N=1, K=1, C=3, Q=1, S=1, P=rows, R=taps)
        seen = pm.interpret(numbers, flow, 64, {"T_C": 2}).boundaries[0].tensors["I"]["parent_reads"]
        assert form.at(C=3, P=rows, R=taps) == seen


@pytest.mark.parametrize(("rows", "units"), [(1, 5), (2, 3), (3, 4), (1, 1)])
def test_units_share_under_filters_that_span_many_folds(rows: int, units: int) -> None:
    """The first fold follows the last, where some units were idle and hold other rows than the rest."""
    operator = pm.conv2d(N=1, C=1, Q=1, S=1)
    flow = pm.parse_dataflow("TemporalMap(T_K,T_K) K; SpatialMap(Sz(R)+T-1,T) Y")
    tiled = pm.analyze_tiles(operator, flow, "PEs")
    numbers = {"T_K": 2, "T": rows, "PEs": units}
    forms = tiled.specialised(numbers)
    for height, taps in itertools.product((1, 4, 9, 11, 13, 26), (1, 2, 5, 6, 12, 18, 31)):
        seen = interpret(operator, flow, units, {"K": 3, "P": height, "R": taps} | numbers).boundaries[0]
        for name, value in seen.tensors["I"].items():
            assert forms[f"L2.I.{name}"].at(K=3, P=height, R=taps) == value, (name, height, taps)


def test_an_equation_about_symbolic_tiles_asks_for_numbers() -> None:
    tiled = pm.analyze_tiles(pm.gemm(), pm.parse_dataflow("SpatialMap(T,T) M; TemporalMap(1,1) N"), "P")
    reads: Any = tiled["L2"]["A"].parent_reads
    with pytest.raises(EquationError, match=r"no TiledForm .* give numbers for them with specialised"):
        pm.check_equation(reads, "K*M")
    assert pm.check_equation(reads.specialised(T=2, P=3), "K*M").equal


def test_a_chamber_without_its_own_point_is_refused_and_not_looked_for_again(
    tiled: pm.TiledAnalysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = next(each for _, counts in tiled["L2"]["Z"].parent_updates.products for each in counts)
    elsewhere = Region(((Condition(Affine.of("M") - 1000),),))
    monkeypatch.setattr(type(count), "piece_at", lambda *_: (elsewhere, QuasiPolynomial.of(1)))
    with pytest.raises(CountingError, match=r"the chamber M ≥ 1000 does not hold the point .* derived at"):
        tiled["L2"]["Z"].parent_updates.specialised(**NUMBERS)
