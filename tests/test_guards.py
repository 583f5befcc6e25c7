"""What takes too many steps is refused, with numbers too, and memories are bounded."""

import importlib
import pkgutil

import pytest

import polymaestro as pm
from polymaestro.counting import summing
from polymaestro.errors import CountingUnavailableError
from polymaestro.movement import tracing

FLOW = "SpatialMap(1,1) M; TemporalMap(7,7) N; Cluster(2); SpatialMap(3,3) N"


def test_a_halo_of_many_uneven_tiles_is_refused_with_what_to_assume() -> None:
    flow = pm.parse_dataflow(
        "SpatialMap(7,7) Y'; TemporalMap(11,11) X'; TemporalMap(2,2) R; TemporalMap(3,3) S; Cluster(3);"
        "SpatialMap(2,2) X'; TemporalMap(3,3) Y'; Cluster(2); SpatialMap(1,1) Y'"
    )
    with pytest.raises(CountingUnavailableError, match=r"too many steps; assume a bound, as in 'R <= 7'"):
        pm.analyze(pm.conv2d(stride=5, dilation=3), flow, 78)


@pytest.mark.parametrize("module", [summing, tracing])
def test_numbers_are_limited_too(module: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_STEPS", 100)
    with pytest.raises(CountingUnavailableError, match="let more tiles divide what they cut"):
        pm.analyze(pm.gemm(M=5, N=30, K=4), pm.parse_dataflow(FLOW), 4)


def test_numbers_within_the_limit_are_those_of_the_interpreter() -> None:
    layer, flow = pm.gemm(M=5, N=30, K=4), pm.parse_dataflow(FLOW)
    seen = pm.interpret(layer, flow, 4, {}).boundaries[0].tensors["B"]["parent_reads"]
    assert pm.analyze(layer, flow, 4)["L2"]["B"].parent_reads.at() == seen


def test_every_memory_of_the_package_is_bounded() -> None:
    caches = {
        f"{module.name}.{name}": value.cache_info().maxsize
        for module in pkgutil.walk_packages(pm.__path__, "polymaestro.")
        if not module.name.endswith("__main__")
        for name, value in vars(importlib.import_module(module.name)).items()
        if hasattr(value, "cache_info")
    }
    assert len(caches) > 5
    assert {name for name, size in caches.items() if size is None} <= {
        "polymaestro.relations.effort._probe"  # takes no arguments
    }
