import pytest

from polymaestro.dataflow import Dataflow
from polymaestro.dataflow.catalog import PUBLISHED, c_p, kc_p, x_p, yr_p, yx_p
from polymaestro.errors import DataflowError
from polymaestro.loopnest.interpreter import interpret
from polymaestro.workload import conv2d

SMALL = conv2d(N=1, K=4, C=3, P=5, Q=4, R=3, S=2)
CASES = [
    (c_p(), 4),
    (x_p(), 3),
    (yx_p(2), 6),
    (yr_p(), 6),
    (yr_p(3), 9),
    (kc_p(2), 6),
    (kc_p(), 128),
]


@pytest.mark.parametrize(("flow", "num_pes"), CASES)
def test_every_point_of_a_convolution_is_executed_once(flow: Dataflow, num_pes: int) -> None:
    seen = interpret(SMALL, flow, num_pes)
    assert (seen.missing, seen.repeated) == (0, 0)
    assert seen.macs == 4 * 3 * 5 * 4 * 3 * 2


def test_what_each_dataflow_keeps_stationary_is_fetched_least() -> None:
    weights, outputs = 4 * 3 * 3 * 2, 4 * 5 * 4
    # weight-stationary: with the filters of one column of PEs in place, each weight is sent once
    assert interpret(SMALL, kc_p(3), 3).boundaries[0].tensors["W"]["parent_reads"] == weights
    assert interpret(SMALL, x_p(), 4).boundaries[0].tensors["W"]["parent_reads"] == weights
    assert interpret(SMALL, c_p(), 3).boundaries[0].tensors["W"]["parent_reads"] == weights
    # output-stationary: every output leaves once and none comes back
    moved = interpret(SMALL, yx_p(2), 6).boundaries[0].tensors["O"]
    assert (moved["parent_updates"], moved["read_backs"]) == (outputs, 0)


def test_published_names_lead_to_their_functions() -> None:
    assert list(PUBLISHED) == ["C-P", "X-P", "YX-P", "YR-P", "KC-P"]
    spatial = {
        name: [
            each.dim for level in make().levels for each in level.maps if type(each).__name__ == "SpatialMap"
        ]
        for name, make in PUBLISHED.items()
    }
    assert spatial == {
        "C-P": ["C"],
        "X-P": ["X"],
        "YX-P": ["Y", "X"],
        "YR-P": ["Y", "Y", "R"],
        "KC-P": ["K", "C"],
    }


def test_a_cluster_may_be_a_symbol_and_not_zero() -> None:
    assert str(kc_p("n").levels[1].cluster) == "Cluster(n)"
    with pytest.raises(DataflowError, match="a cluster of 0 units; it must be 1 or more"):
        yx_p(0)
