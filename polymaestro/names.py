"""What may be the name of a symbol, and what may not."""

from __future__ import annotations

import keyword
import re

# Words that isl reads as part of its notation, in any case, so that no parameter can have their name.
RESERVED = frozenset(
    [
        "and",
        "or",
        "not",
        "exists",
        "mod",
        "floor",
        "ceil",
        "ceild",
        "floord",
        "min",
        "max",
        "implies",
        "true",
        "false",
        "rat",
        "infty",
        "infinity",
        "nan",
    ]
)

# Words of the directive language, and functions of formulas.
WORDS = frozenset(
    [
        "Constant",
        "Network",
        "Layer",
        "Type",
        "Stride",
        "Dilation",
        "Dimensions",
        "Dataflow",
        "TemporalMap",
        "SpatialMap",
        "Cluster",
        "Sz",
        "abs",
        "Abs",
        "ceiling",
    ]
)

SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def no_symbol(name: str) -> str:
    """Say why a name cannot be that of a symbol; empty where it can.

    What is read and written with it are directives, conditions (isl's notation) and formulas (Python's).

    >>> no_symbol("and")
    "'and' is a word of the notation; give the symbol another name"
    >>> no_symbol("T_K"), no_symbol("4")
    ('', "'4' is a text; write 4, without quotes")
    """
    if name.isdecimal() and name.isascii():
        return f"{name!r} is a text; write {name}, without quotes"
    if not SYMBOL.fullmatch(name):
        return f"{name!r} is no name for a symbol; use a letter, then letters, digits and _"
    if name.lower() in RESERVED or name in WORDS or keyword.iskeyword(name):
        return f"{name!r} is a word of the notation; give the symbol another name"
    return ""
