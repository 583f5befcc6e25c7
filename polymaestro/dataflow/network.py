"""Networks: named layers in the order of their file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from polymaestro.dataflow.directives import Dataflow
from polymaestro.dataflow.layers import Layer, check_label
from polymaestro.errors import DataflowError, did_you_mean
from polymaestro.showing import Row, Table, Tabled


@dataclass(frozen=True, repr=False)
class Network(Tabled):
    """Layers in the order of the file; names of layers may come back."""

    name: str
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        """Refuse a name that no file can hold."""
        check_label("network", self.name)

    def tables(self) -> Iterator[Table]:
        """Give one line a layer."""
        rows = tuple(Row((each.name, each.type, each.shape)) for each in self.layers)
        yield Table(("layer", "type", "dimensions"), rows, words=3, title=self.name)

    def with_dataflow(self, dataflow: Dataflow) -> Self:
        """Give the same network with this dataflow in every layer."""
        return replace(self, layers=tuple(replace(layer, dataflow=dataflow) for layer in self.layers))

    def named(self, name: str) -> tuple[Layer, ...]:
        """Give the layers of that name, at least one.

        >>> Network("Net", (Layer("CONV1", "CONV"),)).named("conv1")
        Traceback (most recent call last):
        polymaestro.errors.DataflowError: network Net has no layer 'conv1'; did you mean 'CONV1'? Known: CONV1

        Raises `DataflowError` where there is none.
        """
        found = tuple(layer for layer in self.layers if layer.name == name)
        if not found:
            message = f"network {self.name} has no layer {name!r}"
            raise DataflowError(message + did_you_mean(name, [layer.name for layer in self.layers]))
        return found
