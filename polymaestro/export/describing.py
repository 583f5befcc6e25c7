"""What stands beside exported formulas in comments: the formula, its unit, where it holds."""

from __future__ import annotations

from polymaestro.counting import Count
from polymaestro.export.program import Entry
from polymaestro.movement import QUANTITIES

UNITS = {"macs": "MACs", "steps": "steps", "active_units": "PEs, summed over the steps"} | dict.fromkeys(
    QUANTITIES, "elements"
)

MANY = 12
"""A count with more cases is read in the code itself, and so is a sum of more products."""


def description(name: str, form: Entry, texts: dict[int, str]) -> list[str]:
    """Give lines: name and unit, formula, region; a unit only where the name says what is counted.

    `texts` has what a count with cases is called.
    """
    unit = UNITS.get(name.rpartition(".")[2])
    head = f"{name}, in {unit}:" if unit else f"{name}:"
    return [head, f"  {formula(form, texts)}", f"where {form.where}."]


def formula(form: Entry, texts: dict[int, str]) -> str:
    """Write the sum of products of counts, or how many these are where nobody would read them."""
    if len(form.products) > MANY:
        return f"a sum of {len(form.products)} products"
    text = ""
    for sign, numbers in form.products:
        body = "·".join(texts[number] for number in numbers if texts[number] != "1") or "1"
        text += f" {'-' if sign < 0 else '+'} {body}" if text else f"-{body}" if sign < 0 else body
    return text or "0"


def count_texts(counts: tuple[Count, ...], prefix: str) -> dict[int, str]:
    """Write each count as a factor: its polynomial where that holds everywhere, else its name."""
    return {number: _factor(count, f"{prefix}{number}") for number, count in enumerate(counts)}


def _factor(count: Count, name: str) -> str:
    if not count.pieces:
        return "0"
    if not count.is_uniform:
        return name
    value = count.pieces[0][1]
    return str(value) if len(value.terms) == 1 and value.terms[0][1] > 0 else f"({value})"


def cases(count: Count) -> list[str]:
    """Give the cases of a count a line each, or how many there are where nobody would read them."""
    if count.is_uniform:
        return [str(count)]
    if len(count.pieces) > MANY:
        return [f"one of {len(count.pieces)} cases"]
    return [*str(count).splitlines(), "0  elsewhere"]
