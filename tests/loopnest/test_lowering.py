"""The loop nest as printed, run loop by loop, against the interpreter of the directives."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings

import polymaestro as pm
from polymaestro.errors import LoweringError
from polymaestro.loopnest import LoopNest, lower
from polymaestro.loopnest.interpreter import numeric
from polymaestro.loopnest.running import executed
from polymaestro.strategies import wild_mappings

Box = tuple[tuple[int, int], ...]


def run(nest: LoopNest) -> Iterator[tuple[tuple[int, ...], Box]]:
    """Give (unit, box of indices) in the order of time, by walking the loops as they stand."""
    order = [each.name for each in nest.loops]

    def walk(names: list[tuple[str, int]], point: dict[str, int]) -> Iterator[dict[str, int]]:
        if not names:
            yield point
            return
        (name, count), *rest = names
        for index in range(count):
            yield from walk(rest, {**point, name: index})

    found = []
    for level_point in loops(nest, 0, {}, walk):
        box = tuple((t.origin.evaluate(level_point), t.end.evaluate(level_point)) for _, t in nest.tiles)
        fits = all(guard.expression.evaluate(level_point) >= 0 for guard in nest.guards)
        if fits and all(low < high for low, high in box):
            unit = tuple(level_point[each.name] for each in nest.units)
            found.append(([level_point[name] for name in order], unit, box))
    return iter([(unit, box) for _, unit, box in sorted(found)])


def loops(
    nest: LoopNest, level: int, point: dict[str, int], walk: Callable[..., Iterator[dict[str, int]]]
) -> Iterator[dict[str, int]]:
    """Walk the units of a level, then its loops, whose bounds may depend on the unit, then the next level."""
    if level == nest.depth:
        yield point
        return
    units = nest.units[level]
    for unit in range(units.count.evaluate(point)):
        placed = {**point, units.name: unit}
        here = [(e.name, e.last.evaluate(placed) + 1) for e in nest.loops if e.level == level]
        for inner in walk(here, placed):
            yield from loops(nest, level + 1, inner, walk)


@given(wild_mappings())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_the_nest_executes_what_the_directives_say(drawn: tuple[pm.Operator, pm.Dataflow, int]) -> None:
    operator, flow, num_pes = drawn
    expected = [(each.unit, each.box) for each in executed(numeric(operator, flow, num_pes, {}))]
    found = [(unit, box) for unit, box in run(lower(operator, flow, num_pes)) if has_points(operator, box)]
    assert found == expected


def has_points(operator: pm.Operator, box: Box) -> bool:
    names = [dim.variable for dim in operator.dims]
    points = (dict(zip(names, point, strict=True)) for point in itertools.product(*(range(*r) for r in box)))
    return any(all(each.evaluate(point) >= 0 for each in operator.conditions) for point in points)


def test_a_covering_map_has_no_loop() -> None:
    nest = lower(pm.gemm(K=8), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(8,8) K"), 4)
    assert [each.name for each in nest.loops] == ["f0_m"]


def test_a_spatial_map_that_fits_has_no_fold() -> None:
    nest = lower(pm.gemm(M=4), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(2,2) K"), 4)
    assert [each.name for each in nest.loops] == ["t0_k"]


def test_the_reading_of_an_offset_under_a_stride_is_noted() -> None:
    rows = "SpatialMap(1,1) K; TemporalMap(Sz(R),{}) Y"
    operator = pm.conv2d(stride=2, R=3, S=3)
    output = lower(operator, pm.parse_dataflow(rows.format(1)), 4)
    assert output.notes == ("offset 1 of 'TemporalMap(3,1) Y' (level 0) read in output rows",)
    assert lower(operator, pm.parse_dataflow(rows.format(2)), 4).notes[0].endswith("read in input rows")


def test_a_symbol_named_like_a_loop_is_refused() -> None:
    with pytest.raises(LoweringError, match="call it 'K'"):
        lower(pm.gemm(M="k"), pm.parse_dataflow("SpatialMap(1,1) M"), 4)


@pytest.mark.parametrize("name", ["x0", "q1", "q3_", "step2", "K_n4", "K_e64", "P_q"])
def test_a_symbol_named_like_one_that_counting_makes_is_refused(name: str) -> None:
    with pytest.raises(LoweringError, match="choose another"):
        lower(pm.gemm(M=name), pm.parse_dataflow("SpatialMap(1,1) M"), 4)
