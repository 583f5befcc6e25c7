"""Formulas in other languages, for ``derive --export``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import polymaestro as pm
from polymaestro import export
from polymaestro.cli.formulas import form_named, forms_of
from polymaestro.symbolic import source_of

Forms = Mapping[str, pm.ClosedForm]

WRITERS: dict[str, Callable[[Forms], str]] = {
    "python": export.to_python,
    "numpy": lambda forms: export.to_numpy(forms),  # noqa: PLW0108  found, and NumPy imported, when called
    "smtlib": export.to_smtlib,
    "isl": lambda forms: "\n".join(f"{_called(name)} := {form.to_isl()};" for name, form in forms.items()),
    "json": lambda forms: json.dumps(export.forms_to_json(forms), ensure_ascii=False),
    "sympy": lambda forms: source_of({name: form.expr for name, form in forms.items()}),
}
LANGUAGES = ("python", "numpy", "c", "smtlib", "isl", "json", "sympy")


def exported(analysis: pm.Analysis, language: str, layer: str, quantity: str | None) -> str:
    """Write all formulas of an analysis, or one, without a line end at the end.

    The functions of a C header begin with the name of the layer; a single formula is
    ``polymaestro.form/1`` in JSON and nothing but its text in isl.
    """
    forms = forms_of(analysis) if quantity is None else {quantity: form_named(analysis, quantity)}
    if language == "c":
        return export.to_c(forms, f"{_called(layer)}_").rstrip("\n")
    if quantity is not None and language == "json":
        return json.dumps(forms[quantity].to_json(), ensure_ascii=False)
    if quantity is not None and language == "isl":
        return forms[quantity].to_isl()
    return WRITERS[language](forms).rstrip("\n")


def _called(name: str) -> str:
    return export.identifier(name)
