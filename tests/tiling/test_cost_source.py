"""Run time, energy and roofline in all cases: as code, as JSON, and under assumptions, against the oracle."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

import polymaestro as pm
from polymaestro.errors import ClosedFormError
from polymaestro.hardware import TABLES, Hardware
from polymaestro.policies import Policies
from polymaestro.strategies import Drawn
from polymaestro.tiling import (
    TiledAnalysis,
    TiledEnergy,
    TiledRoofline,
    TiledRunTime,
    complete_from_json,
)
from tests.model.test_cost import energy_seen, oracle
from tests.tiling.printed import Printed, number

TABLE = replace(TABLES["eyeriss"], dram="E", l1=Fraction(1, 2))
MACHINE = Hardware("PEs", noc_bw="B", offchip_bw="D", noc_hops=1, hop_latency="H", energy=TABLE)
Cost = TiledRunTime | TiledEnergy | TiledRoofline
COSTS = ("runtime", "energy", "roofline")
FLOWS = {
    "fold": (pm.gemm(), "TemporalMap(T_M,T_M) M; SpatialMap(T_N,T_N) N"),
    "levels": (pm.gemm(N=3), "SpatialMap(1,1) N; TemporalMap(T,T) M; Cluster(G); SpatialMap(1,1) K"),
    "window": (pm.conv2d(N=1, K=2, C=1, Q=1, S=1), "TemporalMap(T,T) P; SpatialMap(1,1) K"),
    "stride": (pm.conv2d(N=1, K=2, C=1, Q=1, S=1, stride=2), "TemporalMap(T,T) P; SpatialMap(1,1) K"),
}


def form(analysis: TiledAnalysis, cost: str) -> Cost:
    found: Cost = getattr(analysis, cost)(MACHINE)
    return found


def analysis_of(name: str) -> TiledAnalysis:
    operator, flow = FLOWS[name]
    return pm.analyze_tiles(operator, pm.parse_dataflow(flow), "PEs")


def compiled(cost: Cost) -> Callable[..., Any]:
    space: dict[str, Any] = {}
    exec(cost.to_python("cost"), space)  # noqa: S102  our own text
    function: Callable[..., Any] = space["cost"]
    return function


def seen_at(analysis: TiledAnalysis, point: dict[str, int], rates: Mapping[str, int]) -> dict[str, Fraction]:
    """Run the mapping at a point on a machine in plain numbers."""
    operator = analysis.operator.with_extents({n: point[n] for n in analysis.operator.symbols})
    drawn = Drawn(operator, analysis.dataflow.substituted(point), point["PEs"])
    table = replace(TABLE, dram=rates["E"])
    machine = Hardware(
        point["PEs"],
        noc_bw=rates["B"],
        offchip_bw=rates["D"],
        noc_hops=1,
        hop_latency=rates["H"],
        energy=table,
    )
    seen = oracle(drawn, machine, Policies())
    macs = analysis.macs.at(**{name: point[name] for name in analysis.symbols})
    energy = energy_seen(drawn, machine, seen, macs)
    return dict(zip(COSTS, (Fraction(seen.runtime), energy, Fraction(seen.roofline)), strict=True))


def points(analysis: TiledAnalysis, number_of: int) -> list[tuple[dict[str, int], dict[str, int]]]:
    rng = random.Random(7)
    found: list[tuple[dict[str, int], dict[str, int]]] = []
    while len(found) < number_of:
        point = {name: rng.randint(1, 6) for name in analysis.symbols}
        point["PEs"] = point.get("G", 1) * rng.randint(1, 3)
        if analysis.valid_on.holds(analysis.ties.complete(point)):
            found.append((point, {name: rng.randint(1, 9) for name in "BDHE"}))
    return found


@pytest.mark.parametrize("name", FLOWS)
def test_code_computes_what_the_oracle_measures(name: str) -> None:
    analysis = analysis_of(name)
    forms = {cost: form(analysis, cost) for cost in COSTS}
    functions = {cost: compiled(each) for cost, each in forms.items()}
    for point, rates in points(analysis, 12):
        seen = seen_at(analysis, point, rates)
        for cost, function in functions.items():
            own = point | {name: rates[name] for name in forms[cost].constants}
            assert function(**own) == seen[cost], (cost, own)


def from_json(data: dict[str, Any], point: dict[str, int]) -> Fraction:
    """Evaluate what JSON says."""
    if "cases" in data:
        printed = [
            Printed(
                each["value"],
                tuple(part for condition in each["if"] for part in condition.split(", ")),
                tuple((part["name"], part["value"]) for part in each["where"]),
            )
            for each in data["cases"]
        ]
        [case] = [each for each in printed if each.holds(point)]  # they do not meet
        return case.at(point)
    counts = complete_from_json(data["counts"])
    sizes = {name: point[name] for name in data["symbols"]}
    known = {name: Fraction(value) for name, value in point.items()}
    if "sum" in data:
        terms = (number(each["each"], known) * counts[each["count"]].at(**sizes) for each in data["sum"])
        return sum(terms, Fraction(0))
    bounds = []
    for each in data["largest"]:
        rate = number("·".join(["1", each["rate"], *each["copies"]]), known)
        bounds.append(Fraction(-(-counts[each["count"]].at(**sizes) // rate)))
    return max(bounds)


def test_json_says_what_the_oracle_measures() -> None:
    analysis = analysis_of("fold")
    data = {cost: json.loads(json.dumps(form(analysis, cost).to_json())) for cost in COSTS}
    assert {each["schema"] for each in data.values()} == {"polymaestro.cost/1"}
    for point, rates in points(analysis, 12):
        seen = seen_at(analysis, point, rates)
        for cost, each in data.items():
            assert from_json(each, point | rates) == seen[cost], (cost, point)


def test_assumptions_reach_costs() -> None:
    analysis = analysis_of("fold")
    narrowed = analysis.assuming("divisible", "T_M < M")
    inside = {"M": 6, "N": 8, "K": 5, "T_M": 2, "T_N": 2, "PEs": 4}
    rates = {"B": 2, "D": 3, "H": 1, "E": 7}
    outside = inside | {"M": 7}
    for cost in COSTS:
        own = {name: rates[name] for name in form(analysis, cost).constants}
        whole = form(analysis, cost)
        for few in (form(narrowed, cost), whole.assuming("divisible", "T_M < M")):
            assert (
                few.at(**inside, **own) == whole.at(**inside, **own) == seen_at(analysis, inside, rates)[cost]
            )
            assert few.valid_on == narrowed.valid_on
            with pytest.raises(ClosedFormError, match="does not hold at"):
                few.at(**outside, **own)
            function = compiled(few)
            assert function(**inside, **own) == whole.at(**inside, **own)
            with pytest.raises(ValueError, match="the formula"):
                function(**outside, **own)
            assert few.to_python() != whole.to_python()
    few = narrowed.runtime(MACHINE)
    assert len(few.cases) < len(analysis.runtime(MACHINE).cases)
    with pytest.raises(ClosedFormError, match="contradicts the region"):
        few.assuming("T_M > M")


def test_too_many_cases_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polymaestro.tiling.timing.MOST", 2)
    with pytest.raises(ClosedFormError, match="more than 2 cases; assume more"):
        analysis_of("fold").runtime(MACHINE).to_python()


def test_symbols_of_the_machine_are_given_with_the_point() -> None:
    analysis = analysis_of("fold")
    point, rates = {"M": 6, "N": 8, "K": 5, "T_M": 2, "T_N": 3, "PEs": 2}, {"B": 2, "D": 3, "H": 1, "E": 7}
    report = analysis.on(MACHINE, **point, **rates)
    assert report.runtime_cycles == seen_at(analysis, point, rates)["runtime"]
    plain = pm.analyze(pm.gemm(), analysis.dataflow.substituted(point), 2)
    fixed = replace(MACHINE, num_pes=2)
    assert plain.on(fixed, M=6, N=8, K=5, **rates).runtime_cycles == report.runtime_cycles
    decimal = analysis.on(MACHINE, **point, **(rates | {"B": 0.1}))  # type: ignore[arg-type]
    exact = analysis.on(MACHINE, **point, **(rates | {"B": Fraction(1, 10)}))
    assert decimal.runtime_cycles == exact.runtime_cycles
    cycles = analysis.runtime(MACHINE)
    floats = {"B": 0.1, "D": 3, "H": 1}
    assert cycles.at(**point, **floats) == exact.runtime_cycles  # type: ignore[arg-type]


def test_a_symbol_that_a_cost_does_not_have_is_named() -> None:
    energy = analysis_of("fold").energy(MACHINE)
    point = {"M": 6, "N": 8, "K": 5, "T_M": 2, "T_N": 3, "PEs": 2}
    with pytest.raises(
        ClosedFormError, match="the energy has no symbol 'D'; Known: E, K, M, N, PEs, T_M, T_N"
    ):
        energy.at(**point, E=3, D=Fraction(7, 2))
    with pytest.raises(ClosedFormError, match="the energy has no symbol 'D'"):
        pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), 4).energy(Hardware(4)).at(
            D=Fraction(1, 2)
        )
