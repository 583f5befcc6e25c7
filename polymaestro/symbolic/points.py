"""Points: a number for each symbol of a formula, as Python's integers, which have no largest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import isfinite
from numbers import Real
from typing import Any, TypeVar

from polymaestro.errors import ClosedFormError, did_you_mean

Value = TypeVar("Value")
EXACT = 2**53
"""Floats up to here are the integers that were meant."""


def joined(point: Mapping[str, Value] | None, named: Mapping[str, Value]) -> Mapping[str, Value]:
    """Give the values of a mapping, of keywords, or of both; those of keywords go first.

    >>> joined({"K": 3, "M": 2}, {"M": 4})
    {'K': 3, 'M': 4}
    """
    if point is None:
        return named
    if not isinstance(point, Mapping):
        message = f"expected values by the names of symbols, as in {{'K': 64}} or K=64, not {point!r}"
        raise ClosedFormError(message)
    return {**point, **named}


def integer_point(
    point: Mapping[str, Any], symbols: Collection[str], what: str = "the formula"
) -> dict[str, int]:
    """Give a point as Python's integers; `what` is evaluated there.

    Raises `ClosedFormError` for an unknown symbol, one without a value, and what is no integer.

    >>> integer_point({"K": 3.0, "M": 2}, ["K", "M"])
    {'K': 3, 'M': 2}
    """
    check_known(point, symbols, what)
    missing = [name for name in symbols if name not in point]
    if missing:
        message = f"{what} needs a value for {', '.join(missing)}"
        raise ClosedFormError(message)
    return {name: whole(name, value) for name, value in point.items()}


def check_known(names: Iterable[str], symbols: Collection[str], what: str = "the formula") -> None:
    """Refuse names that are no symbols, with `ClosedFormError`."""
    for name in names:
        if name not in symbols:
            message = f"{what} has no symbol {name!r}"
            raise ClosedFormError(message + did_you_mean(name, symbols))


def whole(name: str, value: Any) -> int:  # noqa: ANN401  whatever a caller takes for a number
    """Give a number that must be an integer, whatever its type: those of NumPy overflow in silence.

    Raises `ClosedFormError` for anything else.
    """
    is_number = isinstance(value, Real)
    if isinstance(value, float) and abs(value) > EXACT and isfinite(value):
        message = f"{name} is {value}, a float that is not exact; write an integer, as in 10**30"
        raise ClosedFormError(message)
    if is_number and not isinstance(value, bool) and value % 1 == 0:
        return int(value)
    message = f"{name} is {value if is_number else repr(value)}; it must be an integer"
    raise ClosedFormError(message)
