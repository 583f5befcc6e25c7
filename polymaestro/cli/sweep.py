"""``polymaestro sweep``: the best of many dataflows on many machines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

import polymaestro as pm
from polymaestro.cli.options import (
    MACHINES,
    Failure,
    chosen,
    format_options,
    policies_of,
    policy_option,
    unwritable,
)
from polymaestro.cli.options import machine as machine_of
from polymaestro.cli.pictures import check_picture, write_picture
from polymaestro.cli.source import DATAFLOWS, Layers, layers_arguments
from polymaestro.cli.tables import say, tell, written
from polymaestro.cli.values import Values
from polymaestro.cli.waiting import Waiting
from polymaestro.errors import did_you_mean
from polymaestro.model.numbers import first_line
from polymaestro.showing import Row, Table
from polymaestro.sweeping import METRICS, Best, Constraints, Design
from polymaestro.sweeping.designs import design_cells, design_head

if TYPE_CHECKING:
    from polymaestro.sweeping.result import Sweep

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro sweep examples/vgg16_kc_p.m --num-pes 64,128,256 \\
    --dataflow kc_p:16,yr_p,yx_p:8 --noc-bw 1:32
  polymaestro sweep examples/vgg16_kc_p.m --hw examples/machine.yaml \\
    --num-pes 64:512:*2 --dataflow kc_p:16,yx_p:8 --any-size --pareto \\
    --plot front.png
  polymaestro sweep --network alexnet --dataflow kc_p,yx_p --as-convolutions \\
    --num-pes 64,256 --noc-bw 8,32
  polymaestro sweep examples/gemm.m --num-pes 64:1024:*2 \\
    --l2-size 4096:1048576:*2 --offchip-bw 1,2,none \\
    --minimize energy --csv designs.csv

\b
VALUES are separated by commas: a number, none (no limit), a range FIRST:LAST,
FIRST:LAST:STEP or FIRST:LAST:*FACTOR; ranges hold their ends.
"""

AXES = {
    "noc-bw": "Words per cycle below L2 and below each cluster, each direction.",
    "offchip-bw": "Words per cycle between DRAM and L2, each direction.",
    "l1-size": "Words in the memory of a PE.",
    "l2-size": "Words in the memory that all PEs share.",
    "simd-lanes": "MACs per PE and cycle.",
    "noc-hops": "Hops from a memory on the chip to what is below.",
    "hop-latency": "Cycles per hop; needs --noc-hops or --hw that has hops.",
}


def _axes(command: Any) -> Any:  # noqa: ANN401  as click has it
    for name, text in reversed(AXES.items()):
        command = click.option(f"--{name}", type=Values(), help=text)(command)
    return command


