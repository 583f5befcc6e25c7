"""``polymaestro check``: is every layer computed exactly once, and does it fit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import click

from polymaestro.checking import LayerVerdict, Verdict
from polymaestro.cli.options import Failure, array_options, format_options, machine
from polymaestro.cli.source import Source, source_arguments
from polymaestro.cli.tables import say
from polymaestro.cli.waiting import Waiting
from polymaestro.dataflow.findings import Finding

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro check examples/vgg16_kc_p.m --num-pes 256
  polymaestro check examples/vgg16_kc_p.m --num-pes 256 --layer CONV1
  polymaestro check examples/gemm.m --num-pes 256 --json
  polymaestro check --network vgg16 --dataflow yr_p --num-pes 256 \\
      --layer CONV2
"""
SCHEMA = "polymaestro.check/1"
COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


@click.command(epilog=EXAMPLES)
@source_arguments
@array_options
@click.option("--layer", metavar="NAME", help="Only this layer.")
@click.option(
    "--single-buffered", is_flag=True, help="Memories hold each tile once; else twice, to load the next."
)
@format_options("json")
def check(
    source: Source,
    hw: str | None,
    num_pes: int | None,
    layer: str | None,
    *,
    single_buffered: bool,
    **formats: bool,
) -> None:
    """Say for every layer of FILE whether it is computed exactly once, and whether it fits.

    A dataflow is legal when every multiply-accumulate is executed once: none is left out, none repeated. What
    is wrong is shown with its place, the reason, the share of the work, and what to write instead; that
    suggestion was tried and found to help. Extents may be symbols: then the condition is given under which
    the dataflow is legal. With l1_size_cstr or l2_size_cstr in HW, memories that are too small are errors.

    The array must be given, since the same directives can be legal on one PE and wrong on two.

    The exit status is 1 when a layer has an error; warnings and notes leave it 0.
    """
    hardware = machine(hw, num_pes, file=source.file)
    network = source.network()
    if layer is not None:
        network = replace(network, layers=network.named(layer))
    with Waiting("layers", len(network.layers)) as waiting:
        verdicts = network.check(hardware, double_buffered=not single_buffered, progress=waiting.over)
    if formats["json"]:
        click.echo(_json(network.name, hardware.pes, verdicts))
    else:
        click.echo(f"{network.name} on {hardware.pes} PEs")
        for each in verdicts:
            say(_text(each))
    wrong = [each for each in verdicts if not each.verdict.ok]
    if wrong:
        of = f"{len(wrong)} of {len(verdicts)} layers are wrong; the first is"
        message = f"{of} {wrong[0].name}" if len(verdicts) > 1 else f"layer {wrong[0].name} is wrong"
        raise Failure(message)


def _text(layer: LayerVerdict) -> str:
    verdict = layer.verdict
    colour = "green" if verdict.ok else "red"
    lines = [f"{layer.name}: {click.style(verdict.headline(), fg=colour)}"]
    lines += [_finding(finding) for finding in verdict.findings]
    fitting = [each for each in verdict.needs if each.fits]
    lines += [f"  {each.memory} needs at least {each.words} of its {each.size} words" for each in fitting]
    if verdict.repaired and not _is_said(verdict):
        lines.append(f"  legal as {' '.join(f'{each};' for each in verdict.repaired.directives)}")
    return "\n".join(lines)


def _is_said(verdict: Verdict) -> bool:
    """Whether the only error already says what to write, and that it suffices."""
    wrong = [finding.suggestion for finding in verdict.findings if finding.severity == "error"]
    return len(wrong) == 1 and wrong[0] is not None and wrong[0].cures


def _finding(finding: Finding) -> str:
    label = click.style(f"{finding.severity}[{finding.rule}]", fg=COLOURS[finding.severity])
    text = str(finding) if finding.severity == "error" else finding.line()
    return f"  {label}: {text}".replace("\n", "\n  ")


def _json(network: str, num_pes: int, verdicts: Sequence[LayerVerdict]) -> str:
    data = {
        "schema": SCHEMA,
        "network": network,
        "num_pes": num_pes,
        "ok": all(each.verdict.ok for each in verdicts),
        "layers": [each.to_json() for each in verdicts],
    }
    return json.dumps(data, indent=2, ensure_ascii=False)
