"""Goals and conditions: sums of quantities, read from text.

    sum        := [+|-] term { (+|-) term }
    term       := INT | [INT *] name
    condition  := sum (<= | < | >= | > | = | ==) sum

A name is a formula (``L2.I.parent_reads``, ``steps``), the traffic below a memory (``L2.traffic``), the words
that a memory needs (``L1`` or ``L1.occupancy``; ``L2``: those that all its units hold together), or a
symbol (``T_K0``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from polymaestro.counting import QuasiPolynomial
from polymaestro.errors import SearchError, did_you_mean
from polymaestro.tiling.analysis import TiledAnalysis
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.quantities import Sum

TERM = re.compile(r"\s*([+-]?)\s*(?:(\d+)\s*(?:\*\s*(?=[^\W\d])|(?![\w.])))?([^\W\d][\w.]*)?\s*")
RELATION = re.compile(r"(<=|>=|==|=|<|>)")
MOVED = ("parent_reads", "parent_updates", "read_backs")
"""What crosses a boundary, either way."""
OUTERMOST = ("L2", "L2.occupancy")
MACHINE = ("runtime", "energy", "roofline")


@dataclass(frozen=True)
class Limit:
    """A sum that must lie within [low, high]; None is no limit on that side."""

    text: str
    total: Sum
    low: int | None
    high: int | None


class Quantities:
    """What the names stand for, in one analysis."""

    def __init__(self, analysis: TiledAnalysis) -> None:
        """Collect formulas, what is made of them, and symbols."""
        self.sums: dict[str, Sum] = {name: form.products for name, form in analysis.named()}
        for boundary in analysis.boundaries:
            tensors = boundary.tensors.values()
            self.sums[f"{boundary.parent}.traffic"] = _added(
                tensor.forms[name].products for tensor in tensors for name in MOVED if name in tensor.forms
            )
            held = _added(tensor.forms["occupancy"].products for tensor in tensors)
            self.sums[boundary.child] = self.sums[f"{boundary.child}.occupancy"] = held
        for name in analysis.symbols:
            self.sums[name] = ((1, (_symbol(name),)),)
        self._analysis = analysis

    def _shared(self) -> Sum:
        """Give the words of the outermost memory, which cost some tenths of a second to derive."""
        tiles = self._analysis.costing.off_chip.tiles.values()
        return _added(form.products for form in tiles)

    def goal(self, text: str) -> Sum:
        """Read what is to be made smallest.

        Raises `SearchError` for what is no sum of quantities.
        """
        found = self._sum(text, f"the goal {text!r}")
        if not any(counts for _, counts in found):
            message = f"the goal {text!r} is a number; name a quantity, as in 'L2.traffic'"
            raise SearchError(message)
        return found

    def limit(self, text: str) -> Limit:
        """Read a condition.

        Raises `SearchError` for what is no comparison of two sums of quantities.
        """
        parts = RELATION.split(text) if isinstance(text, str) else ()
        if len(parts) != 3:  # noqa: PLR2004  left, relation, right
            message = f"cannot read the condition {text!r}; write e.g. 'L1 <= 512' or 'steps <= 10000'"
            raise SearchError(message)
        left, relation, right = parts
        what = f"the condition {text!r}"
        both = [*self._sum(left, what), *((-factor, counts) for factor, counts in self._sum(right, what))]
        number = -sum(factor for factor, counts in both if not counts)
        total = tuple((factor, counts) for factor, counts in both if counts)
        low, high = _range(relation, number)
        return Limit(text.strip(), total, low, high)

    def _sum(self, text: str, what: str) -> Sum:
        found: list[tuple[int, tuple[TiledCount, ...]]] = []
        place = 0
        while place < len(text) or not found:
            match = TERM.match(text, place)
            sign, number, name = match.groups() if match else ("", None, None)
            if not match or (number is None and name is None) or (found and not sign):
                message = f"cannot read {what} at {text[place:]!r}; write sums such as 'L2.traffic + 2*steps'"
                raise SearchError(message)
            factor = int(number or 1) * (-1 if sign == "-" else 1)
            terms: Sum = ((1, ()),) if name is None else self._named(name)
            found += [(factor * each, counts) for each, counts in terms]
            place = match.end()
        return tuple(found)

    def _named(self, name: str) -> Sum:
        if name in OUTERMOST and name not in self.sums:
            self.sums.update(dict.fromkeys(OUTERMOST, self._shared()))
        if name not in self.sums:
            message = f"no quantity {name!r}"
            if name in MACHINE:
                message = f"{name} is no part of a sum or condition; minimize it alone, which in Python is "
                message += f"minimize=analysis.{name}(machine)"
                raise SearchError(message)
            raise SearchError(message + did_you_mean(name, [*self.sums, *OUTERMOST]))
        return self.sums[name]


def value_of(total: Sum, extended: Mapping[str, int]) -> int:
    """Evaluate a sum in Python integers at a point that holds the values of the ties."""
    result = 0
    for factor, counts in total:
        product = factor
        for count in counts:
            product *= count.at(extended)
        result += product
    return result


def _symbol(name: str) -> TiledCount:
    """Give a symbol as a count, which is its value."""
    return TiledCount(lambda _: QuasiPolynomial.of(name), (name,))


def _added(totals: Iterator[Sum]) -> Sum:
    return tuple(product for total in totals for product in total)


def _range(relation: str, number: int) -> tuple[int | None, int | None]:
    """Give the values that a relation to a number allows, ends included."""
    match relation:
        case "<=":
            return None, number
        case "<":
            return None, number - 1
        case ">=":
            return number, None
        case ">":
            return number + 1, None
    return number, number
