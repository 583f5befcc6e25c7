"""Time as terms in the constants of the machine alone: what is left of a layer once its extents are numbers.

    Term := ⌈MACs / lanes⌉ | ⌈words / bandwidth⌉ + latency of a boundary | max(Term, …) | Σ number · Term

Equal terms are one term, and of several transfers over one link only the one with the most words can be the
largest, so the millions of steps of a layer come down to a handful of maxima. They are evaluated over
arrays that broadcast against each other, one axis a constant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Node = tuple[Any, ...]
Parts = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Rates:
    """The constants as arrays: lanes; at each boundary words per cycle as a fraction, and cycles of latency.

    A bandwidth without limit is 0 below 1: ``words · 0 / 1``.
    """

    lanes: Array
    above: tuple[Array, ...]
    below: tuple[Array, ...]
    latency: tuple[Array, ...]


@dataclass
class Terms:
    """The terms met so far, each known by its position; an `Arithmetic` of times that are positions.

    >>> terms = Terms()
    >>> step = terms.join([terms.cycles(9), terms.transfer(5, 0), terms.transfer(7, 0)], serial=False)
    >>> terms.nodes[step]
    ('max', (0, 2))
    >>> terms.total([(3, step), (4, step)]) == terms.total([(7, step)])
    True
    """

    nodes: list[Node] = field(default_factory=list)
    known: dict[Node, int] = field(default_factory=dict)

    def _node(self, *node: Any) -> int:  # noqa: ANN401  a kind, then numbers or positions
        if node not in self.known:
            self.known[node] = len(self.nodes)
            self.nodes.append(node)
        return self.known[node]

    def cycles(self, macs: int) -> int:
        """⌈MACs / lanes⌉."""
        return self._node("macs", macs) if macs else self._node("sum", ())

    def transfer(self, words: int, depth: int) -> int:
        """0 for no words, else ⌈words / bandwidth⌉ + latency."""
        return self._node("words", words, depth) if words else self._node("sum", ())

    def join(self, times: list[int], *, serial: bool) -> int:
        """Give the largest time, or the sum."""
        if serial:
            return self.total((1, time) for time in times)
        largest: dict[tuple[Any, ...], int] = {}
        for time in times:
            for each in self.nodes[time][1] if self.nodes[time][0] == "max" else (time,):
                kind = self._kind(each)
                if kind and (kind not in largest or self.nodes[each][1] > self.nodes[largest[kind]][1]):
                    largest[kind] = each
        found = tuple(sorted(largest.values()))
        return found[0] if len(found) == 1 else self._node("max", found) if found else self._node("sum", ())

    def _kind(self, time: int) -> tuple[Any, ...]:
        """Give what a time is compared within: transfers over one link, cycles, itself; nothing for 0."""
        kind, *rest = self.nodes[time]
        if kind == "sum":
            return ("sum", time) if rest[0] else ()
        return (kind, *rest[1:])

    def total(self, times: Iterable[tuple[int, int]]) -> int:
        """Σ number · time."""
        numbers: dict[int, int] = {}
        for number, time in times:
            for inner, each in self.nodes[time][1] if self.nodes[time][0] == "sum" else ((1, time),):
                numbers[each] = numbers.get(each, 0) + number * inner
        parts = tuple((number, each) for each, number in sorted(numbers.items()) if number)
        return parts[0][1] if len(parts) == 1 and parts[0][0] == 1 else self._node("sum", parts)

    @property
    def largest_number(self) -> int:
        """The largest of the numbers that stand in the terms themselves."""
        leaves = [node[1] for node in self.nodes if node[0] in {"macs", "words"}]
        factors = [number for node in self.nodes if node[0] == "sum" for number, _ in node[1]]
        return max((*leaves, *factors), default=0)

    def values(self, times: Sequence[int], rates: Rates) -> list[Array]:
        """Evaluate some times, shared terms once."""
        evaluation = _Evaluation(self, rates)
        return [evaluation.value(time) for time in times]


class _Evaluation:
    """The values of terms over one set of arrays; those of terms that are used once are not kept."""

    def __init__(self, terms: Terms, rates: Rates) -> None:
        self.nodes, self.rates = terms.nodes, rates
        self.uses: dict[int, int] = {}
        for kind, *rest in terms.nodes:
            children = rest[0] if kind == "max" else [each for _, each in rest[0]] if kind == "sum" else ()
            for each in children:
                self.uses[each] = self.uses.get(each, 0) + 1
        self.known: dict[int, Array] = {}

    def value(self, time: int) -> Array:
        if time not in self.known:
            value = self._computed(*self.nodes[time])
            if self.uses.get(time, 0) < 2:  # noqa: PLR2004  a second use
                return value
            self.known[time] = value
        return self.known[time]

    def _computed(self, kind: str, *rest: Any) -> Array:  # noqa: ANN401  see `Node`
        if kind == "macs":
            cycles: Array = -(-rest[0] // self.rates.lanes)
            return cycles
        if kind == "words":
            words, depth = rest
            above, below = self.rates.above[depth], self.rates.below[depth]
            arrival: Array = -(-words * below // above) + self.rates.latency[depth]
            return arrival
        if kind == "max":
            first, *others = rest[0]
            result = self.value(first)
            for each in others:
                result = np.maximum(result, self.value(each))
            return result
        total: Array = np.zeros_like(self.rates.lanes)
        for number, each in rest[0]:
            total = total + number * self.value(each)
        return total
