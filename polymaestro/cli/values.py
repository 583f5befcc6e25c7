"""Lists of numbers and ranges as an option of a command: ``64,128:1024:*2,none``."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import click

MOST = 10**6
"""Values of one option; more is a slip of the pen."""

DIGITS = 400
"""Zeros that an exponent may stand for, likewise."""


class Values(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.2 on
    """A list of numbers and ranges."""

    name = "VALUES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Any]:  # noqa: ANN401  as click has it
        """Read the list.

        >>> Values().convert("1:3,8:64:*4,none,0.5", None, None)
        [1, 2, 3, 8, 32, None, Fraction(1, 2)]
        """
        found: list[Any] = []
        for part in str(value).split(","):
            try:
                found += itertools.islice(_values(part.strip()), MOST + 1)
            except (ArithmeticError, ValueError):  # no number, or one that is infinite
                message = (
                    f"{part!r} is no number, none, or range FIRST:LAST, FIRST:LAST:STEP, FIRST:LAST:*FACTOR"
                )
                self.fail(message, param, ctx)
            if len(found) > MOST:
                self.fail(f"more than {MOST} values", param, ctx)
        return found


def _values(part: str) -> Iterable[Any]:
    """Give the values that one number or range stands for, which may be very many."""
    if part.lower() == "none":
        return [None]
    if ":" not in part:
        decimal = Decimal(part)
        if decimal.is_finite() and abs(decimal.adjusted()) > DIGITS:
            raise ValueError
        number = Fraction(decimal)
        return [int(number) if number.denominator == 1 else number]
    first, last, *steps = part.split(":")
    step = steps[0] if steps else "1"
    start, end = int(first), int(last)
    if len(steps) > 1 or end < start:
        raise ValueError
    if not step.startswith("*"):
        return range(start, end + 1, int(step))
    factor, found = int(step[1:]), []
    if factor < 2 or start < 1:  # noqa: PLR2004  a factor of 1 never ends
        raise ValueError
    while start <= end:
        found.append(start)
        start *= factor
    return found
