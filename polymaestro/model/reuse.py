"""Reuse factors: how often an element is used for each time it crosses (`model.md` §3).

MACs / parent reads = (MACs / Σ|A|) · (Σ|A| / fills) · (fills / parent reads): reuse inside the tile, over
time, and over space by multicast. For outputs the same three, with reduction in the place of multicast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from polymaestro.errors import ClosedFormError
from polymaestro.symbolic import ClosedForm, TensorForms

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class Ratio:
    """The quotient of two closed forms."""

    numerator: ClosedForm
    denominator: ClosedForm

    def at(self, **extents: int) -> Fraction:
        """Evaluate exactly; raises `ClosedFormError` where the denominator is 0."""
        self.numerator.check(extents)
        return self.evaluate(extents, {})

    def evaluate(self, point: Mapping[str, int], values: dict[int, int]) -> Fraction:
        """Evaluate like `at`, sharing the values of counts."""
        below = self.denominator.evaluate(point, values)
        if not below:
            message = "nothing is moved here, so there is no reuse factor"
            raise ClosedFormError(message)
        return Fraction(self.numerator.evaluate(point, values), below)

    @property
    def expr(self) -> sympy.Expr:
        """The quotient as a SymPy expression."""
        return self.numerator.expr / self.denominator.expr


@dataclass(frozen=True)
class Reuse:
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


def reuse_of(macs: ClosedForm, tensor: TensorForms) -> Reuse:
    """Give the reuse factors of a tensor at a boundary."""
    moved, shared = ("fills", "parent_reads") if tensor.role == "input" else ("drains", "parent_updates")
    return Reuse(
        Ratio(macs, tensor.forms["tile_total"]),
        Ratio(tensor.forms["tile_total"], tensor.forms[moved]),
        Ratio(tensor.forms[moved], tensor.forms[shared]),
    )
