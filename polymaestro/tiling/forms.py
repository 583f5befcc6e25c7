"""Formulas whose symbols may be tile sizes and units, and what the names of their ties stand for."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from polymaestro.affine import Affine
from polymaestro.counting import QP, Condition, Region, Tie
from polymaestro.counting.ties import expanded, explained, meanings, written
from polymaestro.errors import ClosedFormError
from polymaestro.showing import Shown, in_math
from polymaestro.symbolic import factored
from polymaestro.symbolic.cases import cases_of
from polymaestro.symbolic.factoring import factorize
from polymaestro.symbolic.points import integer_point, joined
from polymaestro.symbolic.to_sympy import in_symbols, latex_of_region, latex_with_ties, product
from polymaestro.tiling.assuming import narrowed, point_in
from polymaestro.tiling.complete import CompleteForm, Exported
from polymaestro.tiling.conditions import tidied
from polymaestro.tiling.exploring import outside
from polymaestro.tiling.known import Known, in_common
from polymaestro.tiling.quantities import Sum
from polymaestro.tiling.specialising import Specialiser
from polymaestro.tiling.ties import Ties

if TYPE_CHECKING:
    import sympy

    from polymaestro.symbolic import ClosedForm
    from polymaestro.tiling.divisible import DivisibleCase


@dataclass(frozen=True, repr=False)
class TiledCase(Shown):
    """A quasi-polynomial over extents, tiles and numbers of tiles, and the region where it is the value."""

    region: Region
    value: QP
    ties: tuple[Tie, ...]

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression over integer symbols, ⌈K/T⌉ as ceiling(K/T)."""
        return in_symbols(product(factorize(self.value)), self.ties)

    def __str__(self) -> str:
        """Write the formula with ⌈K/T⌉ for each number of tiles, and where it holds."""
        value, region = factored(self.value), str(self.region)
        return explained(value if self.region.is_everywhere else f"{value}  if {region}", self.ties)

    def latex(self) -> str:
        """Write the formula as LaTeX, without dollar signs."""
        import sympy  # noqa: PLC0415  half a second, and only papers and notebooks need it

        expr = self.expr
        words = [each for each in expr.free_symbols if len(each.name) > 1 and each.name.isalpha()]
        return str(sympy.latex(expr, symbol_names={each: rf"\mathrm{{{each.name}}}" for each in words}))

    def statement(self) -> str:
        """Write the formula and its condition as LaTeX, and what the ties in that are."""
        text = self.latex()
        if not self.region.is_everywhere:
            text += rf" \quad \text{{if }} {latex_of_region(self.region)}"
        return latex_with_ties(text, self.ties)

    def _repr_latex_(self) -> str | None:
        text = "" if self.region.is_everywhere else written(str(self.region), self.ties)
        return in_math(self.latex(), ",\\ ".join([text] * bool(text) + [*meanings(text, self.ties)]))


