"""Complete forms: formulas with symbolic tiles in all their chambers, which can leave the library.

A `TiledForm` derives a chamber when a point asks for it. Code in another language cannot do that, so here
every chamber of every count is known, on a region that is stated.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from polymaestro import export
from polymaestro.counting import Count, Region, Tie
from polymaestro.counting.ties import written
from polymaestro.errors import ClosedFormError, ExportError
from polymaestro.symbolic.points import integer_point, joined
from polymaestro.tiling.showing import expression_of, latex_of, text_of

if TYPE_CHECKING:
    import sympy

Products = tuple[tuple[int, tuple[Count, ...]], ...]


class Exported(ABC):
    """What leaves the library in the languages of `export`, by way of its complete form."""

    @abstractmethod
    def complete(self) -> CompleteForm:
        """Give the form with all chambers."""

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression: sums of products of Piecewise, ⌈K/T⌉ as ceiling(K/T)."""
        return expression_of(self.complete())

    def latex(self) -> str:
        """Write the formula as LaTeX, without dollar signs, with all cases of its factors."""
        return latex_of(self.complete())

    def to_python(self, name: str = "formula") -> str:
        """Write an exact Python function as the source of a module; see `export.to_python`."""
        return export.to_python({name: self.complete()})

    def to_c(self, name: str = "formula") -> str:
        """Write a C99 header with a function that reports overflow; see `export.to_c`."""
        return export.to_c({name: self.complete()})

    def to_smtlib(self, name: str = "formula") -> str:
        """Write SMT-LIB 2 definitions of the formula and its regions; see `export.to_smtlib`."""
        return export.to_smtlib({name: self.complete()})

    def to_json(self) -> dict[str, Any]:
        """Give the complete form as JSON, schema ``polymaestro.tiled-form/1``; see `export.form_json`."""
        return export.to_json(self.complete())

    def lambdify(self, target: Literal["numpy", "python"]) -> Callable[..., Any]:
        """Compile: ``"python"`` takes and gives exact integers, ``"numpy"`` arrays of integers.

        >>> import polymaestro as pm
        >>> flow = pm.parse_dataflow("SpatialMap(T,T) M")
        >>> steps = pm.analyze_tiles(pm.gemm(), flow, "PEs").steps.lambdify("numpy")
        >>> steps(M=[7, 8, 9], N=3, K=5, T=2, PEs=2).tolist()
        [2, 2, 3]
        """
        if target == "python":
            return export.compiled(self.complete())
        if target == "numpy":
            several = export.Vectorised({"formula": self.complete()})
            return lambda **symbols: several.evaluate(symbols)["formula"]
        message = f"cannot compile for {target!r}; the targets are 'numpy' and 'python'"
        raise ExportError(message)


@dataclass(frozen=True, repr=False)
class CompleteForm(Exported):
    """Σ of products of counts over symbols and ties, each with all its chambers; true where `regions` hold.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("TemporalMap(T,T) M; SpatialMap(1,1) N")
    >>> form = pm.analyze_tiles(pm.gemm(), flow, "PEs")["L2"]["A"].occupancy.complete()
    >>> print(form)
    K·f_1
      where f_1 = M  if T ≥ M
                  T  if T < M
    >>> form.at(K=5, M=10, N=7, PEs=3, T=4), form == CompleteForm.from_json(form.to_json())
    (20, True)
    """

    products: Products
    ties: tuple[Tie, ...]
    symbols: tuple[str, ...]
    regions: tuple[Region, ...]

    @staticmethod
    def of(
        products: Products, ties: Sequence[Tie], symbols: tuple[str, ...], regions: Iterable[Region]
    ) -> CompleteForm:
        """Build a form without products that are 0, and with those of some ties that it needs."""
        regions = tuple(dict.fromkeys(regions))
        products = tuple(each for each in products if all(map(_may_count, each[1])))
        counts = (count for _, factors in products for count in factors)
        used = frozenset[str]().union(*map(export.names_of, counts), *(each.names() for each in regions))
        return CompleteForm(products, export.needed_ties(ties, used), symbols, regions)

    def complete(self) -> CompleteForm:
        """Give itself."""
        return self

    @property
    def sums(self) -> list[tuple[int, tuple[Count, ...]]]:
        """The products as (sign, counts)."""
        return list(self.products)

    @property
    def counts(self) -> tuple[Count, ...]:
        """Every different count in the formula."""
        return tuple(dict.fromkeys(count for _, counts in self.products for count in counts))

    def at(self, point: Mapping[str, int] | None = None, /, **named: int) -> int:
        """Evaluate at a point, exact at any size.

        Raises `ClosedFormError` for a missing or unknown symbol, or outside the regions.
        """
        point = joined(point, named)
        values = integer_point(point, self.symbols)
        for each in self._steps:
            if isinstance(each, Tie):
                values[each.name] = each.value(values)
            else:
                self._check(each, values)
        return sum(_product(sign, counts, values) for sign, counts in self.products)

    @cached_property
    def _steps(self) -> tuple[Tie | Region, ...]:
        return export.in_order(self.ties, self.regions)

    def _check(self, region: Region, values: Mapping[str, int]) -> None:
        if not region.holds(values):
            shown = ", ".join(f"{name} = {values[name]}" for name in self.symbols)
            where = written(str(region), self.ties)
            message = f"the formula does not hold at {shown}; it holds where {where}"
            raise ClosedFormError(message)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> CompleteForm:
        """Read what `to_json` gives: an equal form. Raises `ExportError` for anything else."""
        program = export.program_from_json(data, _schema(data, export.ONE, export.TILED_ONE))
        return _form_of(program.forms[""], program.counts)

    def __repr__(self) -> str:
        """Show the sum of products."""
        return f"CompleteForm({str(self).splitlines()[0]})"

    def __str__(self) -> str:
        """Write the sum of products, then each factor with a chamber a line."""
        return text_of(self)


def complete_from_json(data: Mapping[str, Any]) -> dict[str, CompleteForm]:
    """Read what `export.forms_to_json` gives of complete forms: equal forms by name."""
    program = export.program_from_json(data, _schema(data, export.SEVERAL, export.TILED_SEVERAL))
    return {name: _form_of(entry, program.counts) for name, entry in program.forms.items()}


def _schema(data: Mapping[str, Any], plain: str, tiled: str) -> str:
    """Give the schema to expect: a formula without ties is written as a plain one."""
    return plain if isinstance(data, Mapping) and data.get("schema") == plain else tiled


def _form_of(entry: export.Entry, counts: Sequence[Count]) -> CompleteForm:
    products = tuple((sign, tuple(counts[number] for number in numbers)) for sign, numbers in entry.products)
    return CompleteForm(products, entry.ties, entry.symbols, entry.regions)


def _may_count(count: Count) -> bool:
    """Whether a count is not 0 in all its cases."""
    return any(not value.is_zero for _, value in count.pieces)


def _product(sign: int, counts: Sequence[Count], values: Mapping[str, int]) -> int:
    for count in counts:
        sign *= count.at(values)
        if not sign:
            break
    return sign
