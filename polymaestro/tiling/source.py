"""Costs with symbolic tiles as Python source: exact at any size, a point outside of the region is an error.

Energy and roofline are sums and maxima of counts, which `export.to_python` writes; a run time has a formula
for each case of the steps.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from polymaestro import export
from polymaestro.affine import Affine, Floor
from polymaestro.counting import QuasiPolynomial, Region, Tie
from polymaestro.export.names import symbol_names
from polymaestro.export.syntax import Infix, affine, polynomial, region
from polymaestro.hardware import Value
from polymaestro.symbolic.costs import ONE, Atom, Ceiling, Cost
from polymaestro.symbolic.naming import NamedCost

if TYPE_CHECKING:
    from polymaestro.tiling.complete import CompleteForm

SYNTAX = Infix()
HEAD = '''"""Exact costs with Python integers and fractions.

Symbols are given by keyword. A point outside the region of a formula is a ValueError.
"""

from fractions import Fraction'''
DELAY = """

def _delay(words, rate, latency):
    return 0 if not words else (0 if rate is None else -(-words // rate)) + latency"""


class Writer:
    """Writes formulas over symbols, whose names Python has to allow."""

    def __init__(self, symbols: Collection[str]) -> None:
        """Find a name for each symbol."""
        self.names = dict(symbol_names(symbols, export.Names(export.PYTHON)))

    def name(self, symbol: str) -> str:
        """Give the name of a symbol, or of what a formula names itself."""
        return self.names.get(symbol, symbol)

    def atom_text(self, atom: str | Floor) -> str:
        """Write a name, or a quotient that is rounded down."""
        if isinstance(atom, Floor):
            return f"({SYNTAX.floor(self.size(atom.numerator), atom.divisor)})"
        return self.name(atom)

    def polynomial(self, value: QuasiPolynomial) -> str:
        """Write a polynomial that is a whole number."""
        return polynomial(value, SYNTAX, self.atom_text)

    def region(self, where: Region) -> str:
        """Write a condition."""
        return region(where, SYNTAX, self.atom_text)

    def size(self, length: Affine) -> str:
        """Write an affine expression."""
        return affine(length, SYNTAX, self.atom_text)

    def value(self, each: Value) -> str:
        """Write a constant of the machine."""
        if isinstance(each, str):
            return self.name(each)
        whole = each.denominator == 1
        return str(each.numerator) if whole else f"Fraction({each.numerator}, {each.denominator})"

    def constant(self, each: Value) -> str:
        """Write a constant as the fraction that it is; decimals that are given mean what they say."""
        return f"Fraction(str({self.name(each)}))" if isinstance(each, str) else self.value(each)

    def cost(self, cost: Cost) -> str:
        """Write a sum of multiples of maxima and delays."""
        parts = []
        for atom, number in cost.terms:
            text = self.atom(atom)
            parts.append(text if number == ONE else f"({self.polynomial(number)})*{text}")
        if not cost.polynomial.is_zero or not parts:
            parts.append(self.polynomial(cost.polynomial))
        return " + ".join(parts)

    def atom(self, atom: Atom) -> str:
        """Write a maximum or a delay."""
        if not isinstance(atom, Ceiling):
            return f"max({', '.join(map(self.cost, atom.costs))})"
        rate = "None" if atom.rate is None else self.value(atom.rate)
        copies = "" if atom.copies == ONE else f"*({self.polynomial(atom.copies)})"
        return f"_delay({self.polynomial(atom.amount)}, {rate}{copies}, {self.value(atom.latency)})"

    def tie(self, tie: Tie) -> str:
        """Write what a tie is."""
        above = self.polynomial(tie.numerator)
        if tie.divisor is None:
            return above
        below = self.polynomial(tie.divisor)
        return f"-(-({above})//({below}))" if tie.rounded == "up" else f"({above})//({below})"


Symbols = tuple[Sequence[str], Sequence[str]]
"""Sizes, and constants of the machine."""


def run_time(
    name: str, symbols: Symbols, known: Iterable[Tie | Region], cases: Iterable[tuple[Region, NamedCost]]
) -> str:
    """Write a function with a formula for each case; `known` are ties and regions in their order."""
    writer = Writer([*symbols[0], *symbols[1]])
    lines = [_head(name, symbols, writer)]
    lines += [f"    {writer.name(each)} = Fraction(str({writer.name(each)}))" for each in symbols[1]]
    for each in known:
        if isinstance(each, Tie):
            lines.append(f"    {each.name} = {writer.tie(each)}")
        elif not each.is_everywhere:
            message = f"the formula holds where {each}"
            lines += [f"    if not ({writer.region(each)}):", f"        raise ValueError({message!r})"]
    for where, cost in cases:
        lines.append(f"    if {writer.region(where)}:")
        lines += [f"        {part.name} = {writer.cost(part.value)}" for part in reversed(cost.parts)]
        lines.append(f"        return int({writer.cost(cost.total)})")
    lines.append('    raise ValueError("there is no formula at this point")')
    return "\n".join([HEAD, DELAY, "", "", *lines, ""])


def energy(name: str, symbols: Symbols, counts: Mapping[str, tuple[Value, CompleteForm]]) -> str:
    """Write a function that adds up constant · count; each count is a function too."""
    writer = Writer([*symbols[0], *symbols[1]])
    terms = [f"{writer.constant(each)}*count_{what}(**sizes)" for what, (each, _) in counts.items()]
    forms = {what: form for what, (_, form) in counts.items()}
    return _on_counts(name, symbols, forms, f"Fraction({' + '.join(terms) or 0})")


def roofline(
    name: str, symbols: Symbols, bounds: Mapping[str, tuple[Value, Sequence[Affine], CompleteForm]]
) -> str:
    """Write a function that gives the largest ⌈amount / (rate · copies)⌉; each amount is a function too."""
    writer = Writer([*symbols[0], *symbols[1]])
    texts, forms = [], {}
    for what, (rate, copies, form) in bounds.items():
        below = "*".join([writer.constant(rate), *(f"({writer.size(each)})" for each in copies)])
        texts.append(f"int(-(-count_{what}(**sizes) // ({below})))")
        forms[what] = form
    return _on_counts(name, symbols, forms, f"max({', '.join(texts)})")


def plain(name: str) -> str:
    """Write a name with letters, digits and underscores.

    >>> plain("DRAM → L2 in")
    'DRAM_L2_in'
    """
    return re.sub(r"\W+", "_", name)


def _on_counts(name: str, symbols: Symbols, forms: Mapping[str, CompleteForm], value: str) -> str:
    writer = Writer([*symbols[0], *symbols[1]])
    counts = export.to_python({f"count_{what}": form for what, form in forms.items()})
    ties = next(iter(forms.values())).ties if forms else ()
    lines = [
        _head(name, symbols, writer),
        f"    sizes = dict({', '.join(f'{writer.name(each)}={writer.name(each)}' for each in symbols[0])})",
        *(f"    {tie.name} = {writer.tie(tie)}" for tie in ties),
        f"    return {value}",
    ]
    return "\n".join([HEAD, "", "", counts[counts.index('"""', 3) + 3 :].strip(), "", "", *lines, ""])


def _head(name: str, symbols: Symbols, writer: Writer) -> str:
    keywords = ", ".join(map(writer.name, (*symbols[0], *symbols[1])))
    return f"def {export.identifier(name)}(*, {keywords}):"
