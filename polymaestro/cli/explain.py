"""``polymaestro explain``: what the directives of a layer mean, from the text to the numbers."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import click

import polymaestro as pm
from polymaestro.cli.meanings import meanings
from polymaestro.cli.options import (
    Failure,
    array_options,
    layer_of,
    layer_option,
    machine,
)
from polymaestro.cli.source import Source, source_arguments
from polymaestro.cli.tables import on_terminal, page_width, say
from polymaestro.dataflow.binding import BoundLevel, bind
from polymaestro.dataflow.directives import Dataflow, Level, Map, SpatialMap
from polymaestro.loopnest import LoopNest, lower
from polymaestro.loopnest.picture import picture
from polymaestro.relations import Relations, extract

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro explain examples/gemm.m --num-pes 256
  polymaestro explain examples/vgg16_kc_p.m --layer CONV2 --num-pes 256
  polymaestro explain --network unet --dataflow yr_p --layer DOWN1_1 \\
      --num-pes 256
"""
DRAWN_EXTENT = 8
"""What a symbol stands for in the picture."""
NO_BREAK = "\N{NO-BREAK SPACE}"
FIXED = re.compile(r" (?!\w+ in \[|and )")


@click.command(epilog=EXAMPLES)
@source_arguments
@layer_option
@array_options
def explain(source: Source, layer: str | None, hw: str | None, num_pes: int | None) -> None:
    """Show how a layer of FILE is read: directives, loop nest, relations, and what each number means.

    A dataflow that is not legal is shown all the same, with what is wrong; the exit status is then 1.
    """
    hardware = machine(hw, num_pes, file=source.file)
    found = layer_of(source.network(), layer)
    operator, flow = found.operator(), found.mapping_dataflow()
    nest = lower(operator, flow, hardware.pes)
    relations = extract(nest, allow_illegal=True)
    sections = {
        f"layer {found.name} ({found.type})": str(operator),
        "directives, and how they are read": _directives(operator, flow, nest, hardware.pes),
        "loop nest": _wrapped(str(nest)),
        "who holds what in the first steps": _picture(nest),
        "space-time map, by groups of dimensions that share a constraint": _relations(relations),
        "what each number means": meanings(nest.depth, page_width()),
    }
    say("\n\n".join(f"{click.style(title, bold=True)}\n{text}" for title, text in sections.items()))
    if relations.problems:
        message = f"layer {found.name} is not legal: {'; '.join(relations.problems)}"
        raise Failure(message)


def _directives(operator: pm.Operator, flow: Dataflow, nest: LoopNest, num_pes: int) -> str:
    levels = bind(operator, flow, num_pes).levels
    lines: list[str] = []
    for written, level in zip(flow.levels, levels, strict=True):
        opened = (
            f" in each unit of level {level.index - 1}, from {written.cluster}" if written.cluster else ""
        )
        lines.append(f"level {level.index}: {level.units} units (u{level.index}){opened}")
        lines += _level(written, level, nest) or ["  (no directive: one step, one unit)"]
    return "\n".join(lines)


def _level(written: Level, level: BoundLevel, nest: LoopNest) -> Iterator[str]:
    """Write each directive, what its names mean here, and the loop that it becomes."""
    width = max((len(str(each)) for each in written.maps), default=0)
    for directive, bound in zip(written.maps, level.maps, strict=True):
        meaning = f"{bound}: " if str(bound) != str(directive) else ""
        yield f"  {str(directive).ljust(width)}  {meaning}{_effect(level.index, bound, nest)}"
        yield from (
            f"  {' ' * width}  {note}" for note in nest.notes if f"'{bound}' (level {level.index})" in note
        )


def _effect(level: int, bound: Map, nest: LoopNest) -> str:
    loop = next((each for each in nest.loops if each.level == level and each.note == str(bound)), None)
    if isinstance(bound, SpatialMap):
        return f"over u{level}" + (f" in {loop.last + 1} folds ({loop.name})" if loop else "")
    return f"{loop.last + 1} steps ({loop.name})" if loop else "one step"


def _picture(nest: LoopNest) -> str:
    """Draw with the numbers of the layer; symbols are given a small one."""
    point = dict.fromkeys(sorted(nest.symbols), DRAWN_EXTENT)
    lines = picture(nest, point, page_width() if on_terminal() else None)
    if point:
        lines = f"drawn for {', '.join(point)} = {DRAWN_EXTENT}\n{lines}"
    return lines


def _wrapped(text: str) -> str:
    """Break lines that are wider than the page before a range or a condition, and set in what goes on."""
    lines: list[str] = []
    for line in text.splitlines():
        inset = " " * (len(line) - len(line.lstrip()) + 4)
        kept = FIXED.sub(NO_BREAK, line)
        parts = textwrap.wrap(
            kept, page_width(), subsequent_indent=inset, break_long_words=False, break_on_hyphens=False
        )
        lines += [part.replace(NO_BREAK, " ") for part in parts]
    return "\n".join(lines)


def _relations(relations: Relations) -> str:
    verdict = "legal: every point is executed exactly once"
    if relations.problems:
        verdict = "not legal: " + "; ".join(relations.problems)
    return _wrapped(f"{relations}\n{verdict}")
