"""Spaces: which values each symbol may take, and which symbols can be chosen apart from the others.

Counts that share a free symbol belong together. A symbol that several axis groups depend on (the size of a
cluster, one tile for two dimensions) is fixed first, one value after the other; after that the groups are
independent, and a point of the space is one choice in each.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Literal, TypeVar

from polymaestro.counting import Region
from polymaestro.errors import PolymaestroError, did_you_mean
from polymaestro.tiling.analysis import TiledAnalysis
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.ties import Ties

Tiles = Literal["divisors", "all"]
Part = TypeVar("Part", bound=Hashable)


@dataclass(frozen=True)
class Group:
    """Symbols that are chosen together, and the counts and regions that depend on them."""

    names: tuple[str, ...]
    counts: tuple[TiledCount, ...]
    regions: tuple[Region, ...]


@dataclass(frozen=True)
class Space:
    """The values of every symbol: of one that is fixed, its number; of a free one, its choices."""

    fixed: Mapping[str, int]
    choices: Mapping[str, tuple[int, ...]]

    @staticmethod
    def of(
        analysis: TiledAnalysis,
        extents: Mapping[str, int],
        choices: Mapping[str, Iterable[int]],
        tiles: Tiles,
    ) -> Space:
        """Give the space of a search; a symbol with one choice is fixed.

        Raises `PolymaestroError` for unknown symbols, no values, and values below 1.
        """
        for name in itertools.chain(extents, choices):
            if name not in analysis.symbols:
                message = f"the formulas have no symbol {name!r}"
                raise PolymaestroError(message + did_you_mean(name, analysis.symbols))
        found = {name: _values(analysis, name, extents, choices, tiles) for name in analysis.symbols}
        fixed = {name: values[0] for name, values in found.items() if len(values) == 1}
        return Space(fixed, {name: values for name, values in found.items() if name not in fixed})

    @property
    def size(self) -> int:
        """How many points there are."""
        return prod(len(values) for values in self.choices.values())

    def each(self, names: Collection[str]) -> Iterator[dict[str, int]]:
        """Give the fixed values with every combination of some of the choices, the smallest first."""
        for values in itertools.product(*(self.choices[name] for name in names)):
            yield {**self.fixed, **dict(zip(names, values, strict=True))}


def groups_of(
    space: Space, ties: Ties, counts: Iterable[TiledCount], regions: Iterable[Region]
) -> tuple[tuple[str, ...], list[Group]]:
    """Give the symbols that are fixed first, and the groups, the one with the fewest choices first."""
    meanings = _meanings(ties)

    def free(names: Iterable[str]) -> frozenset[str]:
        return frozenset(
            name for each in names for name in meanings.get(each, {each}) if name in space.choices
        )

    needs = {count: free(count.names) for count in counts}
    limits = {each: free(each.names()) for each in regions}
    widest = [each for each in set(needs.values()) if not any(each < other for other in needs.values())]
    shared = {name for name in space.choices if sum(name in each for each in widest) > 1}
    together = [each - shared for each in (*widest, *limits.values())]
    together += [frozenset({name}) - shared for name in space.choices]
    groups = [
        Group(
            tuple(sorted(part)),
            tuple(count for count, names in needs.items() if names & part),
            tuple(each for each, names in limits.items() if names & part),
        )
        for part in _joined(together)
    ]
    groups.sort(key=lambda group: (prod(len(space.choices[name]) for name in group.names), group.names))
    return tuple(sorted(shared)), groups


def parts_of(region: Region) -> list[Region]:
    """Cut a region into smaller ones that all have to hold, so that fewer symbols belong together.

    Conditions that stand in no piece together are alternatives.

    >>> from polymaestro.affine import Affine
    >>> from polymaestro.counting import Condition
    >>> a, b, c, d, e = (Condition(Affine.of(name) - 1) for name in "ABCDE")
    >>> region = Region(((a, b, d), (a, c, d), (a, b, e), (a, c, e)))
    >>> print(*parts_of(region), sep="; ")
    A ≥ 1; B ≥ 1 or C ≥ 1; D ≥ 1 or E ≥ 1
    """
    conditions = list(dict.fromkeys(each for piece in region.pieces for each in piece))
    beside = {each: {c for piece in region.pieces if each in piece for c in piece} for each in conditions}
    apart = (frozenset({each, *(c for c in conditions if c not in beside[each])}) for each in conditions)
    found = []
    for part in _joined(apart):
        pieces = (tuple(each for each in piece if each in part) for piece in region.pieces)
        found.append(Region(tuple(dict.fromkeys(pieces))))
    # Every piece is a choice of one alternative in each part; the other way round only if the numbers agree.
    return found if prod(len(part.pieces) for part in found) == len(set(region.pieces)) else [region]


def _meanings(ties: Ties) -> dict[str, frozenset[str]]:
    """Give the symbols that each tie is made of."""
    found: dict[str, frozenset[str]] = {}
    for tie in ties.ties:
        names = tie.numerator.names() | (tie.divisor.names() if tie.divisor else frozenset())
        found[tie.name] = frozenset(inner for name in names for inner in found.get(name, {name}))
    return found


def _joined(sets: Iterable[frozenset[Part]]) -> list[frozenset[Part]]:
    """Join sets that have something in common."""
    parts: list[frozenset[Part]] = []
    for each in sets:
        if each:
            touched = [part for part in parts if part & each]
            parts = [part for part in parts if not part & each]
            parts.append(each.union(*touched))
    return parts


def _values(
    analysis: TiledAnalysis,
    name: str,
    extents: Mapping[str, int],
    choices: Mapping[str, Iterable[int]],
    tiles: Tiles,
) -> tuple[int, ...]:
    """Give the values of one symbol, the smallest first."""
    if name in choices or name in extents:
        given = sorted(set(choices[name])) if name in choices else [extents[name]]
        if not given or given[0] < 1:
            message = f"the choices of {name} " + (
                "are empty" if not given else f"hold {given[0]}, not 1 or more"
            )
            raise PolymaestroError(message)
        return tuple(given)
    found: set[int] = set()
    for cut in analysis.cuts.cuts:
        whole = analysis.operator.extent(cut.dim)
        if str(cut.size) == name and whole.names() <= extents.keys():
            size = whole.evaluate(extents)
            found |= {tile for tile in range(1, size + 1) if tiles == "all" or size % tile == 0}
    if not found:
        message = f"{name} needs a value in extents, or several in choices"
        raise PolymaestroError(message)
    return tuple(sorted(found))
