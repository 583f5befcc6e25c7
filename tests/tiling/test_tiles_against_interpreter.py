"""Every quantity with every size a symbol, at random numbers, against the interpreter."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from math import prod

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.affine import Affine
from polymaestro.dataflow import Dataflow
from polymaestro.dataflow.directives import Cluster, Directive
from polymaestro.errors import CountingUnavailableError, LoweringError
from polymaestro.loopnest.interpreter import interpret
from polymaestro.strategies import Drawn, mappings
from polymaestro.tiling import Lifted, lifted
from tests.interpreted import NO_HEALTH_CHECKS, assert_equal

POINTS = 4

Point = dict[str, int]


def with_some_numbers(found: Lifted, rng: random.Random) -> tuple[Dataflow, dict[str, Affine]]:
    """Put the number back for some symbols; give some offsets symbols of their own, and what they were."""
    fixed = {name: value for name, value in found.values.items() if rng.random() < 0.2}
    offsets: dict[str, Affine] = {}
    directives: list[Directive] = []
    for each in found.dataflow.directives:
        size = each.size.substitute(fixed)
        if isinstance(each, Cluster):
            directives.append(replace(each, size=size))
            continue
        offset = each.offset.substitute(fixed)
        if not each.offset.is_constant and "Sz(" not in str(offset) and rng.random() < 0.3:
            name = f"O{len(offsets)}"
            offsets[name], offset = offset, Affine.of(name)
        directives.append(replace(each, size=size, offset=offset))
    return Dataflow(tuple(directives)), offsets


def with_symbols(
    drawn: Drawn, rng: random.Random
) -> tuple[pm.TiledAnalysis, Dataflow, Point, dict[str, Affine]]:
    """Put symbols for extents and most sizes; give analysis, dataflow, what the symbols were, and offsets.

    Dimensions that are not cut into consecutive tiles keep their numbers.
    """
    operator, flow, num_pes = drawn
    found = lifted(operator, flow, num_pes)
    symbolic = operator.with_extents({d.name: d.name for d in operator.dims if d.name not in found.kept})
    flow, offsets = with_some_numbers(found, rng)
    own = {dim.name: dim.extent.constant for dim in operator.dims} | found.values
    own |= {name: offset.evaluate(own) for name, offset in offsets.items()}
    return pm.analyze_tiles(symbolic, flow, found.num_pes), flow, own, offsets


def moved(point: Point, rng: random.Random, offsets: Mapping[str, Affine]) -> Point:
    """Change some numbers a little: tiles larger than the extent, equal to it, edge tiles, single units.

    Most offsets follow their tiles, since few others are legal.
    """
    other = {
        name: max(1, value + rng.randint(-2, 3)) if rng.random() < 0.6 else value
        for name, value in point.items()
    }
    clusters = prod(value for name, value in other.items() if name.startswith("G") and name != "G")
    other["PEs"] = clusters * rng.randint(1, 6) + rng.randint(0, clusters - 1)
    following = {name: offset.evaluate(other) for name, offset in offsets.items() if rng.random() < 0.7}
    return other | following


def check(drawn: Drawn, rng: random.Random, seen: Counter[str]) -> None:
    """Compare one mapping at its own numbers and at others."""
    operator = drawn.operator
    try:
        analysis, flow, own, offsets = with_symbols(drawn, rng)
    except (CountingUnavailableError, LoweringError):
        seen["refused"] += 1  # units that work together advance different loops
        return
    seen["mappings with sets"] += bool(analysis.sets)
    seen["mappings with offsets"] += bool(offsets)
    for index in range(POINTS):
        everything = moved(own, rng, offsets) if index else own
        point = {name: everything[name] for name in analysis.symbols}
        values = analysis.ties.extended(point) if index == 0 or fits(flow, everything) else None
        if values is None or not analysis.valid_on.holds(values):
            seen["outside"] += 1
            continue
        numbers = operator.with_extents({n: everything[n] for n in analysis.operator.symbols})
        num_pes = everything["PEs"] if "PEs" in analysis.symbols else drawn.num_pes
        observed = interpret(numbers, flow, num_pes, everything)
        assert observed.legal
        try:
            report = analysis.at(point)
        except CountingUnavailableError as error:
            if "of the output" in str(error):
                seen["overlapping outputs"] += 1  # of units, in transposed convolutions
            else:
                seen["unavailable"] += 1  # single taps in space under a stride, for many outputs
            continue
        assert_equal(report, observed)
        seen["equal"] += 1
        free = any(everything[name] != offset.evaluate(everything) for name, offset in offsets.items())
        seen["equal, offset not as the tile"] += free


def fits(flow: Dataflow, point: Point) -> bool:
    """Whether the array holds the clusters, some of which may be numbers."""
    extents = {f"Sz({name})": value for name, value in point.items()} | point
    clusters = [level.cluster.size.evaluate(extents) for level in flow.levels if level.cluster]
    return prod(clusters) <= point["PEs"]


@given(mappings(), st.randoms(use_true_random=False))
@settings(max_examples=60, suppress_health_check=NO_HEALTH_CHECKS)
def test_symbols_in_the_mapping_are_exact(drawn: Drawn, rng: random.Random) -> None:
    check(drawn, rng, Counter())


@pytest.mark.slow
def test_thousands_of_mappings_with_symbols_are_exact(*, full: bool) -> None:
    """3,000 without numbers with ``pytest --full``, which takes minutes; others, as with masks, keep some."""
    drawn_mappings, least = (4000, 3000) if full else (400, 300)
    seen: Counter[str] = Counter()
    boxes = mappings().filter(lambda drawn: not drawn.operator.conditions)

    @given(st.one_of(mappings(), boxes, boxes), st.randoms(use_true_random=False))
    @settings(max_examples=drawn_mappings, phases=[Phase.generate], suppress_health_check=NO_HEALTH_CHECKS)
    def every(drawn: Drawn, rng: random.Random) -> None:
        seen["mappings"] += 1
        check(drawn, rng, seen)

    every()
    print(dict(seen))  # noqa: T201  how many of which, for who looks
    assert seen["mappings"] - seen["refused"] - seen["mappings with sets"] >= least
    assert seen["mappings with sets"] >= least / 10
    assert seen["equal"] >= 2.5 * least
    assert seen["mappings with offsets"] >= least / 2
    assert seen["equal, offset not as the tile"] >= least / 10
    assert seen["unavailable"] <= POINTS + seen["equal"] / 500
    assert seen["overlapping outputs"] <= 1 + seen["equal"] / 10


CONV = pm.conv2d(N=1)


@pytest.mark.parametrize(
    "flow",
    [
        "SpatialMap(T,T) K; TemporalMap(2,2) C; Cluster(G); SpatialMap(A,A) K; Cluster(2); SpatialMap(B,B) K",
        "TemporalMap(T,T) C; SpatialMap(Sz(R)+A-1,A) Y; Cluster(G); SpatialMap(B,B) R",
        "SpatialMap(2*A+Sz(S)-1-A,A) X; Cluster(2); SpatialMap(Sz(S)+B-1,B) X; TemporalMap(1,1) K",
        "TemporalMap(A,A) Y'; SpatialMap(B,B) R; Cluster(G); SpatialMap(T,T) Y'; TemporalMap(1,1) R",
        "TemporalMap(A,B) K; SpatialMap(T,T) C",
        "SpatialMap(Sz(R)+T-1,T) Y; Cluster(G); SpatialMap(B+T-1,B) Y; SpatialMap(B,B) R",
        "SpatialMap(T,T) P; Cluster(G); SpatialMap(T+1,2) Y; SpatialMap(2,2) R; Cluster(2); SpatialMap(A,A)P",
    ],
)
def test_symbols_and_numbers_mix(flow: str) -> None:
    rng = random.Random(flow)
    analysis = pm.analyze_tiles(CONV, pm.parse_dataflow(flow), "PEs")
    equal = 0
    for _ in range(400):
        point = {name: rng.randint(1, 6) for name in analysis.symbols}
        point["PEs"] = point.get("G", 1) * 2 * rng.randint(1, 4)
        if not analysis.valid_on.holds(analysis.ties.extended(point)):
            continue
        numbers = CONV.with_extents({name: point[name] for name in CONV.symbols})
        observed = interpret(numbers, pm.parse_dataflow(flow), point["PEs"], point)
        assert observed.legal
        assert_equal(analysis.at(point), observed)
        equal += 1
        if equal == 40:
            break
    assert equal >= 20


@pytest.mark.parametrize("num_pes", ["PEs", 8])
def test_a_cluster_may_be_as_large_as_a_dimension(num_pes: int | str) -> None:
    flow = pm.parse_dataflow("SpatialMap(T,T) M; Cluster(Sz(N)); SpatialMap(S,S) N")
    analysis = pm.analyze_tiles(pm.gemm(K=2), flow, num_pes)
    for values in itertools.product([1, 5], [1, 2, 4], [1, 2], [1, 2], [8, 13]):
        point = dict(zip(("M", "N", "T", "S", "PEs"), values, strict=True))
        seen = interpret(pm.gemm(K=2), flow, point["PEs"] if num_pes == "PEs" else 8, point)
        here = {name: point[name] for name in analysis.symbols}
        assert analysis.steps.at(**here) == seen.steps
        for boundary, observed in zip(analysis.boundaries, seen.boundaries, strict=True):
            for name, counts in observed.tensors.items():
                forms = boundary.tensors[name].forms
                assert {key: forms[key].at(**here) for key in counts} == dict(counts)
