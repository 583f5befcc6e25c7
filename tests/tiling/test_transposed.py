"""Outputs whose index joins two dimensions: the partial sums of tiles overlap in halos."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.errors import CountingUnavailableError
from polymaestro.strategies import Drawn, array_sizes, dataflows, operators
from tests.interpreted import NO_HEALTH_CHECKS
from tests.tiling.test_tiles_against_interpreter import check


@st.composite
def scattered(draw: st.DrawFn) -> Drawn:
    """Draw a mapping of a transposed convolution, or of one with larger strides, dilations and extents."""
    stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    y, r, k = (draw(st.integers(1, most)) for most in (9, 6, 3))
    line = pm.einsum(f"Z[k,{stride}*y+{dilation}*r] += A[y,k] * B[r,k]", Y=y, R=r, K=k)
    operator = draw(operators("transposed_conv2d").filter(lambda each: not each.conditions) | st.just(line))
    dataflow = draw(dataflows(operator))
    return Drawn(operator, dataflow, draw(array_sizes(dataflow)))


@pytest.mark.slow
def test_partial_sums_with_halos_are_exact() -> None:
    seen: Counter[str] = Counter()

    @given(scattered(), st.randoms(use_true_random=False))
    @settings(max_examples=100, phases=[Phase.generate], suppress_health_check=NO_HEALTH_CHECKS)
    def every(drawn: Drawn, rng: random.Random) -> None:
        check(drawn, rng, seen)

    every()
    assert seen["equal"] >= 150


@pytest.mark.parametrize(
    "flow",
    [
        "TemporalMap(T,T) Y; SpatialMap(A,A) K; TemporalMap(B,B) R",
        "SpatialMap(A,A) K; TemporalMap(B,B) R; TemporalMap(T,T) Y; Cluster(2); SpatialMap(D,D) C",
        "SpatialMap(T,T) Y; Cluster(G); SpatialMap(1,1) C; TemporalMap(B,B) R",
        "SpatialMap(T,T) C; Cluster(2); SpatialMap(A,A) Y; TemporalMap(B,B) R; Cluster(G); SpatialMap(1,1) K",
    ],
)
@pytest.mark.parametrize("stride", [1, 2])
def test_single_quantities_are_exact_where_others_are_refused(flow: str, stride: int) -> None:
    """Units along Y overlap in the last two mappings, so that only their read-backs are not known."""
    operator = pm.transposed_conv2d(N=1, X=1, S=1, stride=(stride, 1))
    analysis = pm.analyze_tiles(operator, pm.parse_dataflow(flow), "PEs")
    rng = random.Random(flow)
    equal = refused = 0
    for _ in range(30):
        point = {name: rng.randint(1, 5) for name in analysis.symbols}
        point["PEs"] = point.get("G", 1) * 4 * rng.randint(1, 3)
        numbers = operator.with_extents({name: point[name] for name in operator.symbols})
        seen = pm.interpret(numbers, analysis.dataflow, point["PEs"], point)
        known = {name: point[name] for name in analysis.symbols}
        for boundary, observed in zip(analysis.boundaries, seen.boundaries, strict=True):
            for name, form in boundary.tensors["O"].forms.items():
                try:
                    value = form.at(**known)
                except CountingUnavailableError:
                    assert name == "read_backs"
                    refused += 1
                    continue
                assert value == observed.tensors["O"][name], (name, point)
                equal += 1
    assert equal >= 100
    assert bool(refused) == ("SpatialMap(T,T) Y" in flow or "SpatialMap(A,A) Y" in flow)


def test_a_report_says_why_it_is_refused() -> None:
    operator = pm.transposed_conv2d(N=1, K=1, C=1, X=1, S=1, stride=1)
    analysis = pm.analyze_tiles(operator, pm.parse_dataflow("SpatialMap(T,T) Y"), "U")
    with pytest.raises(CountingUnavailableError, match="units along Y hold overlapping parts of the output"):
        analysis.at({"Y": 8, "R": 3, "T": 2, "U": 3})
    assert analysis.at({"Y": 8, "R": 1, "T": 2, "U": 3}).macs == 8
