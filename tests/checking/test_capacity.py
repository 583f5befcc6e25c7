"""Capacity against the interpreter: the largest tile of each tensor, and where it is first that large."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import islpy as isl
import pytest
from hypothesis import HealthCheck, given, settings

import polymaestro as pm
from polymaestro.affine import Affine
from polymaestro.checking.capacity import TensorNeed
from polymaestro.dataflow.binding import Mapping, bind
from polymaestro.dataflow.directives import SpatialMap
from polymaestro.errors import CountingUnavailableError
from polymaestro.hardware import Memory
from polymaestro.loopnest import lower
from polymaestro.loopnest.running import Execution, executed
from polymaestro.movement.steps import GroupSteps
from polymaestro.relations import extract
from polymaestro.strategies import mappings, wild_mappings
from polymaestro.symbolic import ClosedForm

HUGE = 10**9
Place = tuple[tuple[int, ...], tuple[int, ...]]
"""A step and a unit; compared in this order."""


def elements(operator: pm.Operator, access: tuple[Affine, ...], run: Execution) -> Iterator[tuple[int, ...]]:
    names = [dim.variable for dim in operator.dims]
    for point in itertools.product(*(range(*bounds) for bounds in run.box)):
        values = dict(zip(names, point, strict=True))
        if in_domain(operator, values):
            yield tuple(index.evaluate(values) for index in access)


def in_domain(operator: pm.Operator, values: dict[str, int]) -> bool:
    """Whether a point of the box lies in the domain, where an operator may have further conditions."""
    return all(each.evaluate(values) >= 0 for each in getattr(operator, "conditions", ()))


def flat(steps: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(index for level in steps for index in level)


def largest(
    operator: pm.Operator, access: tuple[Affine, ...], runs: list[Execution], depth: int, *, together: bool
) -> tuple[int, Place]:
    """Give the size of the largest tile and the first step and unit that hold one as large."""
    tiles: dict[Place, set[tuple[int, ...]]] = defaultdict(set)
    for run in runs:
        unit = () if together else run.unit[:depth]
        tiles[flat(run.step[:depth]), unit].update(elements(operator, access, run))
    size = max(map(len, tiles.values()), default=0)
    return size, min((place for place, tile in tiles.items() if len(tile) == size), default=((), ()))


def assert_place(mapping: Mapping, need: TensorNeed, place: Place, depth: int) -> None:
    """Compare step and unit by name; a loop that the nest leaves out has one step, and so index 0."""
    names = [
        f"{'f' if isinstance(each, SpatialMap) else 't'}{level.index}_{each.dim.lower()}"
        for level in mapping.levels[:depth]
        for each in level.maps
    ]
    step = dict(zip(names, place[0], strict=True))
    assert set(need.step) <= set(step)
    assert {name: need.step.get(name, 0) for name in step} == step
    assert need.unit == {f"u{level}": index for level, index in enumerate(place[1])}


def assert_needs(operator: pm.Operator, flow: pm.Dataflow, num_pes: int) -> None:
    hardware = pm.Hardware(num_pes, l1_size=HUGE, l2_size=HUGE)
    verdict = pm.check(operator, flow, num_pes, hardware)
    mapping = bind(operator, flow, num_pes)
    runs = list(executed(mapping))
    assert [need.memory for need in verdict.needs] == ["L2", "L1"]
    for need, depth in zip(verdict.needs, (1, len(mapping.levels)), strict=True):
        for tensor, found in zip(operator.tensors, need.tensors, strict=True):
            together = need.memory == "L2"
            size, place = largest(operator, tensor.access, runs, depth, together=together)
            assert (found.name, found.words) == (tensor.name, size)
            if size:
                assert_place(mapping, found, place, depth)


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(mappings() | wild_mappings())
def test_what_memories_must_hold_is_what_the_interpreter_holds(
    drawn: tuple[pm.Operator, pm.Dataflow, int],
) -> None:
    assert_needs(*drawn)


@pytest.mark.slow
@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(mappings() | wild_mappings())
def test_three_hundred_random_dataflows_need_what_the_interpreter_holds(
    drawn: tuple[pm.Operator, pm.Dataflow, int],
) -> None:
    assert_needs(*drawn)


CONV = pm.conv2d(N=1, K=4, C=6, P=5, Q=5, R=3, S=3)
FLOW = pm.parse_dataflow(
    "SpatialMap(1,1) K; TemporalMap(4,4) C; TemporalMap(3,1) Y; TemporalMap(3,1) X;"
    "Cluster(2); SpatialMap(2,2) C"
)
# A PE holds two input channels of 3 × 3 rows and columns, as much of one filter, and one output.
PE = {"I": 2 * 3 * 3, "W": 2 * 3 * 3, "O": 1}
# The two clusters together hold four channels (shared by both), two filters of them, and two outputs.
ALL = {"I": 4 * 3 * 3, "W": 2 * 4 * 3 * 3, "O": 2}


@pytest.mark.parametrize(("double_buffered", "buffers"), [(True, 2), (False, 1)])
def test_a_memory_that_is_a_word_too_small_overflows(*, double_buffered: bool, buffers: int) -> None:
    l1, l2 = buffers * sum(PE.values()), buffers * sum(ALL.values())
    for spare, rules in ((0, []), (-1, ["capacity", "capacity"])):
        hardware = pm.Hardware(4, l1_size=l1 + spare, l2_size=l2 + spare)
        verdict = pm.check(CONV, FLOW, 4, hardware, double_buffered=double_buffered)
        assert [each.rule for each in verdict.findings] == rules
        assert verdict.legal
        assert verdict.ok == (not rules)
        assert [(need.words, need.excess) for need in verdict.needs] == [(l2, -spare), (l1, -spare)]
        assert [{t.name: t.words for t in need.tensors} for need in verdict.needs] == [ALL, PE]


def test_an_overflow_says_which_tensor_needs_what_and_when_first() -> None:
    verdict = pm.check(CONV, FLOW, 4, pm.Hardware(4, l1_size=70))
    [finding] = verdict.findings
    assert finding.reason == "L1 has 70 words of 74 needed: 2 × (I 18, W 18, O 1); 4 words too many"
    causal = pm.einsum("S[i,j] += Q[i,d] * K[j,d]", where="j <= i", I=4, J=4, D=2)
    rows = pm.parse_dataflow("TemporalMap(1,1) I; TemporalMap(4,4) J; SpatialMap(1,1) D")
    [finding] = pm.check(causal, rows, 2, pm.Hardware(2, l1_size=8)).findings
    assert "K 4 (first at t0_i = 3)" in finding.reason


SMALL = pm.conv2d(N=1, K=4, C=4, P=2, Q=2, R=3, S=3)
SMALL_ANALYSIS = pm.analyze(SMALL, FLOW, 4)


@pytest.mark.parametrize(
    ("machine", "least"),
    [
        # All of I is 4 × 4 × 4 words, fewer than two tiles of 4 × 3 × 3; all of W is two of its tiles.
        ({}, 64 + 144 + 2 * 2),
        ({"double_buffered": False}, 36 + 72 + 2),
        ({"word_sizes": {"O": 3}}, 64 + 144 + 3 * 2 * 2),
    ],
    ids=str,
)
def test_a_layer_fits_where_its_analysis_says_so(machine: dict[str, Any], least: int) -> None:
    """Tensors that L2 keeps whole take their words once; elements may be of several words."""
    widths = machine.get("word_sizes", {})
    for spare, small in ((-1, ["L2", "cluster1"]), (0, ["cluster1"]), (1, ["cluster1"])):
        memories = [
            Memory("L2", least + spare, machine.get("double_buffered", True)),
            Memory("cluster1", 100),
        ]
        hardware = pm.Hardware(4, memories=tuple(memories), word_sizes=widths)
        verdict = pm.check(SMALL, FLOW, 4, hardware)
        assert [need.memory for need in verdict.needs if need.excess] == small
        assert [text.split()[0] for text in SMALL_ANALYSIS.on(hardware).cost.problems] == small


def test_what_is_needed_is_a_formula_where_extents_are_symbols() -> None:
    operator = pm.gemm()
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(4,4) K")
    verdict = pm.check(operator, flow, 8, pm.Hardware(8, l1_size=1))
    [need] = verdict.needs
    assert (need.words, need.excess, verdict.ok) == (None, 0, True)
    words = {tensor.name: tensor.words for tensor in need.tensors}
    for inner, held in ((3, 3), (4, 4), (9, 4)):
        point = {"M": 5, "N": 6, "K": inner}
        found = [form.at(**point) for form in words.values() if isinstance(form, ClosedForm)]
        assert found == [held, held * 6, 6]


def test_a_machine_without_sizes_needs_nothing() -> None:
    assert pm.check(CONV, FLOW, 4, pm.Hardware(4)).needs == ()


def test_what_no_engine_counts_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        message = "no engine"
        raise CountingUnavailableError(message)

    monkeypatch.setattr("polymaestro.counting.Counter.peak", refuse)
    verdict = pm.check(CONV, FLOW, 4, pm.Hardware(4, l1_size=1))
    [finding] = verdict.findings
    assert finding.severity == "warning"
    assert finding.reason.endswith("no engine counts the largest tile of I, W, O")


def test_the_first_step_goes_before_the_first_unit() -> None:
    nest = lower(pm.gemm(M=5, N=1, K=1), pm.parse_dataflow("SpatialMap(1,1) M"), 2)
    group = GroupSteps(extract(nest).groups[0], 1)
    assert group.names == ("u0", "f0_m")
    steps = isl.Set("{ [u0, f0_m] : (u0 = 0 and f0_m = 1) or (u0 = 1 and f0_m = 0) }")
    assert group.first_in_time(steps) == {"f0_m": 0, "u0": 1}
    assert group.first_in_time(isl.Set("{ [f0_m] : 1 <= f0_m <= 2 }")) == {"f0_m": 1}


def test_a_memory_that_is_described_is_checked_like_a_flat_size() -> None:
    flat = pm.check(CONV, FLOW, 4, pm.Hardware(4, l1_size=70))
    described = pm.check(CONV, FLOW, 4, pm.Hardware(4, memories=(Memory("L1", 70),)))
    assert [each.reason for each in described.findings] == [each.reason for each in flat.findings]
    assert len(described.findings) == 1
