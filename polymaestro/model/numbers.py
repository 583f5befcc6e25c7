"""Numbers as text: exact integers, factors with a few digits, shares in percent."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from polymaestro.model.report import LayerReport

NO_NUMBER = "–"
WHOLE_FROM = 10**6


def ratio(above: int, below: int) -> Fraction | None:
    """Give the quotient; None where nothing is moved."""
    return Fraction(above, below) if below else None


def decimal(value: Fraction | None) -> str:
    """Write a factor: an integer in full, else to six digits.

    >>> decimal(Fraction(9)), decimal(Fraction(10**400 * 2, 3))[:4], decimal(Fraction(1, 3)), decimal(None)
    ('9', '6666', '0.333333', '–')
    """
    if value is None:
        return NO_NUMBER
    if value.denominator == 1 or value >= WHOLE_FROM:
        return str(round(value))
    return f"{float(value):.6g}"


def percent(above: int, below: int) -> str:
    """Write a share.

    >>> percent(1, 3)
    '33.3%'
    """
    return f"{100 * above / below:.1f}%" if below else NO_NUMBER


def slots(layer: LayerReport) -> int:
    """Give the steps times the PEs: what the active PEs are a share of."""
    return layer.steps * layer.units


def reuse(macs: int, counts: Mapping[str, int]) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
    """Give the factors inside the tile, over time and over space; their product is MACs per parent access."""
    moved, shared = ("fills", "parent_reads") if "fills" in counts else ("drains", "parent_updates")
    tiles = counts["tile_total"]
    return ratio(macs, tiles), ratio(tiles, counts[moved]), ratio(counts[moved], counts[shared])


def first_line(problem: str) -> str:
    """Leave out the excerpt of the file that a message ends in."""
    return problem.splitlines()[0]
