"""Sets that cannot be counted over the extents: counted over digits, or refused, never left running."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace

import islpy as isl
import pytest

import polymaestro as pm
from polymaestro.counting import Counter, classes, summing
from polymaestro.errors import CountingUnavailableError, PolymaestroError
from polymaestro.loopnest.interpreter import interpret
from polymaestro.movement import tracing
from polymaestro.relations import Digits, in_digits
from polymaestro.relations.effort import EffortError, limited
from polymaestro.tiling import lifted
from tests.interpreted import assert_equal

YX_P, YR_P, X_P = pm.dataflows.yx_p(), pm.dataflows.yr_p(3), pm.dataflows.x_p()

HARD = {
    "windows of units that reach into the next fold": (X_P, {"T_Q0": 8, "PEs": 4}, ()),
    "units that do not divide the tile": (YX_P, {"T_Q0": 5, "T_Q1": 1, "G1": 4, "PEs": 8}, ()),
    "folds of rows and of filter rows": (YR_P, {"T_P0": 2, "G1": 5, "PEs": 16}, ("R <= 7",)),
}


def points(analysis: pm.Analysis, number: int) -> Iterator[dict[str, int]]:
    """Draw extents with long and short filters and images, the same each time."""
    rng = random.Random(number)
    while number:
        point = {name: rng.randint(1, 3) for name in analysis.symbols}
        for name in set(rng.choice(("PRY", "QSX"))) & set(point):  # the other axis stays short
            point[name] = rng.choice((rng.randint(1, 12), rng.randint(1, 45)))
        try:
            analysis.macs.check(point)
        except PolymaestroError:
            continue
        number -= 1
        yield point


def assert_interpreted(analysis: pm.Analysis, point: Mapping[str, int]) -> None:
    pes = analysis.loop_nest.pes_at(point)
    seen = interpret(analysis.operator, analysis.dataflow, pes, dict(point))
    assert_equal(analysis.at(point), seen)


def with_numbers(flow: pm.Dataflow, numbers: Mapping[str, int], assuming: tuple[str, ...]) -> pm.Analysis:
    found = lifted(pm.conv2d(), flow, 256)
    numbers = {**found.values, **numbers}
    return pm.analyze(pm.conv2d(), found.dataflow.substituted(numbers), numbers["PEs"], assuming=assuming)


@pytest.mark.slow
@pytest.mark.parametrize("name", HARD)
def test_hard_mappings_are_the_interpreters_at_extents_of_every_size(name: str) -> None:
    flow, numbers, assuming = HARD[name]
    analysis = with_numbers(flow, numbers, assuming)
    for point in points(analysis, 30):
        assert_interpreted(analysis, point)


@pytest.mark.slow
def test_units_of_six_columns_in_tiles_of_sixteen_are_the_interpreters() -> None:
    analysis = with_numbers(YX_P, {"T_Q0": 16, "T_Q1": 6, "G1": 5, "PEs": 10}, ())
    for point in points(analysis, 30):
        assert_interpreted(analysis, point)


FLOWS = {
    "conv2d": "TemporalMap(3,3) K; SpatialMap(2,2) P; Cluster(3); TemporalMap(2,2) C; SpatialMap(2,2) Q",
    "transposed_conv2d": "SpatialMap(2,2) Y; TemporalMap(2,2) K; Cluster(2); SpatialMap(3,3) C",
    "depthwise_conv2d": "SpatialMap(3,3) C; TemporalMap(4,4) P; TemporalMap(2,2) R",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOWS)
def test_counts_over_digits_are_those_over_the_extents(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    operator, flow = getattr(pm, name)(N=1), pm.parse_dataflow(FLOWS[name])
    direct = pm.analyze(operator, flow, 7)
    monkeypatch.setattr(summing, "FIRST_STEPS", 1)
    second = pm.analyze(operator, flow, 7)
    assert second.symbols == direct.symbols
    assert second.macs.valid_on == direct.macs.valid_on
    for point in points(second, 15):
        assert_interpreted(second, point)
        assert second.at(point) == direct.at(point)


def test_digits_write_each_number_in_one_way() -> None:
    digits = Digits("Q", 2, (15, 6, 4))
    values = [isl.Set(f"[Q] -> {{ : Q = {number} }}").params() for number in range(-1, 70)]
    for number, each in zip(range(-1, 70), values, strict=True):
        found = {name: value.evaluate({"Q": number}) for name, value in digits.values.items()}
        assert digits.written.evaluate(found) == number
        assert all(condition.evaluate(found) >= 0 for condition in digits.conditions), number
        text = " and ".join(f"{name} = {value}" for name, value in found.items())
        there = isl.Set(f"[{', '.join(digits.names)}] -> {{ : {text} }}").params()
        assert digits.applied(each).is_equal(there)
        assert digits.undone(there).is_equal(each)


def test_what_is_executed_is_cut_into_parts_that_leave_nothing_out() -> None:
    analysis = with_numbers(*HARD["units that do not divide the tile"])
    relations, digits = in_digits(analysis.relations)
    assert [(each.symbol, each.sizes) for each in digits] == [("P", (2,)), ("Q", (5, 4))]
    [columns] = [group for group in relations.groups if group.name == "q, s"]
    assert len(columns.parts) == 5, "before, in and after the last tile, and there each fold"
    whole = replace(columns, parts=((),)).executed
    assert columns.executed.is_equal(whole)
    parts = [replace(columns, parts=(part,)).executed for part in columns.parts]
    for index, part in enumerate(parts):
        assert all(part.is_disjoint(other) for other in parts[:index])


def test_a_mapping_without_tiles_has_no_digits() -> None:
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N")
    assert in_digits(pm.analyze(pm.gemm(), flow, 1).relations)[1] == ()


TRANSPOSED = "TemporalMap(1,1) K; SpatialMap(2,2) Y; TemporalMap(2,2) S; Cluster(2); SpatialMap(1,1) X"


def test_what_takes_too_many_steps_is_refused_with_what_to_assume(monkeypatch: pytest.MonkeyPatch) -> None:
    operator, flow = pm.transposed_conv2d(), pm.parse_dataflow(TRANSPOSED)
    monkeypatch.setattr(summing, "FIRST_STEPS", 300_000)
    monkeypatch.setattr(summing, "MOST_STEPS", 300_000)
    message = r"takes too many steps; assume a bound, as in 'R <= 7', or give a number for R, S, X, Y$"
    with pytest.raises(CountingUnavailableError, match=message):
        pm.analyze(operator, flow, 5)
    assert not isl.DEFAULT_CONTEXT.get_max_operations(), "isl has no limit afterwards"


def test_a_movement_that_takes_too_many_steps_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "MOST_STEPS", 10_000)
    message = r"what is read again takes too many steps; assume a bound, as in 'R <= 7'"
    with pytest.raises(CountingUnavailableError, match=message):
        pm.analyze(pm.transposed_conv2d(), pm.parse_dataflow(TRANSPOSED), 5)


def test_what_is_refused_is_exact_once_the_filter_is_bounded() -> None:
    operator, flow = pm.transposed_conv2d(), pm.parse_dataflow(TRANSPOSED)
    analysis = pm.analyze(operator, flow, 5, assuming=["R <= 3", "S <= 3"])
    for point in points(analysis, 30):
        assert_interpreted(analysis, point)


SET = isl.Set("[n, m] -> { [i, j] : 0 <= 3i <= n and i <= 2j <= m }")


def test_the_limit_of_steps_is_the_same_each_time_and_holds_for_its_block_only() -> None:
    def takes(steps: int) -> bool:
        try:
            with limited(steps, "too long"):
                Counter(isl.Set("[n, m] -> { : n >= 1 }").params()).count(SET)
        except EffortError:
            return False
        return True

    enough = next(2**power for power in range(5, 24) if takes(2**power))
    assert enough > 2**5
    assert [takes(steps) for steps in (enough // 2, enough, enough // 2, 2 * enough)] == [0, 1, 0, 1]
    assert not isl.DEFAULT_CONTEXT.get_max_operations()


def test_errors_of_another_kind_pass_a_limit_and_take_it_away() -> None:
    with pytest.raises(ZeroDivisionError), limited(10**6, "too long"):
        _ = 1 // 0
    assert not isl.DEFAULT_CONTEXT.get_max_operations()


def test_a_limit_around_another_holds() -> None:
    with pytest.raises(EffortError, match="outer"), limited(100, "outer"), limited(10**9, "inner"):
        Counter(isl.Set("[n, m] -> { : n >= 1 }").params()).count(SET)


def test_steps_that_are_too_hard_to_sort_are_run_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    operator, point = pm.conv2d(), {"N": 1, "K": 2, "C": 3, "P": 5, "Q": 7, "R": 3, "S": 2}
    machine = pm.Hardware(num_pes=64, noc_bw=3)
    sorted_ = pm.analyze(operator, pm.dataflows.kc_p(16), 64)
    expected = sorted_.on(machine, **point).performance
    monkeypatch.setattr(classes, "MOST_STEPS", 100)
    analysis = pm.analyze(operator, pm.dataflows.kc_p(16), 64)
    with pytest.raises(CountingUnavailableError, match=r"into classes takes too many steps .* 'R <= 7'"):
        analysis.runtime(machine)
    found = analysis.on(machine, **point).performance
    assert found is not None
    assert expected is not None
    assert found.runtime_cycles == expected.runtime_cycles
