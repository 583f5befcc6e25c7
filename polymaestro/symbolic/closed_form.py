"""Closed forms: a number as a formula in the parameters, with the region where it is true."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import islpy as isl

from polymaestro import export
from polymaestro.counting import Count, QuasiPolynomial, Region, Tie
from polymaestro.errors import ClosedFormError, ExportError
from polymaestro.symbolic.cases import Case, cases_of, multiplied
from polymaestro.symbolic.common import CommonCase
from polymaestro.symbolic.display import in_one, latex_of_lines, lines_of, shown_cases, text_of
from polymaestro.symbolic.leading import LeadingTerm, leading_term
from polymaestro.symbolic.named import named_sum
from polymaestro.symbolic.narrowing import Narrower, narrowed
from polymaestro.symbolic.points import integer_point, joined
from polymaestro.symbolic.regions import domain_of, part_at, point_near
from polymaestro.symbolic.substituting import substituted
from polymaestro.symbolic.tiles import divisibility
from polymaestro.symbolic.to_isl import piecewise_text
from polymaestro.symbolic.to_sympy import piecewise

if TYPE_CHECKING:
    import sympy

Values = dict[int, int]

MANY = 16
"""With more combinations of chambers than this, a form is long."""

LARGE = 1009
"""A prime above every usual tile size, so that the case shown is the one with edge tiles."""


@dataclass(frozen=True)
class Product:
    """sign · ∏ counts."""

    sign: int
    counts: tuple[Count, ...]

    def at(self, point: Mapping[str, int], values: Values) -> int:
        """Evaluate, remembering each count's value in `values`."""
        result = self.sign
        for count in self.counts:
            key = id(count)
            if key not in values:
                values[key] = count.at(point)
            result *= values[key]
            if not result:
                return 0
        return result


