"""What an analysis promises: exact integers at any size, regions, assumptions, laws, clear refusals."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy

import polymaestro as pm
from polymaestro.errors import (
    ClosedFormError,
    DataflowError,
    HardwareError,
    LegalityError,
    LoweringError,
    WorkloadError,
)
from polymaestro.movement import QUANTITIES
from polymaestro.symbolic import TensorForms

LAYER = {"N": 1, "K": 64, "C": 64, "P": 56, "Q": 56}
KC_P = pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.kc_p(), num_pes=256)
OUTPUT_STATIONARY = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(1,1) K")


def test_extents_of_a_million_give_exact_integers() -> None:
    million = 10**6
    point = {"N": million, "K": million, "C": million, "P": million, "Q": million}
    assert KC_P.macs.at(**point) == 9 * million**5
    assert KC_P["L2"]["W"].parent_reads.at(**point) == 9 * million**2
    # C·N·P·R·⌈K/4⌉·(Q + S - 1), multiplied out by hand
    assert KC_P["L2"]["I"].parent_reads.at(**point) == 3 * million**3 * (million // 4) * (million + 2)


def test_a_layer_beyond_64_bits_is_exact_with_its_extents_as_numbers_too() -> None:
    sizes = {"K": 10**12 + 1, "C": 10**9 + 7, "P": 10**6, "Q": 10**6}
    numbers = pm.analyze(pm.conv2d(N=1, R=3, S=3, **sizes), pm.dataflows.kc_p(), 256)
    assert numbers.macs.at() == 9 * (10**12 + 1) * (10**9 + 7) * 10**12
    derived = numbers["L2"]["O"].read_backs.at()
    assert derived == KC_P["L2"]["O"].read_backs.at(N=1, **sizes) > 2**64


def test_every_quantity_is_in_the_list_in_the_order_of_the_list() -> None:
    kinds = [list(tensor.forms) for tensor in KC_P["L2"].tensors.values()]
    assert all(kind == sorted(kind, key=QUANTITIES.index) for kind in kinds)
    assert {name for kind in kinds for name in kind} == set(QUANTITIES)


def test_reuse_factors_multiply_to_the_whole() -> None:
    reuse = KC_P.reuse("L2", "I")
    factors = [ratio.at(**LAYER) for ratio in (reuse.inside_tile, reuse.temporal, reuse.spatial)]
    whole = Fraction(KC_P.macs.at(**LAYER), KC_P["L2"]["I"].parent_reads.at(**LAYER))
    assert factors[0] * factors[1] * factors[2] == whole
    assert reuse.spatial.at(**LAYER) == 4  # the four clusters share every input


@pytest.mark.parametrize("flow", ["C-P", "X-P", "YX-P", "KC-P"])
def test_traffic_is_never_below_the_size_of_the_tensor(flow: str) -> None:
    analysis = pm.analyze(pm.conv2d(**LAYER, R=3, S=3), pm.dataflows.PUBLISHED[flow](), 256)
    sizes = {"I": 64 * 58 * 58, "W": 64 * 64 * 9, "O": 64 * 56 * 56}
    for name in ("I", "W"):
        tensor = analysis["L2"][name]
        assert tensor.tile_total.at() >= tensor.fills.at() >= tensor.parent_reads.at() >= sizes[name]
    out = analysis["L2"]["O"]
    assert out.drains.at() >= out.parent_updates.at() >= out.final_writes.at() == sizes["O"]
    assert analysis.macs.at() == 64 * 64 * 56 * 56 * 9


def test_directives_with_one_step_change_nothing_wherever_they_stand() -> None:
    plain = pm.analyze(pm.gemm(), OUTPUT_STATIONARY, 4)
    point = {"M": 7, "N": 5, "K": 3}
    for text in (
        "TemporalMap(1,1) N; TemporalMap(Sz(M),Sz(M)) M; Cluster(4); SpatialMap(1,1) M; TemporalMap(1,1) K",
        "TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(1,1) K; Cluster(1); TemporalMap(9,9) K",
    ):
        other = pm.analyze(pm.gemm(), pm.parse_dataflow(text), 4)
        assert other.macs.at(**point) == plain.macs.at(**point)
        assert other.active_units.at(**point) == plain.active_units.at(**point)
    again = pm.analyze(
        pm.gemm(),
        pm.parse_dataflow(
            "TemporalMap(Sz(K),1) K; "
            + str(OUTPUT_STATIONARY).split("T", 1)[0]
            + "TemporalMap(1,1) N; SpatialMap(1,1) M"
        ),
        4,
    )
    flat = pm.analyze(pm.gemm(), pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M"), 4)
    named = dict(flat.forms.named())
    assert {n: f.at(**point) for n, f in again.forms.named()} == {n: f.at(**point) for n, f in named.items()}


def test_an_output_stationary_gemm_writes_each_output_once() -> None:
    analysis = pm.analyze(pm.gemm(), OUTPUT_STATIONARY, 4)
    out = analysis["L2"]["Z"]
    assert str(out.parent_updates) == "M·N"
    assert str(out.read_backs) == "0"


def test_the_expression_is_what_at_evaluates() -> None:
    form = KC_P["L2"]["I"].parent_reads
    point = {"N": 2, "K": 9, "C": 70, "P": 5, "Q": 7}
    symbols = {sympy.Symbol(name, integer=True): value for name, value in point.items()}
    assert form.expr.subs(symbols) == form.at(**point)
    assert "lceil" in form.latex()


def test_an_assumption_is_used_while_counting_and_bounds_the_region() -> None:
    analysis = pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.kc_p(), 256, assuming=["C % 64 == 0", "C >= 128"])
    steps = analysis.steps
    assert steps.at(**{**LAYER, "C": 128}) == KC_P.steps.at(**{**LAYER, "C": 128})
    with pytest.raises(ClosedFormError, match="C = 96"):
        steps.at(**{**LAYER, "C": 96})


def test_missing_unknown_and_impossible_extents_are_refused() -> None:
    form = KC_P.macs
    with pytest.raises(ClosedFormError, match="needs a value for Q"):
        form.at(N=1, K=1, C=1, P=1)
    with pytest.raises(ClosedFormError, match="did you mean 'K'"):
        form.at(**LAYER, k=1)
    with pytest.raises(ClosedFormError, match="it holds where"):
        form.at(**{**LAYER, "K": 0})


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("SpatialMap(2,1) M", LegalityError, "more than once"),
        ("SpatialMap(1,2) M", LegalityError, "never executed"),
        ("TemporalMap(1,1) M", LegalityError, "no SpatialMap"),
        ("SpatialMap(1,1) M; SpatialMap(1,1) N", LegalityError, "never executed"),
        ("SpatialMap(1,1) Q", DataflowError, "no dimension 'Q'"),
        ("SpatialMap(1,1) M; Cluster(8); SpatialMap(1,1) N", DataflowError, "need 8 PEs"),
        ("SpatialMap(1,1) M; TemporalMap(T,T) K", LoweringError, "give T a number"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(
    text: str, error: type[pm.PolymaestroError], message: str
) -> None:
    with pytest.raises(error, match=message):
        pm.analyze(pm.gemm(M=8, N=8, K=8), pm.parse_dataflow(text), 4)


def test_an_illegal_dataflow_is_counted_when_asked_for() -> None:
    operator, flow = pm.gemm(M=8, N=3, K=2), pm.parse_dataflow("SpatialMap(1,2) M")
    analysis = pm.analyze(operator, flow, 4, allow_illegal=True)
    seen = pm.interpret(operator, flow, 4)
    assert seen.missing == 24
    assert analysis.macs.at() == seen.macs == 24


def test_words_of_the_set_language_are_no_symbols() -> None:
    with pytest.raises(WorkloadError, match="mod"):
        pm.conv2d(K="mod")


def test_a_form_shows_itself_in_one_line() -> None:
    assert repr(KC_P["L2"]["W"].parent_reads) == "ClosedForm(9·C·K)"
    shown = repr(KC_P["L2"]["I"].parent_reads)
    assert shown.startswith("ClosedForm(3·C·N·P·⌈K/4⌉·(Q + 2)  if ")
    assert KC_P["L2"]["W"].parent_reads._repr_latex_() == r"$\displaystyle 9 C K$"
    assert "parent reads" in KC_P._repr_html_()


def test_an_analysis_reports_on_a_machine() -> None:
    report = KC_P.on(pm.Hardware(num_pes=256), **LAYER)
    assert report.units == 256
    assert report.utilization == 1.0
    assert report.boundaries[0].tensors["W"]["parent_reads"] == 9 * 64 * 64
    with pytest.raises(ClosedFormError, match="analyze again"):
        KC_P.on(pm.Hardware(num_pes=64), **LAYER)


def test_layers_that_share_what_only_numbers_suit_are_counted_one_by_one(tmp_path: Path) -> None:
    layer = (
        "Layer {0} {{ Type: GEMM Dimensions {{ M: {1} N: 2 K: 4 }}"
        " Dataflow {{ SpatialMap(1,1) M; Cluster(Sz(K)); SpatialMap(1,1) K; }} }}"
    )
    file = tmp_path / "two.m"
    file.write_text(f"Network N {{ {layer.format('A', 3)} {layer.format('B', 5)} }}", encoding="utf-8")
    report = pm.load(file).analyze(pm.Hardware(num_pes=8))
    assert [(each.legal, each.macs) for each in report.layers] == [(True, 24), (True, 40)]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_the_formulas_of_a_tensor_can_be_copied(copied: Callable[[TensorForms], TensorForms]) -> None:
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N")
    forms = pm.analyze(pm.gemm(), flow, num_pes=4)["L2"]["A"]
    found = copied(forms)
    assert found.forms == forms.forms
    assert found.fills.at(M=5, N=3, K=2) == forms.fills.at(M=5, N=3, K=2)


def test_a_report_is_of_hardware_without_symbols() -> None:
    with pytest.raises(HardwareError, match="the hardware has the symbol B; give it a number"):
        KC_P.on(pm.Hardware(num_pes=256, noc_bw="B"), **LAYER)


def test_a_report_without_the_extent_that_is_the_number_of_pes_is_refused() -> None:
    analysis = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), num_pes="M")
    with pytest.raises(ClosedFormError, match="the formula needs a value for M"):
        analysis.on(pm.Hardware(num_pes=4), N=2, K=2)


def test_a_case_or_table_is_that_of_a_point_of_the_region_only() -> None:
    analysis = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(2,2) K"), 4)
    form = analysis["L2"]["A"].parent_reads
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "needs a value for K, M, N"),
        ({"M": 0, "N": 1, "K": 1}, "does not hold at K = 1, M = 0, N = 1"),
        ({"M": 1.5, "N": 1, "K": 1}, "M is 1.5; it must be an integer"),
        ({"M": 1, "N": 1, "K": 1, "Q": 1}, "no symbol 'Q'"),
        ({"M": 1e30, "N": 1, "K": 1}, r"M is 1e\+30, a float that is not exact"),
    )
    for point, said in wrong:
        for asked in (form.case_at, analysis.table, form.evaluate):
            with pytest.raises(ClosedFormError, match=said):
                asked(point)


def test_hardware_of_another_size_than_the_analysis_is_refused() -> None:
    """Five PEs hold two clusters of two, as four do; eight hold four."""
    flow = pm.parse_dataflow("SpatialMap(1,1) M; Cluster(2); SpatialMap(1,1) N")
    analysis = pm.analyze(pm.gemm(M=8, N=8, K=8), flow, 5)
    assert analysis.on(pm.Hardware(num_pes=4)).macs == 512
    for pes in (3, 6, 8):
        with pytest.raises(ClosedFormError, match="the analysis uses 4 PEs"):
            analysis.on(pm.Hardware(num_pes=pes))
    with pytest.raises(HardwareError, match="expected a machine"):
        analysis.on(None)  # type: ignore[arg-type]


def test_every_public_name_and_module_is_there_when_it_is_asked_for() -> None:
    assert set(pm.__all__) <= set(dir(pm))
    for name in [*pm.__all__, "export", "errors"]:
        assert getattr(pm, name) is getattr(pm, name)
    with pytest.raises(AttributeError, match="module 'polymaestro' has no attribute 'optimise'"):
        pm.optimise  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("asked", [pm.analyze, pm.analyze_tiles, pm.interpret])
def test_a_text_is_no_dataflow_and_no_operator(asked: Callable[..., object]) -> None:
    text = "SpatialMap(1,1) M"
    with pytest.raises(DataflowError, match=r"expected a dataflow, as pm.parse_dataflow.* not 'SpatialMap"):
        asked(pm.gemm(M=1, N=1, K=1), text, 4)
    with pytest.raises(WorkloadError, match=r"expected an operator, as pm.gemm"):
        asked("gemm", pm.parse_dataflow(text), 4)


def test_a_tensor_or_memory_by_number_is_refused_as_by_name() -> None:
    analysis = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), 4)
    with pytest.raises(ClosedFormError, match=r"no .* 0"):
        analysis[0]  # type: ignore[index]
    with pytest.raises(ClosedFormError, match="no tensor 0"):
        analysis["L2"][0]  # type: ignore[index]


def test_an_assumption_alone_is_no_list_of_letters() -> None:
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(2,2) K")
    alone, listed = (pm.analyze(pm.gemm(), flow, 4, assuming=each) for each in ("K >= 3", ["K >= 3"]))
    assert alone.macs.valid_on == listed.macs.valid_on
    assert pm.check(pm.gemm(), flow, 4, assuming="K >= 3").legal
    assert alone.on(pm.Hardware(4), K=3, M=4, N=1) == listed.on(pm.Hardware(4), K=3, M=4, N=1)
