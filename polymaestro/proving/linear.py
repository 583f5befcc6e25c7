"""Exact linear algebra on small matrices of fractions: solving, rank, independent rows."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Number = int | Fraction
Row = list[Fraction]


def solved(matrix: Sequence[Sequence[Number]], right: Sequence[Sequence[Number]]) -> list[Row] | None:
    """Give X with matrix · X = right for a square matrix, or None where it is singular.

    >>> [[int(x) for x in row] for row in solved([[1, 1], [0, 2]], [[3], [4]])]
    [[1], [2]]
    """
    size = len(matrix)
    rows = [[Fraction(v) for v in (*left, *side)] for left, side in zip(matrix, right, strict=True)]
    for column in range(size):
        pivot = next((i for i in range(column, size) if rows[i][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        head = rows[column][column]
        rows[column] = [v / head for v in rows[column]]
        for i, row in enumerate(rows):
            if i != column and row[column]:
                factor = row[column]
                rows[i] = [a - factor * b for a, b in zip(row, rows[column], strict=True)]
    return [row[size:] for row in rows]


class Basis:
    """Rows that are independent of each other, kept in echelon form."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rows: dict[int, Row] = {}

    @property
    def rank(self) -> int:
        """How many independent rows have been added."""
        return len(self._rows)

    @property
    def pivots(self) -> frozenset[int]:
        """The columns that the rows are solved for."""
        return frozenset(self._rows)

    def add(self, row: Sequence[Number]) -> bool:
        """Add a row; whether it is independent of those before.

        >>> basis = Basis()
        >>> [basis.add(row) for row in ([1, 1], [2, 2], [1, 0])]
        [True, False, True]
        """
        rest = [Fraction(v) for v in row]
        for column, known in self._rows.items():
            if rest[column]:
                factor = rest[column]
                rest = [a - factor * b for a, b in zip(rest, known, strict=True)]
        pivot = next((i for i, v in enumerate(rest) if v), None)
        if pivot is None:
            return False
        head = rest[pivot]
        rest = [v / head for v in rest]
        for column, known in self._rows.items():
            if known[pivot]:
                factor = known[pivot]
                self._rows[column] = [a - factor * b for a, b in zip(known, rest, strict=True)]
        self._rows[pivot] = rest
        return True
