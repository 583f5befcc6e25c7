"""Closed forms, their views, and how they print; quasi-polynomials to SymPy."""

from polymaestro.symbolic.cases import Case
from polymaestro.symbolic.closed_form import LARGE, ClosedForm, forms_from_json
from polymaestro.symbolic.closing import BoundaryForms, ClosedForms, FormBuilder, TensorForms, close
from polymaestro.symbolic.common import CommonCase
from polymaestro.symbolic.factoring import factored
from polymaestro.symbolic.leading import LeadingTerm
from polymaestro.symbolic.regions import point_near
from polymaestro.symbolic.to_sympy import latex_of, source_of

__all__ = [
    "LARGE",
    "BoundaryForms",
    "Case",
    "ClosedForm",
    "ClosedForms",
    "CommonCase",
    "FormBuilder",
    "LeadingTerm",
    "TensorForms",
    "close",
    "factored",
    "forms_from_json",
    "latex_of",
    "point_near",
    "source_of",
]
