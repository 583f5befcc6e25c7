"""Reports against what the interpreter saw, and random runs that may take their time."""

from __future__ import annotations

from hypothesis import HealthCheck

from polymaestro.loopnest.interpreter import Observation
from polymaestro.model import LayerReport

NO_HEALTH_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def assert_equal(report: LayerReport, seen: Observation) -> None:
    derived = [(each.steps, dict(each.tensors)) for each in report.boundaries]
    assert derived == [(each.steps, each.tensors) for each in seen.boundaries]
    assert (report.macs, report.steps, report.active) == (seen.macs, seen.steps, seen.active)
    assert report.units == seen.units
