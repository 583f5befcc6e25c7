"""Every quantity of every boundary against the interpreter, which shares no code with the counting."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.errors import CountingError, LoweringError
from polymaestro.loopnest.interpreter import interpret
from polymaestro.strategies import (
    OPERATORS,
    array_sizes,
    constrained,
    dataflows,
    mappings,
    operators,
    wild_dataflows,
    wild_mappings,
)
from tests.interpreted import NO_HEALTH_CHECKS, assert_equal


def assert_exact(operator: pm.Operator, flow: pm.Dataflow, num_pes: int) -> None:
    report = pm.analyze(operator, flow, num_pes).at({})
    assert_equal(report, interpret(operator, flow, num_pes))


@given(mappings())
@settings(max_examples=60, suppress_health_check=NO_HEALTH_CHECKS)
def test_random_dataflows_are_exact(drawn: tuple[pm.Operator, pm.Dataflow, int]) -> None:
    assert_exact(*drawn)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATORS)
@given(data=st.data())
@settings(max_examples=100, suppress_health_check=NO_HEALTH_CHECKS)
def test_fifteen_hundred_random_dataflows_are_exact(name: str, data: st.DataObject) -> None:
    operator = data.draw(operators(name))
    flow = data.draw(dataflows(operator))
    assert_exact(operator, flow, data.draw(array_sizes(flow)))


@pytest.mark.slow
@given(mappings(), st.randoms(use_true_random=False))
# The same draws each time: with symbols, a few mappings take minutes to derive.
@settings(max_examples=60, derandomize=True, suppress_health_check=NO_HEALTH_CHECKS)
def test_formulas_of_random_dataflows_are_exact_at_other_extents(
    drawn: tuple[pm.Operator, pm.Dataflow, int], rng: random.Random
) -> None:
    operator, flow, num_pes = drawn
    kept = {window.filter for window in operator.windows} | {
        name[3:-1] for each in flow.directives for name in each.size.names()
    }
    lifted = [dim.name for dim in operator.dims if dim.name not in kept][:3]
    try:
        analysis = pm.analyze(operator.with_extents({name: name for name in lifted}), flow, num_pes)
    except (CountingError, LoweringError):
        reject()  # refused, with a reason; hypothesis fails when nothing is left to compare
    for shift in (0, 1, 3):
        point = {n: operator.extent(n).constant + shift * rng.randint(0, 2) for n in analysis.symbols}
        assert shift or analysis.macs.valid_on.holds(point), "legal with these numbers, so here too"
        if analysis.macs.valid_on.holds(point):
            assert_equal(analysis.at(point), interpret(operator.with_extents(dict(point)), flow, num_pes))


FLOWS = {
    "c_p": pm.dataflows.c_p(),
    "x_p": pm.dataflows.x_p(),
    "yx_p": pm.dataflows.yx_p(64),
    "yr_p": pm.dataflows.yr_p(64),
    "kc_p": pm.dataflows.kc_p(64),
}
WIDE = {"c_p": ("C", 256), "x_p": ("Q", 256), "yx_p": ("Q", 64), "yr_p": ("K", 2), "kc_p": ("C", 64)}


def random_extents(rng: random.Random, name: str) -> dict[str, int]:
    """Draw extents, half of the time around the width at which the dataflow folds or tiles."""
    point = {d: rng.randint(1, 6) for d in ("K", "C", "P", "Q")}
    point |= {"N": rng.randint(1, 2), "R": rng.randint(1, 4), "S": rng.randint(1, 4)}
    if rng.random() < 0.5:
        dim, width = WIDE[name]
        point = {d: min(size, 3) for d, size in point.items()}
        point[dim] = max(1, rng.choice([1, 2]) * width + rng.randint(-1, 1))
    if name == "kc_p" and rng.random() < 0.3:
        point["K"] = rng.randint(5, 13)
    return point


def check_published(name: str, points: int, operator: pm.Operator) -> None:
    rng = random.Random(name)
    analysis = pm.analyze(operator, FLOWS[name], 256)
    assert set(operator.symbols) == set(analysis.symbols)
    for _ in range(points):
        point = random_extents(rng, name)
        held = {symbol: point[symbol] for symbol in analysis.symbols}
        assert_equal(analysis.at(held), interpret(operator.with_extents(held), FLOWS[name], 256))


@pytest.mark.parametrize("name", FLOWS)
def test_published_dataflows_are_exact(name: str) -> None:
    check_published(name, 8, pm.conv2d())


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOWS)
def test_published_dataflows_are_exact_at_five_hundred_extents(name: str) -> None:
    check_published(name, 100, pm.conv2d())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["c_p", "x_p", "yr_p", "kc_p"])
@pytest.mark.parametrize("stride", [2, 3])
def test_published_dataflows_are_exact_under_strides(name: str, stride: int) -> None:
    check_published(name, 12, pm.conv2d(stride=stride, R=3, S=2))


@given(wild_mappings())
@settings(max_examples=40, suppress_health_check=NO_HEALTH_CHECKS)
def test_legal_or_not_the_verdict_and_the_counts_are_the_interpreters(
    drawn: tuple[pm.Operator, pm.Dataflow, int],
) -> None:
    seen = interpret(*drawn)
    analysis = pm.analyze(*drawn, allow_illegal=True)
    assert (not analysis.relations.problems) == seen.legal
    assert_equal(analysis.at({}), seen)


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=150, suppress_health_check=NO_HEALTH_CHECKS)
def test_conditions_on_the_domain_are_exact_whatever_the_dataflow(data: st.DataObject) -> None:
    operator = data.draw(operators().flatmap(constrained))
    flow = data.draw(wild_dataflows(operator) | dataflows(operator))
    num_pes = data.draw(array_sizes(flow))
    seen = interpret(operator, flow, num_pes)
    analysis = pm.analyze(operator, flow, num_pes, allow_illegal=True)
    assert (not analysis.relations.problems) == seen.legal
    assert_equal(analysis.at({}), seen)
