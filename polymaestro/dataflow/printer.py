"""Printer: a network as a file that reads back as the same network."""

from __future__ import annotations

from polymaestro.dataflow.directives import size_text
from polymaestro.dataflow.layers import Layer
from polymaestro.dataflow.network import Network


def print_network(network: Network) -> str:
    """Write a network in the directive language; `parse_network` reads the same network back.

    >>> from polymaestro.dataflow.language import parse_network
    >>> text = "Network N { Layer L { Type: CONV Stride { X 2 } Dimensions { K 4 } Dataflow {} } }"
    >>> print(print_network(parse_network(text)))
    Network N {
      Layer L {
        Type: CONV
        Stride { Y: 1, X: 2 }
        Dimensions { K: 4 }
        Dataflow {
        }
      }
    }
    >>> parse_network(print_network(parse_network(text))) == parse_network(text)
    True
    """
    lines = [line for layer in network.layers for line in _layer(layer)]
    return "\n".join([f"Network {network.name} {{", *lines, "}"])


def _layer(layer: Layer) -> list[str]:
    lines = [f"  Layer {layer.name} {{", f"    Type: {layer.type}"]
    for keyword, (rows, columns) in (("Stride", layer.stride), ("Dilation", layer.dilation)):
        if (rows, columns) != (1, 1):
            lines.append(f"    {keyword} {{ Y: {rows}, X: {columns} }}")
    extents = ", ".join(f"{dim}: {size_text(extent)}" for dim, extent in layer.dimensions.items())
    lines.append(f"    Dimensions {{ {extents} }}")
    if layer.dataflow is not None:
        lines.append("    Dataflow {")
        lines += [f"      {directive};" for directive in layer.dataflow.directives]
        lines.append("    }")
    return [*lines, "  }"]
