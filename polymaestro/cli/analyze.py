"""``polymaestro analyze``: the numbers of a network, layer by layer."""

from __future__ import annotations

import json
from dataclasses import replace

import click

from polymaestro.cli.details import csv_text, policies_text
from polymaestro.cli.maestro import maestro_csv
from polymaestro.cli.options import (
    Failure,
    array_options,
    chosen,
    format_options,
    machine,
    policies_of,
    policy_option,
)
from polymaestro.cli.pictures import check_picture, write_picture
from polymaestro.cli.source import Source, source_arguments
from polymaestro.cli.tables import say, tell, written
from polymaestro.cli.waiting import Waiting
from polymaestro.model import NetworkReport
from polymaestro.model.details import layer_tables
from polymaestro.model.overview import costs, overview

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro analyze examples/vgg16_kc_p.m --num-pes 256
  polymaestro analyze examples/vgg16_kc_p.m --num-pes 256 --layer CONV1
  polymaestro analyze --network mobilenet_v2 --dataflow yx_p --num-pes 256 \\
      --as-convolutions
  polymaestro analyze examples/gemm.m --num-pes 256 --json \\
      --policy sharing=unicast
  polymaestro analyze examples/vgg16_kc_p.m --hw examples/machine.yaml \\
      --plot vgg16.png
"""


@click.command(epilog=EXAMPLES)
@source_arguments
@array_options
@click.option("--layer", metavar="NAME", help="Only this layer, with every boundary and quantity.")
@click.option("--allow-illegal", is_flag=True, help="Count layers whose dataflow skips or repeats work, too.")
@click.option("--plot", metavar="OUT", help="Draw roofline and energy into a .png, .svg or .pdf; needs --hw.")
@policy_option
@format_options("json", "csv", "maestro-csv", "markdown", "latex")
def analyze(  # noqa: PLR0913, PLR0917  each is an option of the command
    source: Source,
    hw: str | None,
    num_pes: int | None,
    layer: str | None,
    plot: str | None,
    changes: tuple[str, ...],
    *,
    allow_illegal: bool,
    **formats: bool,
) -> None:
    """Count what every layer of FILE moves, computes and costs.

    Numbers are exact. The text shows one line per layer: with --hw its cycles, energy and what bounds it,
    else the traffic below the outermost memory; the other formats and --layer have every boundary. A layer
    that cannot be counted shows why, and the exit status is 1.
    """
    style = chosen(formats)
    if plot is not None and hw is None:
        message = "--plot needs --hw HW, the machine"
        raise click.UsageError(message)
    check_picture(plot)
    hardware = machine(hw, num_pes, file=source.file)
    network = source.network()
    if layer is not None:
        network = replace(network, layers=network.named(layer))
    with Waiting("layers", len(network.layers)) as waiting:
        report = network.analyze(
            hardware, policies=policies_of(changes), allow_illegal=allow_illegal, progress=waiting.over
        )
    text = _written(report, style, detailed=layer is not None, on_machine=hw is not None)
    say(text, style, nl=not style.endswith("csv"))
    _judge(report)
    if plot is not None:
        from polymaestro.plot import summary  # noqa: PLC0415  only pictures pay for it

        write_picture(summary(report), plot)


def _written(report: NetworkReport, style: str, *, detailed: bool, on_machine: bool) -> str:
    if style == "json":
        return json.dumps(report.to_json(), indent=2, ensure_ascii=False)
    if style == "csv":
        return csv_text(report)
    if style == "maestro-csv":
        return maestro_csv(report)
    if detailed:
        tables = [table for layer in report.layers for table in layer_tables(layer)]
    else:
        tables = [costs(report) if on_machine else overview(report)]
    return f"{written(tables, style)}\n\n{policies_text(report, style)}"


def _judge(report: NetworkReport) -> None:
    """Fail when a layer has no counts; counts that were asked for in spite of problems get a warning."""
    wrong = [layer for layer in report.layers if not layer.legal]
    if not wrong:
        return
    count = f"{len(wrong)} of {len(report.layers)} layers"
    if all(layer.boundaries for layer in wrong):
        tell(f"warning: {count} skip or repeat work; the counts are of what is executed")
        return
    first = next(layer for layer in wrong if not layer.boundaries)
    if len(report.layers) == 1:
        message = f"layer {first.name} cannot be counted: {first.problems[0]}"
        raise Failure(message)
    message = f"{count} cannot be counted; the first is {first.name}: {first.problems[0]}"
    raise Failure(message)
