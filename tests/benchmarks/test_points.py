"""How many design points a second the formulas give on one core; run with ``pytest tests/benchmarks``.

A point is one assignment of all seven extents of a convolution, and costs every quantity of every tensor
at every boundary. Times are CPU times of this process.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import polymaestro as pm
from polymaestro import export
from polymaestro.tiling import lifted

FLOWS = {
    "C-P": pm.dataflows.c_p(),
    "X-P": pm.dataflows.x_p(),
    "YX-P": pm.dataflows.yx_p(64),
    "YR-P": pm.dataflows.yr_p(64),
    "KC-P": pm.dataflows.kc_p(64),
}
LARGEST = {"N": 8, "K": 512, "C": 512, "P": 224, "Q": 224, "R": 11, "S": 11}
POINTS = 500_000
WANTED = 1_000_000  # points a second
WANTED_WITH_TILES = 200_000
TRAFFIC = {"fills", "parent_reads", "drains", "parent_updates", "read_backs", "final_writes"}


def seconds(run: Callable[[], object], rounds: int = 3) -> float:
    """Give the CPU time of the fastest of some runs."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def columns(count: int) -> dict[str, NDArray[np.int64]]:
    rng = np.random.default_rng(count)
    return {name: rng.integers(1, most + 1, count) for name, most in LARGEST.items()}


@pytest.mark.parametrize("name", FLOWS)
def test_a_million_points_a_second(name: str) -> None:
    forms = dict(pm.analyze(pm.conv2d(), FLOWS[name], 256).forms.named())
    several, points = export.Vectorised(forms), columns(POINTS)
    fast = POINTS / seconds(lambda: several.evaluate(points))

    few = [dict(zip(LARGEST, map(int, row), strict=True)) for row in zip(*columns(300).values(), strict=True)]
    one_by_one = len(few) / seconds(
        lambda: [each.evaluate(point) for point in few for each in forms.values()], 1
    )
    together = len(few) / seconds(lambda: [shared(forms, point) for point in few], 1)
    first = several.evaluate({name: each[:100] for name, each in points.items()})
    for index in range(100):
        at = {symbol: int(each[index]) for symbol, each in points.items()}
        assert {key: int(values[index]) for key, values in first.items()} == shared(forms, at)
    print(  # noqa: T201
        f"\n{name}: {len(forms)} quantities; {fast:,.0f} points a second on arrays, "
        f"{one_by_one:,.0f} by at, {together:,.0f} by at with shared factors"
    )
    assert fast >= WANTED


def shared(forms: dict[str, pm.ClosedForm], point: dict[str, int]) -> dict[str, int]:
    values: dict[int, int] = {}
    return {name: form.evaluate(point, values) for name, form in forms.items()}


def test_points_beyond_int64() -> None:
    """Half of the points need Python integers."""
    forms = dict(pm.analyze(pm.conv2d(), FLOWS["KC-P"], 256).forms.named())
    several, points = export.Vectorised(forms), columns(20_000)
    points["K"][::2] *= 10**15
    points["C"][::2] *= 10**15
    rate = 20_000 / seconds(lambda: several.evaluate(points))
    print(f"\nKC-P, half of the points beyond int64: {rate:,.0f} points a second")  # noqa: T201
    assert several.evaluate(points)["L2.O.tile_total"].dtype == object


def test_points_with_tiles_as_symbols() -> None:
    """All traffic of KC-P with every tile, cluster and extent a symbol, at random points."""
    found = lifted(pm.conv2d(), FLOWS["KC-P"], 256)
    forms = pm.analyze_tiles(pm.conv2d(), found.dataflow, found.num_pes).complete()
    traffic = [name for name in forms if name.rpartition(".")[2] in TRAFFIC]
    several, points = export.Vectorised(forms), columns(100_000)
    rng = np.random.default_rng(1)
    points |= {name: rng.integers(1, 65, 100_000) for name in several.symbols if name not in points}
    points["PEs"] = points["PEs"] * 64  # never smaller than its clusters
    rate = 100_000 / seconds(lambda: several.evaluate(points, only=traffic))
    print(f"\nKC-P with tiles as symbols: {len(traffic)} quantities; {rate:,.0f} points a second")  # noqa: T201
    assert rate >= WANTED_WITH_TILES
