"""Layers as convolutions: the same work on the same elements, and every published dataflow fits."""

from __future__ import annotations

from itertools import combinations, product

import pytest

import polymaestro as pm
from polymaestro.networks import NETWORKS, as_convolutions, macs, weights

LAYERS = """Network N {
  Layer fc { Type: FC Dimensions { N: 3, K: 10, C: 7 } }
  Layer wide { Type: FC Dimensions { K: 5, C: 3, Y: 4, X: 2, R: 4, S: 2 } }
  Layer lstm { Type: LSTM Dimensions { N: 2, K: 3, C: 5 } }
  Layer gemm { Type: GEMM Dimensions { M: 4, N: 6, K: 5 } }
  Layer heads { Type: GEMM Dimensions { B: 3, M: 4, N: 6, K: 5 } }
  Layer depth { Type: DSCONV Stride { Y: 2, X: 1 } Dimensions { C: 6, R: 3, S: 2, P: 4, Q: 5 } } }"""


def network() -> pm.Network:
    read = pm.parse_network(LAYERS)
    return pm.Network(read.name, read.layers)


def meetings(operator: pm.Operator) -> list[int]:
    """Count the elements of every tensor, and how many pairs and triples of elements meet in a MAC."""
    ranges = [range(dim.extent.constant) for dim in operator.dims]
    points = [
        dict(zip((dim.variable for dim in operator.dims), each, strict=True)) for each in product(*ranges)
    ]
    touched = [
        [tuple(index.evaluate(point) for index in tensor.access) for point in points]
        for tensor in operator.tensors
    ]
    return [len(set(zip(*group, strict=True))) for size in (1, 2, 3) for group in combinations(touched, size)]


def test_the_same_elements_meet_as_often() -> None:
    for before, after in zip(network().layers, as_convolutions(network()).layers, strict=True):
        assert after.type in ("CONV", "NGCONV")
        assert meetings(before.operator()) == meetings(after.operator()), before.name


@pytest.mark.parametrize(
    "name",
    ["X-P", "KC-P", *(pytest.param(name, marks=pytest.mark.slow) for name in ("C-P", "YX-P", "YR-P"))],
)
def test_every_published_dataflow_fits_and_is_counted_right(name: str) -> None:
    flow = pm.dataflows.yx_p(2) if name == "YX-P" else pm.dataflows.PUBLISHED[name]()
    report = as_convolutions(network()).with_dataflow(flow).analyze(pm.Hardware(64))
    for layer, counted in zip(as_convolutions(network()).layers, report.layers, strict=True):
        seen = pm.interpret(layer.operator(), flow, 64)
        assert seen.legal
        assert counted.legal, counted.problems
        assert [each.tensors for each in counted.boundaries] == [each.tensors for each in seen.boundaries]


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_totals_stay(name: str) -> None:
    before, after = NETWORKS[name](), as_convolutions(NETWORKS[name]())
    assert macs(before) == macs(after)
    assert {each.type for each in after.layers} <= {"CONV", "NGCONV", "TRCONV"}
    if not any(each.type == "GEMM" for each in before.layers):  # whose second factor becomes the filter
        assert weights(before) == weights(after)


def test_an_lstm_with_a_symbol_for_its_gates_is_refused() -> None:
    read = pm.parse_network("Network N { Layer L { Type: LSTM Dimensions { G: G, K: 3, C: 5 } } }")
    with pytest.raises(pm.PolymaestroError, match="an LSTM with G = G gates is no convolution"):
        as_convolutions(pm.Network("N", read.layers))
