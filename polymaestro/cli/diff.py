"""``polymaestro diff``: two dataflows on one layer, quantity by quantity."""

from __future__ import annotations

import json
from collections.abc import Mapping

import click

import polymaestro as pm
from polymaestro.cli.both import CostsOfBoth
from polymaestro.cli.lifting import Lifted, assume_option, fixed_filters, keep_option, lifted
from polymaestro.cli.options import (
    array_options,
    chosen,
    format_options,
    layer_option,
    machine,
    policies_of,
    policy_option,
)
from polymaestro.cli.sides import Sides, sides_arguments
from polymaestro.cli.tables import say, tell, written
from polymaestro.cli.waiting import Waiting
from polymaestro.equations import Change, Difference
from polymaestro.model.numbers import decimal
from polymaestro.showing import Row, Table
from polymaestro.symbolic import factored

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro diff examples/vgg16_kc_p.m YX-P --layer CONV2 --num-pes 256 \\
      --keep R,S
  polymaestro diff examples/vgg16_kc_p.m YX-P --layer CONV2 --num-pes 256 \\
      --keep R,S --where L2.W.parent_reads
  polymaestro diff examples/vgg16_kc_p.m YX-P --layer CONV2 --hw eyeriss \\
      --keep R,S
  polymaestro diff KC-P X-P --network resnet50 --layer CONV2_1_2 \\
      --num-pes 256 --keep R,S
"""


@click.command(epilog=EXAMPLES)
@sides_arguments
@layer_option
@array_options
@keep_option
@assume_option
@click.option("--where", metavar="QUANTITY", help="Where either needs less of one quantity.")
@policy_option
@format_options("json", "markdown")
def diff(  # noqa: PLR0913  one argument per option
    *,
    sides: Sides,
    layer: str | None,
    hw: str | None,
    num_pes: int | None,
    keep: str,
    assume: tuple[str, ...],
    where: str | None,
    changes: tuple[str, ...],
    **formats: bool,
) -> None:
    """Compare two dataflows on one layer, as formulas and at the layer itself.

    FIRST and SECOND are files that have the layer, or one is the name of a published dataflow (C-P, X-P,
    YX-P, YR-P, KC-P) that is tried on the layer of the other. With --network both are names of dataflows,
    and --dataflow may stand for FIRST. With --hw also run time and energy of the layer on that machine.
    """
    style = chosen(formats)
    hardware = machine(hw, num_pes, file=sides.file)
    layers = sides.layers(layer)
    fixed = fixed_filters(layers[0]) | fixed_filters(layers[1])
    policies = policies_of(changes)
    pair = [lifted(each, hardware.pes, keep, assume, fixed=fixed, policies=policies) for each in layers]
    with Waiting("comparing"):
        found = pm.diff(pair[0].analysis, pair[1].analysis, at=_numbers(pair[0]), names=sides.names)
        if where is not None:
            text = _where(found, where, style)
        else:
            analyses = [each.analysis for each in pair]
            costs = None if hw is None else CostsOfBoth.of(found, analyses, hardware)
            text = {"json": _document, "markdown": _markdown, "text": _text}[style](found, costs)
    say(text, style)
    pair[0].note_fixed()
    if _numbers(pair[0]) != _numbers(pair[1]):
        shown = ", ".join(f"{name} = {value}" for name, value in _numbers(pair[1]).items())
        tell(f"note: numbers are at the extents of the first; the layer of {sides.names[1]} has {shown}")


def _numbers(layer: Lifted) -> Mapping[str, int]:
    return {d.name: d.extent.constant for d in layer.operator.dims if d.extent.is_constant}


def _where(found: Difference, quantity: str, style: str) -> str:
    change = found[quantity]
    if style == "json":
        return json.dumps({"quantity": quantity, "parts": _parts(change)}, indent=2, ensure_ascii=False)
    head = f"{quantity} of {found.names[0]} is … that of {found.names[1]}"
    return "\n".join([head, *(f"  {part}" for part in change.parts)])


def _text(found: Difference, costs: CostsOfBoth | None) -> str:
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
    tables = [costs.table()] if costs else []
    if not rows:
        return "\n\n".join([str(found), _equal(found), *(written([each], "text") for each in tables)])
    title = f"at {shown}" if shown else "in numbers"
    tables.insert(0, Table(("quantity", *found.names, "ratio"), rows, title=title))
    return f"{found}\n\n{written(tables, 'text')}"


def _markdown(found: Difference, costs: CostsOfBoth | None) -> str:
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
    table = Table(head, rows, words=7, title=found.operator, notes=notes).markdown()
    blocks = [table if rows else f"{found.operator}: {_equal(found)}"]
    return "\n\n".join([*blocks, *([costs.table().markdown()] if costs else [])])


def _equal(found: Difference) -> str:
    """Say that nothing changes in the case shown, and whether that is all there is to say."""
    if found.is_equal:
        return "no quantity differs, at any extents"
    elsewhere = [each.name for each in found.changes if not each.is_equal]
    return f"no quantity differs here; elsewhere {', '.join(elsewhere)} may (--where QUANTITY)"


def _changed(found: Difference) -> list[Change]:
    return [each for each in found.changes if each.values[0] != each.values[1]]


def _document(found: Difference, costs: CostsOfBoth | None) -> str:
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
        **(costs.json() if costs else {}),
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _parts(change: Change) -> list[dict[str, object]]:
    parts: list[dict[str, object]] = []
    for part in change.parts:
        sampled = {"sampled": dict(part.evidence)} if part.evidence else {}
        parts.append({"sign": part.sign, "where": str(part.region), **sampled})
    return parts
