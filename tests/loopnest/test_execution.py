"""The executor against NumPy: what a dataflow computes is what its operator means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

import polymaestro as pm
from polymaestro.errors import WorkloadError
from polymaestro.strategies import DIAMOND, OPERATORS, STATEMENTS, array_sizes, dataflows, operators
from tests.interpreted import NO_HEALTH_CHECKS

Array = Any  # numpy's own types say nothing more here


def random_tensors(operator: pm.Operator, seed: int) -> dict[str, Array]:
    """Give every input integers from -9 to 9, in the shape that its accesses reach."""
    rng = np.random.default_rng(seed)
    last = {dim.variable: dim.extent.constant - 1 for dim in operator.dims}
    return {
        tensor.name: rng.integers(-9, 10, [index.evaluate(last) + 1 for index in tensor.access])
        for tensor in operator.tensors
        if tensor.role == "input"
    }


# --- what NumPy says ---


def windows(operator: pm.Operator, image: Array) -> Array:
    """Give [..., p, q, r, s] of an image whose last axes are rows and columns."""
    rows, columns = operator.windows
    taps = [operator.extent(each.filter).constant for each in (rows, columns)]
    reach = [each.dilation * (n - 1) + 1 for each, n in zip((rows, columns), taps, strict=True)]
    view = sliding_window_view(image, reach, axis=(-2, -1))
    return view[..., :: rows.stride, :: columns.stride, :: rows.dilation, :: columns.dilation]


def scattered(operator: pm.Operator, image: Array, weights: Array) -> Array:
    """Add the image to the output once per tap, in slices."""
    rows, columns = operator.windows
    n, _, y, x = image.shape
    shape = (n, len(weights), *(operator.extent(each.input).constant for each in operator.windows))
    out: Array = np.zeros(shape, int)
    for r, s in np.ndindex(*weights.shape[2:]):
        down, right = r * rows.dilation, s * columns.dilation
        part = out[:, :, down:, right:][:, :, :: rows.stride, :: columns.stride][:, :, :y, :x]
        part += np.einsum("ncyx,kc->nkyx", image, weights[:, :, r, s])
    return out


def jacobi(image: Array, weights: Array) -> Array:
    """Add the five points of the stencil, the centre and its neighbours."""
    inner = slice(1, -1)
    shifts = {(1, 1): (inner, inner), (0, 1): (slice(-2), inner), (2, 1): (slice(2, None), inner)}
    shifts |= {(1, 0): (inner, slice(-2)), (1, 2): (inner, slice(2, None))}
    return sum(image[place] * weights[tap] for tap, place in shifts.items())


def mask(operator: pm.Operator) -> Array:
    """Give where [i, j] meets the conditions of an attention."""
    i, j = np.indices([operator.extent(dim).constant for dim in "IJ"])
    fits = np.ones(i.shape, bool)
    for condition in operator.conditions:
        factors = dict(condition.terms)
        fits &= condition.constant + factors.get("i", 0) * i + factors.get("j", 0) * j >= 0
    return fits


NUMPY: dict[str, Callable[[pm.Operator, dict[str, Array]], Array]] = {
    "gemm": lambda _, t: t["A"] @ t["B"],
    "batched_gemm": lambda _, t: t["A"] @ t["B"],
    "fully_connected": lambda _, t: t["I"] @ t["W"].T,
    "lstm": lambda _, t: np.stack([t["A"] @ gate.T for gate in t["W"]], axis=1),
    "conv2d": lambda o, t: np.einsum("ncpqrs,kcrs->nkpq", windows(o, t["I"]), t["W"]),
    "depthwise_conv2d": lambda o, t: np.einsum("ncpqrs,crs->ncpq", windows(o, t["I"]), t["W"]),
    "grouped_conv2d": lambda o, t: np.einsum("ngcpqrs,gkcrs->ngkpq", windows(o, t["I"]), t["W"]),
    "transposed_conv2d": lambda o, t: scattered(o, t["I"], t["W"]),
    "max_pool2d": lambda o, t: windows(o, t["I"]).max(axis=(-2, -1)),
    "average_pool2d": lambda o, t: windows(o, t["I"]).sum(axis=(-2, -1)),
    "attention_scores": lambda o, t: t["Q"] @ t["K"].swapaxes(1, 2) * mask(o),
    "attention_values": lambda o, t: (t["P"] * mask(o)) @ t["V"],
    "mttkrp": lambda _, t: np.einsum("ikl,kj,lj->ij", t["A"], t["B"], t["C"]),
    "jacobi2d": lambda _, t: jacobi(t["A"], t["W"]),
    "dilated_conv1d": lambda _, t: np.einsum(
        "cpr,kcr->kp",
        sliding_window_view(t["I"], 3 * (t["W"].shape[2] - 1) + 1, axis=1)[:, ::2, ::3],
        t["W"],
    ),
}


def everywhere(operator: pm.Operator, tensors: dict[str, Array]) -> Array:
    """Compute over the whole box of points at once, those outside the domain left out."""
    box = [dim.extent.constant for dim in operator.dims]
    grid = dict(zip((dim.variable for dim in operator.dims), np.indices(box), strict=True))
    inside = np.ones(box, bool)
    for condition in operator.conditions:
        inside &= condition.evaluate(grid) >= 0
    values = np.ones(box, int)
    for name, numbers in tensors.items():
        values *= numbers[tuple(np.broadcast_to(i.evaluate(grid), box) for i in operator.tensor(name).access)]
    written = tuple(np.broadcast_to(index.evaluate(grid), box)[inside] for index in operator.output.access)
    shape = [axis.max() + 1 for axis in written]
    if operator.reduction == "max":
        largest = np.full(shape, np.iinfo(int).min)
        np.maximum.at(largest, written, values[inside])
        return np.where(largest == np.iinfo(int).min, 0, largest)
    total = np.zeros(shape, int)
    np.add.at(total, written, values[inside])
    return total


def assert_is(found: dict[tuple[int, ...], Any], expected: Array) -> None:
    """Compare element by element; what was not written is 0 in the array."""
    array = np.zeros(expected.shape, int)
    for index, value in found.items():
        array[index] = value
    np.testing.assert_array_equal(array, expected)


# --- random dataflows ---


def check_random(name: str, data: st.DataObject) -> None:
    operator = data.draw(operators(name))
    flow = data.draw(dataflows(operator))
    num_pes = data.draw(array_sizes(flow))
    tensors = random_tensors(operator, data.draw(st.integers(0, 2**32)))
    found = pm.execute(operator, flow, num_pes, tensors)
    assert_is(found, everywhere(operator, tensors))


def check_named(name: str, data: st.DataObject) -> None:
    operator = data.draw(operators(name).filter(lambda each: is_plain(name, each)))
    flow = data.draw(dataflows(operator))
    tensors = random_tensors(operator, data.draw(st.integers(0, 2**32)))
    found = pm.execute(operator, flow, data.draw(array_sizes(flow)), tensors)
    assert_is(found, NUMPY[name](operator, tensors))


def is_plain(name: str, operator: pm.Operator) -> bool:
    """Whether NumPy's own function computes the operator: no conditions but its own ones."""
    variables = {variable for each in operator.constraints for variable in each.names()}
    own = {"attention_scores": set("ijIJ"), "attention_values": set("ijIJ")}.get(name, set())
    return variables <= own or (name == "jacobi2d" and len(operator.constraints) == 4)


