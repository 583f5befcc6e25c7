"""Many layers: a structure that layers share is derived once and evaluated for each of them.

Two layers share a structure when they differ only in extents; those of filters (R, S) are kept as
numbers, because they decide which windows fit a tile, and all others become symbols.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from polymaestro import dataflow as language
from polymaestro.checking import LayerVerdict, check_layer
from polymaestro.dataflow import Dataflow, Layer
from polymaestro.errors import CountingUnavailableError, DataflowError, PolymaestroError, WorkloadError
from polymaestro.hardware import Hardware
from polymaestro.hardware.machine import check_machine
from polymaestro.model import Analysis, LayerReport, NetworkReport
from polymaestro.pipeline import analyze, derive
from polymaestro.policies import Policies
from polymaestro.workload import Operator

Structure = tuple[Operator, Dataflow, int]
Progress = Callable[[Iterable[Layer]], Iterable[Layer]]


@dataclass(frozen=True, repr=False)
class Network(language.Network):
    """A network that can be analysed; read one with `load`.

    >>> import polymaestro as pm
    >>> network = pm.networks.vgg16().with_dataflow(pm.dataflows.kc_p(16))
    >>> report = network.analyze(pm.Hardware(num_pes=256))
    >>> report.macs == sum(layer.macs for layer in report.layers) == 15_470_264_320
    True
    >>> [each.verdict.legal for each in network.check(pm.Hardware(num_pes=256))] == [True] * 16
    True
    """

    def analyze(
        self,
        hardware: Hardware,
        *,
        policies: Policies = Policies(),  # noqa: B008  frozen
        allow_illegal: bool = False,
        progress: Progress = iter,
    ) -> NetworkReport:
        """Count and time every layer on the hardware.

        Layers that cannot be counted carry their problems instead of counts. `progress` wraps the
        layers as they are taken, to show how far the work is.

        Raises `WorkloadError` when a layer has a symbol for an extent.
        """
        check_machine(hardware)
        batch = Batch(hardware, policies, allow_illegal=allow_illegal)
        batch.expect(self.layers)
        layers = tuple(batch.report(layer) for layer in progress(self.layers))
        return NetworkReport(self.name, hardware, layers, policies)

    def check(
        self, hardware: Hardware, *, double_buffered: bool = True, progress: Progress = iter
    ) -> tuple[LayerVerdict, ...]:
        """Decide for every layer whether its dataflow is legal and fits; layers may have symbols.

        Nothing stops at a layer that is wrong, however wrong it is. Raises `HardwareError` for what is no
        machine.

        >>> import polymaestro as pm
        >>> network = Network("two", pm.networks.vgg16().layers[:2]).with_dataflow(pm.dataflows.kc_p())
        >>> [each.verdict.legal for each in network.check(pm.Hardware(num_pes=64))]
        [True, True]
        """
        check_machine(hardware)
        return tuple(
            check_layer(layer, hardware, double_buffered=double_buffered) for layer in progress(self.layers)
        )


def load(path: str | Path) -> Network:
    """Read a network file, or standard input for ``-``.

    Raises `LanguageError` with file, line and column where the file does not read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "net.m"
    ...     _ = file.write_text("Network Net { Layer A { Type: GEMM Dimensions { M: 4, N: 2, K: 6 } } }")
    ...     print(load(file))
    Net
    layer  type  dimensions
    A      GEMM  M = 4, N = 2, K = 6
    """
    network = language.load(path)
    return Network(network.name, network.layers)


class Batch:
    """The structures met so far; one that a single layer has is derived with that layer's numbers."""

    def __init__(self, hardware: Hardware, policies: Policies, *, allow_illegal: bool) -> None:
        """Start without any."""
        self.hardware = hardware
        self.policies = policies
        self.allow_illegal = allow_illegal
        self.layers_of: Counter[Structure] = Counter()
        self.known: dict[Structure, Analysis | None] = {}

    def expect(self, layers: Iterable[Layer]) -> None:
        """Count how many layers share each structure."""
        for layer in layers:
            with suppress(WorkloadError, DataflowError):
                self.layers_of[self._structure(layer.operator(), layer.mapping_dataflow())] += 1

    def report(self, layer: Layer) -> LayerReport:
        """Count a layer, or say what is wrong with it."""
        try:
            operator, flow = layer.operator(), layer.mapping_dataflow()
        except (WorkloadError, DataflowError) as error:
            return LayerReport(layer.name, layer.type, {}, (str(error),))
        extents = layer.numbers()
        try:
            return self._counted(layer.name, operator, flow)
        except PolymaestroError as error:
            return LayerReport(layer.name, operator.name, extents, (str(error),))

    def _counted(self, name: str, operator: Operator, flow: Dataflow) -> LayerReport:
        why = ""
        for analysis, point in self.analyses(operator, flow):
            try:
                return analysis.at(point, name, self.hardware)
            except CountingUnavailableError as error:
                report, why = partial(analysis.at, point, name), str(error)
        counted = report()
        return replace(counted, notes=(*counted.notes, why))

    def analyses(self, operator: Operator, flow: Dataflow) -> Iterator[tuple[Analysis, dict[str, int]]]:
        """Give the analysis that layers share, where it holds for this one, then that of the layer alone.

        The second is for what the first cannot time: steps that are too many with symbols.
        """
        shared = self._shared(operator, flow)
        if shared is not None:
            point = {symbol: operator.extent(symbol).constant for symbol in shared.symbols}
            if shared.macs.valid_on.holds(point):
                yield shared, point
        num_pes, illegal = self.hardware.pes, self.allow_illegal
        yield analyze(operator, flow, num_pes, policies=self.policies, allow_illegal=illegal), {}

    def _shared(self, operator: Operator, flow: Dataflow) -> Analysis | None:
        """Give the analysis that the layers of a structure share, if there is one."""
        key = self._structure(operator, flow)
        if self.layers_of[key] == 1:
            return None
        if key not in self.known:
            try:
                self.known[key] = derive(key[0], flow, self.hardware.pes, policies=self.policies)
            except PolymaestroError:  # with the layer's own numbers it may work, or fail with its reason
                self.known[key] = None
        return self.known[key]

    def _structure(self, operator: Operator, flow: Dataflow) -> Structure:
        """Lift all extents but the filters' to symbols."""
        filters = {window.filter for window in operator.windows}
        lifted = operator.with_extents({d.name: d.name for d in operator.dims if d.name not in filters})
        return lifted, flow, self.hardware.pes
