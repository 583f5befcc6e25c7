"""The verdict against the interpreter, which executes every point: counts, shares, and each suggestion."""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.dataflow.binding import resolved
from polymaestro.errors import DataflowError
from polymaestro.loopnest.interpreter import Observation, interpret
from polymaestro.loopnest.running import executed
from polymaestro.strategies import broken_mappings, mappings, wild_mappings

NO_HEALTH_CHECKS = list(HealthCheck)
CLASHES = {"mapped-twice", "output-beside-input"}


def wrong_points(seen: Observation) -> int:
    return seen.missing + seen.repeated


Point = tuple[int, ...]


def domain(operator: pm.Operator) -> set[Point]:
    """Give every point of the iteration domain."""
    names = [dim.variable for dim in operator.dims]
    box = itertools.product(*(range(dim.extent.constant) for dim in operator.dims))
    conditions = getattr(operator, "conditions", ())
    if not conditions:
        return set(box)
    return {
        point
        for point in box
        if all(each.evaluate(dict(zip(names, point, strict=True))) >= 0 for each in conditions)
    }


def times_executed(operator: pm.Operator, flow: pm.Dataflow, num_pes: int) -> Counter[Point]:
    """Count for each point of the domain how often some unit executes it."""
    times: Counter[Point] = Counter(dict.fromkeys(domain(operator), 0))
    for run in executed(resolved(operator, flow, num_pes)):
        for point in itertools.product(*(range(*bounds) for bounds in run.box)):
            if point in times:
                times[point] += 1
    return times


def assert_verdict(operator: pm.Operator, flow: pm.Dataflow, num_pes: int, tally: Counter[str]) -> None:
    verdict = pm.check(operator, flow, num_pes)
    errors = [finding for finding in verdict.findings if finding.severity == "error"]
    tally.update(finding.rule for finding in errors)
    tally["suggested"] += any(finding.suggestion for finding in errors)
    tally["repaired"] += verdict.repaired is not None
    tally["illegal"] += not verdict.legal
    if verdict.repaired is not None:
        assert interpret(operator, verdict.repaired, num_pes).legal
    try:
        seen = interpret(operator, flow, num_pes)
    except DataflowError:
        assert {finding.rule for finding in errors} <= CLASHES
        assert errors
        assert not verdict.legal
        assert verdict.missing is None
        return
    assert verdict.legal == seen.legal
    assert bool(errors) == (not seen.legal), "whatever is illegal has a reason"
    assert all(finding.reason for finding in errors)
    assert_counts(
        verdict, seen, [dim.variable for dim in operator.dims], times_executed(operator, flow, num_pes)
    )
    assert verdict.relations is not None
    one_group = sum(not part.is_exact for part in verdict.relations.coverage) == 1
    for finding in errors:
        if finding.suggestion:
            tally["suggestions"] += 1
            after = interpret(operator, finding.suggestion.dataflow, num_pes)
            assert wrong_points(after) <= wrong_points(seen) - one_group
            tally["suggestions that lessen"] += wrong_points(after) < wrong_points(seen)
            if len(errors) == 1 and finding.suggestion.cures:
                assert after.legal


def assert_counts(
    verdict: pm.Verdict, seen: Observation, variables: list[str], times: Counter[Point]
) -> None:
    total = len(times)
    assert verdict.missing is not None
    assert verdict.repeated is not None
    assert verdict.executions == seen.macs == sum(times.values())
    assert (verdict.missing.count, verdict.repeated.count) == (seen.missing, seen.repeated)
    assert verdict.missing.share == Fraction(seen.missing, total)
    assert verdict.repeated.share == Fraction(seen.repeated, total)
    for part, least, most in ((verdict.missing, 0, 0), (verdict.repeated, 2, seen.macs)):
        assert bool(part) == bool(part.count)
        if part:
            assert list(part.points.example) == variables
            assert least <= times[tuple(part.points.example.values())] <= most
        assert int(part.points.points.count_val().to_str()) == part.count


@settings(max_examples=60, suppress_health_check=NO_HEALTH_CHECKS)
@given(broken_mappings() | wild_mappings())
def test_the_verdict_is_the_interpreters(drawn: tuple[pm.Operator, pm.Dataflow, int]) -> None:
    assert_verdict(*drawn[:3], Counter())


@settings(max_examples=30, suppress_health_check=NO_HEALTH_CHECKS)
@given(mappings())
def test_a_legal_mapping_has_no_error(drawn: tuple[pm.Operator, pm.Dataflow, int]) -> None:
    verdict = pm.check(*drawn)
    assert verdict.legal
    assert verdict.ok
    assert verdict.repaired is None
    assert str(verdict.condition) == "everywhere"


@pytest.mark.slow
def test_a_thousand_verdicts_are_the_interpreters_and_every_illegal_one_has_a_reason() -> None:
    tally: Counter[str] = Counter()

    @settings(max_examples=1000, derandomize=True, database=None, suppress_health_check=NO_HEALTH_CHECKS)
    @given(st.one_of(broken_mappings(), wild_mappings(), broken_mappings()))
    def run(drawn: tuple[pm.Operator, pm.Dataflow, int]) -> None:
        tally["all"] += 1
        assert_verdict(*drawn[:3], tally)

    run()
    print(dict(tally))  # noqa: T201  shown with -s, and when an assertion fails
    assert tally["all"] >= 1000
    assert tally["illegal"] >= tally["all"] / 3
    for rule in ("gap", "overlap", "window-step", "window-fit", "shared-units", "same-work", "mapped-twice"):
        assert tally[rule] >= 10, rule
    assert tally["output-beside-input"]
    assert tally["diagonal"]
    assert tally["coverage"] <= tally["illegal"] / 50, "hardly any without a rule that knows why"
    assert tally["suggested"] >= 0.95 * tally["illegal"]
    assert tally["repaired"] >= 0.9 * tally["illegal"]
    assert tally["suggestions that lessen"] >= 0.7 * tally["suggestions"]
