"""Reads printed formulas back, so that what people see is what is tested."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
RELATIONS = {"≥": ">=", "≤": "<=", "=": "==", "<": "<", ">": ">"}


def value_of(text: str, point: Mapping[str, int]) -> Fraction:
    """Evaluate a printed form: its cases, and the names that it explains below."""
    blocks: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        found = re.match(r"  where (\w+) = (.*)", line)
        if found:
            blocks.append((found[1], [found[2]]))
        else:
            blocks[-1][1].append(line.strip())
    known: dict[str, Fraction] = {name: Fraction(value) for name, value in point.items()}
    for name, lines in reversed(blocks):
        known[name] = _case(lines, known)
    return known[""]


def _case(lines: list[str], known: Mapping[str, Fraction]) -> Fraction:
    found: list[str] = []
    for line in lines:
        formula, _, condition = line.partition("  ")
        if condition == "otherwise":
            assert line is lines[-1]
            found += [] if found else [formula]
        elif not condition or _holds(condition.removeprefix("if "), known):
            found.append(formula)
    assert len(found) == 1, (lines, known)
    return _number(found[0], known)


def _holds(condition: str, known: Mapping[str, Fraction]) -> bool:
    return any(all(_relation(each, known) for each in part.split(", ")) for part in condition.split(" or "))


def _relation(text: str, known: Mapping[str, Fraction]) -> bool:
    found = re.fullmatch(r"(.*?) ([≥≤=<>]) (.*)", text)
    assert found, text
    left, modulus, divisor = found[1].partition(" % ")
    low = _number(left, known) % int(divisor) if modulus else _number(left, known)
    return bool(eval(f"low {RELATIONS[found[2]]} high", {"low": low, "high": _number(found[3], known)}))  # noqa: S307


def _number(text: str, known: Mapping[str, Fraction]) -> Fraction:
    code = text
    while re.search("[⌈⌊]", code):
        code = re.sub(r"⌈([^⌈⌉⌊⌋]*)/(\d+)⌉", r"(0-(0-(\1))//\2)", code)
        code = re.sub(r"⌊([^⌈⌉⌊⌋]*)/(\d+)⌋", r"((\1)//\2)", code)
    code = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: "**" + found[0].translate(SUPERSCRIPTS), code)
    return Fraction(eval(code.replace("·", "*"), {"__builtins__": {"min": min, "max": max}}, dict(known)))  # noqa: S307
