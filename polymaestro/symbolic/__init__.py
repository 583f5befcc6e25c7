"""Quasi-polynomials to SymPy, and closed forms."""

from polymaestro.symbolic.cases import Case
from polymaestro.symbolic.closed_form import ClosedForm
from polymaestro.symbolic.closing import BoundaryForms, ClosedForms, TensorForms, close

__all__ = ["BoundaryForms", "Case", "ClosedForm", "ClosedForms", "TensorForms", "close"]