@pytest.mark.parametrize("name", OPERATORS)
@given(data=st.data())
@settings(max_examples=2, suppress_health_check=NO_HEALTH_CHECKS)
def test_a_dataflow_computes_what_numpy_does(name: str, data: st.DataObject) -> None:
    check_named(name, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATORS)
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=NO_HEALTH_CHECKS)
def test_six_hundred_dataflows_compute_what_numpy_does(name: str, data: st.DataObject) -> None:
    check_named(name, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATORS)
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=NO_HEALTH_CHECKS)
def test_six_hundred_dataflows_skip_what_conditions_exclude(name: str, data: st.DataObject) -> None:
    check_random(name, data)


# --- single cases ---

CAUSAL = pm.einsum(STATEMENTS["attention_scores"], where="j <= i", B=2, I=7, J=7, D=3)
CAUSAL_FLOWS = (
    "TemporalMap(1,1) B; TemporalMap(1,1) I; SpatialMap(1,1) D; TemporalMap(1,1) J",
    "TemporalMap(1,1) I; SpatialMap(1,1) J; TemporalMap(2,2) D",
    "SpatialMap(1,1) B; TemporalMap(4,4) I; TemporalMap(4,4) J; Cluster(3); SpatialMap(1,1) I",
)


@pytest.mark.parametrize("text", CAUSAL_FLOWS)
def test_causal_attention_is_the_lower_triangle(text: str) -> None:
    tensors = random_tensors(CAUSAL, seed=7)
    found = pm.execute(CAUSAL, pm.parse_dataflow(text), 6, tensors)
    assert len(found) == 2 * 7 * 8 // 2
    assert_is(found, np.tril(tensors["Q"] @ tensors["K"].swapaxes(1, 2)))


def test_a_jacobi_stencil_without_weights() -> None:
    stencil = pm.einsum("B[i,j] += A[i+u,j+v]", where=DIAMOND, I=5, J=6, U=3, V=3)
    tensors = random_tensors(stencil, seed=3)
    flow = pm.parse_dataflow("SpatialMap(2,2) I; TemporalMap(1,1) J; TemporalMap(1,1) U")
    found = pm.execute(stencil, flow, 2, tensors)
    assert_is(found, jacobi(tensors["A"], np.ones((3, 3), int)))


