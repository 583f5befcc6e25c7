"""How each formula is known: proved where the finite check can, sampled elsewhere, wrong where it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

import polymaestro as pm
from polymaestro.counting import Engine, barvinok
from polymaestro.errors import ClosedFormError
from polymaestro.proving import same_as_interpreted

FLOW = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(2,2) K")


def test_counts_and_peaks_are_proved() -> None:
    certified = pm.analyze(pm.gemm(), FLOW, 4, engine="faulhaber").certify(samples=5)
    assert {each.word for each in certified.standings.values()} == {"proved"}
    assert certified.samples == 5
    assert "derived by integer programming, nested sums; equal to the interpreter at 5 points" in str(
        certified
    )
    assert "proved: L2.A.occupancy, L2.A.tile_total" in str(certified)
    assert certified["macs"].certificates


def test_the_engine_named_is_the_one_that_counted() -> None:
    engines: tuple[Engine, ...] = ("faulhaber", "barvinok")
    for name in engines[: 1 + barvinok.AVAILABLE]:
        certified = pm.analyze(pm.gemm(), FLOW, 4, engine=name).certify(samples=1)
        expected = "barvinok" if name == "barvinok" else "nested sums"
        assert certified["L2.A.fills"].engine == expected
        assert f"derived by {expected}" in str(certified["L2.A.fills"])
    # A tile along one index has its ends' distance for its size; nothing is summed for the largest.
    assert certified["L2.A.occupancy"].engine == "integer programming"


def test_a_peak_over_two_indices_of_one_group_is_not_called_proved() -> None:
    causal = pm.einsum("S[i,j] += Q[i,d] * K[j,d]", where="j <= i", I="L", J="L")
    rows = pm.parse_dataflow("TemporalMap(2,2) I; SpatialMap(1,1) J; TemporalMap(1,1) D")
    certified = pm.analyze(causal, rows, 4).certify(samples=2)
    words = {name: each.word for name, each in certified.standings.items()}
    assert {name for name, word in words.items() if word != "proved"} == {"L2.S.occupancy"}
    standing = certified["L2.S.occupancy"]
    assert (standing.defined, standing.counted, standing.word) == (True, False, "sampled")
    assert "not all shown to be counted right" in str(standing)


def test_a_wrong_formula_is_called_wrong() -> None:
    analysis = pm.analyze(pm.gemm(), FLOW, 4)
    other = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(3,3) K")
    certified = replace(analysis, dataflow=other).certify()
    assert certified["L2.A.fills"].word == "wrong"
    assert "the interpreter counts" in str(certified["L2.A.fills"])


@pytest.mark.parametrize(
    "change", [{"sharing": "unicast"}, {"edge_tiles": "padded"}, {"overlap": "none"}], ids=str
)
def test_the_interpreter_is_asked_under_its_own_policies_only(change: dict[str, str]) -> None:
    analysis = pm.analyze(pm.gemm(), FLOW, 4, policies=pm.Policies(**change))
    certified, timed = analysis.certify(samples=3), "overlap" in change
    words = {each.word for each in certified.standings.values()}
    assert words == {"proved" if timed else "derived"}
    assert all(each.counted for each in certified.standings.values())
    assert certified.samples == (3 if timed else 0)
    whole = same_as_interpreted("", analysis.forms, FLOW, 4)
    assert (whole.verdict == "proved") == timed


def test_numbers_alone_are_compared_with_the_interpreter() -> None:
    certified = pm.analyze(pm.gemm(M=5, N=3, K=4), FLOW, 4).certify()
    assert certified.samples == 1
    assert certified["macs"].word == "proved"


def test_an_unknown_formula_is_refused() -> None:
    certified = pm.analyze(pm.gemm(M=5, N=3, K=4), FLOW, 4).certify()
    with pytest.raises(ClosedFormError, match=r"did you mean 'L2\.A\.fills'"):
        certified["L2.A.fill"]
