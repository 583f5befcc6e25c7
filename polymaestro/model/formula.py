"""What run time, energy and roofline have in common: closed forms in extents and constants of a machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Generic

from polymaestro.counting import Region
from polymaestro.model.integers import Point
from polymaestro.model.links import Form
from polymaestro.model.stated import CostCase
from polymaestro.showing import Shown
from polymaestro.symbolic import ClosedForm
from polymaestro.symbolic.points import check_known, whole

if TYPE_CHECKING:
    import sympy


class OnMachine(Generic[Form]):
    """What is over the symbols of what was counted, which tells where it holds, and over constants."""

    counted: Form
    what: ClassVar[str]

    @property
    def constants(self) -> frozenset[str]:
        """The constants of the machine that are symbols."""
        raise NotImplementedError

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters: those of what was counted, then constants of the machine."""
        return (*self.counted.symbols, *sorted(self.constants))

    @property
    def valid_on(self) -> Region:
        """Where the dataflow is legal and the formula holds."""
        return self.counted.valid_on

    def sizes(self, point: Point) -> dict[str, int]:
        """Give the part of a point that is no constant; refuses names that are no symbols."""
        check_known(point, self.symbols, self.what)
        return {name: whole(name, value) for name, value in point.items() if name not in self.constants}


class CostForm(OnMachine[Form], Shown, ABC):
    """A cost that is written one case at a time."""

    @abstractmethod
    def case_at(self, point: Mapping[str, int] | None = None, /, **named: int) -> CostCase:
        """Give the formula around a point, and where it is the value."""

    @property
    @abstractmethod
    def common(self) -> CostCase:
        """The case of large extents."""

    @property
    def expr(self) -> sympy.Expr:
        """The case of large extents as a SymPy expression with Max and ceiling."""
        return self.common.expr

    def latex(self) -> str:
        """Write the case of large extents as LaTeX, without dollar signs."""
        return self.common.latex()

    def _repr_latex_(self) -> str | None:
        return self.common._repr_latex_()

    def __str__(self) -> str:
        """Write the case of large extents."""
        return str(self.common)


class PlainCost(CostForm[ClosedForm], ABC):
    """A cost of an analysis whose mapping has numbers."""

    @property
    def common(self) -> CostCase:
        """The case of large symbols."""
        return self.case_at(self.counted.large_point())