@click.command(epilog=EXAMPLES)
@layers_arguments
@click.option(
    "--dataflow",
    "names",
    metavar="NAMES",
    help="Published dataflows, by commas: c_p, x_p, yx_p, yr_p, kc_p, with :N for the size of a cluster; "
    "own for that of each layer, which is the default.",
)
@click.option("--num-pes", type=Values(), help="Processing elements; or that of --hw.")
@click.option("--hw", metavar="HW", help=f"What does not vary: {MACHINES}.")
@_axes
@click.option("--layer", metavar="NAME", help="Only this layer.")
@click.option(
    "--minimize",
    type=click.Choice(list(METRICS)),
    default="runtime",
    show_default=True,
    help="Find the least.",
)
@click.option(
    "--pareto", is_flag=True, help="Show what no other design beats in run time, energy and buffer."
)
@click.option("--power", type=float, metavar="P", help="At most this energy per microsecond (pJ: µW).")
@click.option(
    "--bandwidth", type=float, metavar="W", help="At most so many words per cycle with DRAM, on average."
)
@click.option("--any-size", is_flag=True, help="Designs whose memories are too small count, too.")
@click.option("--csv", "csv_file", metavar="OUT", help="Write every design to a CSV file.")
@click.option("--parquet", "parquet_file", metavar="OUT", help="Write every design to a Parquet file.")
@click.option("--plot", metavar="OUT", help="Draw the Pareto front into a .png, .svg or .pdf.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, help="Processes that derive.")
@policy_option
@format_options("json", "markdown", "latex")
def sweep(  # noqa: PLR0913, PLR0917  each is an option of the command
    layers: Layers,
    names: str | None,
    num_pes: list[Any] | None,
    hw: str | None,
    layer: str | None,
    minimize: str,
    power: float | None,
    bandwidth: float | None,
    csv_file: str | None,
    parquet_file: str | None,
    plot: str | None,
    jobs: int,
    changes: tuple[str, ...],
    *,
    pareto: bool,
    any_size: bool,
    **options: Any,  # noqa: ANN401  axes and formats
) -> None:
    """Find the best machines and dataflows for the layers of FILE or of a network.

    Every dataflow is tried on every layer on every machine: the product of all VALUES. The best machine for
    all layers, each under its best dataflow, and the best of each layer alone are shown. Numbers are exact.
    Nothing is written to a file unless asked for.
    """
    check_picture(plot)
    style = chosen({name: options.pop(name) for name in ("json", "markdown", "latex")})
    axes = {name: values for name, values in options.items() if values is not None}
    pes = _pes(num_pes)
    base = machine_of(hw, pes[0] if pes else None, file=layers.file)
    layers.need_dataflow(is_given="own" not in (names or "own").replace(" ", "").split(","))
    flows = _dataflows(names)
    network = layers.network()
    if layer is not None:
        network = replace(network, layers=network.named(layer))
    found = pm.sweep(
        network,
        flows,
        num_pes=pes or [base.pes],
        hardware=base,
        policies=policies_of(changes),
        constraints=Constraints(fits=not any_size, power=power, bandwidth=bandwidth),
        jobs=jobs,
        **axes,
    )
    with Waiting("parts", found.parts) as waiting:
        found = replace(found, progress=waiting.over)
        best = found.best(minimize)
        front = found.pareto() if pareto or plot else []
        for path, write in ((csv_file, found.to_csv), (parquet_file, found.to_parquet)):
            if path is not None:
                _written_file(path, write)
    _report(found, best, front, style, pareto=pareto)
    if plot is not None:
        from polymaestro.plot import pareto as drawn  # noqa: PLC0415  only pictures pay for it

        write_picture(drawn(front, title=f"{network.name}: Pareto front of {found.size} designs"), plot)


def _written_file(path: str, write: Callable[[str], int]) -> None:
    try:
        count = write(path)
    except OSError as error:
        raise unwritable(path, error) from None
    tell(f"{count} design{'s' * (count != 1)} written to {path}")


def _pes(values: list[Any] | None) -> list[int]:
    for value in values or []:
        if not isinstance(value, int) or value < 1:
            message = f"--num-pes is {'none' if value is None else value}; it must be an integer, 1 or more"
            raise click.UsageError(message)
    return values or []


def _dataflows(names: str | None) -> dict[str, pm.Dataflow | None] | None:
    """Read the names of dataflows; None leaves each layer its own."""
    if names is None or names == "own":
        return None
    found: dict[str, pm.Dataflow | None] = {}
    for each in names.split(","):
        name, _, cluster = each.strip().partition(":")
        if each.strip() == "own":
            found["own"] = None
            continue
        published = DATAFLOWS.named(name)
        if published is None:
            message = f"no dataflow {name!r}" + did_you_mean(name, [*DATAFLOWS.known, "own"])
            raise click.UsageError(message)
        make: Any = pm.dataflows.PUBLISHED[published]
        if cluster and (not re.fullmatch("[0-9]+", cluster) or published in {"C-P", "X-P"}):
            message = f"{each!r}: after the colon of yx_p, yr_p or kc_p comes the size of a cluster"
            raise click.UsageError(message)
        found[each.strip()] = make(int(cluster)) if cluster else make()
    return found


def _report(found: Sweep, best: Best, front: Sequence[Design], style: str, *, pareto: bool) -> None:
    refused = list(found.refused)
    for pes, name, layer, reason in refused[:3]:
        tell(f"warning: {layer} under {name} on {pes} PEs is left out: {first_line(reason)}")
    if len(refused) > 3:  # noqa: PLR2004  three are shown
        tell(f"warning: … and {len(refused) - 3} more")
    if style == "json":
        data: dict[str, Any] = {
            "schema": "polymaestro.sweep/1",
            "network": found.network,
            "designs": found.size,
            "minimize": best.minimize,
            "policies": found.policies.to_json(),
            "best": best.total.to_json() if best.total else None,
            "layers": [each.to_json() if each else None for each in best.layers],
            **({"pareto": [each.to_json() for each in front]} if pareto else {}),
        }
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        tables = [*best.tables(), *([_front(front)] if pareto and front else [])]
        say(written(tables, style), style)
    if not any(best.layers):
        message = "no design keeps the constraints"
        message += "; some could not be timed" if refused else ""
        message += "; --any-size counts those whose memories are too small" if found.constraints.fits else ""
        raise Failure(message)


def _front(front: Sequence[Design]) -> Table:
    title = "Pareto front: run time, energy, buffer; one dataflow for all layers"
    rows = tuple(Row(design_cells(design)) for design in front)
    return Table(design_head(front[0]), rows, words=1, title=title)
