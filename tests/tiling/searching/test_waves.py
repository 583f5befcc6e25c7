"""Run times, best first: against every point evaluated one by one, on random machines."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod

import numpy as np
import pytest

import polymaestro as pm
from polymaestro.counting import QuasiPolynomial
from polymaestro.errors import PolymaestroError
from polymaestro.hardware import Link, Memory
from polymaestro.tiling import TiledAnalysis
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.searching import descent, waves
from polymaestro.tiling.searching import search as search_module
from polymaestro.tiling.searching.bounds import Weighed
from polymaestro.tiling.searching.roofs import Roof, roofs_of
from polymaestro.tiling.searching.search import Search
from polymaestro.tiling.searching.tables import Table
from polymaestro.tiling.timing import TiledRunTime

CONV = pm.conv2d(N=1, K=6, C=4, P=4, Q=3, R=2, S=2)
GEMM = pm.gemm(M=6, N=5, K=7)
CASES: list[tuple[pm.Operator, str, dict[str, list[int]]]] = [
    (
        GEMM,
        "TemporalMap(T0,T0) M; SpatialMap(T1,T1) N; TemporalMap(T2,T2) K",
        {"T0": [1, 2, 6], "T1": [1, 2, 5], "T2": [1, 3, 7], "PEs": [5]},
    ),
    (
        GEMM,
        "SpatialMap(T0,T0) M; TemporalMap(T1,T1) K; Cluster(G); SpatialMap(T2,T2) N; TemporalMap(T3,T3) K",
        {"T0": [1, 2, 3], "T1": [2, 7], "T2": [1, 3], "T3": [1, 2], "G": [1, 2, 4], "PEs": [4, 6]},
    ),
    (
        CONV,
        """SpatialMap(T0,T0) K; TemporalMap(T1,T1) C; TemporalMap(Sz(R)+T2-1,T2) Y; TemporalMap(Sz(S),1) X;
        Cluster(G); SpatialMap(T3,T3) C""",
        {"T0": [1, 2, 4], "T1": [1, 2, 4], "T2": [1, 3], "T3": [1, 2], "G": [2, 3], "PEs": [6]},
    ),
    (
        CONV,
        """TemporalMap(T0,T0) C; TemporalMap(T1,T1) K; SpatialMap(Sz(R),1) Y; TemporalMap(Sz(S)+T2-1,T2) X;
        Cluster(Sz(R)); SpatialMap(T3,T3) Y; SpatialMap(T3,T3) R""",
        {"T0": [1, 2, 4], "T1": [1, 3, 6], "T2": [1, 2, 3], "T3": [1, 2], "PEs": [4, 6]},
    ),
]


@functools.cache
def analysis_of(number: int) -> TiledAnalysis:
    layer, text, _ = CASES[number]
    return pm.analyze_tiles(layer, pm.parse_dataflow(text), "PEs")


def machine_of(rng: random.Random, depth: int) -> pm.Hardware:
    """Draw every link and memory; the machine may have fewer PEs than the mapping."""

    def link() -> Link:
        return Link(
            bandwidth=rng.choice([None, 1, 2, 7, 32, Fraction(1, 3), Fraction(5, 2)]),
            hops=rng.randint(0, 2),
            hop_latency=rng.choice([0, 0, 3]),
            multicast=rng.random() < 0.7,
            reduction=rng.random() < 0.7,
        )

    names = ["DRAM", "L2", *(f"cluster{level}" for level in range(1, depth)), "L1"]
    memories = tuple(Memory(name, link=link(), double_buffered=rng.random() < 0.7) for name in names)
    return replace(
        pm.Hardware(num_pes=rng.choice([1, 6, 64])), memories=memories, simd_lanes=rng.choice([1, 1, 2, 3])
    )


@dataclass
class Drawn:
    """A mapping, its values, a machine, and what fits: places among all choices, points and their times."""

    analysis: TiledAnalysis
    time: TiledRunTime
    choices: dict[str, list[int]]
    conditions: list[str]
    fitting: list[tuple[dict[str, int], int]]

    @staticmethod
    def of(rng: random.Random) -> Drawn:
        number = rng.randrange(len(CASES))
        layer, _, choices = CASES[number]
        analysis = analysis_of(number)
        resident = rng.sample([tensor.name for tensor in layer.tensors], rng.randint(0, 3))
        time = analysis.runtime(machine_of(rng, analysis.cuts.depth), resident=resident)
        room = rng.choice([15, 25, 10**6])
        occupied = [tensor.occupancy for tensor in analysis.boundaries[-1].tensors.values()]
        fitting = []
        for values in itertools.product(*choices.values()):
            point = dict(zip(choices, values, strict=True))
            try:
                extended = analysis.macs.extended(point)
            except PolymaestroError:
                continue
            if sum(form.evaluate(extended) for form in occupied) <= room:
                fitting.append((point, time.at(**point)))
        return Drawn(analysis, time, choices, [f"L1 <= {room}"], fitting)

    def searched(self) -> Search:
        return Search.of(self.analysis, self.time, self.conditions, {}, self.choices, "divisors")


def draws(seed: int, number: int) -> Iterator[Drawn]:
    rng = random.Random(seed)
    while number:
        drawn = Drawn.of(rng)
        if drawn.fitting:
            number -= 1
            yield drawn


def check_optimum(drawn: Drawn) -> int:
    """Compare with every point; give how many were not evaluated."""
    best = pm.optimize(
        drawn.analysis, minimize=drawn.time, extents={}, choices=drawn.choices, subject_to=drawn.conditions
    )
    order = list(best.point)
    first = min((value, [point[name] for name in order]) for point, value in drawn.fitting)
    assert (best.value, list(best.point.values())) == first
    assert best.proved
    assert 1 <= best.evaluated <= len(drawn.fitting)
    assert best.space == prod(map(len, drawn.choices.values()))
    return len(drawn.fitting) - best.evaluated


@pytest.mark.slow
@pytest.mark.parametrize(("wave", "block"), [(waves.WAVE, descent.BLOCK), (1, 1), (5, 7)])
def test_the_first_of_the_fastest_points(monkeypatch: pytest.MonkeyPatch, wave: int, block: int) -> None:
    monkeypatch.setattr(waves, "WAVE", wave)
    monkeypatch.setattr(descent, "BLOCK", block)
    assert sum(map(check_optimum, draws(wave, 5))) > 20


@pytest.mark.slow
@pytest.mark.parametrize(("wave", "block"), [(waves.WAVE, descent.BLOCK), (3, 50)])
def test_the_first_of_the_fastest_points_on_many_machines(
    monkeypatch: pytest.MonkeyPatch, wave: int, block: int
) -> None:
    monkeypatch.setattr(waves, "WAVE", wave)
    monkeypatch.setattr(descent, "BLOCK", block)
    assert sum(map(check_optimum, draws(wave + 1, 30))) > 200


def lower(drawn: Drawn, point: dict[str, int]) -> int:
    """Give the roofline of a machine with as many PEs as the mapping keeps busy, a level after the other."""
    cuts, extended = drawn.analysis.cuts, drawn.analysis.macs.extended(point)
    busy = [units.evaluate(extended) for units in cuts.units]
    for dim in drawn.analysis.operator.dims:
        length = dim.extent.evaluate(extended)
        for cut in cuts.of(dim.name):
            size = cut.size.evaluate(extended)
            if cut.units is not None:
                busy[cut.level] = min(busy[cut.level], -(-length // size))
            length = size
    machine = replace(drawn.time.machine.hardware, num_pes=prod(busy))
    return drawn.analysis.roofline(machine, resident=drawn.time.resident).at(**point)


@pytest.mark.slow
def test_bounds_are_those_of_the_roofline_and_never_above_the_time() -> None:
    """Every point that fits is visited once; its bound is the roofline of the PEs it keeps busy."""
    tight = 0
    for drawn in draws(3, 8):
        searched = drawn.searched()
        judge = searched._judge(drawn.time)
        sweeps = [searched._sweep(judge, fixed) for fixed in searched._legal()]
        found = waves.BestFirst(judge, sweeps, descent.Best())
        wave = waves.Wave(10**6, None, None)
        for start, sweep in zip(found._starts, sweeps, strict=False):
            sweep.fill(wave, start)
        visits = wave.visits()
        assert visits == sorted(visits)
        points = [found._point(place) for _, place in sorted(visits, key=lambda visit: visit[1])]
        listed = [[point[name] for name in searched.free] for point in points]
        assert listed == sorted([point[name] for name in searched.free] for point, _ in drawn.fitting)
        times = {tuple(sorted(point.items())): value for point, value in drawn.fitting}
        for bound, place in visits:
            point = {name: value for name, value in found._point(place).items() if name in drawn.choices}
            assert bound == lower(drawn, point)
            time = times[tuple(sorted(point.items()))]
            assert bound <= time
            tight += 10 * bound >= 9 * time
    assert tight > 20


def kc_p(bandwidth: int) -> tuple[TiledAnalysis, TiledRunTime, dict[str, list[int]]]:
    analysis = analysis_of(2)
    return analysis, analysis.runtime(pm.Hardware(num_pes=6, noc_bw=bandwidth)), CASES[2][2]


def test_a_search_ends_at_the_first_bound_that_is_not_below_the_best_time() -> None:
    analysis, time, choices = kc_p(1)
    best = pm.optimize(analysis, minimize=time, extents={}, choices=choices)
    assert best.proved
    assert best.evaluated < best.space // 2
    every = [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]
    drawn = Drawn(analysis, time, choices, [], [(point, time.at(**point)) for point in every])
    bounds = [lower(drawn, point) for point in every]
    below = sum(bound < best.value for bound in bounds)
    assert below <= best.evaluated <= sum(bound <= best.value for bound in bounds)


def test_a_limit_ends_a_search_of_run_times() -> None:
    analysis, time, choices = kc_p(1)
    ended = pm.optimize(analysis, minimize=time, extents={}, choices=choices, limit=2)
    assert (ended.evaluated, ended.proved) == (2, False)


def test_a_bound_above_the_time_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis, time, choices = kc_p(1)

    def raised(analysis: TiledAnalysis, time: TiledRunTime) -> Iterator[Roof]:
        for roof in roofs_of(analysis, time):
            yield Roof(tuple((3 * factor, counts) for factor, counts in roof.amount), roof.copies)

    monkeypatch.setattr(search_module, "roofs_of", raised)
    with pytest.raises(PolymaestroError, match=r"the search bounded \d+ by \d+ at .* this is a mistake"):
        pm.optimize(analysis, minimize=time, extents={}, choices=choices)


def test_times_beyond_64_bits() -> None:
    analysis = pm.analyze_tiles(pm.gemm(), pm.parse_dataflow(CASES[0][1]), 4)
    time = analysis.runtime(pm.Hardware(num_pes=4, noc_bw=Fraction(1, 3)))
    extents = {"M": 10**8, "N": 10**8 + 1, "K": 10**8 + 3}
    choices = {"T0": [10**4, 10**7], "T1": [1, 25 * 10**6 + 1], "T2": [1, 10**8 + 3]}
    best = pm.optimize(analysis, minimize=time, extents=extents, choices=choices)
    values = itertools.product(*choices.values())
    points = [dict(zip(choices, each, strict=True)) for each in values]
    least = min((time.at(**extents, **point), [point[name] for name in best.point]) for point in points)
    assert (best.value, list(best.point.values())) == least
    assert best.value > 2**63


def test_a_wave_keeps_the_first_points_after_the_last_one() -> None:
    rng = random.Random(2)
    for _ in range(100):
        visits = [(rng.randint(0, 4), place) for place in range(rng.randint(1, 30))]
        after = rng.choice([None, *visits])
        high = rng.choice([None, 0, 3])
        most = rng.randint(1, 8)
        wave = waves.Wave(most, after, high)
        for start in range(0, len(visits), 4):
            bounds, places = map(np.array, zip(*visits[start : start + 4], strict=True))
            wanted = wave.wants(bounds)
            wave.add(bounds[wanted], places[wanted])
        left = [v for v in visits if (after is None or v > after) and (high is None or v[0] <= high)]
        assert wave.visits() == sorted(left)[:most]


def test_an_energy_of_streamed_tensors_where_clusters_share_a_dimension() -> None:
    """The folds of L2's tiles are made of tiles, PEs and clusters, which no count of DRAM names itself."""
    analysis, choices = analysis_of(1), CASES[1][2]
    energy = analysis.energy(pm.Hardware(num_pes=6), resident=[])
    best = pm.optimize(analysis, minimize=energy, extents={}, choices=choices)
    values = []
    for each in itertools.product(*choices.values()):
        point = dict(zip(choices, each, strict=True))
        if point["G"] <= point["PEs"]:
            values.append((energy.at(**point), [point[name] for name in best.point]))
    assert (best.value, list(best.point.values())) == min(values)


@pytest.mark.parametrize("wave", [1, 2, 8])
def test_an_earlier_point_whose_bound_is_the_best_time_is_still_evaluated(
    monkeypatch: pytest.MonkeyPatch, wave: int
) -> None:
    """The second has the lowest bound; the first is as fast and comes before it, the last two cannot."""
    monkeypatch.setattr(waves, "WAVE", wave)
    amount = TiledCount(lambda _: QuasiPolynomial.of("T"), ("T",))
    table = Table(("T",), np.array([[1], [2], [3], [4]]), {amount: np.array([9, 8, 9, 10])})
    roof = Weighed.of(((1, (amount,)),), {}, [table]), Weighed.of(((2, ()),), {}, [table])
    called: list[int] = []

    def judge(point: dict[str, int]) -> int:
        called.append(point["T"])
        return 5

    best = descent.Best()
    waves.BestFirst(judge, [waves.Sweep(judge, [], {"X": 7}, [table], [roof])], best).run()
    assert called == [2, 1]
    assert (best.value, best.point, best.evaluated) == (5, {"X": 7, "T": 1}, 2)
