"""Assumptions: conditions on the parameters as a user writes them, read as sets."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import islpy as isl

from polymaestro.errors import AssumptionError, did_you_mean
from polymaestro.names import RESERVED

SIGNS = {"==": "=", "%": " mod ", "≥": ">=", "≤": "<=", "·": "*"}


def several(texts: str | Iterable[str]) -> tuple[str, ...]:
    """Give a text, or several; one alone is no list of its letters."""
    return (texts,) if isinstance(texts, str) else tuple(texts)


def _outside(text: str) -> str:
    """Give what stands in no parentheses."""
    while True:
        found = re.sub(r"\([^()]*\)", "", text)
        if found == text:
            return found
        text = found


def assumed(assumption: str, symbols: Collection[str]) -> isl.Set:
    """Read an assumption; ``%`` and ``==`` are accepted beside isl's own ``mod`` and ``=``.

    Raises `AssumptionError` for what does not read and for a name that is no symbol.

    >>> print(assumed("C % 64 == 0", ["C", "K"]))
    [C, K] -> {  : (C) mod 64 = 0 }
    """
    text = str(assumption)
    for sign, written in SIGNS.items():
        text = text.replace(sign, written)
    message = f"cannot read the assumption {assumption!r}; write e.g. 'C % 64 == 0' or 'P >= R'"
    if not text.strip() or re.search(r"[^\w\s<>=!+*/(),-]", text):
        raise AssumptionError(message)
    if "," in _outside(text):  # which isl takes for a list that the conditions beside it share
        message = f"cannot read the assumption {assumption!r}: write 'and' for ',', or give several"
        raise AssumptionError(message)
    for name in re.findall(r"[^\W\d]\w*", text):
        if name not in symbols and name not in RESERVED:
            unknown = f"assumption {assumption!r}: {name} is no symbol of the formulas"
            raise AssumptionError(unknown + did_you_mean(name, symbols))
    try:
        return isl.Set(f"[{', '.join(symbols)}] -> {{ : {text} }}").params()
    except isl.Error:
        raise AssumptionError(message) from None
