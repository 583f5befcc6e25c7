"""Verdicts with symbols: legal everywhere, nowhere, or under a condition, compared point by point."""

from __future__ import annotations

import random

import pytest

import polymaestro as pm
from polymaestro.loopnest.interpreter import interpret
from polymaestro.symbolic import ClosedForm

POINTS = 24
FLOWS = {
    "gap": (pm.gemm(), "TemporalMap(4,6) M; SpatialMap(3,3) N", 4),
    "overlap": (pm.gemm(), "SpatialMap(1,1) M; TemporalMap(5,2) K", 4),
    "both": (pm.gemm(), "TemporalMap(3,4) M; SpatialMap(1,1) N; TemporalMap(3,2) K", 4),
    "diagonal of two": (pm.gemm(K=2), "SpatialMap(1,1) M; SpatialMap(1,1) N", 4),
    "same work": (pm.gemm(), "SpatialMap(1,1) M; Cluster(2); TemporalMap(1,1) K", 8),
    "whole windows": (
        pm.conv2d(N=1, C=2, Q=2, S=1),
        "SpatialMap(1,1) K; TemporalMap(Sz(R)+1,2) Y; TemporalMap(1,1) C",
        3,
    ),
    "three rows": (pm.conv2d(N=1, C=1, Q=2, S=1, K=2), "SpatialMap(1,1) K; TemporalMap(3,1) Y", 3),
    "strided rows": (
        pm.conv2d(N=1, C=1, Q=1, S=1, R=2, stride=2),
        "SpatialMap(1,1) K; TemporalMap(5,3) Y",
        3,
    ),
    "row-stationary": (
        pm.conv2d(N=1, C=1, Q=1, S=1, K=1),
        "SpatialMap(Sz(R),1) Y; Cluster(3); SpatialMap(1,1) Y; SpatialMap(1,1) R",
        9,
    ),
    "a diagonal of rows": (
        pm.conv2d(N=1, C=1, Q=1, S=1, K=1),
        "SpatialMap(4,2) Y; Cluster(2); SpatialMap(1,1) Y; SpatialMap(1,1) R",
        8,
    ),
}
STATUS = {
    "whole windows": "legal",
    "row-stationary": "legal",
    "same work": "illegal",
}


@pytest.mark.parametrize("name", FLOWS)
def test_a_symbolic_verdict_is_the_interpreters_at_every_point(name: str) -> None:
    operator, text, num_pes = FLOWS[name]
    flow = pm.parse_dataflow(text)
    verdict = pm.check(operator, flow, num_pes)
    assert verdict.status == STATUS.get(name, "conditional")
    rng = random.Random(name)
    seen_legal = set()
    for number in range(POINTS):
        point = {symbol: rng.randint(1, 7 if number else 1) for symbol in operator.symbols}
        seen = interpret(operator, flow, num_pes, point)
        seen_legal.add(seen.legal)
        assert verdict.condition.holds(point) == seen.legal, point
        for part, expected in ((verdict.missing, seen.missing), (verdict.repeated, seen.repeated)):
            assert part is not None
            if part.count is not None:
                count = part.count.at(**point) if isinstance(part.count, ClosedForm) else part.count
                assert count == expected, point
        if isinstance(verdict.executions, ClosedForm):
            assert verdict.executions.at(**point) == seen.macs
    assert seen_legal == {"legal": {True}, "illegal": {False}}.get(verdict.status, {True, False})


def test_counts_of_conditional_verdicts_are_formulas() -> None:
    verdict = pm.check(*_flow("gap"))
    assert verdict.missing is not None
    assert isinstance(verdict.missing.count, ClosedForm)
    lost = [m for m in range(17) if m % 6 >= 4]
    assert verdict.missing.count.at(M=17, N=5, K=3) == len(lost) * 5 * 3
    assert verdict.missing.points.example == {"K": 1, "M": 5, "N": 1, "m": 4, "n": 0, "k": 0}


def _flow(name: str) -> tuple[pm.Operator, pm.Dataflow, int]:
    operator, text, num_pes = FLOWS[name]
    return operator, pm.parse_dataflow(text), num_pes


CONDITIONS = {
    "gap": "legal exactly when M ≤ 4",
    "overlap": "legal exactly when K ≤ 5",
    "both": "legal exactly when M ≤ 3 and K ≤ 3",
    "diagonal of two": "legal exactly when M = 1, N = 1",
    "whole windows": "legal",
    "three rows": "legal exactly when P + R ≤ 4 or R = 3, P ≥ 2",
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_read_well(name: str) -> None:
    assert pm.check(*_flow(name)).headline() == CONDITIONS[name]


def test_a_condition_on_symbols_is_no_error_and_its_reason_a_warning() -> None:
    verdict = pm.check(*_flow("both"))
    assert (verdict.legal, verdict.ok) == (False, True)
    assert [(each.rule, each.severity) for each in verdict.findings] == [
        ("gap", "warning"),
        ("overlap", "warning"),
    ]
    assert verdict.repaired is not None
    assert pm.check(FLOWS["both"][0], verdict.repaired, 4).legal


def test_what_an_offset_counts_is_not_decided_where_symbols_decide_it() -> None:
    flow = pm.parse_dataflow("SpatialMap(1,1) K; TemporalMap(5,2) Y")
    verdict = pm.check(pm.conv2d(stride=2), flow, 3)
    assert (verdict.status, verdict.ok) == ("undecided", False)
    assert "counts input or output rows depends on R; give a number" in verdict.findings[0].line()
    # Two windows of 2 rows fit in 5 rows and move by 2: output rows. Of 4 rows one fits: input rows.
    assert pm.check(pm.conv2d(stride=2, R=2), flow, 3).legal
    assert pm.check(pm.conv2d(stride=2, R=4), flow, 3).legal
    assert not pm.check(pm.conv2d(stride=2, R=1), flow, 3).legal


def test_assumptions_are_used() -> None:
    operator, flow, num_pes = _flow("gap")
    assert pm.check(operator, flow, num_pes, assuming=["M <= 4"]).legal
    assert pm.check(operator, flow, num_pes, assuming=["M >= 5"]).status == "illegal"


@pytest.mark.parametrize("name", pm.dataflows.PUBLISHED)
def test_the_published_dataflows_are_legal_for_all_extents(name: str) -> None:
    flow = pm.dataflows.yr_p(3) if name == "YR-P" else pm.dataflows.PUBLISHED[name]()
    verdict = pm.check(pm.conv2d(), flow, 256)
    assert verdict.headline() == "legal"
    assert str(verdict.condition) == "everywhere"
    assert verdict.ok
