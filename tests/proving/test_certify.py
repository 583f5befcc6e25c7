"""How each formula is known: proved where the finite check can, sampled elsewhere, wrong where it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

import polymaestro as pm
from polymaestro.errors import ClosedFormError

FLOW = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(2,2) K")


def test_counts_are_proved_and_peaks_sampled() -> None:
    certified = pm.analyze(pm.gemm(), FLOW, 4).certify(samples=5)
    words = {name: each.word for name, each in certified.standings.items()}
    assert {name for name, word in words.items() if word != "proved"} == {f"L2.{t}.occupancy" for t in "ABZ"}
    assert certified.samples == 5
    assert "derived by nested sums" in str(certified)
    assert "proved: L2.A.tile_total" in str(certified)
    assert certified["macs"].certificates


def test_a_wrong_formula_is_called_wrong() -> None:
    analysis = pm.analyze(pm.gemm(), FLOW, 4)
    other = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(3,3) K")
    certified = replace(analysis, dataflow=other).certify()
    assert certified["L2.A.fills"].word == "wrong"
    assert "the interpreter counts" in str(certified["L2.A.fills"])


def test_numbers_alone_are_compared_with_the_interpreter() -> None:
    certified = pm.analyze(pm.gemm(M=5, N=3, K=4), FLOW, 4).certify()
    assert certified.samples == 1
    assert certified["macs"].word == "proved"


def test_an_unknown_formula_is_refused() -> None:
    certified = pm.analyze(pm.gemm(M=5, N=3, K=4), FLOW, 4).certify()
    with pytest.raises(ClosedFormError, match=r"did you mean 'L2\.A\.fills'"):
        certified["L2.A.fill"]
