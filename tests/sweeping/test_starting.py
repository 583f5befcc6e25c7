"""What a sweep takes in place of lists, and what it refuses before anything is derived."""

import numpy as np
import pytest

import polymaestro as pm
from polymaestro.errors import DataflowError, HardwareError, PolymaestroError

NETWORK = pm.parse_network("""Network Net { Layer FC { Type: GEMM Dimensions { M: 8, N: 8, K: 16 }
    Dataflow { SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K; } } }""")


def test_one_value_an_array_and_a_generator_are_lists() -> None:
    listed = pm.sweep(NETWORK, num_pes=[4], noc_bw=[1, 2]).best("runtime").total
    assert listed is not None
    assert listed.varied == {"num_pes": 4, "noc_bw": 2}
    for pes in (4, np.int64(4), np.array([4]), (each for each in (4,))):
        found = pm.sweep(NETWORK, num_pes=pes, noc_bw=np.array([1, 2]))  # type: ignore[arg-type]
        assert found.best("runtime").total == listed
    halves = pm.sweep(NETWORK, num_pes=4, noc_bw=np.array([0.5], np.float32)).best("runtime").total
    assert halves == pm.sweep(NETWORK, num_pes=[4], noc_bw=[0.5]).best("runtime").total


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        ({"network": "vgg16"}, DataflowError, "expected a network, as pm.load"),
        ({"dataflows": pm.dataflows.kc_p(16)}, DataflowError, "dataflows by name"),
        ({"dataflows": {}}, DataflowError, "dataflows by name"),
        ({"num_pes": []}, HardwareError, "at least one number of PEs"),
        ({"num_pes": "4"}, HardwareError, "num_pes is '4'"),
        ({"hardware": 5}, HardwareError, "expected a machine"),
        ({"jobs": 0}, PolymaestroError, "jobs is 0"),
    ],
)
def test_what_is_no_sweep_is_refused(changed: dict[str, object], kind: type[Exception], message: str) -> None:
    arguments: dict[str, object] = {"network": NETWORK, "num_pes": [4]}
    with pytest.raises(kind, match=message):
        pm.sweep(**(arguments | changed))  # type: ignore[arg-type]


def test_a_network_is_analysed_on_a_machine() -> None:
    for asked in (pm.Network(NETWORK.name, NETWORK.layers).analyze, pm.Network("N", NETWORK.layers).check):
        with pytest.raises(HardwareError, match=r"expected a machine, as pm.Hardware.* not 64"):
            asked(64)  # type: ignore[arg-type]
    named = NETWORK.with_dataflow("kc_p").layers[0]  # type: ignore[arg-type]
    with pytest.raises(DataflowError, match=r"expected a dataflow, as pm.parse_dataflow"):
        named.mapping_dataflow()
