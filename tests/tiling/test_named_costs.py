"""Run time, energy and roofline as they are printed, names and all: read back and put beside the oracle."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from math import prod

import pytest

from polymaestro.hardware import TABLES, Hardware
from polymaestro.model.stated import CostCase
from polymaestro.policies import Policies
from polymaestro.strategies import Drawn
from polymaestro.tiling import TiledAnalysis, divisible_point
from tests.model.test_cost import energy_seen, oracle
from tests.tiling.printed import Printed
from tests.tiling.test_tiled_costs import numeric
from tests.tiling.test_tiled_time import gemm, published

Golden = Callable[[str, str], None]
SYMBOLIC = replace(TABLES["eyeriss"], dram="e_D", l2="e_2", mac="e_M")
MACHINE = Hardware("PEs", noc_bw="B", offchip_bw="D", noc_hops=1, hop_latency="H", energy=SYMBOLIC)
Rates = dict[str, int | Fraction]
LONGEST = 300
POINTS = 4
MOST_MACS = 2000


def problem(name: str) -> tuple[TiledAnalysis, dict[str, int]]:
    if name == "gemm":
        return gemm(), {"M": 64, "N": 64, "K": 64, "T_M": 4, "T_N": 2, "T_K": 8, "PEs": 4}
    return published(name)


def costs(analysis: TiledAnalysis, point: dict[str, int], machine: Hardware) -> dict[str, CostCase]:
    return {
        "time": analysis.runtime(machine).divisible_at(point),
        "energy": analysis.energy(machine).divisible_at(point),
        "roofline": analysis.roofline(machine).divisible_at(point),
    }


@pytest.mark.parametrize("name", ["gemm", "kc_p", "yr_p"])
def test_what_is_printed_of_divisible_costs(golden: Golden, name: str) -> None:
    analysis, point = problem(name)
    machine = Hardware("PEs", noc_bw="B", energy=replace(TABLES["horowitz"], dram="E"))
    for cost, view in costs(analysis, point, machine).items():
        assert max(map(len, str(view).splitlines())) <= LONGEST, cost
        golden(f"tiled-{cost}-{name}.txt", f"{view}\n")


def rates_of(rng: random.Random) -> Rates:
    fractions = {"B": Fraction(rng.randint(1, 12), 2), "e_2": Fraction(rng.randint(1, 9), 4)}
    return fractions | {name: rng.randint(1, 9) for name in ("D", "H", "e_D", "e_M")}


def small_points(
    analysis: TiledAnalysis, view: Printed, rng: random.Random
) -> Iterator[tuple[dict[str, int], Rates]]:
    """Give points on which the printed conditions hold, small enough to be run."""
    extents = [dim.name for dim in analysis.operator.dims]
    for _ in range(20_000):
        point = {symbol: rng.choice((1, 1, 1, 2, 3)) for symbol in analysis.symbols}
        point |= {name: rng.choice((2, 2, 3, 4)) for name in extents}
        point["N"] = rng.choice((1, 2)) if "P" in point else point["N"]
        point["PEs"] = point.get("G1", 1) * rng.choice((1, 2, 2, 3))
        point = divisible_point(analysis.cuts, point, analysis.ties)
        rates = rates_of(rng)
        if prod(point[name] for name in extents) <= MOST_MACS and view.holds(point | rates):
            yield point, rates


@pytest.mark.parametrize("name", ["gemm", "kc_p", "yr_p"])
def test_what_is_printed_is_what_the_oracle_measures_where_its_conditions_hold(name: str) -> None:
    analysis, shown = problem(name)
    rng = random.Random(name)
    views = {cost: Printed.read(str(view)) for cost, view in costs(analysis, shown, MACHINE).items()}
    compared = 0
    for point, rates in small_points(analysis, views["time"], rng):
        table = replace(SYMBOLIC, dram=rates["e_D"], l2=rates["e_2"], mac=rates["e_M"])
        fixed = {"noc_bw": rates["B"], "offchip_bw": rates["D"], "hop_latency": int(rates["H"])}
        machine = Hardware(point["PEs"], noc_hops=1, energy=table, **fixed)  # type: ignore[arg-type]
        operator = analysis.operator.with_extents({d.name: point[d.name] for d in analysis.operator.dims})
        drawn = Drawn(operator, numeric(analysis.dataflow, point), point["PEs"])
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
