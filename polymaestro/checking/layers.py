"""Layers of a file: a verdict for each, also where a layer has no operator or no dataflow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from polymaestro.checking.deciding import check
from polymaestro.checking.verdict import Verdict
from polymaestro.dataflow import Layer
from polymaestro.dataflow.findings import Finding
from polymaestro.dataflow.tiles import ONE, at_least
from polymaestro.errors import DataflowError, WorkloadError
from polymaestro.hardware import Hardware
from polymaestro.showing import Shown
from polymaestro.workload import Operator
from polymaestro.workload.operator import Window


@dataclass(frozen=True, repr=False)
class LayerVerdict(Shown):
    """The verdict on one layer of a file."""

    name: str
    type: str
    verdict: Verdict

    def __str__(self) -> str:
        """Write the name, then the verdict."""
        return f"{self.name}: {self.verdict}"

    def to_json(self) -> dict[str, Any]:
        """Give the verdict as JSON data."""
        return {"name": self.name, "type": self.type, **self.verdict.to_json()}


def check_layer(layer: Layer, hardware: Hardware, *, double_buffered: bool = True) -> LayerVerdict:
    """Decide whether the dataflow of a layer is legal and fits the hardware."""
    try:
        operator = layer.operator()
        dataflow = layer.mapping_dataflow()
    except (WorkloadError, DataflowError) as error:
        return LayerVerdict(layer.name, layer.type, Verdict("illegal", (Finding(str(error), rule="layer"),)))
    verdict = check(operator, dataflow, hardware.num_pes, hardware, double_buffered=double_buffered)
    advice = tuple(unused_inputs(layer, operator))
    return LayerVerdict(layer.name, layer.type, replace(verdict, findings=(*verdict.findings, *advice)))


def unused_inputs(layer: Layer, operator: Operator) -> Iterator[Finding]:
    """Every input coordinate that a layer declares is used by an output; else it says which are not."""
    for window in operator.windows:
        declared = layer.dimensions.get(window.input)
        if declared is None:
            continue
        trailing = declared - operator.extent(window.input)
        if trailing.is_constant and trailing.constant > 0:
            said = f"the last {trailing} of {declared} in {window.input} serve no output"
            yield _warning(layer, said, window)
        between = window.stride - (window.span(ONE, operator.extent(window.filter)))
        several = not at_least(ONE, operator.extent(window.output))
        if several and between.is_constant and between.constant > 0:
            said = f"{between} in {window.input} between one window and the next serve no output"
            yield _warning(layer, said, window)


def _warning(layer: Layer, said: str, window: Window) -> Finding:
    taps = f"filter {window.filter}, stride {window.stride}"
    return Finding(f"{said} ({taps})", at=layer.place, rule="unused-input", severity="warning")
