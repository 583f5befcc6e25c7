"""Reuse factors: how often an element is used for each time it crosses.

MACs / parent reads = (MACs / Σ|A|) · (Σ|A| / fills) · (fills / parent reads): reuse inside the tile, over
time, and over space by multicast. For outputs the same three, with reduction in the place of multicast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from polymaestro.errors import ClosedFormError
from polymaestro.showing import Row, Shown, Table, Tabled, in_math
from polymaestro.symbolic import ClosedForm, CommonCase, TensorForms
from polymaestro.symbolic.points import joined
from polymaestro.symbolic.written import Written, quotient

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True, repr=False)
class Ratio(Shown):
    """The quotient of two closed forms."""

    numerator: ClosedForm
    denominator: ClosedForm

    def at(self, point: Mapping[str, int] | None = None, /, **named: int) -> Fraction:
        """Evaluate exactly; raises `ClosedFormError` where the denominator is 0."""
        extents = joined(point, named)
        return self.evaluate(self.numerator.checked(extents), {})

    def evaluate(self, point: Mapping[str, int], values: dict[int, int]) -> Fraction:
        """Evaluate like `at`, sharing the values of counts.

        Raises `ClosedFormError` where the denominator is 0.
        """
        below = self.denominator.evaluate(point, values)
        if not below:
            message = "nothing is moved here, so there is no reuse factor"
            raise ClosedFormError(message)
        return Fraction(self.numerator.evaluate(point, values), below)

    def __str__(self) -> str:
        """Write the case of large symbols, what both have cancelled."""
        case, shown = self._common()
        return shown.text + ("" if case.region.is_everywhere else f"  if {case.region}")

    def _repr_latex_(self) -> str | None:
        case, shown = self._common()
        return in_math(shown.latex, "" if case.region.is_everywhere else str(case.region))

    def _common(self) -> tuple[CommonCase, Written]:
        case = CommonCase.of([self.numerator, self.denominator], self.numerator.large_point())
        return case, quotient(case.value(self.numerator), case.value(self.denominator))

    @property
    def expr(self) -> sympy.Expr:
        """The quotient as a SymPy expression."""
        return self.numerator.expr / self.denominator.expr


@dataclass(frozen=True, repr=False)
class Reuse(Tabled):
    """The three factors; their product is MACs / what the parent delivers or receives.

    >>> import polymaestro as pm
    >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M"), num_pes=4)
    >>> factors = a.reuse("L2", "B")
    >>> [str(f.at(M=8, N=5, K=3)) for f in (factors.inside_tile, factors.temporal, factors.spatial)]
    ['1', '2', '4']
    """

    inside_tile: Ratio
    temporal: Ratio
    spatial: Ratio

    def tables(self) -> Iterator[Table]:
        """Give the factors in the case of large symbols."""
        factors = {"inside the tile": self.inside_tile, "over time": self.temporal, "in space": self.spatial}
        rows = tuple(Row((name, str(ratio))) for name, ratio in factors.items())
        yield Table(("reuse", "factor"), rows, words=2, math=True)


def reuse_of(macs: ClosedForm, tensor: TensorForms) -> Reuse:
    """Give the reuse factors of a tensor at a boundary."""
    moved, shared = ("fills", "parent_reads") if tensor.role == "input" else ("drains", "parent_updates")
    return Reuse(
        Ratio(macs, tensor.forms["tile_total"]),
        Ratio(tensor.forms["tile_total"], tensor.forms[moved]),
        Ratio(tensor.forms[moved], tensor.forms[shared]),
    )
