"""The search against the interpreter at every point of small spaces; what it refuses."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import pytest

import polymaestro as pm
from polymaestro.errors import PolymaestroError
from polymaestro.loopnest.interpreter import Observation, interpret
from polymaestro.tiling import TiledAnalysis, lifted
from polymaestro.tiling.searching import segments

GEMM = pm.parse_dataflow("TemporalMap(T_M,T_M) M; SpatialMap(T_N,T_N) N; TemporalMap(T_K,T_K) K")
CONV = pm.parse_dataflow(
    "SpatialMap(T_K,T_K) K; TemporalMap(T_C,T_C) C; TemporalMap(Sz(R)+T_P-1,T_P) Y;"
    "Cluster(G); SpatialMap(1,1) C"
)
LAYER = {"N": 1, "K": 4, "C": 4, "P": 6, "Q": 2, "R": 3, "S": 1}


def moved(seen: Observation, boundary: int = 0) -> int:
    names = ("parent_reads", "parent_updates", "read_backs")
    return sum(t.get(name, 0) for t in seen.boundaries[boundary].tensors.values() for name in names)


def held(seen: Observation, boundary: int) -> int:
    return sum(t["occupancy"] for t in seen.boundaries[boundary].tensors.values())


def points(**choices: Sequence[int]) -> Iterator[dict[str, int]]:
    for values in itertools.product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


@pytest.mark.parametrize("capacity", [6, 20, 1000])
@pytest.mark.parametrize("tiles", ["divisors", "all"])
def test_the_least_traffic_of_a_gemm(capacity: int, tiles: str) -> None:
    extents = {"M": 6, "N": 4, "K": 5}
    sizes = {n: [t for t in range(1, e + 1) if tiles == "all" or e % t == 0] for n, e in extents.items()}
    every = list(points(T_M=sizes["M"], T_N=sizes["N"], T_K=sizes["K"]))
    runs = [interpret(pm.gemm(**extents), GEMM, 3, point) for point in every]
    fitting = [moved(seen) for seen in runs if held(seen, 0) <= capacity]
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 3)
    best = pm.optimize(
        analysis, minimize="L2.traffic", extents=extents, subject_to=[f"L1 <= {capacity}"],
        tiles="all" if tiles == "all" else "divisors",
    )  # fmt: skip
    assert (best.value, best.space) == (min(fitting), len(every))
    assert best.proved
    assert moved(interpret(pm.gemm(**extents), GEMM, 3, best.point)) == best.value


def test_tiles_and_clusters_of_a_convolution() -> None:
    analysis = pm.analyze_tiles(pm.conv2d(), CONV, "PEs")
    conditions = ["L1.occupancy <= 30", "cluster1 < 60", "steps <= 24"]
    best = pm.optimize(
        analysis, minimize="L2.traffic", extents=LAYER | {"PEs": 8}, choices={"G": [1, 2, 4]},
        subject_to=conditions,
    )  # fmt: skip
    values = {}
    for point in points(T_K=(1, 2, 4), T_C=(1, 2, 4), T_P=(1, 2, 3, 6), G=(1, 2, 4)):
        seen = interpret(pm.conv2d(**LAYER), CONV, 8, point)
        if held(seen, 1) <= 30 and held(seen, 0) < 60 and seen.steps <= 24:
            values[tuple(sorted(point.items()))] = moved(seen)
    assert best.value == min(values.values()) == values[tuple(sorted(best.point.items()))]
    assert (best.space, best.proved) == (108, True)


def test_what_all_units_hold_together_is_what_l2_needs() -> None:
    """Against the sets of `check`, which the interpreter confirms: units of one column share its rows."""
    layer = LAYER | {"K": 12}
    analysis = pm.analyze_tiles(pm.conv2d(), CONV, 8)
    needs, values = {}, {}
    for point in points(T_K=(1, 2, 3, 6), T_C=(1, 4), T_P=(1, 2, 6)):
        flow = CONV.substituted(point | {"G": 2})
        operator = pm.conv2d(**layer)
        [need] = pm.check(operator, flow, 8, pm.Hardware(8, l2_size=10**9)).needs
        key = tuple(sorted(point.items()))
        needs[key] = sum(each.words for each in need.tensors if isinstance(each.words, int))
        values[key] = moved(interpret(operator, flow, 8))
    assert len(set(needs.values())) > 12
    for capacity in sorted(set(needs.values()))[:8:2]:
        best = pm.optimize(
            analysis, minimize="L2.traffic", extents=layer, subject_to=f"L2 <= {capacity}",
            choices={"G": 2, "T_C": [1, 4], "T_P": [1, 2, 6]},
        )  # fmt: skip
        fitting = [values[key] for key, need in needs.items() if need <= capacity]
        point = {name: best.point[name] for name in ("T_C", "T_K", "T_P")}
        assert best.value == min(fitting) == values[tuple(sorted(point.items()))]


@pytest.mark.parametrize("name", ["KC-P", "YR-P"])
def test_published_dataflows_with_every_size_a_symbol(name: str) -> None:
    """Every choice is written into the directives and run; so is what `optimize` gives as a dataflow."""
    layer = pm.conv2d(N=1, K=3, C=2, P=4, Q=3, R=2, S=2)
    found = lifted(layer, {"KC-P": pm.dataflows.kc_p(2), "YR-P": pm.dataflows.yr_p(2)}[name], 6)
    analysis = pm.analyze_tiles(layer, found.dataflow, found.num_pes)
    sizes = {"K": (1, 3), "C": (1, 2), "P": (1, 2, 4), "Q": (1, 3), "R": (1, 2)}
    tiles = {s: sizes[s[2]] for s in analysis.symbols if s.startswith("T_")}
    kept = {symbol: found.values[symbol] for symbol in analysis.symbols if symbol not in tiles}
    goal, limits = "L2.traffic + 3*cluster1.traffic", ["2*L1 <= 40", "L2.W.parent_reads <= 30"]
    best = pm.optimize(analysis, minimize=goal, extents=kept, subject_to=limits)
    values = []
    for point in points(**tiles):
        seen = interpret(layer, found.dataflow, 6, point | kept)
        if 2 * held(seen, 1) <= 40 and seen.boundaries[0].tensors["W"]["parent_reads"] <= 30:
            values.append(moved(seen, 0) + 3 * moved(seen, 1))
    assert best.space > 2 * len(values) > 20
    assert best.value == min(values)
    again = interpret(layer, best.dataflow, 6)
    assert moved(again, 0) + 3 * moved(again, 1) == best.value
    report = pm.analyze(layer, best.dataflow, 6).at({})
    assert sum(each["occupancy"] for each in report.boundaries[1].tensors.values()) <= 20


def test_the_first_of_several_best_points_is_found() -> None:
    """All points have as many MACs; and of all that move nothing twice, the first is found, too."""
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 3)
    extents = {"M": 6, "N": 4, "K": 5}
    best = pm.optimize(analysis, minimize="macs", extents=extents, tiles="all")
    assert (best.value, best.point) == (120, {"T_N": 1, "T_K": 1, "T_M": 1})
    best = pm.optimize(analysis, minimize="L2.traffic", extents=extents, tiles="all")
    sizes = {"T_N": range(1, 5), "T_K": range(1, 6), "T_M": range(1, 7)}
    ties = [p for p in points(**sizes) if traffic(analysis, p | extents) == best.value]
    assert len(ties) > 1
    assert best.point == ties[0]
    assert list(best.point) == list(sizes)


def traffic(analysis: TiledAnalysis, point: Mapping[str, int]) -> int:
    values = analysis.at(point).boundaries[0].tensors.values()
    names = ("parent_reads", "parent_updates", "read_backs")
    return sum(tensor.get(name, 0) for tensor in values for name in names)


def test_one_size_for_two_dimensions_and_conditions_between_sizes() -> None:
    square = pm.parse_dataflow("TemporalMap(T,T) M; SpatialMap(T,T) N; TemporalMap(T_K,T_K) K")
    analysis = pm.analyze_tiles(pm.gemm(), square, 3)
    extents = {"M": 6, "N": 8, "K": 6}
    conditions = ["T_K + 1 >= 2*T", "T <= 4"]
    best = pm.optimize(
        analysis, minimize="L2.traffic", extents=extents, subject_to=conditions, tiles="all"
    )  # fmt: skip
    every = points(T=range(1, 9), T_K=range(1, 7))
    values = [traffic(analysis, p | extents) for p in every if p["T_K"] + 1 >= 2 * p["T"] and p["T"] <= 4]
    assert (best.value, best.space, best.proved) == (min(values), 48, True)


def test_a_formula_and_anything_with_a_value_at_a_point_can_be_made_smallest() -> None:
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 3)
    extents = {"M": 6, "N": 4, "K": 5}
    by_name = pm.optimize(analysis, minimize="L2.A.fills", extents=extents, subject_to=["L1 <= 20"])
    form = analysis["L2"]["A"].fills
    assert pm.optimize(analysis, minimize=form, extents=extents, subject_to=["L1 <= 20"]) == by_name

    class Weighted:
        calls = 0

        def at(self, **point: int) -> float:
            self.calls += 1
            return form.at(**point) + point["T_M"] / 8

    goal = Weighted()
    best = pm.optimize(analysis, minimize=goal, extents=extents, subject_to=["L1 <= 20"])
    sizes = {"T_M": (1, 2, 3, 6), "T_N": (1, 2, 4), "T_K": (1, 5)}
    fitting = [
        p for p in points(**sizes) if held(interpret(pm.gemm(**extents), GEMM, 3, p), 0) <= 20
    ]  # fmt: skip
    assert best.value == min(form.at(**extents, **p) + p["T_M"] / 8 for p in fitting)
    assert (goal.calls, best.evaluated, best.proved) == (len(fitting), len(fitting), True)
    assert best.quantity == "Weighted"
    ended = pm.optimize(analysis, minimize=Weighted(), extents=extents, limit=5)
    assert (ended.evaluated, ended.proved) == (5, False)


@pytest.mark.parametrize("goal", ["energy", "runtime"])
def test_the_least_energy_and_the_least_time_of_a_run(goal: str) -> None:
    """Against an analysis of each mapping with numbers in the place of symbols."""
    layer = pm.conv2d(N=1, K=4, C=4, P=3, Q=2, R=2, S=1)
    found = lifted(layer, pm.dataflows.kc_p(2), 4)
    analysis = pm.analyze_tiles(layer, found.dataflow, found.num_pes)
    table = replace(pm.Hardware(num_pes=4).energy, l2=Fraction(7, 3), dram=200)
    machine = pm.Hardware(num_pes=4, noc_bw=2, offchip_bw=1, noc_hops=1, energy=table)
    tiles = {"T_K0": (1, 2, 4), "T_C0": (2, 4), "T_P0": (1, 3)}
    kept = {name: found.values[name] for name in analysis.symbols if name not in tiles}
    form = analysis.energy(machine) if goal == "energy" else analysis.runtime(machine)
    conditions = ["L1 <= 30"]
    best = pm.optimize(analysis, minimize=form, extents=kept, choices=tiles, subject_to=conditions)
    values = []
    for k, c, p in itertools.product(*tiles.values()):
        flow = pm.parse_dataflow(
            f"SpatialMap({k},{k}) K; TemporalMap({c},{c}) C; TemporalMap(Sz(R)+{p - 1},{p}) Y;"
            "TemporalMap(Sz(S),1) X; Cluster(2); SpatialMap(1,1) C"
        )
        report = pm.analyze(layer, flow, 4).on(machine)
        if sum(tensor["occupancy"] for tensor in report.boundaries[1].tensors.values()) <= 30:
            assert report.cost is not None
            values.append(report.cost.total_energy if goal == "energy" else report.runtime_cycles)
    assert len(set(values)) > 5
    assert best.value == min(values)
    assert best.proved
    assert goal == "energy" or best.evaluated <= len(values)


def test_an_energy_with_a_symbol_has_no_least_value() -> None:
    analysis = pm.analyze_tiles(pm.gemm(M=6, N=4, K=5), GEMM, 3)
    table = replace(pm.Hardware(num_pes=3).energy, l2="E")
    with pytest.raises(PolymaestroError, match="the goal needs values for E"):
        pm.optimize(analysis, minimize=analysis.energy(pm.Hardware(num_pes=3, energy=table)), extents={})


@pytest.mark.parametrize("size", [10**5 + 1, 10**6 + 1, 10**9 + 1])
def test_numbers_beyond_53_and_64_bits_are_exact(size: int) -> None:
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 3)
    extents = {"M": size, "N": size, "K": size}
    choices = {"T_M": [1, 7, 8], "T_N": [1, 9], "T_K": [1, 7]}
    best = pm.optimize(
        analysis,
        minimize="37*L2.traffic + steps",
        extents=extents,
        choices=choices,
        subject_to=["L1 <= 1000"],
    )
    values = [
        37 * traffic(analysis, p | extents) + analysis.steps.at(**p, **extents) for p in points(**choices)
    ]
    assert best.value == min(values)


@pytest.mark.parametrize(
    ("goal", "condition", "value"),
    [
        ("T_M", "T_M > 2", 3),
        ("T_M", "T_M >= 2", 2),
        ("T_M", "2 * T_M = 8", 4),
        ("T_M", "4==T_M", 4),
        ("-T_M", "T_M < 4", -3),
        ("- 2*T_M + 1", "T_M <= 4", -7),
        ("0 - T_M - T_N", "3 + T_M + T_N < 10", -6),
        ("T_M - T_N", "T_N - T_M <= 2", -2),
        ("T_M + T_N", "T_M + T_N >= 7", 7),
        ("T_M", "1 < 2", 1),
    ],
)
def test_conditions_between_sizes(goal: str, condition: str, value: int) -> None:
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 3)
    extents = {"M": 6, "N": 5, "K": 5}
    best = pm.optimize(analysis, minimize=goal, extents=extents, subject_to=[condition], tiles="all")
    assert best.value == value


@pytest.mark.slow
def test_a_layer_of_resnet_50_at_full_size_against_every_point() -> None:
    """All 4,000 divisors of a 3 × 3 layer under KC-P; and no sample of all tiles beats what is found."""
    [layer] = pm.networks.resnet50().named("CONV5_1_2")
    operator = layer.operator()
    found = lifted(operator, pm.dataflows.kc_p(), 256)
    analysis = pm.analyze_tiles(operator, found.dataflow, found.num_pes)
    kept = {"PEs": 256, "G1": 64}
    goal, limits = "L2.traffic", ["L1 <= 512", "cluster1 <= 8192"]
    best = pm.optimize(analysis, minimize=goal, subject_to=limits, extents=kept)
    channels, rows = [2**n for n in range(10)], [1, 7]
    every = points(T_K0=channels, T_C0=channels, T_C1=channels, T_P0=rows, T_Q0=rows)
    assert (best.value, best.space) == (least_that_fits(analysis, [p | kept for p in every]), 4000)
    edges = pm.optimize(analysis, minimize=goal, subject_to=limits, extents=kept, tiles="all")
    assert (edges.space, edges.proved) == (512**3 * 49, True)
    rng = random.Random(50)
    sampled = [
        {"T_K0": rng.randint(1, 24), "T_C0": rng.randint(1, 512), "T_C1": 1, "T_P0": rng.randint(1, 7),
         "T_Q0": rng.randint(1, 7), **kept}
        for _ in range(3000)
    ]  # fmt: skip
    found_at = dict(edges.point) | kept
    near = [found_at | {name: value + step} for name, value in edges.point.items() for step in (-1, 1)]
    sampled += [point for point in near if min(point.values()) > 0]
    assert edges.value <= min(best.value, least_that_fits(analysis, sampled))
    assert moved_by(analysis, found_at) == edges.value


def least_that_fits(analysis: TiledAnalysis, every: Sequence[Mapping[str, int]]) -> int:
    """Give the least traffic below L2 where 512 words fit the PEs, and 8192 the clusters."""
    fitting = (
        point
        for point in every
        if sum(tensor.occupancy.at(**point) for tensor in analysis["cluster1"].tensors.values()) <= 512
        and sum(tensor.occupancy.at(**point) for tensor in analysis["L2"].tensors.values()) <= 8192
    )
    return min(moved_by(analysis, point) for point in fitting)


def moved_by(analysis: TiledAnalysis, point: Mapping[str, int]) -> int:
    tensors = analysis["L2"].tensors.values()
    names = ("parent_reads", "parent_updates", "read_backs")
    return sum(t.forms[name].at(**point) for t in tensors for name in names if name in t.forms)


def test_the_least_traffic_above_a_number() -> None:
    """What is bad for the goal may be what the condition asks for."""
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 3)
    extents = {"M": 6, "N": 4, "K": 5}
    every = points(T_M=range(1, 7), T_N=range(1, 5), T_K=range(1, 6))
    values = sorted({traffic(analysis, point | extents) for point in every})
    for low, next_one in itertools.pairwise(values):
        best = pm.optimize(
            analysis, minimize="L2.traffic", extents=extents, subject_to=[f"L2.traffic > {low}"], tiles="all"
        )
        assert best.value == next_one


def test_a_search_that_ends_early_is_not_proved() -> None:
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 3)
    best = pm.optimize(
        analysis, minimize="L2.traffic", extents={"M": 60, "N": 48, "K": 60}, subject_to=["L1 <= 50"], limit=1
    )
    assert not best.proved
    assert best.evaluated < best.space
    assert "not proved to be the least of 1440 points" in str(best)


def test_without_a_free_symbol_there_is_one_point() -> None:
    analysis = pm.analyze_tiles(pm.gemm(M=6, N=4, K=5), GEMM, 3)
    sizes = {"T_M": 2, "T_N": 1, "T_K": 5}
    best = pm.optimize(analysis, minimize="L2.traffic", extents=sizes)
    assert (best.value, best.point, best.space) == (traffic(analysis, sizes), {}, 1)
    assert str(best) == f"L2.traffic = {best.value}; the only point"
    numbers = pm.parse_dataflow("TemporalMap(2,2) M; SpatialMap(1,1) N; TemporalMap(5,5) K")
    again = pm.analyze_tiles(pm.gemm(M=6, N=4, K=5), numbers, 3)
    assert pm.optimize(again, minimize="L2.traffic", extents={}).value == best.value


FOREIGN = pm.analyze_tiles(pm.conv2d(**LAYER), CONV, "PEs")["cluster1"].steps


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"minimize": "L2.trafic"}, "no quantity 'L2.trafic'; did you mean 'L2.traffic'"),
        ({"minimize": "L2.traffic +"}, "cannot read the goal 'L2.traffic \\+' at '\\+'"),
        ({"minimize": "2 steps"}, "cannot read the goal '2 steps' at 'steps'"),
        ({"minimize": ""}, "cannot read the goal ''"),
        ({"minimize": len}, "<built-in function len> cannot be made smallest"),
        (
            {"minimize": FOREIGN},
            "the goal needs values for G, PEs, T_C, T_P, which the mapping does not have",
        ),
        ({"subject_to": ["L3 <= 5"]}, "no quantity 'L3'; did you mean"),
        ({"subject_to": ["L1 below 5"]}, "cannot read the condition 'L1 below 5'"),
        ({"subject_to": ["L1 <= 5 <= 7"]}, "cannot read the condition"),
        ({"subject_to": ["L1 <= 2"]}, "no point of the space satisfies 'L1 <= 2'; it fails by 1 or more"),
        ({"subject_to": ["T_M >= 3", "L1 <= 6"]}, "no point of the space satisfies all conditions"),
        ({"extents": {"M": 6, "N": 4}}, "K needs a value in extents"),
        ({"extents": {"M": 6, "N": 4, "K": 0}}, "K is 0; it must be 1 or more"),
        ({"extents": [6, 4, 5]}, "extents is .6, 4, 5.; give values by the names"),
        ({"choices": [("T_K", [1])]}, "choices is .*; give values by the names"),
        ({"choices": {"T_K": [2, -1]}}, "T_K is -1; it must be 1 or more"),
        ({"minimize": "5"}, "the goal '5' is a number"),
        ({"minimize": "runtime"}, "no part of a sum or condition; .*minimize=analysis.runtime"),
        ({"subject_to": [5]}, "cannot read the condition 5"),
        ({"limit": 0}, "limit is 0"),
        ({"choices": {"Tk": [1]}}, "no symbol 'Tk'; Known: K, M"),
        ({"choices": {"T_K": []}}, "the choices of T_K are empty"),
    ],
)
def test_wrong_searches_are_refused(changed: dict[str, object], message: str) -> None:
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 3)
    arguments: dict[str, object] = {"minimize": "steps", "extents": {"M": 6, "N": 4, "K": 5}}
    with pytest.raises(PolymaestroError, match=message):
        pm.optimize(analysis, **(arguments | changed))  # type: ignore[arg-type]


def test_rows_bounded_together_and_one_by_one_give_the_same_point(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 64)
    extents = dict.fromkeys("MNK", segments.MANY + 7)
    found = []
    for many in (segments.MANY, 10**9):
        monkeypatch.setattr(segments, "MANY", many)
        found.append(
            pm.optimize(analysis, minimize="L2.traffic", extents=extents, subject_to="L1 <= 60", tiles="all")
        )
    assert (found[0].value, found[0].point, found[0].proved) == (found[1].value, found[1].point, True)
    assert found[0].evaluated < found[1].evaluated


def test_one_condition_or_size_needs_no_list() -> None:
    analysis = pm.analyze_tiles(pm.gemm(), GEMM, 3)
    extents = {"M": 6, "N": 4, "K": 5}
    alone = pm.optimize(
        analysis, minimize="steps", extents=extents, subject_to="L1 <= 20", choices={"T_K": 5}
    )
    several = pm.optimize(
        analysis, minimize="steps", extents=extents, subject_to=["L1 <= 20"], choices={"T_K": [5]}
    )
    assert alone == several
    assert alone.value < pm.optimize(analysis, minimize="steps", extents=extents, subject_to="L1 <= 3").value


def test_sizes_of_a_plain_analysis_cannot_be_chosen() -> None:
    plain = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) N"), 4)
    with pytest.raises(PolymaestroError, match=r"Analysis is none; write symbols for the sizes"):
        pm.optimize(plain, minimize="steps", extents={})  # type: ignore[arg-type]


def test_points_at_which_the_mapping_is_not_legal_are_left_out() -> None:
    """A cluster larger than the array has no unit, and a size of no SpatialMap needs one unit."""
    analysis = pm.analyze_tiles(pm.conv2d(), CONV, "PEs")
    best = pm.optimize(
        analysis, minimize="steps", extents=LAYER | {"PEs": 3, "T_K": 1, "T_C": 2, "T_P": 6},
        choices={"G": [1, 2, 4, 8]},
    )  # fmt: skip
    counted = {
        g: interpret(pm.conv2d(**LAYER), CONV, 3, {"T_K": 1, "T_C": 2, "T_P": 6, "G": g}).steps
        for g in (1, 2)
    }
    assert best.point["G"] in counted
    assert best.value == min(counted.values())
    with pytest.raises(PolymaestroError, match="legal at no point"):
        pm.optimize(analysis, minimize="steps", extents=LAYER | {"PEs": 3}, choices={"G": [4, 8]})
