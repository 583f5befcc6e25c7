"""Search: the tiles and units that make a quantity smallest, by evaluating the formulas everywhere.

A factor depends on the sizes of one axis group only, so that a space of |K|·|C|·|P| tiles costs
|K| + |C| + |P| evaluations of factors, and products of remembered integers for the rest. Occupancy never
shrinks when a tile grows, so that a branch whose smallest tiles do not fit a memory is left out.

>>> import polymaestro as pm
>>> flow = pm.parse_dataflow("TemporalMap(T_M,T_M) M; SpatialMap(T_N,T_N) N; TemporalMap(T_K,T_K) K")
>>> analysis = pm.analyze_tiles(pm.gemm(), flow, 4)
>>> best = optimize(
...     analysis, minimize="L2.traffic", extents={"M": 12, "N": 12, "K": 12}, subject_to=["L1 <= 20"])
>>> print(best)
L2.traffic = 720 at T_K = 1, T_M = 4, T_N = 3; the least of 216 points (50 fit)
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

from polymaestro.errors import PolymaestroError, did_you_mean
from polymaestro.tiling.analysis import TiledAnalysis
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.forms import TiledForm

CONDITION = re.compile(r"\s*([\w.]+)\s*(<=|>=|==|<|>|=)\s*(\d+)\s*\Z")
COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True)
class Optimum:
    """The best point of a space; `proved` where all of the space was searched."""

    quantity: str
    value: int
    point: Mapping[str, int]
    space: int
    fitting: int
    proved: bool

    def __str__(self) -> str:
        """Write value, point and how far the search went."""
        at = ", ".join(f"{name} = {value}" for name, value in sorted(self.point.items()))
        found = (
            f"the least of {self.space} points" if self.proved else f"the least so far of {self.space} points"
        )
        return f"{self.quantity} = {self.value} at {at}; {found} ({self.fitting} fit)"


def optimize(  # noqa: PLR0913  a goal, its conditions, and a space
    analysis: TiledAnalysis,
    *,
    minimize: str,
    extents: Mapping[str, int],
    subject_to: Iterable[str] = (),
    choices: Mapping[str, Iterable[int]] | None = None,
    tiles: Literal["divisors", "all"] = "divisors",
    limit: int = 1_000_000,
) -> Optimum:
    """Find the sizes of a mapping that make a quantity smallest, exactly, over a finite space.

    `minimize` is a formula (``L2.I.parent_reads``, ``steps``) or ``L2.traffic``, all that crosses the
    boundary below a memory. `extents` gives numbers to symbols that are fixed; of the others, `choices`
    lists the values, and tile sizes run over the divisors of their dimension or over all its sizes.
    `subject_to` holds conditions such as ``"L1 <= 512"`` (the words that a memory needs) or
    ``"steps <= 10000"``. After `limit` points that fit, the search ends and the result is not proved.

    Raises `PolymaestroError` for unknown names, symbols without values, and a space where nothing fits.
    """
    search = _Search(analysis, minimize, tuple(_Condition.read(text) for text in subject_to))
    spaces = _spaces(analysis, extents, choices or {}, tiles)
    return search.run(dict(extents), spaces, limit)


@dataclass(frozen=True)
class _Condition:
    """name relation number."""

    name: str
    relation: str
    number: int

    @staticmethod
    def read(text: str) -> _Condition:
        """Read a condition from text."""
        found = CONDITION.match(text)
        if not found:
            message = f"cannot read the condition {text!r}; write e.g. 'L1 <= 512' or 'steps <= 10000'"
            raise PolymaestroError(message)
        return _Condition(found[1], found[2], int(found[3]))

    def holds(self, value: int) -> bool:
        """Compare."""
        return COMPARE[self.relation](value, self.number)


class _Search:
    """Goes through a space and remembers every factor by the sizes that it depends on."""

    def __init__(self, analysis: TiledAnalysis, goal: str, conditions: Sequence[_Condition]) -> None:
        """Look the names up."""
        self._analysis = analysis
        self._known: dict[tuple[int, tuple[int, ...]], int] = {}
        self._goal = goal
        self._forms = self._quantities()
        memories = {each.child for each in analysis.boundaries}
        known = [*self._forms, *analysis.symbols]
        for name in (goal, *(each.name for each in conditions)):
            if name not in known or name == goal in analysis.symbols:
                message = f"no quantity {name!r}"
                raise PolymaestroError(message + did_you_mean(name, known))
        self._conditions = tuple(conditions)
        self._capacities = tuple(
            each for each in conditions if each.name in memories and each.relation in ("<=", "<")
        )

    def _quantities(self) -> dict[str, tuple[TiledForm, ...]]:
        """Give what a name adds up: a formula, a boundary's traffic, or the words in a memory."""
        found: dict[str, tuple[TiledForm, ...]] = {name: (form,) for name, form in self._analysis.named()}
        for boundary in self._analysis.boundaries:
            tensors = boundary.tensors.values()
            moved = ("parent_reads", "parent_updates", "read_backs")
            found[f"{boundary.parent}.traffic"] = tuple(
                tensor.forms[name] for tensor in tensors for name in moved if name in tensor.forms
            )
            found[boundary.child] = tuple(tensor.forms["occupancy"] for tensor in tensors)
        return found

    def run(self, fixed: dict[str, int], spaces: dict[str, tuple[int, ...]], limit: int) -> Optimum:
        """Evaluate the goal wherever all conditions hold."""
        best: tuple[int, dict[str, int]] | None = None
        fitting = 0
        for point in self._fitting(fixed, spaces):
            fitting += 1
            value = self._value(self._goal, self._analysis.ties.extended(point))
            if best is None or value < best[0]:
                best = (value, point)
            if fitting >= limit:
                break
        if best is None:
            message = "no point of the space satisfies the conditions; allow more or give more choices"
            raise PolymaestroError(message)
        size = prod(len(values) for values in spaces.values())
        point = {name: best[1][name] for name in spaces}
        return Optimum(self._goal, best[0], point, size, fitting, proved=fitting < limit)

    def _fitting(self, fixed: dict[str, int], spaces: dict[str, tuple[int, ...]]) -> Iterator[dict[str, int]]:
        """Give every point of the region where all conditions hold."""
        for point in self._grown(fixed, list(spaces.items())):
            values = self._analysis.ties.extended(point)
            if not self._analysis.valid_on.holds(values):
                continue
            if all(each.holds(self._value(each.name, values)) for each in self._conditions):
                yield point

    def _grown(
        self, point: dict[str, int], spaces: list[tuple[str, tuple[int, ...]]]
    ) -> Iterator[dict[str, int]]:
        """Choose one size after the other; those still open are smallest when memories are checked."""
        if not spaces:
            yield point
            return
        (name, choices), *others = spaces
        smallest = {other: values[0] for other, values in others}
        for choice in choices:
            grown = {**point, name: choice}
            values = self._analysis.ties.extended({**grown, **smallest})
            if all(each.holds(self._value(each.name, values)) for each in self._capacities):
                yield from self._grown(grown, others)

    def _value(self, name: str, values: Mapping[str, int]) -> int:
        if name not in self._forms:
            return values[name]
        return sum(self._form(form, values) for form in self._forms[name])

    def _form(self, form: TiledForm, values: Mapping[str, int]) -> int:
        total = 0
        for sign, counts in form.products:
            product = sign
            for count in counts:
                product *= self._count(count, values)
                if not product:
                    break
            total += product
        return total

    def _count(self, count: TiledCount, values: Mapping[str, int]) -> int:
        key = (id(count), tuple(values[name] for name in count.names))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = count.at(values)
        return found


