"""When read-backs are no more than early writes, and when as many: the argument of proofs/traffic.py."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.loopnest.elements import Touched
from polymaestro.loopnest.interpreter import interpret, numeric
from polymaestro.loopnest.moving import END
from polymaestro.loopnest.running import Step, Unit, executed
from polymaestro.strategies import Drawn, mappings

LAST: Step = ((10**9,),)


class Held(NamedTuple):
    """A unit holds an element from one step until another."""

    start: Step
    end: Step


def holdings(drawn: Drawn, depth: int) -> dict[tuple[Unit, int], list[Held]]:
    """Give for each parent and output element when its units hold it, from the executions alone."""
    mapping = numeric(drawn.operator, drawn.dataflow, drawn.num_pes, {})
    touched = Touched(mapping.operator, mapping.operator.output.access)
    tiles: defaultdict[Unit, defaultdict[Step, set[int]]] = defaultdict(lambda: defaultdict(set))
    for unit, step, box in executed(mapping):
        tiles[unit[:depth]][step[:depth]] |= touched.of(box)
    found: defaultdict[tuple[Unit, int], list[Held]] = defaultdict(list)
    for unit, steps in tiles.items():
        begun: dict[int, Step] = {}
        for step, tile in [*sorted(steps.items()), (LAST, set[int]())]:
            for element in [e for e in begun if e not in tile]:
                found[unit[:-1], element].append(Held(begun.pop(element), step))
            begun |= {element: step for element in tile if element not in begun}
    return found


def verdict(drawn: Drawn, depth: int) -> tuple[bool, bool]:
    """Say whether no unit fetches what another holds, and whether periods also end at one step."""
    apart = together = True
    for periods in holdings(drawn, depth).values():
        for one in periods:
            for other in periods:
                apart = apart and not other.start < one.start < other.end
                together = together and (one.start != other.start or one.end == other.end)
    return apart, apart and together


def assert_law(drawn: Drawn) -> set[tuple[bool, bool]]:
    seen = interpret(*drawn)
    met = set()
    for boundary in seen.boundaries:
        counts = boundary.tensors[drawn.operator.output.name]
        early = counts["parent_updates"] - counts["final_writes"]
        apart, equal = verdict(drawn, boundary.depth)
        met.add((apart, equal))
        if equal:
            assert counts["read_backs"] == early
        elif apart:
            assert counts["read_backs"] <= early
    return met


@given(mappings())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_read_backs_are_bounded_where_no_unit_fetches_what_another_holds(drawn: Drawn) -> None:
    assert_law(drawn)


@pytest.mark.parametrize("name", sorted(pm.dataflows.PUBLISHED))
@given(data=st.data())
@settings(max_examples=5)
def test_the_published_dataflows_meet_the_condition_for_equality(name: str, data: st.DataObject) -> None:
    sizes = {d: data.draw(st.integers(1, 4), label=d) for d in ("K", "C", "P", "Q")}
    operator = pm.conv2d(N=1, R=2, S=2, **sizes)
    flow = pm.dataflows.PUBLISHED[name]()
    assert assert_law(Drawn(operator, flow, 128)) == {(True, True)}


def test_the_counterexample_has_a_unit_that_fetches_what_another_holds() -> None:
    flow = pm.parse_dataflow(
        "TemporalMap(4,4) Y; TemporalMap(1,1) R; Cluster(2); SpatialMap(2,2) Y; TemporalMap(1,1) R;"
        "TemporalMap(1,1) X'"
    )
    operator = pm.depthwise_conv2d(N=1, C=1, P=1, Q=2, R=3, S=1, stride=(2, 1))
    assert verdict(Drawn(operator, flow, 2), 2) == (False, False)
    assert LAST > END
