"""Run time, energy and roofline as they are printed, names and all: read back and put beside the oracle."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from math import prod

import pytest

import polymaestro as pm
from polymaestro.hardware import TABLES, Hardware
from polymaestro.policies import Policies
from polymaestro.strategies import Drawn
from polymaestro.tiling import TiledAnalysis, divisible_point
from tests.model.test_cost import energy_seen, oracle
from tests.tiling.printed import Printed
from tests.tiling.test_tiled_time import gemm, published

Golden = Callable[[str, str], None]
MACHINE = Hardware("PEs", noc_bw="B", energy=replace(TABLES["horowitz"], dram="E"))
Rates = dict[str, int | Fraction]
LONGEST = 300
POINTS = 4
MOST_MACS = 2000


def problem(name: str) -> tuple[TiledAnalysis, dict[str, int]]:
    if name == "gemm":
        return gemm(), {"M": 64, "N": 64, "K": 64, "T_M": 4, "T_N": 2, "T_K": 8, "PEs": 4}
    return published(name)


def rates_of(rng: random.Random) -> Rates:
    return {"B": Fraction(rng.randint(1, 12), 2), "E": rng.randint(1, 99)}


def small_points(
    analysis: TiledAnalysis, view: Printed, rng: random.Random
) -> Iterator[tuple[dict[str, int], Rates]]:
    """Give points on which the printed conditions hold, small enough to be run."""
    extents = [dim.name for dim in analysis.operator.dims]
    for _ in range(20_000):
        point = {symbol: rng.choice((1, 1, 1, 2, 3)) for symbol in analysis.symbols}
        point |= {name: rng.choice((2, 2, 3, 4)) for name in extents}
        point["N"] = rng.choice((1, 2)) if "P" in point else point["N"]
        for name in [each for each in point if each.endswith("1") and f"{each[:-1]}0" in point]:
            point[f"{name[:-1]}0"] = 2 * point[name]
        point["PEs"] = point.get("G1", 1) * rng.choice((2, 2, 3))
        point = divisible_point(analysis.cuts, point, analysis.ties)
        rates = rates_of(rng)
        if prod(point[name] for name in extents) <= MOST_MACS and view.holds(point | rates):
            yield point, rates


@pytest.mark.parametrize(
    "name", ["gemm", *(pytest.param(each, marks=pytest.mark.slow) for each in ("kc_p", "yr_p"))]
)
def test_printed_costs_are_short_and_what_the_oracle_measures(golden: Golden, name: str) -> None:
    """The texts of the golden files are read back and evaluated at random points where they say they hold."""
    analysis, shown = problem(name)
    rng, compared, views = random.Random(name), 0, {}
    for cost in ("time", "energy", "roofline"):
        form = getattr(analysis, "runtime" if cost == "time" else cost)(MACHINE)
        text = str(form.divisible_at(shown))
        assert max(map(len, text.splitlines())) <= LONGEST, cost
        golden(f"tiled-{cost}-{name}.txt", f"{text}\n")
        views[cost] = Printed.read(text)
    for point, rates in small_points(analysis, views["time"], rng):
        machine = Hardware(
            point["PEs"], noc_bw=rates["B"], energy=replace(TABLES["horowitz"], dram=rates["E"])
        )
        operator = analysis.operator.with_extents({d.name: point[d.name] for d in analysis.operator.dims})
        drawn = Drawn(operator, analysis.dataflow.substituted(point), point["PEs"])
        seen = oracle(drawn, machine, Policies())
        macs = analysis.macs.at(**point)
        assert views["time"].at(point | rates) == seen.runtime
        assert views["roofline"].holds(point | rates)
        assert views["roofline"].at(point | rates) == seen.roofline
        assert views["energy"].holds(point | rates)
        assert views["energy"].at(point | rates) == energy_seen(drawn, machine, seen, macs)
        compared += 1
        if compared == POINTS:
            return
    pytest.fail(f"only {compared} points")


def test_what_a_pe_computes_on_two_lanes_has_a_name_that_is_explained() -> None:
    """24 steps of 3 MACs, 2 cycles each: 7 words in for each, 6 words out beside seven and at the end."""
    flow = pm.parse_dataflow("SpatialMap(T,T) M; TemporalMap(1,1) N; TemporalMap(1,1) K")
    machine = Hardware("PEs", noc_bw="B", simd_lanes=2)
    cycles = pm.analyze_tiles(pm.gemm(), flow, "PEs").runtime(machine)
    point = {"M": 12, "N": 4, "K": 3, "T": 3, "PEs": 2, "B": 1}
    by_hand = 7 + 2 + 23 * 7 + 6
    for case in (cycles.case_at(point), cycles.divisible_at(point)):
        assert "comp_1 = ⌈T/2⌉  (MACs of a PE by its lanes)" in case.text()
        printed = Printed.read(case.text())
        assert printed.holds(point)
        assert printed.at(point) == by_hand


def test_divisible_costs_with_an_extent_that_is_a_number_take_parts_of_it() -> None:
    """A 4 × 3 × 2 product on two PEs, a row each: tiles of 2 of K = 4 make 6 steps of 2 MACs.

    At the first step 2·2 + 2 words come, 2 later; 2 sums leave at each step but the first, and at the end,
    and come back in the second tile of K.
    """
    flow = pm.parse_dataflow("TemporalMap(T,T) K; SpatialMap(1,1) M; TemporalMap(1,1) N")
    tiled = pm.analyze_tiles(pm.gemm(K=4), flow, 2)
    point = {"M": 2, "N": 3, "T": 2}
    first, first_of_the_second, others = 6, 2 * 2 + 2 + 2, 2 + 2
    cycles = tiled.runtime(pm.Hardware(2, noc_bw=1)).divisible_at(point)
    assert cycles.evaluate(**point) == first + 2 + 2 * 2 + first_of_the_second + 2 * others + 2
    words = tiled.roofline(pm.Hardware(2, noc_bw=1)).divisible_at(point)
    assert words.evaluate(**point) == 2 * 4 + 4 * 3 + 2 * 3


def test_widths_of_all_units_are_explained_where_they_stand_in_floors() -> None:
    flow = pm.parse_dataflow("TemporalMap(T,T) P; Cluster(U); SpatialMap(V,V) R")
    tiled = pm.analyze_tiles(pm.einsum("O[p] += I[3*p + 2*r] * W[r]"), flow, "PEs")
    point = {"P": 3, "R": 4, "T": 3, "V": 1, "U": 1, "PEs": 1}
    text = tiled.runtime(pm.Hardware("PEs", noc_bw="B")).divisible_at(point).text()
    assert "⌈V_R/3⌉" in text
    assert "where V_R = U·V" in text.splitlines()[-1]
    table = tiled.table(point, divisible=True)
    assert "⌈U·V/3⌉" in table
    assert "V_R" not in table
