"""Tables: one row per choice in a group, with the value of each count; rows that cannot win are left out.

A row is left out where an earlier one has the same values, or values that are as good in every count: no
larger where the count adds to what should be small, no smaller where it takes away, and equal where it does
both. Whatever is chosen in the other groups, the earlier row is then as good, so that the first of all best
points is never lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from polymaestro.errors import SearchError
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.searching.points import WIDEST, Array, Points
from polymaestro.tiling.searching.spaces import Group, Space
from polymaestro.tiling.ties import Ties

Ranks = NDArray[np.int32]

CHUNK = 2**15
MOST = 2**26
WORTHWHILE = 50
"""Rows are compared with all later ones as long as that leaves out one in so many."""


@dataclass(frozen=True)
class Table:
    """The rows of a group that are left: choices, one column per name; values, one array per count."""

    names: tuple[str, ...]
    choices: Array
    values: Mapping[TiledCount, Array]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.choices)

    def choice(self, row: int | np.int64) -> dict[str, int]:
        """Give the sizes of a row."""
        return {name: int(value) for name, value in zip(self.names, self.choices[row], strict=True)}

    def picked(self, rows: NDArray[np.intp]) -> Table:
        """Take some of the rows."""
        return Table(self.names, self.choices[rows], {c: value[rows] for c, value in self.values.items()})


def table_of(
    group: Group,
    space: Space,
    ties: Ties,
    fixed: Mapping[str, int],
    senses: Mapping[TiledCount, int] | None,
) -> Table:
    """Evaluate the counts of a group for all its choices, the smallest sizes first.

    `senses` says of each count which values are better: the small (1), the large (-1) or neither (0).
    Without, every choice is kept that the conditions allow.
    Raises `SearchError` where the choices are too many.
    """
    sizes = [len(space.choices[name]) for name in group.names]
    if prod(sizes) > MOST:
        message = (
            f"{', '.join(group.names)} depend on each other and have {prod(sizes)} combinations, more than "
            f"{MOST}; give fewer choices, or the divisors only"
        )
        raise SearchError(message)
    columns = [_column(space.choices[name]) for name in group.names]
    parts: list[Table] = []
    for start in range(0, prod(sizes), CHUNK):
        places = np.unravel_index(np.arange(start, min(start + CHUNK, prod(sizes))), sizes)
        choices = np.column_stack([column[place] for column, place in zip(columns, places, strict=True)])
        part = _evaluated(group, ties, fixed, choices)
        parts.append(part if senses is None else _narrowed(part, senses))
    whole = _stacked(parts)
    return whole if senses is None or len(parts) == 1 else _narrowed(whole, senses)


def _column(sizes: Sequence[int]) -> Array:
    """Give sizes in ascending order as 64-bit integers, or as Python's where these are too small."""
    return np.array(sizes, np.int64 if sizes[-1] <= WIDEST else object)


def _evaluated(group: Group, ties: Ties, fixed: Mapping[str, int], choices: Array) -> Table:
    """Evaluate the counts where all regions hold."""
    for region in group.regions:
        choices = choices[_points(group, ties, fixed, choices).holds(region)]
    points = _points(group, ties, fixed, choices)
    return Table(group.names, choices, {count: points.count(count) for count in group.counts})


def _points(group: Group, ties: Ties, fixed: Mapping[str, int], choices: Array) -> Points:
    chosen = {name: choices[:, index] for index, name in enumerate(group.names)}
    return Points(ties, {**fixed, **chosen}, len(choices))


def _stacked(parts: Sequence[Table]) -> Table:
    values = {count: np.concatenate([part.values[count] for part in parts]) for count in parts[0].values}
    return Table(parts[0].names, np.concatenate([part.choices for part in parts]), values)


def _narrowed(table: Table, senses: Mapping[TiledCount, int]) -> Table:
    """Leave out rows that an earlier row equals or beats."""
    ranks = [(senses[count], _ranks(value)) for count, value in table.values.items()]
    same = _codes([rank for sense, rank in ranks if sense == 0], table.rows)
    better = [rank if sense > 0 else -rank for sense, rank in ranks if sense]
    _, firsts = np.unique(_codes([same, *better], table.rows), return_index=True)
    rows = np.sort(firsts)
    order = np.column_stack(better)[rows] if better else np.zeros((len(rows), 0), np.int32)
    return table.picked(rows[_unbeaten(same[rows], order)])


def _ranks(values: Array) -> Ranks:
    """Number the different values, the least first: small integers, whatever the values are."""
    return np.unique(values, return_inverse=True)[1].astype(np.int32)


def _codes(columns: Sequence[Ranks], rows: int) -> Ranks:
    """Give equal numbers to equal rows."""
    codes = np.zeros(rows, np.int32)
    for column in columns:
        ranks = _ranks(column)
        codes = _ranks(codes.astype(np.int64) * (int(ranks.max(initial=0)) + 1) + ranks)
    return codes


def _unbeaten(classes: Ranks, values: Ranks) -> NDArray[np.intp]:
    """Give the rows that no earlier row of their class beats or equals in every column.

    In each round the first row of each class is kept, and what it beats is left out.
    """
    left = np.arange(len(classes))
    kept = [left[:0]]
    while left.size:
        _, firsts, owners = np.unique(classes[left], return_index=True, return_inverse=True)
        heads = left[firsts]
        beaten = (values[left] >= values[heads[owners]]).all(axis=1)
        if np.count_nonzero(beaten) * WORTHWHILE < left.size:
            break
        kept.append(heads)
        left = left[~beaten]
    return np.sort(np.concatenate([*kept, left]))