@dataclass(frozen=True)
class ClosedForm:
    """Σ of products of counts, one count per axis group; exact wherever `valid_on` holds.

    >>> import polymaestro as pm
    >>> form = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), num_pes=4)[
    ...     "L2"]["A"].parent_reads
    >>> print(form)
    K·M
    >>> form.at(M=5, N=3, K=2)
    10

    Forms are equal when they are the same sum of products of the same counts, on the same region; equal
    values written in different ways are not found equal.
    """

    products: tuple[Product, ...]
    context: isl.Set = field(compare=False)  # what valid_on says, for isl
    symbols: tuple[str, ...]
    valid_on: Region

    def at(self, point: Mapping[str, int] | None = None, /, **named: int) -> int:
        """Evaluate at a point, exact at any size.

        Raises `ClosedFormError` for a missing or unknown symbol, for what is no integer, or outside the
        region.

        >>> import polymaestro as pm
        >>> macs = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), 4).macs
        >>> macs.at(M=10**20, N=3, K=2) == 10**20 * 3 * 2
        True
        """
        extents = joined(point, named)
        return self.evaluate(extents)

    def evaluate(self, point: Mapping[str, int], values: Values | None = None) -> int:
        """Evaluate like `at`; forms of one analysis share `values`, so equal factors cost once."""
        if values is None:
            point, values = self.checked(point), {}
        return sum(each.at(point, values) for each in self.products)

    def check(self, point: Mapping[str, int]) -> None:
        """Refuse a point that is incomplete or outside the region."""
        self.checked(point)

    def checked(self, point: Mapping[str, int]) -> dict[str, int]:
        """Give a point as Python's integers; raises as `at` does."""
        numbers = integer_point(point, self.symbols)
        if not self.valid_on.holds(numbers):
            shown = ", ".join(f"{name} = {value}" for name, value in sorted(numbers.items()))
            message = f"the formula does not hold at {shown}; it holds where {self.valid_on}"
            raise ClosedFormError(message)
        return numbers

    def assuming(self, *assumptions: str) -> ClosedForm:
        """Give the form on the smaller region where conditions hold, simplified by them.

        Raises `AssumptionError` for a condition that does not read or names no symbol, `ClosedFormError`
        for one that contradicts the region.

        >>> import polymaestro as pm
        >>> form = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), 4).steps
        >>> print(form, form.assuming("M % 4 == 0"), form.assuming("M <= 4"), sep="; ")
        ⌈M/4⌉; M/4; 1
        """
        return narrowed([self], assumptions).form(self)

    def divisible(self, *assumptions: str) -> ClosedForm:
        """Give the form where every tile divides its extent and no fold is partial.

        These conditions, as ``K % 64 = 0`` for a ⌈K/64⌉, join the region, and so do further assumptions.
        Raises as `assuming` does.

        >>> import polymaestro as pm
        >>> form = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), 4).steps
        >>> print(form, form.divisible(), sep="; ")
        ⌈M/4⌉; M/4
        """
        return self.assuming(*assumptions, *divisibility(self.counts))

    def generic(self, at: Mapping[str, int] | None = None) -> ClosedForm:
        """Give the form as one expression, on the region around a point where that is the value.

        Without a point, around large symbols. A form that is one expression anyway keeps its region.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N")
        >>> form = pm.analyze(pm.gemm(), flow, 4)["L2"]["B"].parent_reads
        >>> print(form.generic(), form.generic({"M": 9, "N": 1, "K": 2}), sep="; ")
        K·N·⌈M/4⌉; K
        """
        point = self.large_point() if at is None else point_near(self.context, at)
        if self.is_long:
            inside = domain_of(self.case_at(point).region, self.context)
            return Narrower.to(self.context.intersect(inside)).form(self)
        if not self.shown or self.shown[0].region.is_everywhere:
            return self
        lines = lines_of(self.cases, self.context, short=False)
        regions = [line.region for line in lines if line.region is not None and line.region.holds(point)]
        domain = part_at(domain_of(regions[0], self.context), point) if regions else self.context
        return Narrower.to(self.context.intersect(domain)).form(self)

    def substituted(self, **symbols: str | int) -> ClosedForm:
        """Give the form in other symbols: affine expressions such as ``P="Y - R + 1"``, or numbers.

        The region is that of the old symbols, written in the new ones; the equations hold together.

        >>> import polymaestro as pm
        >>> form = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), 4).macs
        >>> print(form.substituted(M="4*m", K=3))
        12·N·m
        """
        return substituted(self, symbols)

    def asymptotic(self, small: Collection[str] = ()) -> LeadingTerm:
        """Give the leading term when all symbols but the small ones grow together.

        >>> import polymaestro as pm
        >>> form = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), 4).steps
        >>> print(form.asymptotic(), "--", form.asymptotic().sense)
        M/4 -- as K, M, N grow together
        """
        return leading_term(self, small)

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The formula as disjoint cases, each one quasi-polynomial with its condition; 0 elsewhere.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N")
        >>> for case in pm.analyze(pm.gemm(), flow, 4)["L2"]["B"].parent_reads.cases:
        ...     print(case)
        K·N·⌈M/4⌉  if N ≥ 2
        K  if N = 1
        """
        return cases_of(self.sums, self.context)

    def value_near(self, point: Mapping[str, int]) -> QuasiPolynomial:
        """Give the quasi-polynomial of the chambers that a point lies in."""
        return multiplied(self.sums, {id(c): c.piece_at(point)[1] for c in self.counts})

    def case_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> Case:
        """Give the quasi-polynomial of the chambers that a point lies in, and where these meet.

        The region may be smaller than the largest on which the polynomial is right; `cases` has that. Raises
        as `at` does.

        >>> import polymaestro as pm
        >>> form = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), 4).steps
        >>> print(form.case_at({"M": 6, "N": 1, "K": 1}))
        ⌈M/4⌉
        >>> form.case_at({"M": 6})
        Traceback (most recent call last):
        polymaestro.errors.ClosedFormError: the formula needs a value for K, N
        """
        point = joined(point, named)
        case = CommonCase.of([self], self.checked(point))
        return Case(case.region, case.value(self))

    @property
    def sums(self) -> list[tuple[int, tuple[Count, ...]]]:
        """The products as (sign, counts)."""
        return [(each.sign, each.counts) for each in self.products]

    @property
    def ties(self) -> tuple[Tie, ...]:
        """None: the counts are over the symbols themselves."""
        return ()

    @property
    def regions(self) -> tuple[Region, ...]:
        """The region, for exporters."""
        return (self.valid_on,)

    @property
    def counts(self) -> tuple[Count, ...]:
        """Every different count in the formula."""
        return tuple({id(c): c for each in self.products for c in each.counts}.values())

    @cached_property
    def folded_counts(self) -> dict[int, Count]:
        """Each count, by its identity, as it is printed: in one piece with min and max where that works."""
        return {id(count): in_one(count, self.context) for count in self.counts}

    @cached_property
    def is_long(self) -> bool:
        """Whether the chambers of the factors make so many cases that factors are better read one by one."""
        sizes = (len(count.pieces) + 1 for count in self.folded_counts.values() if not count.is_uniform)
        return prod(sizes) > MANY

    @cached_property
    def shown(self) -> tuple[Case, ...]:
        """The cases as they are printed: with min and max, which `cases` does without."""
        return shown_cases(self)

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression over plain integer symbols.

        >>> import polymaestro as pm
        >>> pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), 4).steps.expr
        ceiling(M/4)
        """
        return named_sum(self).expr if self.is_long else piecewise(self.shown)

    def to_python(self, name: str = "formula") -> str:
        """Write an exact Python function as the source of a module; see `export.to_python`."""
        return export.to_python({name: self})

    def to_c(self, name: str = "formula") -> str:
        """Write a C99 header with a function that reports overflow; see `export.to_c`."""
        return export.to_c({name: self})

    def to_smtlib(self, name: str = "formula") -> str:
        """Write SMT-LIB 2 definitions of the formula and its region; see `export.to_smtlib`."""
        return export.to_smtlib({name: self})

    def to_isl(self) -> str:
        """Write a piecewise quasi-polynomial that isl reads; 0 outside of its pieces and of the region."""
        return piecewise_text(self.sums, self.symbols, self.context)

    def to_json(self) -> dict[str, Any]:
        """Give the formula as JSON data, schema ``polymaestro.form/1``; see `export.form_json`."""
        return export.to_json(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> ClosedForm:
        """Read what `to_json` gives: an equal form. Raises `ExportError` for anything else."""
        program = export.program_from_json(data, export.ONE)
        return form_of(program.forms[""], program.counts)

    def lambdify(self, target: Literal["numpy", "python"]) -> Callable[..., Any]:
        """Compile: ``"python"`` takes and gives exact integers, ``"numpy"`` arrays of integers.

        Symbols are keywords. For many formulas at once, and options, see `export.Vectorised`.

        >>> import polymaestro as pm
        >>> macs = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M;"), num_pes=4).macs
        >>> macs.lambdify("python")(M=3, N=4, K=5)
        60
        >>> macs.lambdify("numpy")(M=3, N=[4, 2**62], K=2).tolist()
        [24, 27670116110564327424]

        Raises `ExportError` for another target.
        """
        if target == "python":
            return export.compiled(self)
        if target == "numpy":
            several = export.Vectorised({"formula": self})
            return lambda **extents: several.evaluate(extents)["formula"]
        message = f"cannot compile for {target!r}; the targets are 'numpy' and 'python'"
        raise ExportError(message)

    def latex(self) -> str:
        """Write the formula as LaTeX, without dollar signs; several cases as a cases environment."""
        if self.is_long:
            return named_sum(self).latex()
        return latex_of_lines(lines_of(self.shown, self.context))

    def _repr_latex_(self) -> str | None:
        """Show the case of large symbols: all cases of a formula may fill pages."""
        return self.case_at(self.large_point())._repr_latex_()

    def large_point(self) -> Mapping[str, int]:
        """Give a point with large symbols, far apart and with R below P, as far as the region allows."""
        last = len(self.symbols)
        return point_near(self.context, {name: LARGE * (last - i) for i, name in enumerate(self.symbols)})

    def __str__(self) -> str:
        """Write each case on a line: the factored formula, then its condition.

        A form with many cases is written as a sum of products with the cases of the factors below it.
        """
        if self.is_long:
            return str(named_sum(self))
        return text_of(lines_of(self.shown, self.context))

    def brief(self) -> str:
        """Write the case of large symbols in one line, with its condition."""
        return str(self.case_at(self.large_point()))

    def __repr__(self) -> str:
        """Show the case of large symbols."""
        case = self.case_at(self.large_point())
        return f"ClosedForm({case}{'' if case.region.is_everywhere else '; print it for all cases'})"


def form_of(entry: export.Entry, counts: Sequence[Count]) -> ClosedForm:
    """Build a form from a formula of a program; isl reads its region."""
    products = tuple(Product(sign, tuple(counts[n] for n in numbers)) for sign, numbers in entry.products)
    [region] = entry.regions
    text = f"[{', '.join(entry.symbols)}] -> {{ : {region.isl()} }}"
    try:
        context = isl.Set(text).params()
    except isl.Error:
        message = f"the symbols {', '.join(entry.symbols)} and the region {region} mean nothing to isl"
        raise ExportError(message) from None
    return ClosedForm(products, context, entry.symbols, region)


def forms_from_json(data: Mapping[str, Any]) -> dict[str, ClosedForm]:
    """Read what `export.forms_to_json` gives: equal forms by name, which share equal counts."""
    program = export.program_from_json(data, export.SEVERAL)
    return {name: form_of(entry, program.counts) for name, entry in program.forms.items()}
