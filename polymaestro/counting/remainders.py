"""Remainders: N = (n - 1)·T + E with 1 ≤ E ≤ T, so that tiles of T leave no floor behind.

A loop over tiles of T indices runs to ⌈N/T⌉, and sums to that bound fill with floors that no simplifier
undoes. With n and E as parameters in the place of N every bound is affine: the loop ends at n - 1, the
last tile holds E indices. Afterwards n becomes ⌈N/T⌉ and E becomes N - T·(⌈N/T⌉ - 1) again. Tiles inside
tiles split E once more.

Worked example, rows in folds of 4 under R taps: Σ over folds of (rows + R - 1) is
(n - 1)·(R + 3) + E + R - 1, which is P + (R - 1)·⌈P/4⌉.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import islpy as isl

from polymaestro.affine import Affine, Floor, ceil_div
from polymaestro.counting.quasipolynomial import QuasiPolynomial
from polymaestro.counting.reading import conditions_of
from polymaestro.relations.sets import coalesced, dimensions, exchanged


@dataclass(frozen=True)
class Split:
    """One parameter written as (tiles - 1)·size + last, with 1 ≤ last ≤ size."""

    parameter: str
    size: int

    @property
    def tiles(self) -> str:
        """The parameter that counts the tiles."""
        return f"{self.parameter}_n{self.size}"

    @property
    def last(self) -> str:
        """The parameter that is the extent of the last tile."""
        return f"{self.parameter}_e{self.size}"

    def apply(self, domain: isl.Set) -> isl.Set:
        """Replace the parameter by the two new ones."""
        return self._tied(domain, old=(self.parameter,))

    def peeled(self, domain: isl.Set) -> list[isl.Set]:
        """Split at each dimension that walks over the tiles: the last tile by itself.

        Before the last tile the extent no longer bounds what is inside a tile.
        """
        halves = [domain]
        for name in dimensions(domain):
            if self._walks(domain, name):
                dims = ", ".join(dimensions(domain))
                head = f"[{self.tiles}] -> {{ [{dims}] : {name}"
                tests = [isl.Set(f"{head} < {self.tiles} - 1 }}"), isl.Set(f"{head} >= {self.tiles} - 1 }}")]
                halves = [half.intersect(test) for half in halves for test in tests]
        return [coalesced(half.remove_redundancies()) for half in halves if not half.is_empty()]

    def _walks(self, domain: isl.Set, dim: str) -> bool:
        """Whether a bound by the tiles of this split steps through the dimension with its size."""
        return any(
            abs(dict(condition.expression.terms).get(dim, 0)) == self.size
            and self.tiles in condition.expression.names()
            and sum(atom in dimensions(domain) for atom, _ in condition.expression.terms) > 1
            for piece in domain.get_basic_sets()
            for condition in conditions_of(piece)
        )

    def undo(self, domain: isl.Set, value: QuasiPolynomial) -> tuple[isl.Set, QuasiPolynomial]:
        """Replace the two parameters by the old one, in a cell and its polynomial."""
        whole = Affine.of(self.parameter)
        tiles = ceil_div(whole, self.size)
        back = {self.tiles: tiles, self.last: whole - (tiles - 1) * self.size}
        return self.restored(domain), value.substitute(back)

    def restored(self, domain: isl.Set) -> isl.Set:
        """Replace the two parameters by the old one."""
        return self._tied(domain, old=(self.tiles, self.last))

    def _tied(self, domain: isl.Set, old: tuple[str, ...]) -> isl.Set:
        """State the equation and project the old parameters out."""
        n, last, whole = self.tiles, self.last, self.parameter
        tie = isl.Set(
            f"[{whole}, {n}, {last}] -> {{ : {whole} = {self.size}*({n} - 1) + {last} "
            f"and 1 <= {last} <= {self.size} }}"
        )
        return exchanged(domain, tie, old)


def find_split(domain: isl.Set) -> Split | None:
    """Find the largest tile size that a dimension of the set has on a parameter."""
    return max(_splits(domain), key=lambda split: split.size, default=None)


def _splits(domain: isl.Set) -> Iterator[Split]:
    dims = frozenset(dimensions(domain))
    for piece in domain.get_basic_sets():
        for condition in conditions_of(piece):
            yield from _splits_of(condition.expression, dims)


def _splits_of(bound: Affine, dims: frozenset[str]) -> Iterator[Split]:
    """Read T·t + … ≤ N + … as tiles of T on N: dimensions on one side, parameters on the other."""
    if any(isinstance(atom, Floor) for atom, _ in bound.terms):
        return
    steps = [factor for atom, factor in bound.terms if atom in dims]
    size = max(map(abs, steps), default=1)
    for atom, factor in bound.terms:
        opposite = all(step * factor < 0 for step in steps)
        if size > 1 and atom not in dims and abs(factor) == 1 and opposite and not _is_small(str(atom), size):
            yield Split(str(atom), size)


def _is_small(parameter: str, size: int) -> bool:
    """Whether a parameter is the extent of a last tile that is no larger than this size."""
    _, mark, extent = parameter.rpartition("_e")
    return bool(mark) and extent.isdigit() and int(extent) <= size
