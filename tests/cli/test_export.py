"""`polymaestro derive --export`: code on standard output, and nothing else."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import islpy as isl
import pytest
import sympy
from click.testing import CliRunner, Result

import polymaestro as pm
from polymaestro.cli import main
from polymaestro.symbolic import forms_from_json

GEMM = """Network N { Layer fc-1 { Type: GEMM Dimensions { M: 40, N: 60, K: 100 } Dataflow {
  TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(5,5) K; Cluster(5); SpatialMap(1,1) K; } } }"""
ANALYSIS = pm.analyze(pm.gemm(), pm.parse_network(GEMM).layers[0].mapping_dataflow(), 20)
TOTALS = {"macs": ANALYSIS.macs, "steps": ANALYSIS.steps, "active_units": ANALYSIS.active_units}
FORMS = TOTALS | dict(ANALYSIS.forms.named())
POINT = {"K": 13, "M": 9, "N": 4}

Golden = Callable[[str, str], None]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["derive", "-", "--num-pes", "20", *arguments], input=GEMM)


def text_of(*arguments: str) -> str:
    result = run("--export", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith("\n")
    assert not result.stdout.endswith("\n\n")
    return result.stdout


@pytest.mark.parametrize("language", ["python", "c", "smtlib", "json", "sympy"])
def test_one_formula_in_each_language(golden: Golden, language: str) -> None:
    golden(f"cli-export-{language}.txt", text_of(language, "--exact", "L2.B.fills"))


def test_all_formulas_in_each_language() -> None:
    expected = {name: form.at(**POINT) for name, form in FORMS.items()}
    space: dict[str, Any] = {}
    exec(text_of("python"), space)  # noqa: S102
    assert space["evaluate"](**POINT) == expected
    module = ModuleType("exported_by_derive")
    sys.modules[module.__name__] = module
    exec(text_of("numpy"), vars(module))  # noqa: S102
    assert {name: int(each) for name, each in module.evaluate_all(**POINT).items()} == expected
    assert forms_from_json(json.loads(text_of("json"))) == FORMS
    assert [line.split(" := ")[0] for line in text_of("isl").splitlines()] == [
        name.replace(".", "_") for name in FORMS
    ]
    header = text_of("c")
    assert all(f"int fc_1_{name.replace('.', '_')}(int64_t *value" in header for name in FORMS)
    assert all(f"(define-fun {name} (" in text_of("smtlib") for name in list(FORMS)[:3])


def test_one_formula_in_isl_is_its_text_alone() -> None:
    polynomial = isl.PwQPolynomial(text_of("isl", "--exact", "L2.B.fills"))
    for k in (1, 5, 6):
        for m in (4, 5, 60):
            here = isl.Point.zero(polynomial.domain().get_space())
            for index, number in enumerate((k, m, 3)):
                here = here.set_coordinate_val(isl.dim_type.param, index, isl.Val(number))
            assert int(polynomial.eval(here).to_str()) == FORMS["L2.B.fills"].at(K=k, M=m, N=3)


@pytest.mark.slow
def test_all_formulas_in_sympy() -> None:
    space: dict[str, Any] = {}
    exec(text_of("sympy"), space)  # noqa: S102
    numbers = {sympy.Symbol(name, integer=True): number for name, number in POINT.items()}
    for name, form in FORMS.items():
        assert sympy.sympify(space[name.replace(".", "_")]).subs(numbers) == form.at(**POINT)


def test_wrong_requests() -> None:
    result = run("--export", "c", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--export and --json exclude each other" in result.stderr
    result = run("--export", "fortran")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'fortran' is not one of 'python', 'numpy'" in result.stderr
    result = run("--export", "c", "--exact", "L2.B.fill")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "did you mean 'L2.B.fills'?" in result.stderr
