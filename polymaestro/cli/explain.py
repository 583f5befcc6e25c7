"""``polymaestro explain``: what the directives of a layer mean, from the text to the numbers."""

from __future__ import annotations

import click

from polymaestro.cli.meanings import meanings
from polymaestro.cli.options import (
    Failure,
    array_options,
    file_argument,
    layer_of,
    layer_option,
    machine,
    network_of,
)
from polymaestro.dataflow import Dataflow
from polymaestro.loopnest import LoopNest, lower
from polymaestro.relations import Relations, extract

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro explain examples/gemm.m --num-pes 256
  polymaestro explain examples/vgg16_kc_p.m --layer CONV2 --num-pes 256
"""


@click.command(epilog=EXAMPLES)
@file_argument
@layer_option
@array_options
def explain(file: str, layer: str | None, hw: str | None, num_pes: int | None) -> None:
    """Show how a layer of FILE is read: directives, loop nest, relations, and what each number means.

    A dataflow that is not legal is shown all the same, with what is wrong; the exit status is then 1.
    """
    hardware = machine(hw, num_pes, file=file)
    found = layer_of(network_of(file), layer)
    flow = found.mapping_dataflow()
    nest = lower(found.operator(), flow, hardware.num_pes)
    relations = extract(nest, allow_illegal=True)
    sections = {
        f"layer {found.name} ({found.type})": str(nest.operator),
        "directives": _directives(flow, nest),
        "loop nest": str(nest),
        "space-time map, by groups of dimensions that share a constraint": _relations(relations),
        "what each number means": meanings(nest.depth),
    }
    click.echo("\n\n".join(f"{click.style(title, bold=True)}\n{text}" for title, text in sections.items()))
    if relations.problems:
        message = f"layer {found.name} is not legal: {'; '.join(relations.problems)}"
        raise Failure(message)


def _directives(flow: Dataflow, nest: LoopNest) -> str:
    lines = []
    for level, units in zip(flow.levels, nest.units, strict=True):
        opened = f" in each unit of level {level.index - 1}, from {level.cluster}" if level.cluster else ""
        lines.append(f"level {level.index}: {units.count} units{opened}")
        lines += [f"  {directive}" for directive in level.maps] or ["  (no directive: one step, one unit)"]
    lines += [f"note: {note}" for note in nest.notes]
    return "\n".join(lines)


def _relations(relations: Relations) -> str:
    verdict = "legal: every point is executed exactly once"
    if relations.problems:
        verdict = "not legal: " + "; ".join(relations.problems)
    return f"{relations}\n{verdict}"
