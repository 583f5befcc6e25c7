"""All chambers of a count: every point lies in exactly one, with the formula derived at the point itself."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.errors import ClosedFormError, CountingUnavailableError, LoweringError
from polymaestro.strategies import mappings
from polymaestro.tiling import TiledAnalysis, exploring, lifted
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.exploring import Explored

TILED = {
    "gemm": (pm.gemm(), pm.parse_dataflow("TemporalMap(8,8) M; SpatialMap(4,4) N; TemporalMap(9,9) K")),
    "twice": (
        pm.gemm(),
        pm.parse_dataflow("SpatialMap(8,8) K; TemporalMap(4,4) N; Cluster(4); SpatialMap(2,2) K"),
    ),
    "KC-P": (pm.conv2d(), pm.dataflows.kc_p()),
    "X-P": (pm.conv2d(R=3, S=3, stride=2), pm.dataflows.x_p()),
}


def analysed(name: str) -> TiledAnalysis:
    operator, flow = TILED[name]
    found = lifted(operator, flow, 256)
    return pm.analyze_tiles(operator, found.dataflow, found.num_pes)


def counts_of(analysis: TiledAnalysis) -> list[TiledCount]:
    counts = {id(c): c for _, form in analysis.named() for _, several in form.products for c in several}
    return list(counts.values())


def drawn(analysis: TiledAnalysis, rng: random.Random) -> dict[str, int]:
    """Draw a legal point, often with lengths that are equal or one apart."""
    while True:
        near = rng.choice([2, 5, 12, 40])
        point = {name: max(1, near + rng.randint(-near, 4)) for name in analysis.symbols}
        try:
            analysis.macs.extended(point)
        except ClosedFormError:
            continue
        return point


def value_of(each: Explored, values: Mapping[str, int], *, in_parts: bool = False) -> Fraction | int:
    """Evaluate; no two cases of a factor may hold, and one has to unless it is a part of a count."""
    total: Fraction | int = 0
    for product in each.products:
        value: Fraction | int = 1
        for factor in product:
            inside = [value for region, value in factor.pieces if region.holds(values)]
            assert len(inside) <= 1
            assert inside or in_parts
            value *= inside[0].evaluate(values) if inside else 0
        total += value
    return total


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name != "KC-P" else []) for name in TILED]
)
def test_each_point_lies_in_one_chamber_with_its_own_value(name: str) -> None:
    analysis = analysed(name)
    rng = random.Random(name)
    explored = [(count, count.everywhere(analysis.ties, analysis.valid_on)) for count in counts_of(analysis)]
    assert not any(each.gaps for _, each in explored)
    for _ in range(25):
        values = analysis.macs.extended(drawn(analysis, rng))
        for count, each in explored:
            assert value_of(each, values) == count.at(values)


@pytest.mark.parametrize("name", ["X-P", pytest.param("KC-P", marks=pytest.mark.slow)])
def test_parts_that_are_decided_by_themselves_make_up_the_count(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exploring, "FEW", 1)
    analysis = analysed(name)
    rng = random.Random(name)
    explored = [(count, count.everywhere(analysis.ties, analysis.valid_on)) for count in counts_of(analysis)]
    assert sum(len(each.products) > 1 for _, each in explored) > 3
    for _ in range(40):
        values = analysis.macs.extended(drawn(analysis, rng))
        for count, each in explored:
            assert value_of(each, values, in_parts=True) == count.at(values)


@pytest.mark.slow
def test_chambers_of_random_mappings(monkeypatch: pytest.MonkeyPatch, *, full: bool) -> None:
    """Counts with many chambers only with ``pytest --full``: there the derivations take minutes."""
    if not full:
        monkeypatch.setattr(exploring, "MOST", 100)

    @settings(max_examples=40)
    @given(mappings(), st.randoms(use_true_random=False))
    def check(drawn_mapping: tuple[pm.Operator, pm.Dataflow, int], rng: random.Random) -> None:
        check_chambers(*drawn_mapping, rng)

    check()


def check_chambers(operator: pm.Operator, flow: pm.Dataflow, num_pes: int, rng: random.Random) -> None:
    try:
        found = lifted(operator, flow, num_pes)
        symbols = {dim.name: dim.name for dim in operator.dims if dim.name not in found.kept}
        analysis = pm.analyze_tiles(operator.with_extents(symbols), found.dataflow, found.num_pes)
    except (CountingUnavailableError, LoweringError):
        return
    own = {dim.name: dim.extent.constant for dim in operator.dims} | found.values
    for count in rng.sample(counts_of(analysis), 4):
        try:
            each = count.everywhere(analysis.ties, analysis.valid_on)
        except ClosedFormError:
            continue  # too many
        for _ in range(20):
            point = {n: max(1, own[n] + rng.randint(-2, 3)) for n in analysis.symbols}
            try:
                values = analysis.macs.extended(point)
            except ClosedFormError:
                continue
            if any(all(c.holds(values) for c in where) for where, _ in each.gaps):
                with pytest.raises(CountingUnavailableError):
                    count.at(values)
            else:
                in_parts = len(each.products) > 1
                assert value_of(each, values, in_parts=in_parts) == count.at(values)


def test_too_many_chambers_are_refused_with_the_symbols_to_assume_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploring, "FEW", 3)
    monkeypatch.setattr(exploring, "MOST", 3)
    form = analysed("twice")["cluster1"]["A"].fills
    message = "over G1, K, T_K0, T_K1, U has more than 3 cases; assume more of these, such as T_K0 < K"
    with pytest.raises(ClosedFormError, match=message):
        form.complete()
    assert (
        form.assuming("T_K0 = 1", "T_K1 = 1", "N <= T_N0", "K = 1")
        .complete()
        .at(K=1, M=5, N=2, T_N0=2, T_K0=1, T_K1=1, G1=2, PEs=4)
        == 5
    )


TAPS_IN_SPACE = "TemporalMap(A,A) Y'; SpatialMap(1,1) R"


def test_a_chamber_that_is_refused_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polymaestro.tiling.families.MAX_REACH", 2)
    operator = pm.conv2d(N=1, K=1, C=1, Q=1, S=1, stride=2)
    analysis = pm.analyze_tiles(operator, pm.parse_dataflow(TAPS_IN_SPACE), "PEs")
    form = analysis["L2"]["I"].parent_reads
    complete = form.complete()
    python = complete.lambdify("python")
    seen: Counter[bool] = Counter()
    for numbers in itertools.product(range(1, 4), range(1, 7), range(2, 8), range(1, 5)):
        point = dict(zip(("A", "P", "R", "PEs"), numbers, strict=True))
        try:
            expected = form.at(**point)
        except CountingUnavailableError:
            seen[False] += 1
            with pytest.raises(ClosedFormError, match="it holds where"):
                complete.at(**point)
            with pytest.raises(ValueError, match="it holds where"):
                python(**point)
        else:
            seen[True] += 1
            assert complete.at(**point) == python(**point) == expected
    assert seen[True] > 200
    assert seen[False] > 30
