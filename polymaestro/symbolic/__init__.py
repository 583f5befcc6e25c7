"""Quasi-polynomials to SymPy, and closed forms."""

from polymaestro.symbolic.cases import Case
from polymaestro.symbolic.closed_form import LARGE, ClosedForm, CommonCase, forms_from_json
from polymaestro.symbolic.closing import BoundaryForms, ClosedForms, TensorForms, close
from polymaestro.symbolic.factoring import factored
from polymaestro.symbolic.to_sympy import latex_of, source_of

__all__ = [
    "LARGE",
    "BoundaryForms",
    "Case",
    "ClosedForm",
    "ClosedForms",
    "CommonCase",
    "TensorForms",
    "close",
    "factored",
    "forms_from_json",
    "latex_of",
    "source_of",
]