@dataclass(frozen=True, repr=False)
class TiledForm(Exported):
    """Σ of products of counts over extents, tiles and units; exact wherever `valid_on` holds.

    The formula is derived chamber by chamber: `at` gives a number, `case_at` the formula and the region of
    the chamber that a point lies in. Printing it shows the one of `shown`. `complete` derives all of them,
    for code in other languages.
    """

    products: Sum
    ties: Ties
    symbols: tuple[str, ...]
    valid_on: Region
    shown: Mapping[str, int]

    def at(self, point: Mapping[str, int] | None = None, /, **named: int) -> int:
        """Evaluate at a point, exact at any size.

        Raises `ClosedFormError` for a missing or unknown symbol, or outside the region.
        """
        point = joined(point, named)
        return self.evaluate(self.extended(point))

    def extended(self, point: Mapping[str, int]) -> Mapping[str, int]:
        """Give a complete point of the region with the values of the ties; raises as `at` does."""
        point = integer_point(point, self.symbols)
        values = self.ties.extended(point)
        if not self.valid_on.holds(values):
            shown = ", ".join(f"{name} = {value}" for name, value in sorted(point.items()))
            where = self.ties.explained(str(self.valid_on))
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

    def case_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> TiledCase:
        """Give the formula of the chamber that a point lies in, and that chamber."""
        point = joined(point, named)
        values = self.extended(point)
        region = tidied(self.conditions(values), self.valid_on, self.ties)
        return TiledCase(region, self.value_at(values), tuple(self.ties.ties))

    def divisible_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> DivisibleCase:
        """Give the formula where tiles and folds divide what they cut, as they do at the next such point.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("TemporalMap(T,T) M; SpatialMap(1,1) N")
        >>> steps = pm.analyze_tiles(pm.gemm(), flow, "PEs").steps
        >>> print(steps.divisible_at({"M": 10, "N": 7, "K": 5, "T": 4, "PEs": 3}))
        M·N/(PEs·T)  if M % T = 0, N % PEs = 0, PEs < N, PEs ≥ 2, T < M
        """
        point = joined(point, named)
        from polymaestro.tiling.divisible import divisible_near  # noqa: PLC0415  it reads this type

        return divisible_near(self, point)

    def specialised(self, /, *assuming: str, **numbers: int) -> ClosedForm:
        """Give the formula with numbers for tiles, units or extents: all its cases, in the symbols left.

        The views, cases and exporters of `ClosedForm` then work as if these numbers had been given first.

        Raises `ClosedFormError` for an unknown symbol, for numbers or assumptions that contradict the region,
        and where a symbol that is left still divides or multiplies another; `CountingUnavailableError` where
        a case cannot be counted, which an assumption such as ``"R <= 7"`` may leave out.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("TemporalMap(T,T) M; SpatialMap(1,1) N; TemporalMap(T_K,T_K) K")
        >>> form = pm.analyze_tiles(pm.gemm(), flow, "PEs")["L2"]["A"].parent_reads
        >>> print(form.specialised(T=4, T_K=8, PEs=16))
        K·M·⌈N/16⌉  if K ≥ 9
        K·M  if K ≤ 8
        """
        return Specialiser.of(self.ties, self.symbols, self.valid_on, numbers, assuming).form(self.products)

    def value_at(self, extended: Mapping[str, int]) -> QP:
        """Give the formula of a chamber over extents, tiles, units and numbers of tiles."""
        total = QP.of(0)
        for sign, pieces in self.pieces(extended):
            product = QP.of(sign)
            for piece in pieces:
                product = product * self.ties.expanded(piece)
            total = total + product
        return self.ties.expanded(total).replace(self.ties.full_folds(self.conditions(extended)))

    def pieces(self, extended: Mapping[str, int]) -> Iterator[tuple[int, list[QP]]]:
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

    def assuming(self, *assumptions: str) -> TiledForm:
        """Give the form on the smaller region where conditions hold, which `case_at` then leaves out.

        A condition is affine, as ``T <= K``, or says what divides what, as ``K % T == 0``; ``divisible`` is
        short for every tile and every fold. Raises `AssumptionError` for a condition that does not read,
        `ClosedFormError` for one that contradicts the region.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("TemporalMap(T,T) M")
        >>> form = pm.analyze_tiles(pm.gemm(), flow, 1)["L2"]["A"].tile_total
        >>> print(form, form.assuming("T >= M"), sep="; ")
        K·M  if T < M; K·M
        """
        region = narrowed(self.valid_on, assumptions, self.ties, self.symbols)
        return self.on(region, point_in(region, self.ties, self.symbols, self.shown))

    def on(self, region: Region, shown: Mapping[str, int]) -> TiledForm:
        """Give the form on a smaller region, shown at a point of it."""
        return replace(self, valid_on=region, shown=shown)

    def complete(self) -> CompleteForm:
        """Derive all chambers on the whole region.

        Where the derivation of some chamber is refused, the form excludes it. Raises `ClosedFormError` for
        a count with too many chambers; assume more then.
        """
        given, regions = self.given, list(self.regions)
        products = []
        for sign, counts in self.products:
            found = [count.everywhere(self.ties, given) for count in counts]
            regions += [outside(gap) for each in found for gap, _ in each.gaps]
            products += [
                (sign, tuple(itertools.chain(*chosen)))
                for chosen in itertools.product(*(each.products for each in found))
            ]
        return CompleteForm.of(tuple(products), self.ties.ties, self.symbols, regions)

    @property
    def given(self) -> Region:
        """The region, where each array is as large as its clusters."""
        enough = [Condition(Affine.of(tie.name) - 1) for tie in self.ties.ties if tie.rounded == "down"]
        return Region(tuple(tuple(dict.fromkeys([*piece, *enough])) for piece in self.valid_on.pieces))

    @property
    def regions(self) -> Iterator[Region]:
        """The region in parts: over symbols alone, then each condition on ties, then alternatives."""
        tied = {tie.name for tie in self.ties.ties}
        always = in_common(self.given)
        late = [each for each in always if each.expression.names() & tied]
        yield Region((tuple(each for each in always if each not in late),))
        yield from (Region(((each,),)) for each in late)
        if len(self.given.pieces) > 1:
            rest = (tuple(each for each in piece if each not in always) for piece in self.given.pieces)
            yield Region(tuple(rest))

    @property
    def cases(self) -> tuple[TiledCase, ...]:
        """The formula as disjoint cases, each one quasi-polynomial with its condition.

        Raises `ClosedFormError` for too many of them; the factors of `complete` have fewer.
        """
        known = Known(self.ties, self.symbols, self.given)
        form, ties = self.complete(), tuple(self.ties.ties)
        found = cases_of(form.sums, known.domain)
        return tuple(TiledCase(each.region, expanded(each.value, ties), ties) for each in found)

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
