"""Formulas in other languages, for ``derive --export``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import polymaestro as pm
from polymaestro import export
from polymaestro.cli.formulas import form_named
from polymaestro.errors import ExportError
from polymaestro.symbolic import source_of
from polymaestro.tiling import CompleteForm

Forms = Mapping[str, pm.ClosedForm | CompleteForm]


def exported(analysis: pm.Analysis, language: str, layer: str, quantity: str | None) -> str:
    """Write all formulas of an analysis, or one, without a line end at the end.

    The functions of a C header begin with the name of the layer. A single formula is
    ``polymaestro.form/1`` in JSON, and in isl its text without a name.
    """
    forms = analysis.forms.every() if quantity is None else {quantity: form_named(analysis, quantity)}
    return written(forms, language, layer)


def written(forms: Forms, language: str, layer: str) -> str:
    """Write formulas, the plain ones of an analysis or those of a mapping with symbols."""
    return WRITERS[language](forms, layer).rstrip("\n")


def _isl(forms: Forms, _layer: str) -> str:
    """Write as the calculator of isl and barvinok, iscc, reads it."""
    texts = {name: form.to_isl() for name, form in forms.items() if isinstance(form, pm.ClosedForm)}
    if len(texts) < len(forms):
        message = "isl cannot multiply or divide symbols, which tiles are here; export another language"
        raise ExportError(message)
    if len(texts) == 1:
        return next(iter(texts.values()))
    return "\n".join(f"{export.identifier(name)} := {text};" for name, text in texts.items())


def _json(forms: Forms, _layer: str) -> str:
    data = next(iter(forms.values())).to_json() if len(forms) == 1 else export.forms_to_json(forms)
    return json.dumps(data, ensure_ascii=False)


WRITERS: dict[str, Callable[[Forms, str], str]] = {
    "python": lambda forms, _: export.to_python(forms),
    "numpy": lambda forms, _: export.to_numpy(forms),
    "c": lambda forms, layer: export.to_c(forms, f"{export.identifier(layer)}_"),
    "smtlib": lambda forms, _: export.to_smtlib(forms),
    "isl": _isl,
    "json": _json,
    "sympy": lambda forms, _: source_of({name: form.expr for name, form in forms.items()}),
}
