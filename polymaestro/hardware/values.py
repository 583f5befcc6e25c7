"""Constants of a machine: each is a number, kept exact, or the name of a symbol."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from numbers import Real

from polymaestro.errors import HardwareError
from polymaestro.names import no_symbol

Value = Fraction | str
"""An exact number or a symbol."""

Given = int | float | str | Fraction | Decimal
"""What a caller may write; 1.1 means the decimal 1.1, not the nearest float."""


def exact(given: Given, field: str, least: int = 0, *, open_end: bool = False) -> Value:
    """Read a constant: a number from `least` on (above it, with `open_end`), or a symbol.

    >>> exact(0.1, "hop_energy")
    Fraction(1, 10)
    >>> exact("B", "bandwidth")
    'B'
    """
    bound = f"above {least}" if open_end else f"{least} or more"
    if isinstance(given, str):
        if no_symbol(given):
            message = f"{field} is {given!r}; it must be a number, {bound}, or a name for a symbol"
            raise HardwareError(message)
        return given
    valid = isinstance(given, Real | Decimal) and not isinstance(given, bool)
    try:
        number = Fraction(str(given)) if valid else None
    except ValueError:  # nan, inf
        number = None
    if number is None or number < least or (open_end and number == least):
        message = f"{field} is {given!r}; it must be a number, {bound}, or a name for a symbol"
        raise HardwareError(message)
    return number


def plain(value: Value) -> int | float | str:
    """Give a constant as JSON data: an integer where it is one."""
    if isinstance(value, str):
        return value
    return value.numerator if value.denominator == 1 else float(value)


def check_integer(name: str, value: object, least: int) -> None:
    """Refuse what is no integer from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        shown = value if isinstance(value, Fraction) else repr(value)
        message = f"{name} is {shown}; it must be an integer, {least} or more"
        raise HardwareError(message)


def check_flag(name: str, value: object) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool):
        message = f"{name} is {value!r}; it must be true or false"
        raise HardwareError(message)


def check_count(name: str, value: object, least: int) -> None:
    """Refuse what is neither an integer from `least` on nor a name for a symbol."""
    if isinstance(value, str):
        exact(value, name, least)
    else:
        check_integer(name, value, least)
