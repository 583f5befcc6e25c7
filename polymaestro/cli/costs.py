"""``derive --hw``: run time, energy and roofline on a machine, as formulas in every format."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polymaestro as pm
from polymaestro.counting import QuasiPolynomial
from polymaestro.errors import CountingUnavailableError
from polymaestro.model.formula import CostForm
from polymaestro.model.paper import Grid, Paper
from polymaestro.model.stated import CostCase
from polymaestro.showing import Row, Table
from polymaestro.showing.tables import WIDTH
from polymaestro.symbolic.written import Written, written
from polymaestro.tiling import TiledAnalysis

COSTS = {
    "runtime": ("run time", "from the first word in to the last word out"),
    "energy": ("energy", "every access, hop and multiply-accumulate"),
    "roofline": ("roofline", "cycles that no schedule with this traffic can beat"),
}
"""The name of each cost, and what it is."""

HARD = "\N{NO-BREAK SPACE}"

View = Callable[[CostForm[Any]], CostCase]
"""Which case of a form is shown."""


@dataclass(frozen=True)
class Costs:
    """One case of each cost on a machine, or why there is none."""

    machine: str
    cases: Mapping[str, CostCase | str]

    @staticmethod
    def of(
        analysis: pm.Analysis | TiledAnalysis, hardware: pm.Hardware, at: Mapping[str, int], view: View
    ) -> Costs:
        """Derive the costs; L2 keeps what it keeps at a point."""
        resident = sorted(analysis.resident_at(hardware, **at))
        forms = {"runtime": analysis.runtime, "energy": analysis.energy, "roofline": analysis.roofline}
        cases: dict[str, CostCase | str] = {}
        for name, derive in forms.items():
            try:
                cases[name] = view(derive(hardware, resident=resident))
            except CountingUnavailableError as error:
                cases[name] = str(error)
        return Costs(_described(hardware, resident), cases)

    def one(self, name: str, style: str) -> str:
        """Write one cost: as text, Markdown or LaTeX."""
        case = self.cases[name]
        if isinstance(case, str):
            raise CountingUnavailableError(case)
        if style == "markdown":
            return _table(case, *COSTS[name])
        return case.statement() if style == "latex" else str(case)

    def text(self, known: Collection[str] = ()) -> str:
        """Write all costs, in lines of a page; conditions that stand above are not repeated."""
        blocks = [self.machine]
        for name, case in self.cases.items():
            title, meaning = COSTS[name]
            if isinstance(case, str):
                blocks.append("\n".join([f"{title}: {meaning}", *_wrapped(case)]))
            else:
                text = case.line() if len(case.line()) <= WIDTH else case.text(known)
                lines = [line for each in text.splitlines() for line in _formula(each)]
                blocks.append("\n".join([f"{title}, {case.unit}: {meaning}", *lines]))
        return "\n\n".join(blocks)

    def styled(self, style: str) -> str:
        """Write all costs as Markdown tables or LaTeX formulas."""
        blocks = [self.machine if style == "markdown" else f"% needs amsmath; {self.machine}"]
        for name, case in self.cases.items():
            title, meaning = COSTS[name]
            if isinstance(case, str):
                blocks.append(f"{title}: {case}" if style == "markdown" else f"% {title}: {case}")
            elif style == "markdown":
                blocks.append(_table(case, title, meaning))
            else:
                blocks.append(f"% {title}, {case.unit}: {meaning}\n\\[{case.statement()}\\]")
        return "\n\n".join(blocks)

    def json(self, only: str | None = None) -> dict[str, Any]:
        """Give all costs, or one, as JSON data."""
        costs = {
            name: {"refused": case} if isinstance(case, str) else case.to_json()
            for name, case in self.cases.items()
            if only in (None, name)
        }
        return {"machine": self.machine, "costs": costs}

    def added(self, paper: Paper) -> Paper:
        """Add a table of each cost to a report."""
        return replace(paper, grids=(*paper.grids, *self._grids()))

    def _grids(self) -> Iterator[Grid]:
        for name, case in self.cases.items():
            title, meaning = COSTS[name]
            if isinstance(case, str):
                yield Grid(title.capitalize(), ("formula",), (), f"{self.machine}; {case}")
                continue
            rows: list[tuple[str | Written, ...]] = [
                (written(QuasiPolynomial.of(each)), value, said) if each else (title, value, meaning)
                for each, value, said in case.rows()
            ]
            note = "; ".join([self.machine, *case.conditions])
            title = f"{title.capitalize()}, {case.unit}"
            yield Grid(title, ("name", "formula", "meaning"), tuple(rows), note)


def _described(hardware: pm.Hardware, resident: list[str]) -> str:
    """Say which machine it is, and what its L2 keeps."""
    name = f"{hardware.name}, " if hardware.name else ""
    keeps = f"L2 keeps {', '.join(resident)} for the whole run" if resident else "L2 keeps no tensor"
    return f"machine: {name}num_pes = {hardware.num_pes}; {keeps}; energy per access: {hardware.energy.name}"


def _table(case: CostCase, title: str, meaning: str) -> str:
    """Write a Markdown table with a row for the cost and one for each name."""
    rows = [Row((name or title, said if name else meaning, f"`{v.text}`")) for name, v, said in case.rows()]
    where = f", where {', '.join(case.conditions)}" if case.conditions else ""
    head = ("name", "meaning", "formula")
    return Table(head, tuple(rows), words=3, title=f"{title}, {case.unit}{where}").markdown()


def _formula(line: str) -> list[str]:
    """Break a line before a plus and after a comma, outside of brackets."""
    depth, kept = 0, []
    for place, sign in enumerate(line):
        depth += (sign in "(⌈") - (sign in ")⌉")
        breaks = not depth and (line[place - 1] == "," or line[place + 1 : place + 3] == "+ ")
        kept.append(HARD if sign == " " and not breaks else sign)
    inset = len(line) - len(line.lstrip())
    return [each.replace(HARD, " ") for each in _wrapped("".join(kept[inset:]), inset)]


def _wrapped(text: str, inset: int = 0) -> list[str]:
    indent = " " * (inset + 2)
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
