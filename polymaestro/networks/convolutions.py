"""Layers as the convolutions that they equal, so that the dataflows of convolutions fit them.

=======  ======================================================================================
FC       N K C              CONV of a picture of one pixel with a filter of one tap
LSTM     N G K C            the same; the gates lie side by side, G·K outputs
GEMM     B M N K            NGCONV of one pixel: B groups, M pictures, N outputs, K inputs in each
DSCONV   N C …              NGCONV of C groups with one input and one output each
=======  ======================================================================================

A transposed convolution is none of these: there directives over input rows mean other rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from polymaestro.affine import Affine
from polymaestro.batch import Network
from polymaestro.dataflow import Layer
from polymaestro.errors import WorkloadError

Sizes = Mapping[str, Affine]
ONE = Affine.of(1)


def as_convolutions(network: Network) -> Network:
    """Give the network with every layer but transposed convolutions and pooling as a convolution.

    The MACs, and the elements of each tensor, stay the same.

    >>> import polymaestro as pm
    >>> network = pm.networks.as_convolutions(pm.networks.vgg16())
    >>> network.layers[-1].type, network.layers[-1].numbers()
    ('CONV', {'N': 1, 'K': 1000, 'C': 4096, 'P': 1, 'Q': 1, 'R': 1, 'S': 1})
    """
    return replace(network, layers=tuple(map(_as_convolution, network.layers)))


def _as_convolution(layer: Layer) -> Layer:
    rule = {"FC": _dense, "LSTM": _gates, "GEMM": _products, "DSCONV": _groups}.get(layer.type)
    if rule is None:
        return layer
    kind, dimensions = rule({dim.name: dim.extent for dim in layer.operator().dims})
    return replace(layer, type=kind, dimensions=dimensions)


def _dense(sizes: Sizes) -> tuple[str, Sizes]:
    return "CONV", sizes


def _gates(sizes: Sizes) -> tuple[str, Sizes]:
    if not sizes["G"].is_constant:
        message = f"an LSTM with G = {sizes['G']} gates is no convolution; make G a number"
        raise WorkloadError(message)
    return "CONV", {"N": sizes["N"], "K": sizes["K"] * sizes["G"].constant, "C": sizes["C"]}


def _products(sizes: Sizes) -> tuple[str, Sizes]:
    return "NGCONV", {"G": sizes.get("B", ONE), "N": sizes["M"], "K": sizes["N"], "C": sizes["K"]}


def _groups(sizes: Sizes) -> tuple[str, Sizes]:
    return "NGCONV", {**sizes, "G": sizes["C"], "C": ONE, "K": ONE}
