"""The table of a tiled analysis: formulas by boundary and tensor, and where they hold."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from polymaestro.policies import Policies
from polymaestro.showing import Row, Table
from polymaestro.symbolic import factored
from polymaestro.tiling.assuming import region_text
from polymaestro.tiling.conditions import tidied
from polymaestro.tiling.divisible import divisible_point, divisible_together
from polymaestro.tiling.forms import TiledForm

if TYPE_CHECKING:
    from polymaestro.tiling.analysis import TiledAnalysis

WIDTH = 100
HARD = "\N{NO-BREAK SPACE}"


def tiled_table(analysis: TiledAnalysis, point: Mapping[str, int], *, divisible: bool) -> str:
    """Print every formula in the case of one point, with the conditions of that case."""
    names, forms = zip(*_labelled(analysis), strict=True)
    if divisible:
        point = divisible_point(analysis.cuts, point, analysis.ties)
        texts, where = _divisible(forms, point)
    else:
        texts, where = _exact(forms, point)
    lines = [*str(analysis.operator).splitlines(), "dataflow:"]
    lines += [f"  {line}" for line in str(analysis.dataflow).splitlines()]
    lines += [f"  note: {note}" for note in analysis.cuts.notes]
    lines.append("units: " + " × ".join(str(units) for units in analysis.cuts.units))
    lines += _wrapped(f"parameters: {', '.join(analysis.symbols)}; {_domain(analysis)}")
    lines += _wrapped(f"the formulas below hold where {', '.join(where) or 'these are ≥ 1'}")
    body = _body(names, texts)
    for equation in analysis.ties.meanings("\n".join([*lines, *body])):
        lines += _wrapped(f"with {equation}")
    return "\n".join([*lines, *body, "", *_wrapped(f"policies: {Policies()}")])


def tiled_tables(analysis: TiledAnalysis, point: Mapping[str, int]) -> Iterator[Table | str]:
    """Give what a notebook shows: the mapping, and the formulas where its tiles and folds divide."""
    names, forms = zip(*_labelled(analysis), strict=True)
    texts, where = _divisible(forms, divisible_point(analysis.cuts, point, analysis.ties))
    yield f"{analysis.operator}, mapped by {' '.join(str(analysis.dataflow).split())}"
    meanings = analysis.ties.meanings("\n".join([*texts, *where]))
    yield "; ".join([f"where {', '.join(where)}", *meanings]) if where else "everywhere"
    cells = dict(zip(names, texts, strict=True))
    for title in dict.fromkeys(title for title, _, _ in names):
        rows = tuple(Row((t, q, text)) for (b, t, q), text in cells.items() if b == title)
        head = ("tensor", "quantity", "elements") if title else ("", "in all", "count")
        yield Table(head, rows, words=3, math=True, title=title)


def _domain(analysis: TiledAnalysis) -> str:
    """Say where the formulas hold; that sizes are at least 1 is said once."""
    text = region_text(analysis.valid_on, analysis.ties)
    if " or " in text:
        return f"where {text}"
    ones = {f"{name} ≥ 1": name for name in analysis.symbols}
    parts = text.split(", ")
    least = [ones[each] for each in parts if each in ones]
    others = [name for name in analysis.symbols if name not in least]
    who = "all" if not others else f"all but {', '.join(others)}" if len(others) < len(least) else ""
    return f"where {text}" if not who else ", ".join([f"{who} ≥ 1", *(p for p in parts if p not in ones)])


Label = tuple[str, str, str]
"""Boundary, tensor and quantity; the first two are empty for totals."""


def _labelled(analysis: TiledAnalysis) -> list[tuple[Label, TiledForm]]:
    found: list[tuple[Label, TiledForm]] = [
        (("", "", "MACs"), analysis.macs),
        (("", "", "steps"), analysis.steps),
        (("", "", "active PEs, summed"), analysis.active_units),
    ]
    for boundary in analysis.boundaries:
        title = f"{boundary.parent} → {boundary.child}"
        for tensor in boundary.tensors.values():
            for name, form in tensor.forms.items():
                found.append(((title, tensor.name, name.replace("_", " ")), form))
    return found


def _divisible(forms: Sequence[TiledForm], point: Mapping[str, int]) -> tuple[list[str], list[str]]:
    values, divides, region = divisible_together(forms, point)
    written = forms[0].ties.written
    where = [*map(str, divides), *([] if region.is_everywhere else [written(str(region))])]
    return [written(str(value)) for value in values], where


def _exact(forms: Sequence[TiledForm], point: Mapping[str, int]) -> tuple[list[str], list[str]]:
    first = forms[0]
    values = first.extended(point)
    conditions = dict.fromkeys(each for form in forms for each in form.conditions(values))
    region = tidied(conditions, first.valid_on, first.ties)
    where = [] if region.is_everywhere else [first.ties.written(str(region))]
    return [first.ties.written(factored(form.value_at(values))) for form in forms], where


def _body(labels: Sequence[Label], texts: Sequence[str]) -> list[str]:
    lines: list[str] = []
    title = tensor = "none"
    for (boundary, name, quantity), text in zip(labels, texts, strict=True):
        if boundary != title:
            lines += ["", boundary] if boundary else [""]
            title, tensor = boundary, "none"
        head = f"  {name if name != tensor else '':<3} " if boundary else ""
        tensor = name
        lines.append(f"{head}{quantity:<18} {text}")
    return lines


def _wrapped(text: str) -> list[str]:
    """Break a text into lines, not inside of a condition."""
    kept = re.sub(r" (?=[%=<>≤≥+-])|(?<=[%=<>≤≥+-]) ", HARD, text)
    lines = textwrap.wrap(kept, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return [line.replace(HARD, " ") for line in lines]
