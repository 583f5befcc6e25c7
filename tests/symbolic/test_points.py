"""Points are taken as Python's integers, so that no number overflows on its way."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy

import polymaestro as pm
from polymaestro.errors import ClosedFormError
from polymaestro.model import Analysis

SIZE = 2**40
GIVEN = np.int64(SIZE)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), num_pes=4)


def test_the_integers_of_numpy_do_not_overflow(analysis: Analysis) -> None:
    # A has K·M elements, each sent once; Python's integers say how many.
    form = analysis["L2"]["A"].parent_reads
    assert form.at(M=GIVEN, N=1, K=GIVEN) == SIZE**2  # type: ignore[arg-type]
    assert form.evaluate({"M": GIVEN, "N": 1, "K": GIVEN}) == SIZE**2  # type: ignore[dict-item]
    assert form.asymptotic().at(M=GIVEN, N=1, K=GIVEN) == SIZE**2  # type: ignore[arg-type]
    assert analysis.reuse("L2", "Z").inside_tile.at(M=GIVEN, N=1, K=GIVEN) == SIZE  # type: ignore[arg-type]
    tiled = pm.analyze_tiles(pm.gemm(), pm.parse_dataflow("SpatialMap(T,T) M; TemporalMap(1,1) N"), "P")
    whole = tiled["L2"]["A"].parent_reads.complete()
    assert whole.at(M=GIVEN, N=1, K=GIVEN, T=np.int64(1), P=4) == SIZE**2  # type: ignore[arg-type]


def test_a_report_at_the_integers_of_numpy_is_that_at_pythons(analysis: Analysis) -> None:
    machine = pm.Hardware(num_pes=4, noc_bw=3)
    seen = analysis.on(machine, M=GIVEN, N=2, K=GIVEN)  # type: ignore[arg-type]
    assert seen.to_json() == analysis.on(machine, M=SIZE, N=2, K=SIZE).to_json()


@pytest.mark.parametrize("three", [3, 3.0, Fraction(3), np.int8(3), np.float32(3), sympy.Integer(3)])
def test_every_type_of_integer_is_one(analysis: Analysis, three: int) -> None:
    value = analysis.macs.at(M=three, N=5, K=7)
    assert value == 3 * 5 * 7
    assert type(value) is int


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.5, "1.5"),
        (Fraction(3, 2), "3/2"),
        ("3", "'3'"),
        (None, "None"),
        (True, "True"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_what_is_no_integer_is_refused_by_its_name(analysis: Analysis, value: int, shown: str) -> None:
    with pytest.raises(ClosedFormError, match=rf"^M is {shown}; it must be an integer$"):
        analysis.macs.at(M=value, N=5, K=7)


FLOW = "SpatialMap(1,1) M; TemporalMap(1,1) N"


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"M": 6, "N": 2}, "^the formula needs a value for K$"),
        ({"M": 6, "N": 2, "K": 1, "L": 1}, "^the formula has no symbol 'L'"),
        ({"M": 2, "N": 2, "K": 1}, "does not hold at K = 1, M = 2, N = 2; it holds where"),
        ({"M": 6, "N": 2.5, "K": 1}, "^N is 2.5; it must be an integer$"),
    ],
)
def test_the_case_of_a_point_is_refused_where_the_value_is(point: dict[str, int], message: str) -> None:
    form = pm.analyze(pm.gemm(), pm.parse_dataflow(FLOW), 4, assuming=["M >= 5"])["L2"]["B"].parent_reads
    for ask in (form.case_at, form.evaluate, form.check):
        with pytest.raises(ClosedFormError, match=message):
            ask(point)


def test_the_case_of_a_point_takes_the_integers_of_numpy(analysis: Analysis) -> None:
    form = analysis["L2"]["B"].parent_reads
    taken = form.case_at({"M": GIVEN, "N": np.int8(2), "K": GIVEN})  # type: ignore[dict-item]
    assert taken.value == form.case_at({"M": SIZE, "N": 2, "K": SIZE}).value
    assert taken.region.holds({"M": SIZE, "N": 2, "K": SIZE})


@pytest.mark.parametrize("lacking", ["M", "N", "K"])
def test_a_roofline_needs_every_extent(analysis: Analysis, lacking: str) -> None:
    bound = analysis.roofline(pm.Hardware(num_pes=4, noc_bw=3))
    with pytest.raises(ClosedFormError, match=f"needs a value for {lacking}$"):
        bound.case_at({name: 3 for name in "MNK" if name != lacking})


MACHINE = pm.Hardware(num_pes="PEs", noc_bw="B")
TILED = pm.analyze_tiles(pm.gemm(), pm.parse_dataflow("SpatialMap(T,T) M; TemporalMap(1,1) N"), "PEs")
PLAIN = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(2,2) M; TemporalMap(1,1) N"), num_pes=4)
FORMS: dict[str, Any] = {
    "closed form": PLAIN["L2"]["B"].parent_reads,
    "run time": PLAIN.runtime(pm.Hardware(num_pes=4, noc_bw="B")),
    "energy": PLAIN.energy(pm.Hardware(num_pes=4)),
    "roofline": PLAIN.roofline(pm.Hardware(num_pes=4, noc_bw="B")),
    "tiled form": TILED["L2"]["B"].parent_reads,
    "tiled run time": TILED.runtime(MACHINE),
    "tiled energy": TILED.energy(MACHINE),
    "tiled roofline": TILED.roofline(MACHINE),
}
SIZES = {"M": 24, "N": 5, "K": 3}


@pytest.mark.parametrize("name", FORMS)
def test_points_are_mappings_or_keywords(name: str) -> None:
    form = FORMS[name]
    tiles = {"T": 2, "PEs": 4} if name.startswith("tiled") else {}
    rates = {"B": 2} if "time" in name or "roof" in name else {}
    point = SIZES | tiles | rates
    value = form.at(point)
    assert value == form.at(**point) == form.at({**point, "M": 7}, M=24) != form.at(point, M=7)
    views = [form.case_at] if not tiles else [form.case_at, form.divisible_at]
    for view in views:
        assert str(view(point)) == str(view(**point)) == str(view({**point, "M": 7}, M=24))
        with pytest.raises(ClosedFormError, match="needs a value for K"):
            view(M=24, N=5)
        with pytest.raises(ClosedFormError, match="expected values by the names of symbols"):
            view(24)
    with pytest.raises(ClosedFormError, match="not 24"):
        form.at(24)
