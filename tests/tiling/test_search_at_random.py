"""Random spaces, goals and conditions: the search against the formulas evaluated at every point."""

from __future__ import annotations

import functools
import itertools
import operator
import re
from collections.abc import Mapping
from math import prod

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.errors import PolymaestroError
from polymaestro.tiling import Optimum, TiledAnalysis
from polymaestro.tiling.searching import descent, segments

GEMM = pm.gemm()
CONV = pm.conv2d(N=1)
STRIDED = pm.conv2d(N=1, stride=2)
MAPPINGS: dict[str, tuple[pm.Operator, str]] = {
    "gemm": (GEMM, "TemporalMap(T0,T0) M; SpatialMap(T1,T1) N; TemporalMap(T2,T2) K"),
    "one size twice": (GEMM, "SpatialMap(T0,T0) M; TemporalMap(T0,T0) K; TemporalMap(T1,T1) N"),
    "two levels": (
        GEMM,
        """SpatialMap(T0,T0) M; TemporalMap(T1,T1) K;
        Cluster(G); SpatialMap(T2,T2) N; TemporalMap(T3,T3) K""",
    ),
    "KC-P": (
        CONV,
        """SpatialMap(T0,T0) K; TemporalMap(T1,T1) C; TemporalMap(Sz(R)+T2-1,T2) Y; TemporalMap(Sz(S),1) X;
        Cluster(G); SpatialMap(T3,T3) C""",
    ),
    "YR-P": (
        CONV,
        """TemporalMap(T0,T0) C; TemporalMap(T1,T1) K; SpatialMap(Sz(R),1) Y; TemporalMap(Sz(S)+T2-1,T2) X;
        Cluster(G); SpatialMap(T3,T3) Y; SpatialMap(T3,T3) R""",
    ),
    "YX-P": (
        STRIDED,
        """TemporalMap(T0,T0) K; SpatialMap(Sz(R),1) Y; TemporalMap(2*T1-2+Sz(S),T1) X; TemporalMap(T2,T2) C;
        Cluster(G); SpatialMap(2*T3-2+Sz(S),T3) X""",
    ),
}
MOST = 160
COMPARE = {"<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt, "==": operator.eq}

Sum = tuple[tuple[int, str], ...]
Limits = list[tuple[Sum, str]]
Drawn = tuple[str, dict[str, int], dict[str, list[int]], Sum, Limits]


@functools.cache
def analysis_of(name: str) -> TiledAnalysis:
    layer, text = MAPPINGS[name]
    return pm.analyze_tiles(layer, pm.parse_dataflow(text), "PEs")


def quantity(analysis: TiledAnalysis, name: str, extended: Mapping[str, int]) -> int:
    """Evaluate what a name stands for, formula by formula; the names are explained once more here."""
    forms = dict(analysis.named())
    if name in forms:
        return forms[name].evaluate(extended)
    if name in analysis.symbols:
        return extended[name]
    memory, _, what = name.partition(".")
    result = 0
    for boundary in analysis.boundaries:
        for tensor in boundary.tensors.values():
            if what == "traffic" and memory == boundary.parent:
                moved = {"parent_reads", "parent_updates", "read_backs"} & tensor.forms.keys()
                result += sum(tensor.forms[each].evaluate(extended) for each in moved)
            elif what in ("", "occupancy") and memory == boundary.child:
                result += tensor.occupancy.evaluate(extended)
    return result


def total(analysis: TiledAnalysis, terms: Sum, extended: Mapping[str, int]) -> int:
    return sum(factor * quantity(analysis, name, extended) for factor, name in terms)


def text_of(terms: Sum) -> str:
    """Write a sum; factors of 1 stay unwritten."""
    parts = [f"{'-' if f < 0 else '+'} {f'{abs(f)}*' if abs(f) != 1 else ''}{name}" for f, name in terms]
    return re.sub(r"^\+ ", "", " ".join(parts))


@st.composite
def searches(draw: st.DrawFn) -> Drawn:
    """Draw a mapping, numbers for some symbols, choices for the others, a goal, and sums to be limited."""
    name = draw(st.sampled_from(list(MAPPINGS)))
    analysis = analysis_of(name)
    sizes = draw(st.fixed_dictionaries({s: st.integers(1, 7) for s in analysis.symbols}))
    sizes |= {s: draw(st.integers(1, 3)) for s in analysis.symbols if s in ("R", "S")}
    sizes["PEs"] = draw(st.integers(4, 12))
    free = [s for s in analysis.symbols if s[0] in "TG"]
    choices: dict[str, list[int]] = {}
    for symbol in draw(st.permutations(free)):
        room = min(MOST // prod(map(len, choices.values())), 7)
        if room > 1:
            some = st.sets(st.integers(1, 5 if symbol == "G" else 8), min_size=1, max_size=room)
            choices[symbol] = sorted(draw(some))
    memories = [boundary.child for boundary in analysis.boundaries]
    names = [*dict(analysis.named()), *(f"{boundary.parent}.traffic" for boundary in analysis.boundaries)]
    names += [*memories, *(f"{each}.occupancy" for each in memories), *free]
    names += [f"{boundary.parent}.traffic" for boundary in analysis.boundaries] * 4
    terms = st.tuples(st.sampled_from([1, 1, 1, 2, 7, -1, -2]), st.sampled_from(names))
    sums = st.lists(terms, min_size=1, max_size=3, unique_by=lambda term: term[1]).map(tuple)
    goal = draw(sums)
    limited = st.one_of(sums, st.just(goal))
    limits = st.lists(st.tuples(limited, st.sampled_from(["<=", "<=", "<", ">=", ">", "=="])), max_size=3)
    numbers = {s: n for s, n in sizes.items() if s not in choices}
    return name, numbers, choices, goal, draw(limits)


def check(drawn: Drawn, pick: int) -> None:
    """Limit each sum by its value at one of the points, and search."""
    name, numbers, choices, goal, limits = drawn
    analysis = analysis_of(name)
    points = [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]
    legal = [(point, at) for point in points if (at := complete(analysis, numbers | point))]
    values = [[total(analysis, sums, at) for sums in (goal, *(s for s, _ in limits))] for _, at in legal]
    picked = values[pick % len(values)][1:] if values else [0] * len(limits)
    ends = [
        value + (relation == "<") - (relation == ">")
        for (_, relation), value in zip(limits, picked, strict=True)
    ]
    fitting = [
        (found[0], point)
        for (point, _), found in zip(legal, values, strict=True)
        if all(COMPARE[rel](v, n) for v, (_, rel), n in zip(found[1:], limits, ends, strict=True))
    ]

    def search() -> Optimum:
        return pm.optimize(
            analysis,
            minimize=text_of(goal),
            extents=numbers,
            choices=choices,
            subject_to=[
                f"{text_of(sums)} {rel} {n}" if n >= 0 else f"{text_of(sums)} + {-n} {rel} 0"
                for (sums, rel), n in zip(limits, ends, strict=True)
            ],
        )

    if not legal:
        with pytest.raises(PolymaestroError, match="legal at no point"):
            search()
        return
    best = search()
    order = list(best.point)
    least = min((value, [point[symbol] for symbol in order]) for value, point in fitting)
    assert (best.value, list(best.point.values())) == least
    assert (best.space, best.proved) == (len(points), True)
    assert set(order) == {symbol for symbol, found in choices.items() if len(found) > 1}


def complete(analysis: TiledAnalysis, point: Mapping[str, int]) -> Mapping[str, int] | None:
    """Give a point with its ties, None where the mapping is not legal."""
    try:
        return analysis.macs.extended(point)
    except PolymaestroError:
        return None


FEW = 12


@pytest.fixture(params=[(descent.BLOCK, descent.DIVE), (1, 1), (FEW, 2)], ids=["", "row by row", "few rows"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small spaces be searched in many steps, each of which may prune the next, or few rows together."""
    monkeypatch.setattr(descent, "BLOCK", request.param[0])
    monkeypatch.setattr(descent, "DIVE", request.param[1])
    if request.param[0] == FEW:
        monkeypatch.setattr(segments, "SEGMENT", 3)
        monkeypatch.setattr(segments, "MANY", 1)


FIXTURES = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@pytest.mark.slow
@pytest.mark.usefixtures("blocks")
@settings(suppress_health_check=FIXTURES, max_examples=25)
@given(searches(), st.integers(0, 10**6))
def test_the_first_best_point_of_a_random_search(drawn: Drawn, pick: int) -> None:
    check(drawn, pick)


@pytest.mark.slow
@pytest.mark.usefixtures("blocks")
@settings(suppress_health_check=FIXTURES, max_examples=150)
@given(searches(), st.integers(0, 10**6))
def test_the_first_best_point_of_many_random_searches(drawn: Drawn, pick: int) -> None:
    check(drawn, pick)
