"""Arrays: shapes, kinds of integers, regions, chunks, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

import polymaestro as pm
from polymaestro import export
from polymaestro.errors import ClosedFormError, ExportError

FLOW = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(4,4) N; TemporalMap(3,3) K")
ANALYSIS = pm.analyze(pm.gemm(), FLOW, 8, assuming=["K % 3 == 0"])
FORMS = dict(ANALYSIS.forms.named())
FILLS = FORMS["L2.A.fills"]


def value(k: int, m: int, n: int) -> int:
    return FILLS.at(K=k, M=m, N=n)


def test_arrays_hold_what_the_loop_nest_moves() -> None:
    flow = pm.dataflows.kc_p(4)
    analysis = pm.analyze(pm.conv2d(R=2, S=2), flow, 8)
    points: dict[str, ArrayLike] = {
        "N": [1, 2, 1, 1, 2],
        "K": [1, 3, 2, 5, 4],
        "C": [4, 5, 9, 3, 1],
        "P": [3, 1, 2, 4, 1],
        "Q": [1, 3, 2, 2, 1],
    }
    found = export.Vectorised(dict(analysis.forms.named()), chunk=3).evaluate(points)
    for index in range(5):
        extents = {name: int(np.asarray(column)[index]) for name, column in points.items()}
        seen = pm.interpret(pm.conv2d(R=2, S=2).with_extents(extents), flow, 8)
        for boundary, moved in zip(analysis.boundaries, seen.boundaries, strict=True):
            for tensor, quantities in moved.tensors.items():
                for quantity, number in quantities.items():
                    assert found[f"{boundary.parent}.{tensor}.{quantity}"][index] == number


def test_arrays_are_broadcast() -> None:
    grid = FILLS.lambdify("numpy")(K=np.array([[3], [6]]), M=[1, 2, 9], N=5)
    assert grid.shape == (2, 3)
    assert grid.tolist() == [[value(k, m, 5) for m in (1, 2, 9)] for k in (3, 6)]
    single = FILLS.lambdify("numpy")(K=3, M=10**20, N=5)
    assert single.shape == ()
    assert int(single) == value(3, 10**20, 5)
    assert FILLS.lambdify("numpy")(K=[], M=4, N=5).shape == (0,)
    assert FILLS.lambdify("numpy")(K=[3], M=[4], N=[5]).tolist() == [value(3, 4, 5)]


@pytest.mark.parametrize(
    "kind", [np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64, np.uint64, object]
)
def test_any_kind_of_integers_is_taken(kind: Any) -> None:
    found = FILLS.lambdify("numpy")(K=np.array([3, 6, 9]).astype(kind), M=np.array([100]).astype(kind), N=100)
    assert found.tolist() == [value(k, 100, 100) for k in (3, 6, 9)]


def test_arguments_are_left_alone() -> None:
    macs = ANALYSIS.macs
    columns = {"K": np.array([3, 6]), "M": np.array([2**40, 1]), "N": np.array([2**40, 1])}
    before = {name: each.copy() for name, each in columns.items()}
    assert macs.lambdify("numpy")(**columns).tolist() == [3 * 2**80, 6]
    for each in export.Vectorised(FORMS).evaluate(columns).values():
        each[0] = 0
    assert all((columns[name] == before[name]).all() for name in columns)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"K": 3, "M": 1}, "the formulas need K, M, N, not K, M"),
        ({"K": 3, "M": 1, "N": 1, "P": 1}, "the formulas need K, M, N, not K, M, N, P"),
        ({"K": [3, 6], "M": [1, 2, 3], "N": 1}, "could not be broadcast|shape mismatch"),
        ({"K": 3.0, "M": 1, "N": 1}, "K must hold integers, not float64"),
        ({"K": [3.0, 6.5], "M": 1, "N": 1}, "K must hold integers"),
        ({"K": 3, "M": True, "N": 1}, "M must hold integers, not bool"),
        ({"K": 3, "M": "4", "N": 1}, "M must hold integers"),
        ({"K": 3, "M": [10**30, None], "N": 1}, "M must hold integers, not object"),
        (
            {"K": [3, 6, 7, 8], "M": 1, "N": 1},
            r"do not hold at K = 7, M = 1, N = 1; they hold where K % 3 = 0",
        ),
        ({"K": 3, "M": [1, 0], "N": 1}, "do not hold at K = 3, M = 0, N = 1"),
        ({"K": 3, "M": [1, -(10**30)], "N": 1}, f"do not hold at K = 3, M = -{10**30}, N = 1"),
        ({"K": [3, 10**30], "M": 1, "N": 1}, f"do not hold at K = {10**30}, M = 1, N = 1"),
    ],
)
def test_wrong_arguments_are_refused(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ClosedFormError, match=message):
        FILLS.lambdify("numpy")(**columns)


def test_regions_are_decided_for_each_point() -> None:
    several = export.Vectorised(FORMS)
    columns: dict[str, ArrayLike] = {"K": [3, 4, 0, 10**30, 10**30 - 1, -3], "M": [1, 1, 1, 1, 2, 3], "N": 2}
    assert several.holds(columns).tolist() == [True, False, False, False, True, False]
    found = several.evaluate(columns, check=False)["L2.A.fills"]
    assert [found[0], found[4]] == [value(3, 1, 2), value(10**30 - 1, 2, 2)]


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_chunks_cover_every_point_once(size: int) -> None:
    several = export.Vectorised(FORMS, chunk=size)
    rows = [3 * k for k in range(1, 24)]
    widths = [10**20 if k == 11 else k for k in range(1, 24)]
    columns: dict[str, ArrayLike] = {"K": rows, "M": 7, "N": widths}
    parts = list(several.chunks(columns, only=["L2.A.fills"]))
    assert [part.where.start for part in parts] == list(range(0, 23, size))
    assert max(part.where.stop - part.where.start for part in parts) <= size
    joined = [number for part in parts for number in part.values["L2.A.fills"].tolist()]
    assert joined == several(**columns)["L2.A.fills"].tolist()
    assert joined == [value(k, 7, n) for k, n in zip(rows, widths, strict=True)]
    assert [part.values["L2.A.fills"].dtype == object for part in parts].count(True) == 1


def test_formulas_of_different_analyses_go_together() -> None:
    other = pm.analyze(pm.conv2d(R=1, S=1), pm.dataflows.kc_p(), 256)["L2"]["W"].fills
    several = export.Vectorised({"gemm": FILLS, "conv": other})
    assert several.symbols == ("K", "M", "N", "C", "P", "Q")
    assert several.names == ("gemm", "conv")
    found = several(K=[3, 6], M=4, N=2, C=70, P=5, Q=5)
    assert found["gemm"].tolist() == [value(3, 4, 2), value(6, 4, 2)]
    assert found["conv"].tolist() == [other.at(N=2, K=k, C=70, P=5, Q=5) for k in (3, 6)]


def test_wrong_requests_are_refused() -> None:
    several = export.Vectorised(FORMS)
    with pytest.raises(ExportError, match=r"no formula 'L2.A.fill'; did you mean 'L2.A.fills'\?"):
        several.evaluate({"K": 3, "M": 1, "N": 1}, only=["L2.A.fill"])
    with pytest.raises(ExportError, match="a chunk of 0 points"):
        export.Vectorised(FORMS, chunk=0)
    with pytest.raises(ExportError, match="not 'wrap'"):
        export.Vectorised(FORMS, overflow="wrap")  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="has no attribute 'Vectorized'"):
        _ = export.Vectorized
