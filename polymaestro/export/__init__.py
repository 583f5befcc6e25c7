"""Formulas in other people's code: Python, NumPy, C, SMT-LIB, JSON.

Every exporter takes formulas by name, one or all of an analysis, and writes what they share once:

>>> import polymaestro as pm
>>> analysis = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M;"), num_pes=4)
>>> text = to_python(dict(analysis.forms.named()))
"""

from typing import TYPE_CHECKING, Any

from polymaestro.export.c_header import to_c
from polymaestro.export.form_json import (
    ONE,
    SEVERAL,
    TILED_ONE,
    TILED_SEVERAL,
    forms_to_json,
    program_from_json,
    to_json,
)
from polymaestro.export.names import PYTHON, Names, identifier
from polymaestro.export.program import Entry, Formula, Program, in_order, names_of, needed_ties
from polymaestro.export.python_module import compiled, to_python
from polymaestro.export.smtlib import to_smtlib

if TYPE_CHECKING:
    from polymaestro.export.numpy_module import to_numpy
    from polymaestro.export.vectorised import Vectorised

__all__ = [
    "ONE",
    "PYTHON",
    "SEVERAL",
    "TILED_ONE",
    "TILED_SEVERAL",
    "Entry",
    "Formula",
    "Names",
    "Program",
    "Vectorised",
    "compiled",
    "forms_to_json",
    "identifier",
    "in_order",
    "names_of",
    "needed_ties",
    "program_from_json",
    "to_c",
    "to_json",
    "to_numpy",
    "to_python",
    "to_smtlib",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  a class and a function
    """Import what needs NumPy when it is asked for: it costs a tenth of a second."""
    if name == "Vectorised":
        from polymaestro.export.vectorised import Vectorised  # noqa: PLC0415  NumPy takes a tenth of a second

        return Vectorised
    if name == "to_numpy":
        from polymaestro.export.numpy_module import to_numpy  # noqa: PLC0415  NumPy takes a tenth of a second

        return to_numpy
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
