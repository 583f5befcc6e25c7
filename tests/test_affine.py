import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.affine import Affine, Floor, ceil_div, floor_div, greatest, least
from polymaestro.dataflow import Cluster
from polymaestro.errors import (
    DataflowError,
    HardwareError,
    LanguageError,
    Place,
    PolymaestroError,
    WorkloadError,
    did_you_mean,
)

NUMBERS = st.integers(-50, 50)
POINTS = st.fixed_dictionaries({"a": NUMBERS, "b": NUMBERS})


@st.composite
def affines(draw: st.DrawFn) -> Affine:
    return Affine.of("a") * draw(NUMBERS) + Affine.of("b") * draw(NUMBERS) + draw(NUMBERS)


@given(affines(), affines(), NUMBERS, POINTS)
def test_arithmetic_is_that_of_the_integers(x: Affine, y: Affine, n: int, point: dict[str, int]) -> None:
    at = x.evaluate(point), y.evaluate(point)
    assert (x + y).evaluate(point) == at[0] + at[1]
    assert (x - y).evaluate(point) == at[0] - at[1]
    assert (x * n).evaluate(point) == (n * x).evaluate(point) == n * at[0]
    assert (n - x).evaluate(point) == n - at[0]


@given(affines(), affines())
def test_equal_expressions_have_one_form(x: Affine, y: Affine) -> None:
    assert x + y == y + x
    assert (x + y) - y == x
    assert x - x == Affine.of(0)


@given(affines(), st.integers(1, 9), POINTS)
def test_floors_and_ceilings_round_as_python_does(x: Affine, divisor: int, point: dict[str, int]) -> None:
    value = x.evaluate(point)
    assert floor_div(x, divisor).evaluate(point) == value // divisor
    assert ceil_div(x, divisor).evaluate(point) == -(-value // divisor)


@given(affines(), affines(), POINTS)
def test_extrema(x: Affine, y: Affine, point: dict[str, int]) -> None:
    assert least(x, y).evaluate(point) == min(x.evaluate(point), y.evaluate(point))
    assert greatest(x, y).evaluate(point) == max(x.evaluate(point), y.evaluate(point))


@given(affines(), affines(), st.integers(1, 9), POINTS)
def test_substitution_commutes_with_evaluation(
    x: Affine, y: Affine, divisor: int, point: dict[str, int]
) -> None:
    form = greatest(floor_div(x, divisor), x - 3)
    inner = {**point, "a": y.evaluate(point)}
    assert form.substitute({"a": y}).evaluate(point) == form.evaluate(inner)


def test_printing() -> None:
    k = Affine.of("K")
    assert str(3 - 2 * k) == "-2·K + 3"
    assert (3 - 2 * k).isl() == "-2*K + 3"
    assert str(ceil_div(k, 64)) == "⌈K/64⌉"
    assert ceil_div(k, 64).isl() == "floor((K + 63)/64)"
    assert str(Affine.of(0)) == "0"
    assert str(least(k, Affine.of(8))) == "min(K, 8)"


@pytest.mark.parametrize("value", [True, 1.5, None])
def test_only_integers_and_names_are_expressions(value: object) -> None:
    with pytest.raises(PolymaestroError, match="expected an integer or a name"):
        Affine.of(value)  # type: ignore[arg-type]


def test_the_divisor_of_a_floor_is_positive() -> None:
    with pytest.raises(PolymaestroError, match="a floor needs a positive divisor, not 0"):
        Floor(Affine.of("a"), 0)


def test_an_error_shows_place_line_and_caret() -> None:
    error = LanguageError("zero size", Place("a.m", 3, 9, "Cluster(0);"))
    assert str(error) == "a.m:3:9: zero size\n  Cluster(0);\n          ^"
    assert str(LanguageError("empty", Place("a.m", 1, 1))) == "a.m:1:1: empty"


def test_a_suggestion_is_near_or_differs_in_case() -> None:
    assert did_you_mean("Clustr", ["Cluster", "Layer"]).startswith("; did you mean 'Cluster'?")
    assert did_you_mean("conv", ["CONV", "GEMM"]).startswith("; did you mean 'CONV'?")
    assert did_you_mean("zzz", ["K"]) == "; Known: K"


WRONG = ("", "1x", "4", "and", "Min", "lambda", "Sz", "Cluster", "abs", "a b", "π", "K'", "PEs\n")


@pytest.mark.parametrize("name", WRONG)
def test_what_no_notation_reads_is_no_symbol_anywhere(name: str) -> None:
    flow = pm.parse_dataflow("SpatialMap(T,T) N; TemporalMap(1,1) K")
    shown = re.escape(repr(name))
    with pytest.raises(HardwareError, match=f"num_pes: {shown}"):
        pm.analyze_tiles(pm.gemm(), flow, name)
    with pytest.raises(HardwareError, match=f"num_pes: {shown}"):
        pm.check(pm.gemm(), flow, name)
    with pytest.raises(WorkloadError, match=f"extent of 'K': {shown}"):
        pm.gemm(K=name)
    with pytest.raises(DataflowError, match=f"(?s)size of 'Cluster.*: {shown}"):
        Cluster(Affine.of(name))
    with pytest.raises(HardwareError, match=shown):
        pm.Hardware(num_pes=4, noc_bw=name)


def test_every_other_name_is_a_symbol() -> None:
    flow = pm.parse_dataflow("SpatialMap(T,T) N")
    for name in ("x0", "k", "U", "I", "_", "n_K", "T_K1", "Lambda", "CLUSTER"):
        reads = pm.analyze_tiles(pm.gemm(K=name), flow, "PEs")["L2"]["A"].parent_reads
        assert reads.at(**{name: 5, "M": 3, "N": 2, "T": 1, "PEs": 2}) == 15


def test_numpy_integers_are_integers_and_truth_values_are_not() -> None:
    assert Affine.of(np.int64(4)) == Affine.of(4)  # type: ignore[arg-type]
    assert type(Affine.of(np.int64(4)).constant) is int  # type: ignore[arg-type]
    machine = pm.Hardware(num_pes=np.int32(64), l2_size=np.uint8(9), noc_bw=np.int64(4))  # type: ignore[arg-type]
    assert machine == pm.Hardware(num_pes=64, l2_size=9, noc_bw=4)
    assert str(machine) == str(pm.Hardware(num_pes=64, l2_size=9, noc_bw=4))
    assert pm.conv2d(stride=np.int64(2)) == pm.conv2d(stride=2)  # type: ignore[arg-type]
    with pytest.raises(HardwareError, match="l2_size is True"):
        pm.Hardware(num_pes=4, l2_size=True)
    for value in (True, np.True_, 4.0, None):
        with pytest.raises(PolymaestroError, match="expected an integer or a name"):
            Affine.of(value)  # type: ignore[arg-type]
