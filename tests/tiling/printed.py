"""Reads printed costs back with fractions: the formula, the names that it explains, and its conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor
from types import CodeType

from polymaestro.proving.printed import PrintedCost
from tests.symbolic.reading import SUPERSCRIPTS

RELATION = re.compile(r"(.*?) (≥|≤|=|<|>) (.*)")
HOLDS = {"≥": "__ge__", "≤": "__le__", "=": "__eq__", "<": "__lt__", ">": "__gt__"}
Point = Mapping[str, int | Fraction]


class Printed(PrintedCost):
    """A cost as it is printed, evaluated as it says."""

    def known(self, point: Point) -> dict[str, Fraction]:
        """Work out every name."""
        values = {name: Fraction(value) for name, value in point.items()}
        for name, value in reversed(self.names):
            values[name] = number(value, values)
        return values

    def at(self, point: Point) -> Fraction:
        """Evaluate the total."""
        return number(self.total, self.known(point))

    def holds(self, point: Point) -> bool:
        """Say whether all conditions hold."""
        values = self.known(point)
        for condition in self.conditions:
            found = RELATION.fullmatch(condition)
            assert found, condition
            left, right = (number(found[side], values) for side in (1, 3))
            if not getattr(left, HOLDS[found[2]])(right):
                return False
        return True


def number(text: str, known: Mapping[str, Fraction]) -> Fraction:
    """Evaluate what is printed, every number in it a fraction."""
    return Fraction(eval(_code(text), dict(FUNCTIONS), dict(known)))  # noqa: S307  what the library printed


FUNCTIONS = {"max": max, "ceil": ceil, "floor": floor, "Fraction": Fraction, "__builtins__": {}}


@lru_cache
def _code(text: str) -> CodeType:
    code = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: "**" + found[0].translate(SUPERSCRIPTS), text)
    code = re.sub(r"\b(?<!\*\*)\d+(\.\d+)?\b", r"Fraction('\g<0>')", code)
    for sign, word in {"⌈": "ceil(", "⌉": ")", "⌊": "floor(", "⌋": ")", "·": "*"}.items():
        code = code.replace(sign, word)
    return compile(code, "<printed>", "eval")
