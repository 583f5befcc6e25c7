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
from typing import Literal, TypeVar, get_args

from polymaestro.counting import Region
from polymaestro.errors import SearchError, did_you_mean
from polymaestro.symbolic.points import whole
from polymaestro.tiling.analysis import TiledAnalysis
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.ties import Ties

Tiles = Literal["divisors", "all"]
MOST = 10**6
"""Sizes of one tile, and factors that are tried to find divisors."""
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
        choices: Mapping[str, int | Iterable[int]],
        tiles: Tiles,
    ) -> Space:
        """Give the space of a search; a symbol with one choice is fixed.

        Raises `SearchError` for unknown symbols and kinds of tiles, no values, what is no integer, and
        values below 1.
        """
        if tiles not in get_args(Tiles):
            message = f"tiles is {tiles!r}{did_you_mean(str(tiles), get_args(Tiles))}"
            raise SearchError(message)
        for what, given in (("extents", extents), ("choices", choices)):
            if not isinstance(given, Mapping):
                message = f"{what} is {given!r}; give values by the names of symbols, as in {{'M': 128}}"
                raise SearchError(message)
        for name in itertools.chain(extents, choices):
            if name not in analysis.symbols:
                message = f"the formulas have no symbol {name!r}"
                raise SearchError(message + did_you_mean(name, analysis.symbols))
        numbers = {name: whole(name, value) for name, value in extents.items()}
        listed = {
            name: {whole(name, value) for value in (values if isinstance(values, Iterable) else (values,))}
            for name, values in choices.items()
        }
        found = {name: _values(analysis, name, numbers, listed, tiles) for name in analysis.symbols}
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
    choices: Mapping[str, Collection[int]],
    tiles: Tiles,
) -> tuple[int, ...]:
    """Give the values of one symbol, the smallest first; choices go before a number."""
    if name in choices or name in extents:
        given = sorted(choices[name]) if name in choices else [extents[name]]
        if not given:
            message = f"the choices of {name} are empty"
            raise SearchError(message)
        if given[0] < 1:
            message = f"{name} is {given[0]}; it must be 1 or more"
            raise SearchError(message)
        return tuple(given)
    found: set[int] = set()
    for cut in analysis.cuts.cuts:
        extent = analysis.operator.extent(cut.dim)
        if str(cut.size) == name and extent.names() <= extents.keys():
            found |= set(_tiles_of(name, extent.evaluate(extents), tiles))
    if not found:
        message = f"{name} needs a value in extents, or several in choices (--choose on the command line)"
        raise SearchError(message)
    return tuple(sorted(found))


def _tiles_of(name: str, size: int, tiles: Tiles) -> Iterable[int]:
    """Give the divisors of an extent, or all sizes up to it."""
    if tiles == "all" and size > MOST:
        message = f"{name} has {size} sizes, and a search takes {MOST} at most; choose some of them"
        raise SearchError(message)
    return range(1, size + 1) if tiles == "all" else _divisors(name, size)


def _divisors(name: str, size: int) -> set[int]:
    """Give all divisors, by the prime factors; the largest of these may be beyond what trial division finds.

    >>> sorted(_divisors("T", 12)), len(_divisors("T", 10**30))
    ([1, 2, 3, 4, 6, 12], 961)
    """
    found, rest, factor = {1}, size, 2
    while factor <= MOST and factor**2 <= rest:
        while rest % factor == 0:
            found |= {each * factor for each in found}
            rest //= factor
        factor += 1
    if factor**2 <= rest:
        message = f"{name} may be a divisor of {size}, which are too many to try; choose some sizes"
        raise SearchError(message)
    return found | {each * rest for each in found}
