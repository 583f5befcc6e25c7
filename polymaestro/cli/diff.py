"""``polymaestro diff``: two dataflows on one layer, quantity by quantity."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

import polymaestro as pm
from polymaestro.cli.lifting import Lifted, assume_option, keep_option, lifted
from polymaestro.cli.options import array_options, chosen, format_options, layer_of, machine, network_of
from polymaestro.cli.tables import say, written
from polymaestro.cli.waiting import Waiting
from polymaestro.dataflow import Layer
from polymaestro.equations import Change, Difference
from polymaestro.errors import PolymaestroError, did_you_mean
from polymaestro.model.numbers import decimal
from polymaestro.showing import Row, Table
from polymaestro.symbolic import factored

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro diff examples/vgg16_kc_p.m YX-P --layer CONV2 --num-pes 256 \\
      --keep R,S
  polymaestro diff examples/vgg16_kc_p.m YX-P --layer CONV2 --num-pes 256 \\
      --keep R,S --where L2.W.parent_reads
"""


@click.command(epilog=EXAMPLES)
@click.argument("first", metavar="FILE1")
@click.argument("second", metavar="FILE2")
@click.option("--layer", metavar="NAME", help="The layer; may be left out when a file has only one.")
@array_options
@keep_option
@assume_option
@click.option("--where", metavar="QUANTITY", help="Where either needs less of one quantity.")
@format_options("json", "markdown")
def diff(  # noqa: PLR0913  one argument per option
    *,
    first: str,
    second: str,
    layer: str | None,
    hw: str | None,
    num_pes: int | None,
    keep: str,
    assume: tuple[str, ...],
    where: str | None,
    **formats: bool,
) -> None:
    """Compare two dataflows on one layer, as formulas and at the layer itself.

    FILE1 and FILE2 are files that have the layer, or one is the name of a published dataflow (C-P, X-P,
    YX-P, YR-P, KC-P) that is tried on the layer of the other.
    """
    style = chosen(formats)
    hardware = machine(hw, num_pes, file="-" if "-" in (first, second) else first)
    layers = _layers(first, second, layer)
    pair = [lifted(each, hardware.num_pes, keep, assume) for each in layers]
    with Waiting("comparing"):
        found = pm.diff(pair[0].analysis, pair[1].analysis, at=_numbers(pair[0]), names=_names(first, second))
        if where is not None:
            text = _where(found, where, style)
        else:
            text = {"json": _document, "markdown": _markdown, "text": _text}[style](found)
    say(text, style)
    pair[0].note_fixed()


def _layers(first: str, second: str, name: str | None) -> tuple[Layer, Layer]:
    """Read both layers; a published dataflow goes onto the layer of the other."""
    names = [each for each in (first, second) if each in pm.dataflows.PUBLISHED]
    if len(names) > 1:
        message = f"{first} and {second} are both names of dataflows; one must be a file with a layer"
        raise PolymaestroError(message)
    for each in (first, second):
        if each not in names and each != "-" and "." not in each and not Path(each).exists():
            message = f"{each!r} is no file and no published dataflow"
            raise PolymaestroError(message + did_you_mean(each, pm.dataflows.PUBLISHED))
    if first == second == "-":
        message = "FILE1 and FILE2 cannot both be standard input"
        raise click.UsageError(message)
    if not names:
        return layer_of(network_of(first), name), layer_of(network_of(second), name)
    own = layer_of(network_of(second if first in names else first), name)
    other = replace(own, dataflow=pm.dataflows.PUBLISHED[names[0]]())
    return (other, own) if first in names else (own, other)


def _names(first: str, second: str) -> tuple[str, str]:
    """Give short names that differ."""
    names = Path(first).stem or first, Path(second).stem or second
    return names if names[0] != names[1] else (first, second)


def _numbers(layer: Lifted) -> Mapping[str, int]:
    return {d.name: d.extent.constant for d in layer.operator.dims if d.extent.is_constant}


def _where(found: Difference, quantity: str, style: str) -> str:
    change = found[quantity]
    if style == "json":
        return json.dumps({"quantity": quantity, "parts": _parts(change)}, indent=2, ensure_ascii=False)
    head = f"{quantity} of {found.names[0]} is … that of {found.names[1]}"
    return "\n".join([head, *(f"  {part}" for part in change.parts)])


def _text(found: Difference) -> str:
    shown = ", ".join(f"{name} = {value}" for name, value in sorted(found.point.items()))
    rows = tuple(
        Row(
            (
                change.name,
                *(str(form.evaluate(found.point, {})) for form in (change.first, change.second)),
                decimal(change.ratio_at(found.point)),
            )
        )
        for change in _changed(found)
    )
    table = Table(("quantity", *found.names, "ratio"), rows, title=f"at {shown}" if shown else "in numbers")
    return f"{found}\n\n{written([table], 'text')}"


def _markdown(found: Difference) -> str:
    rows = tuple(
        Row(
            (
                change.name,
                *(f"`{factored(value)}`" for value in change.values),
                f"`{change.ratio}`",
                f"`{change.leading}`",
                decimal(change.ratio_at(found.point)),
                {"<": found.names[0], ">": found.names[1], "=": "equal", "?": "not decided"}[change.here],
            )
        )
        for change in _changed(found)
    )
    head = ("quantity", *found.names, "ratio", "leading", "at the layer", "less")
    notes = () if found.region.is_everywhere else (f"in the case where {found.region}",)
    return Table(head, rows, words=7, title=found.operator, notes=notes).markdown()


def _changed(found: Difference) -> list[Change]:
    return [each for each in found.changes if each.values[0] != each.values[1]]


def _document(found: Difference) -> str:
    changes = {
        change.name: {
            "first": factored(change.values[0]),
            "second": factored(change.values[1]),
            "ratio": change.ratio,
            "leading": change.leading,
            "ratio_at_point": str(change.ratio_at(found.point)),
            "sign": change.here,
        }
        for change in found.changes
    }
    document = {
        "schema": "polymaestro.diff/1",
        "operator": found.operator,
        "names": list(found.names),
        "point": dict(found.point),
        "where": str(found.region),
        "changes": changes,
        "only": {name: list(only) for name, only in zip(found.names, found.only, strict=True)},
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _parts(change: Change) -> list[dict[str, object]]:
    parts: list[dict[str, object]] = []
    for part in change.parts:
        sampled = {"sampled": dict(part.evidence)} if part.evidence else {}
        parts.append({"sign": part.sign, "where": str(part.region), **sampled})
    return parts
