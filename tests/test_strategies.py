"""What the strategies draw is what they say: legal dataflows are legal, wild ones bind, all are small."""

import itertools
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from polymaestro.dataflow.directives import Cluster
from polymaestro.errors import WorkloadError
from polymaestro.hardware import Hardware
from polymaestro.loopnest.interpreter import Observation, interpret
from polymaestro.strategies import Drawn, dataflows, hardware, mappings, operators, wild_mappings
from polymaestro.workload import conv2d
from polymaestro.workload.operator import Operator


def _macs(operator: Operator) -> int:
    """Count the points of the domain one by one."""
    names = [dim.variable for dim in operator.dims]
    points = itertools.product(*(range(dim.extent.constant) for dim in operator.dims))
    inside = (
        all(
            condition.evaluate(dict(zip(names, point, strict=True))) >= 0 for condition in operator.conditions
        )
        for point in points
    )
    return sum(inside)


def _run(drawn: Drawn) -> Observation:
    return interpret(drawn.operator, drawn.dataflow, drawn.num_pes)


@pytest.mark.slow
@settings(max_examples=1000)
@given(mappings())
def test_a_drawn_mapping_executes_every_point_exactly_once(drawn: Drawn) -> None:
    seen = _run(drawn)
    assert (seen.missing, seen.repeated, seen.macs) == (0, 0, _macs(drawn.operator))


@given(operators(), st.data())
def test_a_drawn_dataflow_is_legal_on_any_array_that_holds_its_clusters(
    operator: Operator, data: st.DataObject
) -> None:
    dataflow = data.draw(dataflows(operator))
    clusters = 1
    for each in dataflow.directives:
        if isinstance(each, Cluster):
            clusters *= each.size.constant
    assert interpret(operator, dataflow, clusters * data.draw(st.integers(1, 9))).legal


@given(mappings() | wild_mappings())
def test_a_drawn_problem_is_small(drawn: Drawn) -> None:
    assert _macs(drawn.operator) <= 3000
    assert len(drawn.dataflow.levels) <= 3


@settings(max_examples=200)
@given(wild_mappings())
def test_a_wild_mapping_runs_and_its_executions_add_up(drawn: Drawn) -> None:
    seen = _run(drawn)
    once = _macs(drawn.operator) - seen.missing
    assert seen.macs >= once + seen.repeated
    assert seen.legal == (seen.macs == _macs(drawn.operator) and not seen.missing)


@given(hardware(num_pes=12))
def test_a_drawn_machine_has_the_pes_asked_for(machine: Hardware) -> None:
    assert machine.num_pes == 12


@settings(max_examples=1)
@given(st.data())
def test_a_symbolic_operator_is_refused(data: st.DataObject) -> None:
    with pytest.raises(WorkloadError, match="give C, K extents first"):
        data.draw(dataflows(conv2d(N=1, P=3, Q=3, R=1, S=1)))


def test_the_wrong_model_of_the_readme_is_refuted() -> None:
    text = (Path(__file__).resolve().parents[1] / "README.rst").read_text(encoding="utf-8")
    first = "    from hypothesis import given\n"
    block = first + text.partition(first)[2].partition("\n\nhypothesis answers")[0]
    scope: dict[str, Any] = {}
    exec(textwrap.dedent(block), scope)  # noqa: S102  our own text
    with pytest.raises(AssertionError):
        settings(database=None, phases=[Phase.generate])(scope["test_my_model"])()
