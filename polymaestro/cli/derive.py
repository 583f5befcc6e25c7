"""``polymaestro derive``: the formulas of a layer, its extents as symbols."""

from __future__ import annotations

from collections.abc import Mapping

import click

import polymaestro as pm
from polymaestro.cli.costs import COSTS, Costs
from polymaestro.cli.exporting import WRITERS, exported
from polymaestro.cli.formulas import all_cases, formula_tables, formulas_json, leading_terms
from polymaestro.cli.lifting import assume_option, has_symbols, keep_option, lifted, symbols_of
from polymaestro.cli.options import (
    array_options,
    chosen,
    format_options,
    layer_of,
    layer_option,
    machine,
    policies_of,
    policy_option,
)
from polymaestro.cli.source import Source, source_arguments
from polymaestro.cli.tables import say, tell, written
from polymaestro.cli.tiles import TiledLayer
from polymaestro.cli.waiting import Waiting
from polymaestro.model import paper
from polymaestro.tiling.assuming import DIVISIBLE

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro derive examples/gemm.m --num-pes 256
  polymaestro derive examples/vgg16_kc_p.m --layer CONV2 --num-pes 256 \\
      --keep R,S
  polymaestro derive examples/vgg16_kc_p.m --layer CONV2 --num-pes 256 \\
      --keep R,S --assume "C % 64 == 0" --exact L2.I.parent_reads
  polymaestro derive examples/gemm.m --num-pes 256 --export c > gemm.h
  polymaestro derive examples/vgg16_kc_p.m --layer CONV2 --num-pes 256 \\
      --keep R,S --report --latex
  polymaestro derive examples/gemm.m --hw examples/machine.yaml
  polymaestro derive examples/vgg16_kc_p.m --layer CONV5 --num-pes 256 \\
      --symbolic-tiles
  polymaestro derive examples/vgg16_kc_p.m --layer CONV5 --num-pes 256 \\
      --keep R,S --symbolic-tiles --assume "C % T_C0 == 0" --latex
  polymaestro derive examples/vgg16_kc_p.m --layer CONV5 --num-pes 256 \\
      --symbolic-tiles --export python > kc_p.py
  polymaestro derive --network vgg16 --dataflow x_p --layer CONV2 \\
      --num-pes 256 --keep R,S