@dataclass(frozen=True)
class Term:
    """A number that writes down what is done with it."""

    text: str

    def __mul__(self, other: Term) -> Term:
        return Term(self.text + other.text)

    def __add__(self, other: Term) -> Term:
        return Term(f"({self.text}+{other.text})")


NAMES = {
    "A": {(0, k): Term(f"a{k}") for k in range(4)},
    "B": {(k, n): Term(f"b{k}{n}") for k in range(4) for n in range(2)},
}


@pytest.mark.parametrize(
    ("text", "num_pes", "first"),
    [
        # one PE keeps the output until it is done
        ("SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K", 1, "(((a0b00+a1b10)+a2b20)+a3b30)"),
        # the output leaves between two slices of K, because N advances inside
        ("SpatialMap(1,1) M; TemporalMap(2,2) K; TemporalMap(1,1) N", 1, "((a0b00+a1b10)+(a2b20+a3b30))"),
        # two PEs add up two products each
        ("SpatialMap(2,2) K; TemporalMap(1,1) N", 2, "((a0b00+a1b10)+(a2b20+a3b30))"),
        # each PE of the cluster keeps its sum over both slices
        (
            "SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(2,2) K; Cluster(2); SpatialMap(1,1) K",
            2,
            "((a0b00+a2b20)+(a1b10+a3b30))",
        ),
        # here the cluster itself must give its sum up between the two slices
        (
            "SpatialMap(1,1) M; TemporalMap(2,2) K; TemporalMap(1,1) N; Cluster(2); SpatialMap(1,1) K",
            2,
            "((a0b00+a1b10)+(a2b20+a3b30))",
        ),
    ],
)
def test_partial_sums_are_added_where_the_dataflow_says(text: str, num_pes: int, first: str) -> None:
    operator = pm.gemm(M=1, N=2, K=4)
    found = pm.execute(operator, pm.parse_dataflow(text), num_pes, NAMES)
    assert found[0, 0].text == first


def test_work_that_is_repeated_or_skipped_shows_in_the_sum() -> None:
    row = pm.einsum("Z[m] += A[m] * B[m]", M=4)
    ones = {"A": [1] * 4, "B": [1] * 4}
    twice = pm.execute(row, pm.parse_dataflow("SpatialMap(2,1) M"), 4, ones)
    assert twice == {(0,): 1, (1,): 2, (2,): 2, (3,): 1}
    assert pm.execute(row, pm.parse_dataflow("SpatialMap(1,2) M"), 4, ones) == {(0,): 1, (2,): 1}


def test_nested_sequences_mappings_and_arrays_are_tensors() -> None:
    operator = pm.gemm(M="H", N=2, K=2)
    nested: list[list[int]] = [[1, 2], [3, 4]]
    flow = pm.parse_dataflow("SpatialMap(1,1) M")
    array = np.array(nested)
    mapping = {index: int(value) for index, value in np.ndenumerate(array)}
    for other in (nested, tuple(map(tuple, nested)), array, mapping):
        assert pm.execute(operator, flow, 2, {"A": nested, "B": other}, {"H": 2}) == {
            (0, 0): 7,
            (0, 1): 10,
            (1, 0): 15,
            (1, 1): 22,
        }


@pytest.mark.parametrize(
    ("statement", "tensors", "message"),
    [
        ("Z[m] += A[m]", {}, "einsum needs a tensor for A"),
        ("Z[m] += A[m]", {"A": [1, 2], "a": [1]}, "einsum has no input 'a'; did you mean 'A'"),
        ("Z[m] += A[m]", {"A": [1, 2], "Z": [1]}, "einsum has no input 'Z'"),
        ("Z[m] += A[m]", {"A": [1]}, r"A\[1\] is used, but the tensor given for A has no such element"),
        ("Z[m] += A[m]", {"A": {(0,): 1}}, r"A\[1\] is used"),
        ("Z[m] += A[m-1]", {"A": [1, 2]}, r"A\[-1\] is used"),
        ("Z[m] += A[m-1]", {"A": np.ones(2)}, r"A\[-1\] is used"),
        ("Z[m] += A[m]", {"A": [[1, 2], [3, 4]]}, r"A\[0\] is used"),
        ("Z[m] += A[m]", {"A": np.ones((2, 2))}, r"A\[0\] is used"),
        ("Z[m] += A[m,m]", {"A": [1, 2]}, r"A\[0, 0\] is used"),
        ("Z[m] += A[m,m]", {"A": np.ones(2)}, r"A\[0, 0\] is used"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(statement: str, tensors: dict[str, Any], message: str) -> None:
    with pytest.raises(WorkloadError, match=message):
        pm.execute(pm.einsum(statement, M=2), pm.parse_dataflow("SpatialMap(1,1) M"), 2, tensors)


def test_a_symbol_without_a_number_is_refused() -> None:
    with pytest.raises(WorkloadError, match="needs a number for M of einsum"):
        pm.execute(pm.einsum("Z[m] += A[m]"), pm.parse_dataflow("SpatialMap(1,1) M"), 2, {"A": [1]})
