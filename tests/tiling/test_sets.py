"""Groups that are counted as sets beside groups of cuts: masks, shifted rows, wide indices.

Numbers for their own sizes, symbols for all others, and for extents where sets can be counted so.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

import polymaestro as pm
from polymaestro.errors import ClosedFormError, CountingUnavailableError, LoweringError, PolymaestroError
from polymaestro.loopnest.interpreter import interpret
from polymaestro.loopnest.timing import Machine, Wire, time_run
from polymaestro.tiling import lifted
from tests.interpreted import assert_equal

SCORES = "S[b,i,j] += Q[b,i,d] * K[b,j,d]"
CAUSAL = pm.einsum(SCORES, where="j <= i", I="L", J="L")
WINDOW = pm.einsum(SCORES, where="j <= i and i - j < 3", I=9, J=9)
LAST = pm.einsum(SCORES, where="j <= i + J - I", I=5, J=8)
ANY = pm.einsum(SCORES, where="j <= i")
"""Under tiles of 2 and 3 no formula in both extents is found, so that each point is counted."""
CONV = pm.conv2d(N=1, Q=2, S=1)
STRIDED = pm.conv2d(N=1, Q=2, S=1, P=3, R=3, stride=2)
WIDE = pm.einsum("O[k,p] += I[c,p+2*r+3*u] * W[k,c,r,u]", P=5, R=2, U=2)
UP = pm.transposed_conv2d(N=1, X=2, S=1, Y=4, R=3, stride=2)

MAPPINGS = {
    "heads": (CAUSAL, "SpatialMap(T,T) B; TemporalMap(3,3) I; TemporalMap(3,3) J; TemporalMap(E,E) D"),
    "rows": (CAUSAL, "TemporalMap(T,T) B; SpatialMap(2,2) I; TemporalMap(2,2) J; TemporalMap(E,E) D"),
    "around": (WINDOW, """TemporalMap(2,2) I; TemporalMap(T,T) B; TemporalMap(4,4) J; SpatialMap(E,E) D;
        Cluster(G); TemporalMap(1,1) J; SpatialMap(F,F) D"""),
    "numbers only": (ANY, "SpatialMap(T,T) B; TemporalMap(2,2) I; TemporalMap(3,3) J; TemporalMap(E,E) D"),
    "inner rows": (LAST, """SpatialMap(T,T) B; TemporalMap(4,4) I;
        Cluster(2); SpatialMap(2,2) I; TemporalMap(3,3) J; TemporalMap(E,E) D"""),
    "taps": (CONV, "TemporalMap(T,T) K; TemporalMap(1,1) R; TemporalMap(1,1) Y; SpatialMap(A,A) C"),
    "strided": (STRIDED, "SpatialMap(T,T) K; TemporalMap(2,2) Y; TemporalMap(1,1) R; TemporalMap(A,A) C"),
    "three terms": (WIDE, "TemporalMap(T,T) K; SpatialMap(A,A) C; TemporalMap(2,2) P; TemporalMap(1,1) R"),
    "scatter": (UP, "TemporalMap(T,T) K; TemporalMap(1,1) R; TemporalMap(2,2) P; SpatialMap(A,A) C"),
}  # fmt: skip
HEADS, AROUND = (pm.parse_dataflow(MAPPINGS[name][1]) for name in ("heads", "around"))


@pytest.mark.parametrize("name", MAPPINGS)
def test_formulas_are_those_of_the_interpreter(name: str) -> None:
    operator, text = MAPPINGS[name]
    rng, flow = random.Random(name), pm.parse_dataflow(text)
    array: int | str = 4 if name == "rows" else "PEs"
    analysis = pm.analyze_tiles(operator, flow, array)
    assert analysis.sets
    equal = 0
    for index in range(30):
        point = {symbol: rng.randint(1, 7) for symbol in analysis.symbols}
        point |= {"PEs": rng.choice([1, 3, 6, 11])} if array == "PEs" else {}
        if index == 0:
            point |= dict.fromkeys(point.keys() & set("TEFA"), 50)  # each tile larger than its dimension
        try:
            if not analysis.valid_on.holds(analysis.ties.extended(point)):
                continue
        except PolymaestroError:
            continue  # an array smaller than its clusters
        numbers = operator.with_extents({dim.name: dim.extent.evaluate(point) for dim in operator.dims})
        seen = interpret(numbers, flow, point["PEs"] if array == "PEs" else 4, point)
        assert seen.legal
        assert_equal(analysis.at(point), seen)
        equal += 1
    assert equal >= 10


def test_a_mapping_that_is_legal_where_floors_are_zero_is_counted_there() -> None:
    """Units of 5 columns, 4 apart: legal where all of them lie in one fold, which rounded quotients say."""
    masked = replace(
        pm.depthwise_conv2d(N=1, dilation=(2, 1)),
        constraints=pm.einsum("O[p,q] += I[p,q,s]", where=["p <= s + 1", "2*q + s >= 0"]).constraints,
    )
    flow = pm.parse_dataflow("TemporalMap(4,5) S; SpatialMap(5,4) X; TemporalMap(3,2) R; TemporalMap(T,T) C")
    analysis = pm.analyze_tiles(masked, flow, 11)
    equal = 0
    for p, q, r, s in product((1, 3), (1, 2, 4, 6), (1, 3), (1, 2, 4)):
        point = {"C": 3, "P": p, "Q": q, "R": r, "S": s, "T": 2}
        sizes = {name: point[name] for name in "CPQRS"}
        seen = interpret(masked.with_extents(sizes), flow, 11, point)
        assert analysis.valid_on.holds(analysis.ties.extended(point)) == seen.legal
        if seen.legal:
            assert_equal(analysis.at(point), seen)
            equal += 1
    assert equal >= 10


def test_a_mask_beside_symbolic_tiles_gives_a_formula_in_both() -> None:
    analysis = pm.analyze_tiles(CAUSAL, HEADS, "PEs")
    updates = analysis["L2"]["S"].parent_updates
    assert (
        str(updates.case_at({"B": 11, "D": 7, "E": 3, "T": 2, "PEs": 2, "L": 30}).value)
        == "1/2·B·L² + 1/2·B·L"
    )
    case = analysis["L2"]["K"].parent_reads.specialised(T=2, E=4, PEs=4)
    plain = pm.analyze(CAUSAL, HEADS.substituted({"T": 2, "E": 4}), 4)["L2"]["K"].parent_reads
    for batch, depth, length in product((1, 5, 16), (1, 4, 9), (1, 2, 7, 30)):
        point = {"B": batch, "D": depth, "L": length}
        assert case.at(**point) == plain.at(**point)


def test_exported_code_of_a_mask_is_exact() -> None:
    analysis = pm.analyze_tiles(CAUSAL, HEADS, "PEs")
    count = pm.export.Vectorised(analysis.complete())
    lengths = [1, 2, 3, 4, 9, 10, 10**12]
    values = count(B=5, D=7, E=3, T=2, PEs=2, L=lengths)
    for name, form in analysis.named():
        assert values[name].tolist() == [form.at(B=5, D=7, E=3, T=2, PEs=2, L=length) for length in lengths]


def test_energy_and_roofline_of_a_mask_are_those_with_numbers() -> None:
    own = {"B": 3, "D": 10, "T": 2, "E": 3, "F": 1, "G": 2, "PEs": 6}
    tiled = pm.analyze_tiles(WINDOW, AROUND, "PEs")
    operator = WINDOW.with_extents({"B": 3, "D": 10})
    plain = pm.analyze(operator, AROUND.substituted(own), 6)
    machine, numbers = (pm.Hardware(num_pes=pes, noc_bw=3, offchip_bw=2) for pes in ("PEs", 6))
    for resident in ([], ["Q", "S"]):
        energy, roof = (f(machine, resident=resident) for f in (tiled.energy, tiled.roofline))
        assert energy.at(**own) == plain.energy(numbers, resident=resident).at()
        assert roof.at(**own) == plain.roofline(numbers, resident=resident).at()


def test_lifting_keeps_the_numbers_of_what_is_not_cut() -> None:
    operator = pm.einsum(SCORES, where="j <= i", B=8, I=24, J=24, D=16)
    text = "SpatialMap(1,1) B; TemporalMap(3,3) I; TemporalMap(Sz(D),16) J; Cluster(4); SpatialMap(2,2) %s"
    found = lifted(operator, pm.parse_dataflow(text % "D"), 16)
    assert str(found.dataflow).splitlines() == [
        "SpatialMap(T_B0,T_B0) B;",
        "TemporalMap(3,3) I;",
        "TemporalMap(16,16) J;",
        "Cluster(G1);",
        "SpatialMap(T_D1,T_D1) D;",
    ]
    assert found.num_pes == "PEs"
    assert found.kept == {"I", "J"}
    assert found.values == {"PEs": 16, "T_B0": 1, "G1": 4, "T_D1": 2}
    inner = lifted(operator, pm.parse_dataflow(text % "I"), 16)
    assert "Cluster(4)" in str(inner.dataflow)
    assert inner.num_pes == "PEs"
    outer = lifted(operator, pm.parse_dataflow("SpatialMap(2,2) I; Cluster(4); SpatialMap(2,2) D"), 16)
    assert (outer.num_pes, outer.values) == (16, {"T_D1": 2})
    assert "Cluster(4)" in str(outer.dataflow)


@pytest.mark.parametrize(
    ("flow", "array", "message"),
    [
        (
            "TemporalMap(T,T) I; SpatialMap(1,1) B",
            4,
            "is no box (i - j ≥ 0), which symbolic tiles need; give T",
        ),
        (
            "SpatialMap(2,2) I; TemporalMap(E,E) D",
            "PEs",
            "give PEs a number, and I, J are counted with numbers",
        ),
        ("SpatialMap(2,2) I; TemporalMap(E,E) D; Cluster(G); SpatialMap(1,1) D", "PEs", "give G, PEs a"),
        ("TemporalMap(2,O) J", 1, "give O a number"),
    ],
)
def test_symbols_in_what_is_not_cut_are_refused_by_name(flow: str, array: int | str, message: str) -> None:
    with pytest.raises(LoweringError, match=re.escape(message)):
        pm.analyze_tiles(CAUSAL, pm.parse_dataflow(flow), array)


def test_units_at_different_loops_are_refused_at_once() -> None:
    flow = pm.parse_dataflow("TemporalMap(T,T) B; SpatialMap(3,3) I; TemporalMap(3,3) J; TemporalMap(E,E) D")
    last = pm.einsum(SCORES, where="j <= i + J - I")
    with pytest.raises(CountingUnavailableError, match=r"advance different loops of I, J.*; map I over time"):
        pm.analyze_tiles(last, flow, 4)


UP_FLOW = "SpatialMap(T,T) K; TemporalMap(2,2) Y; TemporalMap(A,A) C; Cluster(G); SpatialMap(B,B) C"
TIMED = {
    **{
        name: MAPPINGS[name]
        for name in ("heads", "around", "inner rows", "taps", "strided", "three terms", "scatter")
    },
    "transposed": (pm.transposed_conv2d(N=1, X=1, S=1, stride=2), UP_FLOW),
}


@pytest.mark.parametrize("name", sorted(TIMED))
def test_run_times_are_those_of_the_oracle(name: str) -> None:
    operator, text = TIMED[name]
    rng, analysis = random.Random(name), pm.analyze_tiles(operator, pm.parse_dataflow(text), "PEs")
    compared = 0
    while compared < 4:
        point = {symbol: rng.randint(1, 5) for symbol in analysis.symbols}
        point |= {"PEs": point.get("G", 2) * rng.randint(1, 3)}
        numbers = operator.with_extents({dim.name: dim.extent.evaluate(point) for dim in operator.dims})
        fast, slow, latency = rng.randint(1, 9), Fraction(rng.randint(1, 9), 2), rng.randint(0, 2)
        wires = (Wire(slow), *(Wire(fast, latency) for _ in analysis.cuts.units))
        flow = analysis.dataflow.substituted(point)
        seen = time_run(numbers, flow, Machine(point["PEs"], wires)).runtime
        hardware = pm.Hardware("PEs", noc_bw="FAST", offchip_bw="SLOW", noc_hops=1, hop_latency="HOP")
        rates: dict[str, int | Fraction] = {"FAST": fast, "SLOW": slow, "HOP": latency}
        cycles = analysis.runtime(hardware)
        assert cycles.at(**point, **rates) == seen
        assert cycles.case_at(point).evaluate(**point, **rates) == seen
        compared += 1


def test_a_run_time_has_cases_and_code() -> None:
    operator = pm.transposed_conv2d(N=1, X=1, S=1, K=4, Y=5, R=3, stride=2)
    analysis = pm.analyze_tiles(
        operator, pm.parse_dataflow("SpatialMap(1,1) K; TemporalMap(2,2) Y; TemporalMap(A,A) C"), "PEs"
    )
    cycles = analysis.runtime(pm.Hardware("PEs", noc_bw="W"))
    space: dict[str, Any] = {}
    exec(cycles.to_python("cycles"), space)  # noqa: S102  what we wrote
    for tile, channels, array, rate in ((1, 4, 3, 1), (2, 6, 9, 5), (7, 6, 1, 1), (4, 6, 4, 2), (6, 6, 4, 1)):
        point = {"A": tile, "C": channels, "PEs": array, "W": rate}
        plain = pm.analyze(
            operator.with_extents({"C": channels}), analysis.dataflow.substituted({"A": tile}), array
        )
        exact = plain.runtime(pm.Hardware(array, noc_bw=rate)).at()
        assert cycles.at(**point) == space["cycles"](**point) == exact
    assert str(cycles.divisible_at({"A": 2, "C": 6, "PEs": 4})).endswith("if C % A = 0, C > A, PEs ≥ 4")


def test_what_is_counted_at_each_point_has_its_extents_as_condition_and_no_cases() -> None:
    machine = pm.Hardware("PEs", noc_bw=1)
    cycles = pm.analyze_tiles(CAUSAL, HEADS, "PEs").runtime(machine)
    point = {"B": 9, "D": 7, "E": 3, "T": 2, "PEs": 2, "L": 7}
    case = cycles.case_at(point)
    assert "L = 7" in str(case.region)
    other = {"B": 30, "D": 10, "E": 5, "T": 4, "PEs": 3}
    assert cycles.at(L=7, **other) == cycles.case_at({"L": 7, **other}).evaluate(L=7, **other)
    with pytest.raises(ClosedFormError, match=r"each L is a case of its own: .*; give L a number"):
        _ = cycles.cases
    flow = pm.parse_dataflow(MAPPINGS["numbers only"][1])
    analysis = pm.analyze_tiles(ANY, flow, "PEs")
    everywhere = {"B": 4, "D": 4, "E": 2, "T": 2, "PEs": 1, "I": 50, "J": 40}
    counted = [form for _, form in analysis.named() if "I = 50" in str(form.case_at(everywhere).region)]
    assert 0 < len(counted) < len(list(analysis.named()))
    with pytest.raises(ClosedFormError, match="each I, J is a case of its own: "):
        counted[0].complete()


def test_run_times_of_symbols_in_overlapping_outputs_are_refused_by_name() -> None:
    machine = pm.Hardware("PEs", noc_bw=1)
    up = pm.transposed_conv2d(N=1, X=1, S=1)
    analysis = pm.analyze_tiles(up, pm.parse_dataflow("TemporalMap(T,T) Y; SpatialMap(A,A) K"), "PEs")
    message = "cannot follow; give T a number, and Y, R are counted with numbers"
    with pytest.raises(CountingUnavailableError, match=message):
        analysis.runtime(machine)