"""


@click.command(epilog=EXAMPLES)
@source_arguments
@layer_option
@array_options
@keep_option
@assume_option
@click.option("--divisible", is_flag=True, help="Only where every tile divides its extent.")
@click.option("--leading", is_flag=True, help="Leading terms, when all extents grow together.")
@click.option("--small", metavar="SYMBOLS", default="", help="Symbols that --leading keeps fixed, as in R,S.")
@click.option(
    "--exact",
    metavar="QUANTITY",
    help="All cases of one formula, as in L2.I.parent_reads; with symbols in the mapping the case around the "
    "layer, edge tiles included unless --divisible.",
)
@click.option(
    "--export",
    "language",
    type=click.Choice(list(WRITERS)),
    help="Code that computes all formulas, or the one of --exact, anywhere.",
)
@click.option("--report", is_flag=True, help="The whole report, with reuse, intensity and lower bounds.")
@click.option(
    "--symbolic-tiles",
    is_flag=True,
    help="Tiles, clusters and PEs become symbols too; tables show the formulas where tiles divide.",
)
@policy_option
@format_options("json", "markdown", "latex", "html")
def derive(  # noqa: PLR0913  one argument per option
    *,
    source: Source,
    layer: str | None,
    hw: str | None,
    num_pes: int | None,
    keep: str,
    assume: tuple[str, ...],
    divisible: bool,
    leading: bool,
    small: str,
    exact: str | None,
    language: str | None,
    report: bool,
    symbolic_tiles: bool,
    changes: tuple[str, ...],
    **formats: bool,
) -> None:
    """Derive the costs of a layer of FILE as formulas in its extents.

    Every extent becomes a symbol with the name of its dimension, but those that --keep names. Formulas have
    cases; the table shows the case that the layer itself belongs to, and says where it holds.

    With --hw also run time, energy and roofline on that machine, whose constants may be symbols; --exact
    takes "runtime", "energy" and "roofline" too.
    """
    style = chosen(formats)
    _check(style, leading=leading, small=small, exact=exact, language=language, report=report)
    hardware = machine(hw, num_pes, file=source.file)
    chosen_layer = layer_of(source.network(), layer)
    costed = hardware if hw is not None else None
    _check_costs(exact, hw)
    if language is not None and costed is not None and exact not in COSTS:
        tell(
            "note: --export writes counts, which need no machine; for costs take --json, or with symbols in "
            "the mapping --exact runtime, energy or roofline"
        )
    if symbolic_tiles or has_symbols(chosen_layer):
        _check_tiles(language=language, changes=changes)
        with Waiting(f"deriving {chosen_layer.name}"):
            extents = symbols_of(chosen_layer.operator(), keep, frozenset())
            assumed = [
                *assume,
                *([DIVISIBLE] if divisible and language else []),
            ]  # code has to refuse the rest
            tiled = TiledLayer.of(
                chosen_layer, hardware.pes, extents, assumed, lift=symbolic_tiles, divisible=divisible
            )
            if leading:
                text = tiled.leading(style, exact, _names(small))
            elif report:
                text = tiled.report(style, costed)
            else:
                text = _tiled_text(tiled, style, exact, language, costed)
        say(text, language or style)
        return
    found = lifted(
        chosen_layer, hardware.pes, keep, assume, divisible=divisible, policies=policies_of(changes)
    )
    with Waiting(f"writing {found.name}"):
        analysis, at = found.analysis, found.point()
        fixed_symbols = _names(small) if leading else None
        if language is not None and exact in COSTS:
            message = (
                f"--export writes the {COSTS[exact][0]} of a mapping with symbols only; "
                f"take --json for the formula around this layer"
            )
            raise click.UsageError(message)
        if language is not None:
            text = exported(analysis, language, found.name, exact)
        elif fixed_symbols is not None and style == "json":
            text = formulas_json(analysis, at, exact, small=fixed_symbols)
        elif fixed_symbols is not None:
            text = leading_terms(analysis, exact, fixed_symbols, style)
        else:
            costs = Costs.of(analysis, costed, at, lambda form: form.case_at(at)) if costed else None
            text = _text(analysis, at, style, exact, costs, report=report)
    say(text, language or style)
    found.note_fixed()


def _text(  # noqa: PLR0913  one argument per option
    analysis: pm.Analysis,
    at: Mapping[str, int],
    style: str,
    exact: str | None,
    costs: Costs | None,
    *,
    report: bool,
) -> str:
    """Write formulas of an analysis, with the costs on a machine where there is one."""
    if report:
        found = analysis.paper(at)
        return paper.WRITERS[style](costs.added(found) if costs else found)
    if style == "json":
        return formulas_json(analysis, at, exact, costs)
    if exact in COSTS and costs is not None:
        return costs.one(exact, style)
    if exact is not None:
        return all_cases(analysis, exact, style)
    text = analysis.table(at=at) if style == "text" else written(formula_tables(analysis, at, style), style)
    return text if costs is None else f"{text}\n\n{costs.text() if style == 'text' else costs.styled(style)}"


def _tiled_text(
    tiled: TiledLayer, style: str, exact: str | None, language: str | None, hardware: pm.Hardware | None
) -> str:
    if language is not None:
        return tiled.exported(language, exact, hardware)
    costs = tiled.costs(hardware, exact) if hardware is not None else None
    if style == "json":
        return tiled.json(exact, costs)
    if exact in COSTS and costs is not None:
        return costs.one(exact, style)
    text = tiled.styled(style, exact) if style in ("markdown", "latex") else tiled.text(exact)
    if costs is None or exact is not None:
        return text
    return f"{text}\n\n{costs.text(tiled.where()) if style == 'text' else costs.styled(style)}"


def _names(given: str) -> list[str]:
    return [name.strip() for name in given.split(",") if name.strip()]


def _check_costs(exact: str | None, hw: str | None) -> None:
    """Refuse a cost without a machine."""
    if exact in COSTS and hw is None:
        message = f"the {COSTS[exact][0]} depends on the machine; give it with --hw"
        raise click.UsageError(message)


def _check_tiles(*, language: str | None, changes: tuple[str, ...]) -> None:
    """Refuse what is there for plain formulas only."""
    rules = (
        (bool(changes), "--policy; write numbers in the place of the symbols"),
        (language == "isl", "--export isl, which cannot multiply symbols"),
    )
    for is_given, what in rules:
        if is_given:
            message = f"symbols in the mapping do not go with {what}"
            raise click.UsageError(message)


def _check(  # noqa: PLR0913  one argument per option
    style: str, *, leading: bool, small: str, exact: str | None, language: str | None, report: bool
) -> None:
    """Refuse options that exclude or need each other."""
    code = language is not None
    rules = (
        (bool(small) and not leading, "--small goes with --leading"),
        (code and leading, "--export and --leading exclude each other"),
        (code and report, "--export and --report exclude each other"),
        (code and style != "text", f"--export and --{style} exclude each other"),
        (report and (leading or exact is not None), "--report has every quantity in all its views"),
        (style == "html" and not report, "--html goes with --report"),
    )
    for is_broken, message in rules:
        if is_broken:
            raise click.UsageError(message)
