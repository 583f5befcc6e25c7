"""Quasi-polynomials to SymPy, and closed forms."""

from polymaestro.symbolic.cases import Case
from polymaestro.symbolic.closed_form import ClosedForm, common_region
from polymaestro.symbolic.closing import BoundaryForms, ClosedForms, TensorForms, close
from polymaestro.symbolic.factoring import factored

__all__ = [
    "BoundaryForms",
    "Case",
    "ClosedForm",
    "ClosedForms",
    "TensorForms",
    "close",
    "common_region",
    "factored",
]
