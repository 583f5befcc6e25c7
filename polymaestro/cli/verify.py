"""``polymaestro verify``: checks a formula of your own against the exact count of a layer."""

from __future__ import annotations

import json

import click

import polymaestro as pm
from polymaestro.cli.formulas import form_named
from polymaestro.cli.lifting import assume_option, keep_option, lifted
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
from polymaestro.cli.tables import say
from polymaestro.cli.waiting import Waiting
from polymaestro.equations import Verdict

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro verify examples/gemm.m --num-pes 256 \\
      --quantity L2.B.parent_reads --formula "K*N"
  polymaestro verify examples/vgg16_kc_p.m --layer CONV2 --num-pes 256 \\
      --keep R,S --assume "P + Q >= 3" \\
      --quantity L2.O.parent_updates --formula "K*N*P*Q*ceil(C/64)"

\b
Exit status: 0 proved equal; 1 not equal, or not decided, or the input is
wrong; 2 the command line is wrong.
"""


@click.command(epilog=EXAMPLES)
@source_arguments
@layer_option
@array_options
@click.option("--quantity", metavar="NAME", required=True, help="What is counted, as in L2.I.parent_reads.")
@click.option("--formula", metavar="TEXT", required=True, help='Yours, as in "K*C*ceil(P/4)*(Q + S - 1)".')
@keep_option
@assume_option
@policy_option
@format_options("json")
@click.pass_context
def verify(  # noqa: PLR0913  one argument per option
    context: click.Context,
    /,
    *,
    source: Source,
    layer: str | None,
    hw: str | None,
    num_pes: int | None,
    quantity: str,
    formula: str,
    keep: str,
    assume: tuple[str, ...],
    changes: tuple[str, ...],
    **formats: bool,
) -> None:
    """Check a formula of your own against the exact count.

    Either it is proved for all extents of the region, or the smallest counterexample is printed: the one
    with the smallest sum of extents, then the first by name. A formula may use + - * / // % **, floor,
    ceil, Min, Max, and "a if condition else b".
    """
    style = chosen(formats)
    hardware = machine(hw, num_pes, file=source.file)
    chosen_layer = layer_of(source.network(), layer)
    found = lifted(chosen_layer, hardware.pes, keep, assume, policies=policies_of(changes))
    with Waiting("comparing"):
        verdict = pm.check_equation(form_named(found.analysis, quantity), formula)
    say(_document(quantity, verdict) if style == "json" else f"{quantity}: {verdict}", style)
    found.note_fixed()
    context.exit(0 if verdict.equal else 1)


def _document(quantity: str, verdict: Verdict) -> str:
    """Write the verdict as JSON; values that are no integers as text."""
    found = verdict.counterexample
    document = {
        "schema": "polymaestro.verdict/1",
        "quantity": quantity,
        "candidate": verdict.theirs,
        "exact": verdict.ours,
        "equal": verdict.equal,
        "how": verdict.how,
        "region": verdict.region,
        "counterexample": None
        if found is None
        else {
            "point": dict(found.point),
            "exact": found.ours if isinstance(found.ours, int) else str(found.ours),
            "candidate": found.theirs if isinstance(found.theirs, int | None) else str(found.theirs),
            "smallest": found.smallest,
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
