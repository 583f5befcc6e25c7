"""A network at a glance: one line per layer with its traffic, or with its costs on a machine, and a total."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from polymaestro.model.numbers import decimal, first_line, percent, slots
from polymaestro.model.performance import BufferReport
from polymaestro.model.report import LayerReport, NetworkReport
from polymaestro.showing import Row, Table

SHORT = {"fully_connected": "FC", "batched_gemm": "gemm", "max_pool2d": "pool", "average_pool2d": "avgpool"}
NEW_LINE = "\n"


class Column(NamedTuple):
    """A quantity of the n-th tensor of a role, so that convolutions and GEMMs share columns."""

    role: str
    position: int
    quantity: str

    def tensor(self, layer: LayerReport) -> str | None:
        """Give the name of the tensor in a layer."""
        names = [name for name, role in layer.boundaries[0].roles.items() if role == self.role]
        return names[self.position] if self.position < len(names) else None

    def value(self, layer: LayerReport) -> int | None:
        """Give the count of a layer."""
        name = self.tensor(layer)
        return None if name is None else layer.boundaries[0].tensors[name][self.quantity]

    def label(self, layers: Iterable[LayerReport]) -> str:
        """Name the column: ``I`` over ``reads``, or ``I/A`` where operators differ; no word widens it."""
        names = dict.fromkeys(name for layer in layers if (name := self.tensor(layer)))
        return f"{'/'.join(names)}\n{self.quantity.removeprefix('parent_').replace('_', NEW_LINE)}"


def overview(report: NetworkReport) -> Table:
    """Give the table of all layers."""
    counted = [layer for layer in report.layers if layer.boundaries]
    columns = list(_columns(counted))
    labels = (column.label(counted) for column in columns)
    rows = [_line(layer, columns) for layer in report.layers]
    if len(rows) > 1 and counted:
        rows.append(_total(counted, columns))
    parents = sorted({layer.boundaries[0].parent for layer in counted})
    traffic = f"; traffic below {', '.join(parents)}, in elements" if parents else ""
    title = f"{report.network} on {report.hardware.num_pes} PEs{traffic}"
    head = ("layer", "kind", "MACs", "steps", "util", *labels)
    return Table(head, tuple(rows), words=2, title=title)


def costs(report: NetworkReport) -> Table:
    """Give the table of all layers with their cycles and energy on the machine."""
    rows = [_cost_line(layer) for layer in report.layers]
    if len(rows) > 1 and report.timed:
        rows.append(_cost_total(report))
    head = (
        "layer",
        "kind",
        "MACs",
        "util",
        "cycles",
        "roofline",
        "bound by",
        f"energy\n{report.hardware.energy.unit}",
    )
    machine = report.hardware.name or f"{report.hardware.num_pes} PEs"
    title = f"{report.network} on {machine}"
    return Table(head, tuple(rows), words=2, title=title, notes=tuple(_notes(report)))


def _notes(report: NetworkReport) -> Iterator[str]:
    """Say what is odd about the machine: memories that are too small, word sizes of no tensor."""
    yield from _too_small(report.layers)
    known = {name for layer in report.layers for each in layer.boundaries for name in each.roles}
    unknown = sorted(set(report.hardware.word_sizes) - known)
    if known and unknown:
        yield f"no layer has a tensor {', '.join(unknown)}, for which word_sizes has a number"


def _too_small(layers: Iterable[LayerReport]) -> Iterator[str]:
    """Say for each memory in how many layers it is too small, and how large it would have to be."""
    lacking: dict[str, list[BufferReport]] = {}
    for layer in layers:
        for each in layer.performance.buffers if layer.performance else ():
            if not each.fits:
                lacking.setdefault(each.memory, []).append(each)
    for memory, cases in lacking.items():
        count = f"{len(cases)} layers" if len(cases) > 1 else "1 layer"
        most = max(each.needed for each in cases)
        yield f"{memory} is too small in {count}: up to {most} words are needed, it has {cases[0].capacity}"


def _cost_line(layer: LayerReport) -> Row:
    times = layer.performance
    if not layer.boundaries or times is None:
        return Row((layer.name, _short(layer)), "; ".join(map(first_line, layer.problems or layer.notes)))
    use = percent(layer.active, slots(layer))
    cycles = (str(times.runtime_cycles), str(times.roofline_cycles), times.bound_by)
    return Row((layer.name, _short(layer), str(layer.macs), use, *cycles, decimal(times.total_energy)))


def _cost_total(report: NetworkReport) -> Row:
    times = [layer.performance for layer in report.layers if layer.performance]
    use = percent(sum(layer.active for layer in report.layers), sum(map(slots, report.layers)))
    bounds = str(sum(each.roofline_cycles for each in times))
    cycles = (str(report.runtime_cycles), bounds, "")
    return Row(("total", "", str(report.macs), use, *cycles, decimal(report.energy)))


def _columns(layers: Sequence[LayerReport]) -> Iterator[Column]:
    for role, quantities in (("input", ["parent_reads"]), ("output", ["parent_updates", "read_backs"])):
        most = max((list(layer.boundaries[0].roles.values()).count(role) for layer in layers), default=0)
        for position in range(most):
            yield from (Column(role, position, quantity) for quantity in quantities)


def _line(layer: LayerReport, columns: Sequence[Column]) -> Row:
    if not layer.boundaries:
        return Row((layer.name, _short(layer)), "; ".join(map(first_line, layer.problems)))
    values = (column.value(layer) for column in columns)
    use = percent(layer.active, slots(layer))
    head = (layer.name, _short(layer), str(layer.macs), str(layer.steps), use)
    return Row((*head, *("" if value is None else str(value) for value in values)))


def _short(layer: LayerReport) -> str:
    """Name the operator; one long name would widen the column of all."""
    return SHORT.get(layer.operator, layer.operator.removesuffix("_conv2d"))


def _total(layers: Sequence[LayerReport], columns: Sequence[Column]) -> Row:
    use = percent(sum(layer.active for layer in layers), sum(map(slots, layers)))
    macs, steps = sum(layer.macs for layer in layers), sum(layer.steps for layer in layers)
    sums = (sum(column.value(layer) or 0 for layer in layers) for column in columns)
    return Row(("total", "", str(macs), str(steps), use, *map(str, sums)))
