"""Counting: the number of points of a parametric set, exact, with the region where it holds.

Two engines count: nested Faulhaber sums on plain isl (always there), and barvinok (where a build of
islpy with it is installed). A set is first made small; see `compacting`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import islpy as isl

from polymaestro.counting import barvinok, faulhaber
from polymaestro.counting.cases import split_cases
from polymaestro.counting.compacting import compacted
from polymaestro.counting.largest import steps_of_peak
from polymaestro.counting.merging import Piece, merged, overlaid
from polymaestro.counting.peaks import peak_pieces
from polymaestro.counting.quasipolynomial import QuasiPolynomial
from polymaestro.counting.ranges import Range, ranges_of
from polymaestro.counting.reading import region_of
from polymaestro.counting.region import Region
from polymaestro.counting.remainders import find_split
from polymaestro.counting.residues import find_residues
from polymaestro.errors import CountingUnavailableError
from polymaestro.relations.sets import (
    SET,
    coalesced,
    integer,
    parameters,
    restricted,
    without_unused_parameters,
)
from polymaestro.showing import Shown

Engine = Literal["auto", "faulhaber", "barvinok"]

MAX_RESIDUE_SPLITS = 4  # splits on top of each other
MAX_SLICES = 16  # values of a dimension that is cut at each of them
MAX_ENUMERATED = 1_000_000  # points of a box without parameters that isl may count one by one


@dataclass(frozen=True, repr=False)
class Count(Shown):
    """A number of points: a quasi-polynomial on each of some disjoint regions, and 0 elsewhere.

    Holds only inside the context that was given when counting.
    """

    pieces: tuple[tuple[Region, QuasiPolynomial], ...]

    @property
    def is_uniform(self) -> bool:
        """Whether one polynomial holds everywhere in the context."""
        return len(self.pieces) == 1 and self.pieces[0][0].is_everywhere

    def piece_at(self, point: Mapping[str, int]) -> tuple[Region | None, QuasiPolynomial]:
        """Give the piece that a point lies in; no region and 0 outside all pieces."""
        for region, value in self.pieces:
            if region.holds(point):
                return region, value
        return None, QuasiPolynomial.of(0)

    def at(self, point: Mapping[str, int]) -> int:
        """Evaluate in the context of the count; raises `CountingError` for what is no whole number."""
        return self.piece_at(point)[1].number_at(point)

    def __str__(self) -> str:
        """Write one piece a line."""
        return "\n".join(map(_piece, self.pieces)) or "0"


def _piece(piece: tuple[Region, QuasiPolynomial]) -> str:
    region, value = piece
    return str(value) if region.is_everywhere else f"{value}  if {region}"


class Memory:
    """Counts by the set or relation that they were made for."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[int, list[tuple[isl.Set | isl.Map, Count]]] = {}

    def recall(self, key: isl.Set | isl.Map, make: Callable[[], Count]) -> Count:
        """Give the count of an equal key, or make it."""
        same = self._known.setdefault(hash(key), [])
        for other, result in same:
            if other.plain_is_equal(key):  # type: ignore[arg-type]  # a memory holds one kind only
                return result
        result = make()
        same.append((key, result))
        return result