def _spaces(
    analysis: TiledAnalysis,
    extents: Mapping[str, int],
    choices: Mapping[str, Iterable[int]],
    tiles: Literal["divisors", "all"],
) -> dict[str, tuple[int, ...]]:
    """Give the values of each symbol that is not fixed, the smallest first."""
    for name in itertools.chain(extents, choices):
        if name not in analysis.symbols:
            message = f"the formulas have no symbol {name!r}"
            raise PolymaestroError(message + did_you_mean(name, analysis.symbols))
    found: dict[str, tuple[int, ...]] = {}
    for name in analysis.symbols:
        if name in choices:
            found[name] = tuple(sorted(set(choices[name])))
            if not found[name]:
                message = f"the choices of {name} are empty"
                raise PolymaestroError(message)
        elif name not in extents:
            found[name] = _sizes(analysis, name, extents, tiles)
    return found


def _sizes(
    analysis: TiledAnalysis, name: str, extents: Mapping[str, int], tiles: Literal["divisors", "all"]
) -> tuple[int, ...]:
    """Give the sizes of a tile: what divides its dimension, or every size up to it."""
    found: set[int] = set()
    for cut in analysis.cuts.cuts:
        if str(cut.size) == name:
            whole = analysis.operator.extent(cut.dim)
            if whole.names() <= extents.keys():
                size = whole.evaluate(extents)
                found |= {tile for tile in range(1, size + 1) if tiles == "all" or size % tile == 0}
    if not found:
        message = f"{name} needs a value in extents, or several in choices"
        raise PolymaestroError(message)
    return tuple(sorted(found))
