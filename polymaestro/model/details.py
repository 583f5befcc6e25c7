"""Reports with every boundary and quantity, as tables."""

from __future__ import annotations

from collections.abc import Iterator

from polymaestro.model.numbers import decimal, first_line, percent, ratio, reuse, slots
from polymaestro.model.performance import Performance
from polymaestro.model.report import BoundaryReport, LayerReport
from polymaestro.movement import QUANTITIES
from polymaestro.showing import Row, Table

FACTORS = ("reuse_inside_tile", "reuse_temporal", "reuse_spatial")


def layer_tables(layer: LayerReport) -> Iterator[Table]:
    """Everything about a layer: its totals, what it costs, then each boundary, quantity by tensor."""
    if layer.problems:
        problems = tuple(Row((layer.name,), first_line(problem)) for problem in layer.problems)
        yield Table(("layer", "problem"), problems, words=2)
    if layer.boundaries:
        yield _totals(layer)
        if layer.performance:
            yield from cost_tables(layer.performance)
        yield from (boundary_table(each, layer.macs) for each in layer.boundaries)


def cost_tables(times: Performance) -> Iterator[Table]:
    """Give cycles, bounds and energy, then what crosses each boundary."""
    yield _costs(times)
    yield _links(times)


def _costs(times: Performance) -> Table:
    """Cycles, bounds and energy of a layer."""
    rows = [Row(("run time, cycles", str(times.runtime_cycles)))]
    if times.seconds is not None:
        rows.append(Row(("run time, seconds", decimal(times.seconds))))
    rows += [Row((f"at least, by {name}", str(cycles))) for name, cycles in times.bounds.items()]
    rows += [Row((f"energy, {times.energy_unit}", decimal(times.total_energy)))]
    rows += [Row((f"  {name}", decimal(value))) for name, value in times.energy.items() if value]
    rows += [Row((f"words that {each.memory} needs", str(each.needed))) for each in times.buffers]
    staying = ", ".join(times.resident) or "nothing"
    notes = (f"L2 keeps for the whole run: {staying}", *times.problems)
    return Table(("cost", "number"), tuple(rows), title=f"bound by {times.bound_by}", notes=notes)


def _links(times: Performance) -> Table:
    """What crosses each boundary, and how fast it should."""
    rows = tuple(
        Row(
            (
                f"{link.parent} → {link.child}",
                str(link.ingress_words),
                str(link.egress_words),
                str(link.fill_cycles),
                str(link.drain_cycles),
                decimal(link.bandwidth_peak),
                decimal(link.bandwidth_average),
            )
        )
        for link in times.links
    )
    head = ("words and cycles", "in", "out", "fill", "drain", "peak\nper cycle", "average\nper cycle")
    return Table(head, rows)


def _totals(layer: LayerReport) -> Table:
    extents = ", ".join(f"{dim} = {extent}" for dim, extent in layer.extents.items())
    rows = (
        Row(("MACs", str(layer.macs))),
        Row(("steps", str(layer.steps))),
        Row(("PEs", str(layer.units))),
        Row(("active PEs per step", decimal(ratio(layer.active, layer.steps)))),
        Row(("utilization", percent(layer.active, slots(layer)))),
    )
    return Table(
        ("in all", "count"), rows, title=f"{layer.name}: {layer.operator}, {extents}", notes=layer.notes
    )


def boundary_table(boundary: BoundaryReport, macs: int | None = None) -> Table:
    """Give each quantity by tensor, with the reuse factors where the number of MACs is known."""
    rows = []
    for quantity in QUANTITIES:
        counts = [tensor.get(quantity) for tensor in boundary.tensors.values()]
        cells = ("" if count is None else str(count) for count in counts)
        rows.append(Row((quantity.replace("_", " "), *cells)))
    if macs is not None:
        factors = [reuse(macs, counts) for counts in boundary.tensors.values()]
        rows += [
            Row((name.replace("_", " "), *(decimal(each[index]) for each in factors)))
            for index, name in enumerate(FACTORS)
        ]
    title = f"{boundary.parent} → {boundary.child}: {boundary.steps} steps"
    return Table(("elements", *boundary.tensors), tuple(rows), title=title)
