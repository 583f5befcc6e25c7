"""What keeps a formula from having leading terms when some symbols grow."""

from __future__ import annotations

from collections.abc import Collection

from polymaestro.counting import Condition, Region, Tie
from polymaestro.tiling.divisible import Quotient
from polymaestro.tiling.ties import Ties


def tie_that_grows(value: Quotient, large: Collection[str], ties: Ties) -> Tie | None:
    """Give a rounded quotient in a formula that grows with these symbols."""
    found = ties.named_in(" ".join(value.numerator.names()))
    return next((tie for tie in found if tie.names() & set(large)), None)


def bound_that_grows(region: Region, large: Collection[str]) -> Condition | None:
    """Give a condition that these symbols do not satisfy for long."""
    for each in region.pieces[0]:
        grown = [factor for atom, factor in each.expression.terms if atom in large]
        if grown and (each.equality or max(grown) < 0):
            return each
    return None
