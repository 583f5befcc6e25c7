"""``polymaestro prove``: the statements of a folder, run and judged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from polymaestro.cli.options import Failure, unwritable
from polymaestro.cli.tables import say, tell, written
from polymaestro.cli.waiting import Waiting
from polymaestro.showing import Row, Table

if TYPE_CHECKING:
    from polymaestro.proving import Outcome, Proof

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro prove
  polymaestro prove traffic-is-ordered systolic-folds
  polymaestro prove --certificates certificates.json
  python proofs/replay.py certificates.json
"""


@click.command(epilog=EXAMPLES)
@click.argument("names", metavar="[STATEMENT]...", nargs=-1)
@click.option(
    "--folder", metavar="PATH", default="proofs", show_default=True, help="The folder of statement files."
)
@click.option("--certificates", metavar="FILE", help="Write every certificate to FILE, as JSON.")
@click.option("--list", "list_only", is_flag=True, help="Say what each statement claims, and prove nothing.")
def prove(names: tuple[str, ...], folder: str, certificates: str | None, *, list_only: bool) -> None:
    """Prove statements that hold for all extents, by machine.

    A true statement is proved in every case or the exit status is 1; a statement that is meant to be false is
    refuted by a counterexample. The files are Python and are run: name only folders that you trust.
    """
    from polymaestro.proving import chosen, load_statements  # noqa: PLC0415  only this command needs it

    if not folder:
        message = "--folder is empty; name the folder of the statements"
        raise click.UsageError(message)
    statements = chosen(load_statements(Path(folder)), names)
    if list_only:
        for each in statements:
            say(f"{each.name}\n    {each.sentence}")
        return
    with Waiting("proving", len(statements)) as waiting:
        outcomes = [each.check() for each in waiting.over(statements)]
    say(written([_table(outcomes)], "text"))
    for outcome in outcomes:
        for proof in _telling(outcome):
            text = f"{outcome.statement.name}: {proof}"
            say(text) if outcome.statement.is_false else tell(text)
    if certificates is not None:
        found = [p.certificate for each in outcomes for p in each.proofs if p.certificate is not None]
        _write(certificates, json.dumps(found, ensure_ascii=False))
    wrong = [each.statement.name for each in outcomes if not each.as_expected]
    if wrong:
        message = f"{len(wrong)} of {len(outcomes)} statements are not as stated: {', '.join(wrong)}"
        raise Failure(message)


def _table(outcomes: Sequence[Outcome]) -> Table:
    """Give a line per statement, and their sum."""
    rows = [
        Row(
            (
                each.statement.name,
                ", ".join(each.kinds),
                each.word,
                str(len(each.proofs)),
                f"{each.seconds:.1f}",
            )
        )
        for each in outcomes
    ]
    if len(rows) > 1:
        cases, seconds = sum(len(each.proofs) for each in outcomes), sum(each.seconds for each in outcomes)
        rows.append(Row(("total", "", "", str(cases), f"{seconds:.1f}")))
    return Table(("statement", "kind", "verdict", "cases", "seconds"), tuple(rows), words=3)


def _telling(outcome: Outcome) -> Iterator[Proof]:
    """Give what a reader wants to see besides the verdict: counterexamples, and cases not decided."""
    for proof in outcome.proofs:
        if proof.verdict != "proved" or outcome.statement.is_false:
            yield proof


def _write(file: str, text: str) -> None:
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(file, error) from None
