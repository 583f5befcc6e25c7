"""Formulas whose symbols may be tile sizes and units, and what the names of their ties stand for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polymaestro.counting import Condition, QuasiPolynomial, Region
from polymaestro.errors import ClosedFormError, did_you_mean
from polymaestro.showing import Shown, in_math
from polymaestro.symbolic import factored
from polymaestro.symbolic.to_sympy import with_ceilings
from polymaestro.tiling.conditions import tidied
from polymaestro.tiling.quantities import Sum
from polymaestro.tiling.ties import Ties

if TYPE_CHECKING:
    import sympy

QP = QuasiPolynomial


@dataclass(frozen=True, repr=False)
class TiledCase(Shown):
    """A quasi-polynomial over extents, tiles and numbers of tiles, and the region where it is the value."""

    region: Region
    value: QuasiPolynomial
    ties: Ties

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression over integer symbols."""
        return with_ceilings(self.value, self.ties.quotients())

    def __str__(self) -> str:
        """Write the formula with ⌈K/T⌉ for each number of tiles, and where it holds."""
        where = "" if self.region.is_everywhere else f"  if {self.region}"
        return self.ties.explained(factored(self.value) + where)

    def latex(self) -> str:
        """Write the formula as LaTeX, without dollar signs."""
        import sympy  # noqa: PLC0415  half a second, and only papers and notebooks need it

        expr = self.expr
        words = [each for each in expr.free_symbols if len(each.name) > 1 and each.name.isalpha()]
        return str(sympy.latex(expr, symbol_names={each: rf"\mathrm{{{each.name}}}" for each in words}))

    def _repr_latex_(self) -> str | None:
        text = "" if self.region.is_everywhere else self.ties.written(str(self.region))
        return in_math(self.latex(), ",\\ ".join([text] * bool(text) + [*self.ties.meanings(text)]))


@dataclass(frozen=True, repr=False)
class TiledForm:
    """Σ of products of counts over extents, tiles and units; exact wherever `valid_on` holds.

    The formula is derived chamber by chamber: `at` gives a number, `case_at` the formula and the region of
    the chamber that a point lies in. Printing it shows the one of `shown`.
    """

    products: Sum
    ties: Ties
    symbols: tuple[str, ...]
    valid_on: Region
    shown: Mapping[str, int]

    def at(self, **point: int) -> int:
        """Evaluate at a point, exact at any size.

        Raises `ClosedFormError` for a missing or unknown symbol, or outside the region.
        """
        return self.evaluate(self.extended(point))

    def extended(self, point: Mapping[str, int]) -> Mapping[str, int]:
        """Give a complete point of the region with the values of the ties; raises as `at` does."""
        for name in point:
            if name not in self.symbols:
                message = f"the formula has no symbol {name!r}"
                raise ClosedFormError(message + did_you_mean(name, self.symbols))
        missing = [name for name in self.symbols if name not in point]
        if missing:
            message = f"the formula needs a value for {', '.join(missing)}"
            raise ClosedFormError(message)
        values = self.ties.extended(point)
        if not self.valid_on.holds(values):
            shown = ", ".join(f"{name} = {value}" for name, value in sorted(point.items()))
            region = str(self.valid_on)
            where = ", with ".join([region, *self.ties.meanings(region)])
            message = f"the formula does not hold at {shown}; it holds where {where}"
            raise ClosedFormError(message)
        return values

    def check(self, point: Mapping[str, int]) -> None:
        """Refuse a point that is incomplete or outside the region; it may hold values of ties."""
        tied = {tie.name for tie in self.ties.ties}
        self.extended({name: value for name, value in point.items() if name not in tied})

    def evaluate(self, extended: Mapping[str, int], values: dict[int, int] | None = None) -> int:
        """Evaluate at a point that holds the values of the ties.

        Forms of one analysis share `values`, so equal factors cost once.
        """
        known = {} if values is None else values
        total = 0
        for sign, counts in self.products:
            product = sign
            for count in counts:
                if id(count) not in known:
                    known[id(count)] = count.at(extended)
                product *= known[id(count)]
                if not product:
                    break
            total += product
        return total

    def case_at(self, point: Mapping[str, int]) -> TiledCase:
        """Give the formula of the chamber that a point lies in, and that chamber."""
        values = self.extended(point)
        region = tidied(self.conditions(values), self.valid_on, self.ties)
        return TiledCase(region, self.value_at(values), self.ties)

    def value_at(self, extended: Mapping[str, int]) -> QuasiPolynomial:
        """Give the formula of a chamber over extents, tiles, units and numbers of tiles."""
        total = QP.of(0)
        for sign, pieces in self.pieces(extended):
            product = QP.of(sign)
            for piece in pieces:
                product = product * self.ties.expanded(piece)
            total = total + product
        return self.ties.expanded(total).replace(self.ties.full_folds(self.conditions(extended)))

    def pieces(self, extended: Mapping[str, int]) -> Iterator[tuple[int, list[QuasiPolynomial]]]:
        """Give the products of a chamber as signs and factors, over the names of all ties."""
        for sign, counts in self.products:
            yield sign, [count.piece_at(extended)[1] for count in counts]

    def conditions(self, extended: Mapping[str, int]) -> Collection[Condition]:
        """Give every decision that led to the formula of a chamber."""
        found: dict[Condition, None] = {}
        for _, counts in self.products:
            for count in counts:
                found.update(dict.fromkeys(count.piece_at(extended)[0].pieces[0]))
        return found.keys()

    def _repr_latex_(self) -> str | None:
        return self.case_at(self.shown)._repr_latex_()

    def brief(self) -> str:
        """Write the case of large extents and many tiles."""
        return str(self)

    def __repr__(self) -> str:
        """Show the case of large extents and many tiles."""
        return f"TiledForm({self})"

    def __str__(self) -> str:
        """Write the case of large extents and many tiles."""
        return str(self.case_at(self.shown))
