"""Segments: rows of a table that follow each other, bounded together before they are looked at one by one.

Rows are ordered by their sizes, so that neighbours cost nearly the same. With the least value of a column in
a segment where its factor is positive and the greatest where it is negative, the bound of a row is one of all
rows of the segment: what it rules out, none of them needs to be looked at for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polymaestro.tiling.searching.points import Array

SEGMENT = 2**9
"""How many rows are bounded together."""
MANY = 2**12
"""From so many rows on."""


@dataclass(frozen=True)
class Segments:
    """The rows of a matrix in segments, the last one filled up with its last row."""

    rows: Array
    low: Array
    high: Array

    @staticmethod
    def of(matrix: Array, positive: Array) -> Segments:
        """Cut a matrix; `positive` says which columns add to a sum."""
        number = number_of(len(matrix))
        filled = matrix[np.minimum(np.arange(number * SEGMENT), len(matrix) - 1)]
        rows = filled.reshape(number, SEGMENT, matrix.shape[1])
        least, most = rows.min(axis=1), rows.max(axis=1)
        return Segments(rows, np.where(positive, least, most), np.where(positive, most, least))


def number_of(rows: int) -> int:
    """Give the number of segments."""
    return -(-rows // SEGMENT)


def rows_of(segments: Array) -> Array:
    """Give the number of each row of some segments, those past the end too."""
    return segments[:, None] * SEGMENT + np.arange(SEGMENT)


def looked_at(block: Array, segments: Array | None, rows: int) -> int:
    """Give how many rows a block has, without those past the end."""
    return block.size if segments is None else int(np.count_nonzero(rows_of(segments) < rows))
