"""The definitions written in sets are those that the interpreter runs in loops; wrong sums are found out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import islpy as isl
import pytest
from hypothesis import HealthCheck, assume, given, settings

import polymaestro as pm
from polymaestro.dataflow.binding import bind
from polymaestro.dataflow.directives import SpatialMap
from polymaestro.errors import LoweringError
from polymaestro.loopnest.interpreter import interpret, numeric
from polymaestro.loopnest.running import executed
from polymaestro.movement import Quantity, Term
from polymaestro.proving import defined, executed_of
from polymaestro.proving.defined import Moved, Whole, counts
from polymaestro.proving.literal import Literal
from polymaestro.strategies import Drawn, mappings

RANDOM = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
FLOW = pm.parse_dataflow(
    "SpatialMap(1,1) K; TemporalMap(2,2) C; TemporalMap(Sz(R),1) Y; Cluster(2); SpatialMap(1,1) C;"
)


def size(relation: isl.Map) -> int:
    return int(relation.wrap().count_val().to_str())


def counted(literal: Literal, role: str) -> dict[str, int]:
    """Count the sets of one tensor at one boundary, without parameters."""
    ended = literal.ever(literal.left)
    if role == "input":
        return {
            "tile_total": size(literal.tile),
            "fills": size(literal.new),
            "parent_reads": size(literal.per_parent(literal.new)),
        }
    return {
        "tile_total": size(literal.tile),
        "drains": size(literal.gone) + size(literal.left),
        "parent_updates": size(literal.per_parent(literal.gone)) + size(ended),
        "read_backs": size(literal.read_back),
        "final_writes": size(literal.ever(literal.gone).union(ended).coalesce()),
    }


@RANDOM
@given(mappings())
def test_sets_of_the_definition_count_what_the_interpreter_counts(drawn: Drawn) -> None:
    analysis = pm.analyze(*drawn)
    whole = Whole(analysis.relations)
    for boundary in interpret(*drawn).boundaries:
        for tensor in drawn.operator.tensors:
            literal = Literal(whole.nest, whole.executed, boundary.depth, tensor)
            expected = dict(boundary.tensors[tensor.name])
            del expected["occupancy"]
            assert counted(literal, tensor.role) == expected, (boundary.depth, tensor.name)


def points_of_sets(drawn: Drawn) -> set[tuple[int, ...]]:
    """Give (units, steps, point) of everything that is executed, from the sets."""
    mapping = bind(*drawn)
    axes = list(executed_of(mapping, isl.Set("{ : }")))
    units = [f"u{level.index}" for level in mapping.levels]
    steps = [
        f"{'f' if isinstance(each, SpatialMap) else 't'}{level.index}_{each.dim.lower()}"
        for level in mapping.levels
        for each in level.maps
    ]
    names = [*units, *steps, *(dim.variable for dim in drawn.operator.dims)]
    bounds = (f"0 <= u{level.index} < {level.units.constant}" for level in mapping.levels)
    product = isl.Set(f"{{ [{', '.join(names)}] : {' and '.join(bounds)} }}")
    for axis in axes:
        own = ", ".join((*axis.units, *axis.steps, *axis.variables))
        product = product.intersect(
            isl.Map(f"{{ [{', '.join(names)}] -> [{own}] }}").intersect_range(axis.points).domain()
        )
    found: set[tuple[int, ...]] = set()
    dims = range(len(names))
    product.foreach_point(
        lambda point: found.add(
            tuple(point.get_coordinate_val(isl.dim_type.set, i).to_python() for i in dims)
        )
    )
    return found


def points_of_loops(drawn: Drawn) -> Iterator[tuple[int, ...]]:
    """Give the same from the interpreter."""
    for unit, step, box in executed(numeric(*drawn, {})):
        for point in itertools.product(*(range(*each) for each in box)):
            yield (*unit, *(time for level in step for time in level), *point)


@RANDOM
@given(mappings())
def test_sets_execute_what_the_interpreter_runs(drawn: Drawn) -> None:
    assume(not drawn.operator.conditions)
    assume(pm.analyze(*drawn).macs.evaluate({}) <= 2000)
    try:
        sets = points_of_sets(drawn)
    except LoweringError:
        assume(any(window.stride != 1 for window in drawn.operator.windows))
        return
    assert sets == set(points_of_loops(drawn))


def test_a_window_with_a_stride_is_refused() -> None:
    operator = pm.conv2d(R=3, S=3, stride=2)
    mapping = bind(operator, pm.dataflows.c_p(), 4)
    with pytest.raises(LoweringError, match="stride of 2"):
        list(executed_of(mapping, pm.analyze(operator, pm.dataflows.c_p(), 4).relations.context))


@RANDOM
@given(mappings())
def test_no_quantity_of_an_analysis_is_refuted(drawn: Drawn) -> None:
    verdicts = {proof.claim: proof.verdict for proof in defined(pm.analyze(*drawn).movement)}
    assert "false" not in verdicts.values()
    assert verdicts["macs"] == "proved"


def test_every_term_that_is_left_out_or_has_the_wrong_sign_is_found_out() -> None:
    analysis = pm.analyze(pm.conv2d(N=1, S=1, Q=1), FLOW, 4)
    whole, tried = Whole(analysis.relations), 0
    for boundary, tensor in itertools.product(analysis.movement.boundaries, analysis.operator.tensors):
        moved = Moved(whole, boundary, tensor)
        for name, quantity in boundary.tensors[tensor.name].items():
            if name == "occupancy":
                continue
            terms = quantity.terms
            assert moved.proof("", name, quantity).verdict == "proved"
            for i, term in enumerate(terms):
                flipped = Term(-term.sign, term.factors)
                for wrong in ((*terms[:i], *terms[i + 1 :]), (*terms[:i], flipped, *terms[i + 1 :])):
                    assert moved.proof("", name, Quantity(wrong)).verdict != "proved", (tensor.name, name, i)
                    tried += 1
    assert tried > 40


def test_sets_that_overlap_are_not_decided_and_a_wrong_number_is_a_counterexample() -> None:
    ten, five = (isl.Set(f"[n] -> {{ [i] : 0 <= i < {k} and n >= 1 }}") for k in (10, 5))
    assert counts("", [(1, ten), (1, five)], ten).counterexample == {"n": 1}
    twice = counts("", [(1, ten), (1, five), (-1, five)], ten)
    assert twice.verdict == "unknown"
    assert "do not make up" in twice.note
