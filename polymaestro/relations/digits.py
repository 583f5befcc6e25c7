"""Digits: an extent written in the sizes of the tiles that cut it, so that the last tiles have affine ends.

With folds of 4 units of 8 columns, Q = 32·n + 8·m + e with 1 ≤ e ≤ 8 and m < 4: n whole folds, then m whole
units, then e columns. Whether a unit is active in the last fold is u ≤ m, and its last step is n or n - 1:
no floor of Q, and above all none of both Q and u, which a union over the units would turn into floors of
columns. The executed points are cut into those of whole folds, of whole units in the last fold, and of its
last unit, and everything that is made of them has these parts.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import islpy as isl

from polymaestro.affine import Affine, Extremum, Floor, floor_div
from polymaestro.loopnest import LoopNest
from polymaestro.relations.extraction import Relations
from polymaestro.relations.groups import AxisGroup
from polymaestro.relations.sets import exchanged

Conditions = tuple[Affine, ...]


@dataclass(frozen=True)
class Digits:
    """symbol + shift = Σ size · digit + last, as many of the larger sizes as there are, 1 ≤ last.

    >>> digits = Digits("Q", 0, (32, 8))
    >>> print(digits.written)
    Q_e8 + 32·Q_n32 + 8·Q_n8
    >>> [value.evaluate({"Q": 50}) for value in digits.values.values()]
    [1, 2, 2]
    """

    symbol: str
    shift: int
    sizes: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The digits, from the largest size down, then the last."""
        return (*(f"{self.symbol}_n{size}" for size in self.sizes), f"{self.symbol}_e{self.sizes[-1]}")

    @property
    def _places(self) -> tuple[int, ...]:
        return (*self.sizes, 1)

    @property
    def written(self) -> Affine:
        """What stands in the place of the symbol."""
        return self._from(0) - self.shift

    def _from(self, place: int) -> Affine:
        """Σ size · digit from a place on."""
        pairs = zip(self._places[place:], self.names[place:], strict=True)
        return sum((Affine.of(name) * size for size, name in pairs), Affine.of(0))

    @property
    def conditions(self) -> Conditions:
        """What makes the digits unique, each ≥ 0: what is left after a place is at most its size."""
        whole = (Affine.of(name) for name in self.names[:-1])
        rest = (size - self._from(place) for place, size in enumerate(self.sizes, start=1))
        return (*whole, Affine.of(self.names[-1]) - 1, *rest)

    @property
    def values(self) -> Mapping[str, Affine]:
        """Each digit as an expression in the symbol."""
        left, found = Affine.of(self.symbol) + self.shift - 1, {}
        for name, size in zip(self.names, self._places, strict=True):
            found[name] = floor_div(left, size)
            left = left - found[name] * size
        found[self.names[-1]] += 1
        return found

    @property
    def tie(self) -> isl.Set:
        """The equation between the symbol and its digits."""
        conditions = " and ".join(f"{each.isl()} >= 0" for each in self.conditions)
        names = ", ".join((self.symbol, *self.names))
        return isl.Set(f"[{names}] -> {{ : {self.symbol} = {self.written.isl()} and {conditions} }}")

    def applied(self, domain: isl.Set) -> isl.Set:
        """Replace the symbol by its digits in a set of parameters."""
        return exchanged(domain, self.tie, (self.symbol,))

    def undone(self, domain: isl.Set) -> isl.Set:
        """Replace the digits by the symbol in a set of parameters."""
        return exchanged(domain, self.tie, self.names)


def in_digits(relations: Relations) -> tuple[Relations, tuple[Digits, ...]]:
    """Write every extent that tiles cut in digits; no digits where there is no such extent."""
    digits = tuple(_digits_of(relations.nest))
    values = {each.symbol: each.written for each in digits}
    context = relations.context
    for each in digits:
        context = each.applied(context)
    groups = tuple(_in_digits(group, relations.nest, digits, values, context) for group in relations.groups)
    return Relations(relations.nest, context, groups, ()), digits


def _in_digits(
    group: AxisGroup,
    nest: LoopNest,
    digits: Sequence[Digits],
    values: Mapping[str, Affine],
    context: isl.Set,
) -> AxisGroup:
    cuts = [_cut(nest, variable, digits) for variable in group.variables]
    parts = tuple(tuple(itertools.chain(*chosen)) for chosen in itertools.product(*cuts))
    ties, bounds = (tuple(e.substitute(values) for e in each) for each in (group.ties, group.bounds))
    return replace(group, ties=ties, bounds=bounds, context=context, parts=parts)


def _cut(nest: LoopNest, variable: str, digits: Sequence[Digits]) -> list[Conditions]:
    """Cut where the loops and units of a dimension reach its whole tiles, from the outermost in.

    The parts do not overlap and together leave nothing out, whatever the loops do.
    """
    symbol = _symbol_of(nest, variable)
    mine = next((each for each in digits if symbol and each.symbol == symbol[0]), None)
    steps = _steps(nest, variable)
    parts: list[Conditions] = []
    last: Conditions = ()
    for size, name in zip(mine.sizes, mine.names, strict=False) if mine else ():
        index = next((index for index, step in steps if step == size), None)
        if index is not None:
            gap = Affine.of(name) - index
            parts += [(*last, gap - 1), (*last, -gap - 1)]
            last = (*last, gap, -gap)
    return [*parts, last]


def _digits_of(nest: LoopNest) -> Iterator[Digits]:
    """Give the digits of each symbol that is the extent of a dimension, up to a number."""
    sizes: dict[tuple[str, int], list[int]] = {}
    for variable, _ in nest.tiles:
        symbol = _symbol_of(nest, variable)
        if symbol is not None:
            sizes.setdefault(symbol, []).extend(step for _, step in _steps(nest, variable))
    known = set[str]()
    for (name, shift), found in sizes.items():
        if found and name not in known:
            known.add(name)
            yield Digits(name, shift, tuple(sorted(set(found), reverse=True)))


def _symbol_of(nest: LoopNest, variable: str) -> tuple[str, int] | None:
    """Give the symbol of an extent and what is added to it, where that is all there is."""
    extent = next(dim.extent for dim in nest.operator.dims if dim.variable == variable)
    match extent.terms:
        case ((str(name), 1),):
            return name, extent.constant
    return None


def _steps(nest: LoopNest, variable: str) -> list[tuple[str, int]]:
    """Give the loops and units that walk through a dimension, each with its step, if larger than 1.

    The outermost come first, each with a smaller step than those before it: what a tile is cut into.
    """
    tile = dict(nest.tiles)[variable]
    found: dict[str, int] = {}
    for lower in tile.lowers:
        for name, step in _factors(lower):
            found[name] = max(step, found.get(name, 0))
    order = [(each.level, 0, each.name) for each in nest.loops]
    order += [(each.level, 1, each.name) for each in nest.units]
    steps: list[tuple[str, int]] = []
    for _, _, name in sorted(order):
        step = found.get(name, 0)
        if step > 1 and (not steps or step < steps[-1][1]):
            steps.append((name, step))
    return steps


def _factors(expression: Affine) -> Iterator[tuple[str, int]]:
    """Give each name of an expression with its factor, inside a quotient the factor of its whole part."""
    for atom, factor in expression.terms:
        if isinstance(atom, Extremum):
            for argument in atom.arguments:
                yield from _factors(argument * factor)
        elif isinstance(atom, Floor):
            for name, inner in _factors(atom.numerator):
                yield name, inner * factor // atom.divisor
        else:
            yield atom, factor
