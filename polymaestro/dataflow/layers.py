"""Layers: what a file says of each, the operator that it means, and the dataflow over its dimensions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from polymaestro.affine import Affine
from polymaestro.dataflow.binding import check_kinds, refuse_shadows
from polymaestro.dataflow.directives import (
    Cluster,
    Dataflow,
    Directive,
    SpatialMap,
    located,
    substituted,
)
from polymaestro.dataflow.kinds import CARRIED, KINDS, Declared
from polymaestro.errors import DataflowError, Place, WorkloadError, did_you_mean
from polymaestro.showing import Shown
from polymaestro.workload.operator import Operator

TYPES = tuple(KINDS)
LABEL = re.compile(r"(?:[\w.]|-(?!>))+\Z")


@dataclass(frozen=True, repr=False)
class Layer(Shown):
    """One layer of a file; `dimensions` as the user wrote them, stride and dilation as (rows, columns)."""

    name: str
    type: str
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    dimensions: Mapping[str, Affine] = field(default_factory=dict, hash=False)
    dataflow: Dataflow | None = None
    place: Place | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a name that no file can hold, and unknown types."""
        check_label("layer", self.name)
        if self.type not in TYPES:
            message = f"layer {self.name} has unknown type {self.type!r}{did_you_mean(self.type, TYPES)}"
            raise WorkloadError(message)

    @property
    def shape(self) -> str:
        """The dimensions as they were given, with stride and dilation where they are not 1."""
        parts = [f"{dim} = {extent}" for dim, extent in self.dimensions.items()]
        for name, pair in (("stride", self.stride), ("dilation", self.dilation)):
            if pair != (1, 1):
                parts.append(f"{name} {pair[0] if pair[0] == pair[1] else ' × '.join(map(str, pair))}")
        return ", ".join(parts)

    def __str__(self) -> str:
        """Write name, type and shape, then the dataflow."""
        head = f"{self.name}: {self.type}, {self.shape}"
        return head if self.dataflow is None else f"{head}\n{self.dataflow}"

    def operator(self) -> Operator:
        """Give what the layer computes; its extents are numbers where the file has numbers.

        Raises `WorkloadError` where the dimensions do not fit the type or contradict each other.

        >>> y = Affine.of(9)
        >>> layer = Layer("L", "CONV", stride=(2, 1), dimensions={"Y": y, "R": Affine.of(3)})
        >>> str(layer.operator().extent("P"))
        '4'
        """
        fail = partial(_failure, self)
        return Declared(self.type, self.stride, self.dilation, self.dimensions, fail).operator()

    def numbers(self) -> dict[str, int]:
        """Give the extents of the operator's dimensions; raises `WorkloadError` where one is a symbol."""
        operator = self.operator()
        if operator.symbols:
            symbols = ", ".join(operator.symbols)
            message = (
                f"layer {self.name} has symbols for extents ({symbols}); use derive, or give them numbers"
            )
            raise WorkloadError(located(message, self.place))
        return {dim.name: dim.extent.constant for dim in operator.dims}

    def mapping_dataflow(self) -> Dataflow:
        """Give the dataflow over the dimensions that the operator has.

        Files name dimensions of extent 1 that the type lacks (K of a depthwise layer); such a
        ``TemporalMap`` has one step, which changes nothing, and is left out.

        Raises `DataflowError` when the layer has no dataflow, for a symbol that is called like a dimension,
        and for a ``SpatialMap`` of such a dimension: all units but the first would be idle.
        """
        if self.dataflow is None:
            message = (
                f"layer {self.name} has no Dataflow; write one, or take a published one: --dataflow on the "
                f"command line, with_dataflow(…) in Python"
            )
            raise DataflowError(located(message, self.place))
        operator = self.operator()
        check_kinds(operator, self.dataflow)
        refuse_shadows(operator, self.dataflow)
        return _mapped(operator, self.type, self.dataflow)


def check_label(what: str, name: str) -> None:
    """Refuse a name of a network or layer that no file can hold."""
    if not LABEL.match(name):
        message = f"{name!r} is no name of a {what}: use letters, digits and _ - ."
        raise DataflowError(message)


def _mapped(operator: Operator, kind: str, dataflow: Dataflow) -> Dataflow:
    """Leave out the temporal maps of dimensions that files carry and the operator lacks."""
    known = {*operator.coordinates, *operator.primes}
    lacking = tuple(dim for dim in CARRIED if dim not in known)
    ones = {f"Sz({dim})": 1 for dim in lacking}
    kept: list[Directive] = []
    for directive in dataflow.directives:
        if not isinstance(directive, Cluster) and directive.dim in lacking:
            if isinstance(directive, SpatialMap):
                message = (
                    f"'{directive}' leaves all units but one idle, since {kind} has no {directive.dim}; "
                    f"spread another dimension"
                )
                raise DataflowError(located(message, directive.place))
            continue
        kept.append(substituted(directive, ones))
    return Dataflow(tuple(kept))


def _failure(layer: Layer, message: str) -> WorkloadError:
    return WorkloadError(located(f"layer {layer.name}: {message}", layer.place))
