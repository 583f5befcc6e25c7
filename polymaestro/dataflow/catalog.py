"""The five published dataflows that the MAESTRO paper compares, as directives.

Source: H. Kwon, P. Chatarasi, M. Pellauer, A. Parashar, V. Sarkar, T. Krishna, "Understanding Reuse,
Performance, and Hardware Cost of DNN Dataflows", MICRO 2019, Table 3. A name lists the dimensions that
are mapped in space. Each gives the outputs of a stride-1 convolution exactly once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from polymaestro.affine import Affine
from polymaestro.dataflow.directives import Dataflow, size_text
from polymaestro.dataflow.language import parse_dataflow
from polymaestro.errors import DataflowError

WHOLE_FILTER = "TemporalMap(Sz(R),Sz(R)) R; TemporalMap(Sz(S),Sz(S)) S;"


def c_p() -> Dataflow:
    """C-P: input channels in space, reduced across the PEs; each filter slides over its image in place.

    The weights of one output channel are stationary: a PE holds its R·S filter for the P·Q outputs.

    >>> print(c_p().levels[0].maps[-1])
    SpatialMap(1,1) C
    """
    return _written(
        "TemporalMap(1,1) K; TemporalMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X;"
        f"{WHOLE_FILTER} SpatialMap(1,1) C;"
    )


def x_p() -> Dataflow:
    """X-P: output columns in space, weight-stationary; neighbours share Sz(S)-1 input columns.

    All PEs hold the same filter, sent once by multicast for each (K, C) pair, while they go down the rows.

    >>> print(x_p().levels[0].maps[-1])
    SpatialMap(Sz(S),1) X
    """
    return _written(
        f"TemporalMap(1,1) K; TemporalMap(1,1) C; {WHOLE_FILTER}"
        "TemporalMap(Sz(R),1) Y; SpatialMap(Sz(S),1) X;"
    )


def yx_p(cluster: int | str = 8) -> Dataflow:
    """YX-P: output rows over the clusters, columns over the PEs of a cluster; output-stationary.

    A PE keeps one output while C advances, so partial sums never leave it (in the manner of ShiDianNao).

    >>> yx_p(16).levels[0].maps[2].size.evaluate({"Sz(S)": 3})  # 16 outputs under a window of 3
    18
    """
    width = _units(cluster)
    return _written(
        f"TemporalMap(1,1) K; SpatialMap(Sz(R),1) Y; TemporalMap({width}+Sz(S)-1,{width}) X;"
        f"TemporalMap(1,1) C; {WHOLE_FILTER} Cluster({width}); SpatialMap(Sz(S),1) X;"
    )


def yr_p(cluster: int | str | None = None) -> Dataflow:
    """YR-P: output rows over the clusters, filter rows over the PEs of a cluster; row-stationary.

    A PE keeps one filter row and one input row (in the manner of Eyeriss); the partial sums of an
    output row are added up across the cluster, which has Sz(R) PEs unless a size is given.

    >>> print(yr_p().levels[1].cluster, yr_p(3).levels[1].cluster)
    Cluster(Sz(R)) Cluster(3)
    """
    height = "Sz(R)" if cluster is None else _units(cluster)
    return _written(
        "TemporalMap(2,2) C; TemporalMap(2,2) K; SpatialMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X;"
        f"{WHOLE_FILTER}"
        f"Cluster({height}); SpatialMap(1,1) Y; SpatialMap(1,1) R; TemporalMap(Sz(S),Sz(S)) S;"
    )


def kc_p(cluster: int | str = 64) -> Dataflow:
    """KC-P: output channels over the clusters, input channels over the PEs of a cluster; weight-stationary.

    A PE keeps one R·S filter while Y and X advance (in the manner of NVDLA); the cluster adds up over C.

    >>> print(kc_p(16).levels[0].maps[1], kc_p(16).levels[1].cluster)
    TemporalMap(16,16) C Cluster(16)
    """
    depth = _units(cluster)
    return _written(
        f"SpatialMap(1,1) K; TemporalMap({depth},{depth}) C; {WHOLE_FILTER}"
        f"TemporalMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X; Cluster({depth}); SpatialMap(1,1) C;"
    )


PUBLISHED: dict[str, Callable[[], Dataflow]] = {
    "C-P": c_p,
    "X-P": x_p,
    "YX-P": yx_p,
    "YR-P": yr_p,
    "KC-P": kc_p,
}


def _written(text: str) -> Dataflow:
    """Read directives; their places say nothing to a user, who did not write them."""
    return Dataflow(tuple(replace(each, place=None) for each in parse_dataflow(text).directives))


def _units(cluster: int | str) -> str:
    size = Affine.of(cluster)
    if size.is_constant and size.constant < 1:
        message = f"a cluster of {cluster} units; it must be 1 or more"
        raise DataflowError(message)
    return size_text(size)
