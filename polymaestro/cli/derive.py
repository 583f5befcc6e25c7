"""``polymaestro derive``: the formulas of a layer, its extents as symbols."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import click

import polymaestro as pm
from polymaestro.cli.exporting import WRITERS, exported
from polymaestro.cli.formulas import all_cases, formula_tables, formulas_json
from polymaestro.cli.options import (
    array_options,
    chosen,
    file_argument,
    format_options,
    layer_of,
    layer_option,
    machine,
    network_of,
)
from polymaestro.cli.waiting import Waiting
from polymaestro.dataflow import Cluster, Dataflow
from polymaestro.errors import CountingError, LegalityError, LoweringError, PolymaestroError, did_you_mean
from polymaestro.model.table import reference_point

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro derive examples/gemm.m --num-pes 256
  polymaestro derive examples/vgg16_kc_p.m --layer CONV2 --num-pes 256 --keep R,S
  polymaestro derive examples/vgg16_kc_p.m --layer CONV2 --num-pes 256 \\
      --keep R,S --assume "C % 64 == 0" --exact L2.I.parent_reads
  polymaestro derive examples/gemm.m --num-pes 256 --export c > gemm.h
"""
WORDS = ("and", "or", "not", "mod", "floor", "ceil", "min", "max", "exists", "implies", "true", "false")


@click.command(epilog=EXAMPLES)
@file_argument
@layer_option
@array_options
@click.option("--keep", metavar="DIMS", default="", help="Dimensions that keep their number, as in R,S.")
@click.option(
    "--assume", metavar="CONDITION", multiple=True, help='For example "C % 64 == 0"; may be repeated.'
)
@click.option("--exact", metavar="QUANTITY", help="All cases of one formula, as in L2.I.parent_reads.")
@click.option(
    "--export",
    "language",
    type=click.Choice(list(WRITERS)),
    help="Code that computes all formulas, or the one of --exact, anywhere.",
)
@format_options("json", "markdown", "latex")
def derive(  # noqa: PLR0913  one argument per option
    *,
    file: str,
    layer: str | None,
    hw: str | None,
    num_pes: int | None,
    keep: str,
    assume: tuple[str, ...],
    exact: str | None,
    language: str | None,
    **formats: bool,
) -> None:
    """Derive the costs of a layer of FILE as formulas in its extents.

    Every extent becomes a symbol with the name of its dimension, but those that --keep names. Formulas have
    cases; the table shows the case that the layer itself belongs to, and says where it holds.
    """
    style = chosen(formats)
    if language is not None and style != "text":
        message = f"--export and --{style} exclude each other"
        raise click.UsageError(message)
    hardware = machine(hw, num_pes, file=file)
    found = layer_of(network_of(file), layer)
    operator, flow = found.operator(), found.mapping_dataflow()
    fixed = _fixed_filters(operator, flow)
    lifted = operator.with_extents(_symbols(operator, keep, fixed))
    _check_assumptions(assume, lifted, flow)
    with Waiting(f"deriving {found.name}"):
        analysis = _derived(lifted, flow, hardware.num_pes, assume)
        at = _point(analysis, operator, found.name, assume)
        if language is not None:
            text = exported(analysis, language, found.name, exact)
        elif style == "json":
            text = formulas_json(analysis, at, exact)
        elif exact is not None:
            text = all_cases(analysis, exact, style)
        elif style == "text":
            text = analysis.table(at=at)
        else:
            text = "\n\n".join(table.written(style) for table in formula_tables(analysis, at, style))
    click.echo(text)
    if fixed:
        names = ", ".join(sorted(fixed))
        click.echo(f"note: {names} kept as in --keep: the dataflow suits their numbers only", err=True)


def _fixed_filters(operator: pm.Operator, flow: Dataflow) -> set[str]:
    """Give the filter dimensions that only a number suits.

    A window or filter tile that the dataflow writes as a number was written for one filter size; the size
    of a cluster divides the array; and the taps of one axis may be the offset of another's map.
    """
    fixed: set[str] = set()
    for window in operator.windows:
        own = f"Sz({window.filter})"
        for each in flow.directives:
            if isinstance(each, Cluster):
                suits = own not in each.size.names()
            elif each.dim in (window.input, window.filter):
                suits = not each.size.is_constant or each.size.constant == 1
            else:
                suits = own not in each.offset.names()
            if not suits:
                fixed.add(window.filter)
    return fixed


def _symbols(operator: pm.Operator, keep: str, fixed: set[str]) -> dict[str, str]:
    """Give the symbol of each extent that is a number and not kept."""
    kept = {name.strip() for name in keep.split(",") if name.strip()}
    names = [dim.name for dim in operator.dims]
    for name in sorted(kept - set(names)):
        message = f"--keep: {operator.name} has no dimension {name!r}"
        raise PolymaestroError(message + did_you_mean(name, names))
    # A file may use the name of one dimension as the symbol for another; that dimension keeps its number.
    kept |= set(operator.symbols) | fixed
    return {dim.name: dim.name for dim in operator.dims if dim.extent.is_constant and dim.name not in kept}


def _check_assumptions(assumptions: Sequence[str], operator: pm.Operator, flow: Dataflow) -> None:
    """Refuse names that are no symbol here, and signs that are no part of a condition."""
    known = set(operator.symbols)
    for directive in flow.directives:
        sizes = (getattr(directive, field, None) for field in ("size", "offset"))
        known |= {name for size in sizes if size is not None for name in size.names()}
    for text in assumptions:
        if not text.strip() or re.search(r"[^\w\s%<>=!+*/(),-]", text):
            message = f"cannot read the assumption {text!r}; write e.g. 'C % 64 == 0' or 'P >= R'"
            raise PolymaestroError(message)
        for name in re.findall(r"[^\W\d]\w*", text):
            if name not in known and name not in WORDS:
                message = f"assumption {text!r}: {name} is no symbol of the formulas"
                raise PolymaestroError(message + did_you_mean(name, operator.symbols))


def _derived(operator: pm.Operator, flow: Dataflow, num_pes: int, assume: Sequence[str]) -> pm.Analysis:
    try:
        return pm.analyze(operator, flow, num_pes, assuming=assume)
    except (CountingError, LoweringError) as error:
        message = f"{error}\n{_hint(operator)}"
        raise PolymaestroError(message) from None


def _point(
    analysis: pm.Analysis, operator: pm.Operator, name: str, assume: Sequence[str]
) -> Mapping[str, int]:
    """Give the layer's own extents; where the file has symbols, large numbers take their place."""
    numbers = {dim.name: dim.extent.constant for dim in operator.dims if dim.extent.is_constant}
    point = reference_point(analysis.operator, analysis.symbols)
    point |= {symbol: numbers[symbol] for symbol in analysis.symbols if symbol in numbers}
    region = analysis.macs.valid_on
    if region.holds(point):
        return point
    shown = ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
    if not assume:
        message = f"layer {name} ({shown}) is not legal; the dataflow is legal only where {region}"
        raise LegalityError(message)
    click.echo(f"note: layer {name} itself ({shown}) is outside the region {region}", err=True)
    return analysis.forms.sample()


def _hint(operator: pm.Operator) -> str:
    """Say how to ask for less: the extents of filters decide which windows fit, so they come first."""
    filters = [window.filter for window in operator.windows]
    names = ",".join(filters or [dim.name for dim in operator.dims[:1]])
    return f"keep extents as numbers (e.g. --keep {names}), or assume more (--assume)"
