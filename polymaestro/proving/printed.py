"""Costs as they are printed, taken apart again: for proofs and tests that hold the text to what it says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from polymaestro.proving.polytopes import NotDecidedError

UNITS = ("pJ", "MAC")
"""What may stand behind a total."""


@dataclass(frozen=True)
class PrintedCost:
    r"""A total, conditions, and names, each over symbols and the names below it.

    >>> text = "2·in_1 + T pJ  if T < N\n  where in_1 = ⌈T/B⌉  (L2 → L1 in)"
    >>> PrintedCost.read(text)
    PrintedCost(total='2·in_1 + T', conditions=('T < N',), names=(('in_1', '⌈T/B⌉'),))
    """

    total: str
    conditions: tuple[str, ...]
    names: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, text: str, units: Collection[str] = UNITS) -> Self:
        """Take a cost apart, in one line or with a line a name; raises `NotDecidedError` for other lines."""
        first, *lines = text.splitlines()
        total, _, condition = first.partition("  if ")
        condition, *explained = condition.split("; ")
        conditions = condition.split(", ") if condition else []
        equations = [each for part in explained for each in part.split(", ")]
        for line in lines:
            word, _, rest = line.strip().partition(" ")
            if word == "if":
                conditions += rest.split(", ")
            elif word == "where":
                equations.append(rest.partition("  (")[0])
            else:
                message = f"a printed cost with the line {line!r}"
                raise NotDecidedError(message)
        for unit in units:
            total = total.removesuffix(f" {unit}")
        names = tuple((name, value) for name, _, value in (each.partition(" = ") for each in equations))
        return cls(total, tuple(conditions), names)
