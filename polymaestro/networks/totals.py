"""What papers print of a network as a whole, from the layers alone: no dataflow is needed."""

from __future__ import annotations

from math import prod

from polymaestro.dataflow import Network


def macs(network: Network) -> int:
    """Count the multiply-accumulates of all layers; raises `WorkloadError` where a layer has symbols.

    >>> from polymaestro.networks import vgg16
    >>> macs(vgg16())
    15470264320
    """
    return sum(prod(layer.numbers().values()) for layer in network.layers)


def weights(network: Network) -> int:
    """Count the elements of the tensors W, biases left out; a GEMM multiplies activations and has none.

    Raises `WorkloadError` where a layer has symbols.

    >>> from polymaestro.networks import vgg16
    >>> weights(vgg16())
    138344128
    """
    total = 0
    for layer in network.layers:
        extents = {name.lower(): extent for name, extent in layer.numbers().items()}
        held = (tensor for tensor in layer.operator().tensors if tensor.name == "W")
        total += sum(prod(extents[str(index)] for index in tensor.access) for tensor in held)
    return total
