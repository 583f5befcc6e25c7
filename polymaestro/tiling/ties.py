"""Ties: the numbers of tiles and what is left for the last one, as symbols of their own.

isl cannot multiply parameters, so that a dimension of X points in tiles of T gets two more of them,

    X = (n - 1)·T + E,  1 ≤ E ≤ T,   n = ⌈X/T⌉ tiles, the last of E points,

and, where the tiles go to U units in F folds of V = U·T points,

    X = (F - 1)·V + G,  1 ≤ G ≤ V,   L = n - (F - 1)·U units in the last fold.

Lengths (E, V, G) stand in conditions, numbers (n, F, L, U) only in weights; so all conditions are affine.

>>> ties = Ties({"K", "T"})
>>> split = ties.split("K", Affine.of("K"), Affine.of("T"))
>>> print(*ties.ties, sep="; ")
n_K = ⌈K/T⌉; E_K = -T·n_K + K + T
>>> ties.extended({"K": 10, "T": 4})["E_K"]
2
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from polymaestro.affine import Affine, Floor, ceil_div
from polymaestro.counting import QP, Condition, Tie
from polymaestro.counting.quasipolynomial import Atom
from polymaestro.counting.ties import NAME, expanded, explained, meanings, written
from polymaestro.dataflow import Dataflow
from polymaestro.dataflow.binding import bound_size
from polymaestro.errors import ClosedFormError
from polymaestro.symbolic.to_sympy import expressions_of
from polymaestro.workload import Operator

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class Split:
    """X points in `tiles` tiles of T, the last of `edge` points."""

    tiles: QP
    edge: Affine


@dataclass(frozen=True)
class Fold:
    """X points in `folds` folds, the last of `rest` points on `units` units."""

    folds: QP
    rest: Affine
    units: QP


class _Point(dict[str, int]):
    """A point that works out the value of a tie when it is first asked for."""

    def __init__(self, point: Mapping[str, int], ties: Mapping[str, Tie]) -> None:
        super().__init__(point)
        self._ties = ties

    def __missing__(self, name: str) -> int:
        value = self[name] = self._ties[name].value(self)
        return value


class Ties:
    """Makes the symbols, each once, and keeps what they stand for in an order that evaluates."""

    def __init__(self, taken: set[str]) -> None:
        """Avoid the names that are taken."""
        self.ties: list[Tie] = []
        self._taken = set(taken)
        self._splits: dict[tuple[Affine, Affine], Split] = {}
        self._lengths: dict[tuple[Affine, Affine], Affine] = {}
        self._folds: dict[tuple[Affine, Affine, Affine], Fold] = {}
        self._rounded: dict[tuple[Affine, int], Affine] = {}

    def split(self, dim: str, whole: Affine, tile: Affine) -> Split:
        """Cut a length into tiles."""
        key = (whole, tile)
        if key not in self._splits:
            if tile == Affine.of(1):
                self._splits[key] = Split(QP.of(whole), tile)
            elif tile.is_constant and whole.is_constant:
                tiles = ceil_div(whole, tile.constant)
                edge = whole - (tiles - 1) * tile.constant
                self._splits[key] = Split(QP.of(tiles), edge)
            else:
                number = self._add(f"n_{dim}", QP.of(whole), QP.of(tile))
                self._splits[key] = Split(number, self._length(f"E_{dim}", whole, number, tile))
        return self._splits[key]

    def width(self, dim: str, tile: Affine, units: Affine) -> Affine:
        """Give the length that all units hold together."""
        if not (tile.is_constant or units.is_constant) and (tile, units) not in self._lengths:
            name = self._add(f"V_{dim}", QP.of(tile) * QP.of(units))
            self._lengths[tile, units] = Affine.of(str(name))
        return self._width_of(tile, units)

    def _width_of(self, tile: Affine, units: Affine) -> Affine:
        if tile.is_constant:
            return units * tile.constant
        if units.is_constant:
            return tile * units.constant
        return self._lengths[tile, units]

    def fold(self, dim: str, whole: Affine, tile: Affine, units: Affine) -> Fold:
        """Fold the tiles of a length over the units."""
        key = (whole, tile, units)
        if key not in self._folds:
            width = self.width(dim, tile, units)
            split = self.split(dim, whole, tile)
            if width.is_constant and whole.is_constant:
                folds = ceil_div(whole, width.constant)
                rest = whole - (folds - 1) * width.constant
                last = split.tiles - QP.of(folds - 1) * QP.of(units)
                self._folds[key] = Fold(QP.of(folds), rest, last)
            else:
                number = self._add(f"F_{dim}", QP.of(whole), QP.of(tile) * QP.of(units))
                rest = self._length(f"G_{dim}", whole, number, width)
                last = self._add(f"L_{dim}", split.tiles - (number - 1) * QP.of(units))
                self._folds[key] = Fold(number, rest, last)
        return self._folds[key]

    def rounded(self, name: str, numerator: Affine, divisor: int) -> Affine:
        """Give ⌈numerator/divisor⌉ a name where it is not affine."""
        exact = ceil_div(numerator, divisor)
        if not any(isinstance(atom, Floor) for atom, _ in exact.terms):
            return exact
        key = (numerator, divisor)
        if key not in self._rounded:
            self._rounded[key] = Affine.of(str(self._add(name, QP.of(numerator), QP.of(divisor))))
            self.ties[-1] = replace(self.ties[-1], kept=True)
        return self._rounded[key]

    def join_units(self, dim: str, whole: Affine, tile: Affine, units: Affine) -> Affine:
        """Give what all units hold together, and let folds be the tiles of that length.

        Where the length is cut into such tiles already, by one unit for instance, these keep their names.
        """
        width, fold = self.width(dim, tile, units), self.fold(dim, whole, tile, units)
        self._splits.setdefault((whole, width), Split(fold.folds, fold.rest))
        return width

    def quotient(self, name: str, numerator: Affine, divisor: QP) -> Affine:
        """Give ⌊numerator/divisor⌋ a name."""
        return Affine.of(str(self._add(name, QP.of(numerator), divisor, "down")))

    def extended(self, point: Mapping[str, int]) -> dict[str, int]:
        """Give a point with the values of all ties.

        Raises `ClosedFormError` where an array is smaller than its clusters.
        """
        values = _Point(point, {tie.name: tie for tie in self.ties})
        for tie in self.ties:
            if tie.rounded == "down" and values[tie.name] < 1:
                message = f"the clusters need {tie.divisor} PEs, and {tie.numerator} is less"
                raise ClosedFormError(message)
        return values

    def settable(self, name: str, value: int, point: Mapping[str, int]) -> tuple[str, int]:
        """Give what to set so that a name has a value: the PEs where it is the number of units."""
        for tie in self.ties:
            if tie.name == name and tie.rounded == "down" and tie.divisor is not None:
                return str(tie.numerator), value * int(tie.divisor.evaluate(point))
        return name, value

    def complete(self, point: Mapping[str, int]) -> dict[str, int]:
        """Give a point with the values of all ties, each worked out."""
        values = self.extended(point)
        return {**values, **{tie.name: values[tie.name] for tie in self.ties}}

    def decisions(self) -> Iterator[Condition]:
        """Give what `facts` asks for: one tile or fold or more, and more than one tile in the last fold."""
        for whole, part, _ in self.cuts():
            yield Condition(part - whole)
            yield Condition(whole - part - 1)
        for (whole, tile, _), fold in self._folds.items():
            yield Condition(fold.rest - self._splits[whole, tile].edge - 1)

    def facts(self, decided: Container[Condition]) -> list[Affine]:
        """Give what is ≥ 0 by the meaning of the ties, wherever some conditions hold."""
        found = [width - each for sizes, width in self._lengths.items() for each in sizes]
        for whole, part, rest in self.cuts():
            found += [rest - 1, part - rest, whole - rest]
            if Condition(whole - part - 1) in decided:
                found.append(whole - part - rest)
            elif Condition(part - whole) in decided:
                found.append(rest - whole)
        for (whole, tile, _), fold in self._folds.items():
            beyond = fold.rest - self._splits[whole, tile].edge
            found.append(beyond)
            if Condition(beyond - 1) in decided:
                found.append(beyond - tile)
        return [each for each in found if not each.is_constant]

    def expressions(self) -> dict[str, sympy.Expr]:
        """Give what every name stands for as a SymPy expression over extents, tiles and units."""
        return expressions_of(self.ties)

    def full_folds(self, conditions: Container[Condition]) -> dict[Atom, QP]:
        """Give n = F·U where conditions say that the last fold has a tile for every unit."""
        found: dict[Atom, QP] = {}
        for (whole, tile, units), fold in self._folds.items():
            split = self._splits[whole, tile]
            full = fold.rest + tile - split.edge - self._width_of(tile, units)
            if Condition(full) in conditions and str(split.tiles) in {tie.name for tie in self.ties}:
                found[str(split.tiles)] = fold.folds * QP.of(units)
        return found

    def written(self, text: str) -> str:
        """Put ⌈K/T⌉ and T·U in the place of numbers of tiles and widths in a text."""
        return written(text, self.ties)

    def explained(self, text: str) -> str:
        """Write numbers of tiles out, as `written` does, and say after it what the other ties are."""
        return explained(text, self.ties)

    def meanings(self, text: str) -> Iterator[str]:
        """Give the equation of each tie that a text names."""
        return meanings(text, self.ties)

    @property
    def products(self) -> dict[Atom, QP]:
        """Give T·U for each width of all units."""
        return {tie.name: tie.numerator for tie in self.ties if tie.is_short and tie.divisor is None}

    def named_in(self, text: str) -> list[Tie]:
        """Give the ties that a text names and those that these name, each before those that it names.

        Widths of all units are written out in them, but inside of floors, which hold no products.
        """
        products, found = self.products, []
        named = set(re.findall(NAME, text))
        for tie in reversed(self.ties):
            if tie.name in named:
                divisor = None if tie.divisor is None else tie.divisor.replace(products)
                found.append(replace(tie, numerator=tie.numerator.replace(products), divisor=divisor))
                named |= found[-1].names()
        return found

    def cuts(self) -> Iterator[tuple[Affine, Affine, Affine]]:
        """Give each length that is cut, into what, and what is left for the last part."""
        for (whole, tile), split in self._splits.items():
            yield whole, tile, split.edge
        for (whole, tile, units), fold in self._folds.items():
            yield whole, self._width_of(tile, units), fold.rest

    def folds(self) -> Iterator[tuple[Affine, Affine, Affine]]:
        """Give each length that is folded, its tile, and what is left for the last fold."""
        for (whole, tile, _), fold in self._folds.items():
            yield whole, tile, fold.rest

    def most(self) -> Iterator[tuple[str, QP]]:
        """Give what edge tiles, last folds and their units are at most."""
        for _, part, rest in self.cuts():
            if not rest.is_constant:
                yield str(rest), QP.of(part)
        for (_, _, units), fold in self._folds.items():
            if fold.units.constant is None:
                yield str(fold.units), QP.of(units)

    def merged(self, value: QP) -> QP:
        """Put lengths in the place of products n·T, where tiles add up to a length.

        n·T = X - E + T, and L·T = G - E + T in the last fold.
        """
        for (whole, tile), split in self._splits.items():
            value = _without(value, split.tiles, tile, whole - split.edge + tile)
        for (whole, tile, _), fold in self._folds.items():
            edge = self._splits[whole, tile].edge
            value = _without(value, fold.units, tile, fold.rest - edge + tile)
        return value

    def expanded(self, value: QP) -> QP:
        """Put lengths in terms of extents, tiles and numbers of tiles; only rounded ties stay."""
        return expanded(value, self.ties)

    def _length(self, name: str, whole: Affine, number: QP, tile: Affine) -> Affine:
        return Affine.of(str(self._add(name, QP.of(whole) - (number - 1) * QP.of(tile))))

    def _add(
        self, name: str, numerator: QP, divisor: QP | None = None, rounded: Literal["up", "down"] = "up"
    ) -> QP:
        free = name
        suffix = 2
        while free in self._taken:
            free = f"{name}_{suffix}"
            suffix += 1
        self._taken.add(free)
        self.ties.append(Tie(free, numerator, divisor, rounded))
        return QP.of(free)


def top_units(ties: Ties, operator: Operator, dataflow: Dataflow, num_pes: int | str) -> Affine | None:
    """Give ⌊num_pes / clusters⌋ a name where it is neither a number nor a symbol."""
    clusters = [bound_size(operator, level.cluster.size) for level in dataflow.levels if level.cluster]
    if not clusters or (isinstance(num_pes, int) and all(size.is_constant for size in clusters)):
        return None
    divisor = QP.of(1)
    for size in clusters:
        divisor = divisor * QP.of(size)
    return ties.quotient("U", Affine.of(num_pes), divisor)


def _without(value: QP, number: QP, tile: Affine, product: Affine) -> QP:
    """Put a length in the place of number · tile, where both are names."""
    names = (str(number), str(tile))
    if not set(names) <= value.atoms():
        return value
    total = QP.of(0)
    for monomial, factor in value.terms:
        powers = dict(monomial)
        each = QP(((monomial, factor),))
        if set(names) <= powers.keys():
            rest = tuple((a, p - (a in names)) for a, p in monomial if p - (a in names))
            each = QP(((rest, factor),)) * QP.of(product)
        total = total + each
    return total