class Counter:
    """Counts sets in one context of parameters and remembers what it has counted.

    >>> counter = Counter(isl.Set("[P, R] -> { : P >= 1 and R >= 1 }").params())
    >>> rows = "[P, R] -> { [y] : exists p, r : y = p + r and 0 <= p < P and 0 <= r < R }"
    >>> print(counter.count(isl.Set(rows)))
    P + R - 1
    """

    def __init__(self, context: isl.Set, engine: Engine = "auto") -> None:
        """Fix what is known of the parameters, and the engine."""
        self.context = context
        self.engine = engine
        self._asked, self._compact, self._peaks = Memory(), Memory(), Memory()
        self._engines: dict[int, frozenset[str]] = {}  # by identity; the memories keep the counts
        self._used: set[str] = set()

    def count(self, domain: isl.Set) -> Count:
        """Count the points of a set, for every parameter in the context.

        Raises `CountingUnavailableError` when no installed engine can, `CountingError` when the set
        is infinite.
        """
        return self._asked.recall(domain, lambda: self._of_compact(domain))

    def _of_compact(self, domain: isl.Set) -> Count:
        """Count by way of the set's compact form, which many different sets share."""
        domain = without_unused_parameters(domain)
        domain = domain.intersect_params(restricted(self.context, parameters(domain)))
        compact = compacted(coalesced(domain))
        return self._compact.recall(compact, lambda: self._counted(compact))

    def peak(self, tile: isl.Map) -> Count:
        """Give the largest number of images that a relation has at any point of its domain."""
        context = restricted(self.context, parameters(tile.params()))
        return self._peaks.recall(tile, lambda: self._noted(lambda: peak_pieces(tile, self._split), context))

    def engines_of(self, count: Count) -> frozenset[str]:
        """Say which engines summed for a count that this counter gave; none where that took no sum.

        >>> counter = Counter(isl.Set("[P] -> { : P >= 1 }").params(), "faulhaber")
        >>> counter.engines_of(counter.count(isl.Set("[P] -> { [i] : 0 <= i < P }")))
        frozenset({'nested sums'})
        """
        return self._engines.get(id(count), frozenset())

    def cells(self, domain: isl.Set) -> list[Piece]:
        """Count a set with named dimensions and leave the pieces as sets of all its parameters."""
        return self._split(domain, domain.params())

    def rejoined(self, cells: list[Piece], engines: frozenset[str]) -> Count:
        """Make a count of disjoint cells that these engines found over other parameters."""
        names = {name for domain, _ in cells for name in parameters(domain)}
        count = self._merged(cells, restricted(self.context, names))
        self._engines[id(count)] = engines
        return count

    def steps_of_peak(self, tile: isl.Map, peak: int) -> isl.Set:
        """Give the points of a relation without parameters with `peak` images, its largest number."""
        return steps_of_peak(tile, peak, self._split)

    def _counted(self, domain: isl.Set) -> Count:
        context = restricted(self.context, parameters(domain))
        return self._noted(lambda: self._split(domain, context), context)

    def _noted(self, cells: Callable[[], list[Piece]], context: isl.Set) -> Count:
        """Merge cells, and note which engines were used to find them."""
        self._used = set()
        count = self._merged(cells(), context)
        self._engines[id(count)] = frozenset(self._used)
        return count

    def _merged(self, cells: list[Piece], context: isl.Set) -> Count:
        cells = merged(cells, context)
        pieces = ((region_of(cell.gist(context)), value) for cell, value in cells)
        return Count(tuple(pieces))

    def _split(self, domain: isl.Set, context: isl.Set) -> list[Piece]:
        """Count with tiles and last tile as parameters in the place of an extent, where that helps."""
        split = find_split(domain)
        if split is None:
            return self._cells(domain, context)
        inside = split.apply(context)
        whole = without_unused_parameters(split.apply(domain).compute_divs())
        parts = [self._split(compacted(part), inside) for part in split.peeled(whole)]
        return [split.undo(*cell) for cell in merged(overlaid(parts), inside)]

    def _cells(self, domain: isl.Set, context: isl.Set) -> list[Piece]:
        if self.engine != "barvinok":
            try:
                cells = counted_by_faulhaber(domain, context)
            except CountingUnavailableError:
                if self.engine == "faulhaber" or not barvinok.AVAILABLE:
                    raise
            else:
                self._used.add("nested sums")
                return cells
        self._used.add("barvinok")
        return barvinok.count_cells(domain)


def counted_by_faulhaber(domain: isl.Set, context: isl.Set) -> list[Piece]:
    """Count by nested sums; the pieces are disjoint.

    Raises `CountingUnavailableError` when neither the set nor its residue classes can be summed.
    """
    ranges = ranges_of(context)
    return [cell for case in split_cases(domain) for cell in _counted_case(case, ranges, MAX_RESIDUE_SPLITS)]


def _counted_case(domain: isl.Set, ranges: Mapping[str, Range], splits: int) -> list[Piece]:
    try:
        return _sum_pieces(domain, ranges)
    except CountingUnavailableError:
        small = compacted(domain)
        if not parameters(small) and _volume(small) <= MAX_ENUMERATED:
            return [(small.params(), QuasiPolynomial.of(int(small.count_val().to_str())))]
        slices = _slices(small)
        if slices:
            return overlaid([_counted_case(each, ranges, splits) for each in slices])
        residues = find_residues(small) if splits else None
        if residues is None:
            raise
    groups: list[list[Piece]] = []
    for residue, inside in residues.classes(small):
        if not inside.is_empty():
            cells = _counted_case(inside, {}, splits - 1)
            groups.append([residues.undo(residue, *cell) for cell in cells])
    return overlaid(groups)


def _slices(domain: isl.Set) -> list[isl.Set]:
    """Cut a set at each value of a dimension that takes only a few; none when there is no such one."""
    for index in range(domain.dim(SET)):
        low, high = domain.dim_min_val(index), domain.dim_max_val(index)
        if low.is_int() and high.is_int() and high.to_python() - low.to_python() < MAX_SLICES:
            values = range(low.to_python(), high.to_python() + 1)
            cut = (domain.fix_val(SET, index, integer(value)) for value in values)
            return [each.project_out(SET, index, 1).compute_divs() for each in cut if not each.is_empty()]
    return []


def _volume(domain: isl.Set) -> int:
    """Give the number of points of the smallest box around a set without parameters."""
    volume = 1
    for index in range(domain.dim(SET)):
        low, high = domain.dim_min_val(index), domain.dim_max_val(index)
        volume *= high.to_python() - low.to_python() + 1 if low.is_int() and high.is_int() else MAX_ENUMERATED
    return volume


def _sum_pieces(domain: isl.Set, ranges: Mapping[str, Range]) -> list[Piece]:
    disjoint = compacted(domain).make_disjoint().compute_divs()
    return overlaid([faulhaber.count_cells(piece, ranges) for piece in disjoint.get_basic_sets()])
