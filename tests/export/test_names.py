"""Symbols with names that a language has for itself, and formulas whose names are no identifiers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import islpy as isl
import pytest

import polymaestro as pm
from polymaestro import export
from polymaestro.errors import ExportError

if TYPE_CHECKING:
    from tests.export.conftest import RunC

AWKWARD = [
    "double",
    "int",
    "I",
    "c0",
    "f0",
    "check",
    "value",
    "div",
    "self",
    "let",
    "extents",
    "evaluate",
    "_",
]
FLOW = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(4,4) N; TemporalMap(3,3) K")


SETS = [AWKWARD[:7], AWKWARD[6:]]


def conv_over(symbols: list[str]) -> tuple[dict[str, pm.ClosedForm], dict[str, int]]:
    """Give the formulas of a convolution with these symbols, and a point."""
    extents = dict(zip("NKCPQRS", symbols, strict=True))
    forms = dict(pm.analyze(pm.conv2d(**extents), pm.dataflows.kc_p(2), 4).forms.named())  # type: ignore[arg-type]
    return forms, dict(zip(symbols, (2, 5, 3, 7, 6, 3, 2), strict=True))


def forms_over(*symbols: str) -> dict[str, pm.ClosedForm]:
    extents = dict(zip("MNK", symbols, strict=True))
    return dict(pm.analyze(pm.gemm(**extents), FLOW, 8).forms.named())


@pytest.mark.parametrize("symbols", SETS)
def test_every_symbol_can_be_exported(symbols: list[str], run_c: RunC) -> None:
    forms, point = conv_over(symbols)
    order = next(iter(forms.values())).symbols
    expected = {name: form.at(**point) for name, form in forms.items()}
    plain, plain_point = conv_over(list("NKCPQRS"))
    assert expected == {name: form.at(**plain_point) for name, form in plain.items()}

    names = export.Names(export.PYTHON)
    space: dict[str, Any] = {}
    exec(export.to_python(forms), space)  # noqa: S102
    assert space["evaluate"](**{names.take(symbol): point[symbol] for symbol in order}) == expected
    assert {name: int(each) for name, each in export.Vectorised(forms)(**point).items()} == expected
    assert run_c(forms, [[point[symbol] for symbol in order]]) == [list(map(str, expected.values()))]

    polynomial = isl.PwQPolynomial(forms["L2.I.fills"].to_isl())
    here = isl.Point.zero(polynomial.domain().get_space())
    for index, symbol in enumerate(order):
        here = here.set_coordinate_val(isl.dim_type.param, index, isl.Val(point[symbol]))
    assert int(polynomial.eval(here).to_str()) == expected["L2.I.fills"]


@pytest.mark.parametrize("symbols", SETS)
def test_smtlib_takes_every_symbol(symbols: list[str]) -> None:
    z3 = pytest.importorskip("z3")
    forms, point = conv_over(symbols)
    given = " ".join(str(point[symbol]) for symbol in next(iter(forms.values())).symbols)
    claims = [f"(assert (= ({name} {given}) {form.at(**point)}))" for name, form in forms.items()]
    solver = z3.Solver()
    solver.from_string(export.to_smtlib(forms) + "\n".join(claims))
    assert solver.check() == z3.sat


def test_names_are_mangled_as_documented() -> None:
    form = forms_over("message", "check", "K")["L2.A.fills"]
    assert "def fills(*, K, check_, message_, check=True):" in form.to_python("fills")
    form = forms_over("int", "int_", "value")["L2.A.fills"]
    assert "int fills(int64_t *value, int64_t int_, int64_t int__, int64_t value_)" in form.to_c("fills")
    form = forms_over("div", "M", "let")["L2.A.fills"]
    assert "(define-fun fills ((M Int) (div_ Int) (let_ Int)) Int" in form.to_smtlib("fills")


def test_two_headers_go_into_one_program(tmp_path: Path) -> None:
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    forms = forms_over("M", "N", "K")
    for prefix in ("a_", "b_"):
        (tmp_path / f"{prefix}.h").write_text(export.to_c(forms, prefix), encoding="utf-8")
    for name in ("L2.A.fills", "L2.B.fills"):
        (tmp_path / f"{name}.h").write_text(forms[name].to_c(name), encoding="utf-8")
    names = ("a_", "b_", "a_", "L2.A.fills", "L2.B.fills", "L2.A.fills")
    text = "".join(f'#include "{name}.h"\n' for name in names)
    (tmp_path / "main.c").write_text(f"{text}int main(void) {{ return 0; }}\n", encoding="utf-8")
    command = [compiler, "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    built = subprocess.run(  # noqa: S603
        [*command, str(tmp_path / "main.c")], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr


def test_formulas_with_one_identifier_get_two() -> None:
    form = forms_over("M", "N", "K")["L2.A.fills"]
    space: dict[str, Any] = {}
    exec(export.to_python({"a.b": form, "a_b": form, "2nd pass": form, "def": form}), space)  # noqa: S102
    point = {"M": 9, "N": 6, "K": 7}
    for name in ("a_b", "a_b_", "_2nd_pass", "def_"):
        assert space[name](**point) == form.at(**point)


@pytest.mark.parametrize("name", ["", "...", '"""', "a*/b", "a\nb", "ß"])
def test_names_that_no_comment_holds_are_refused(name: str) -> None:
    form = forms_over("M", "N", "K")["L2.A.fills"]
    for write in (export.to_python, export.to_c, export.to_smtlib, export.to_numpy):
        with pytest.raises(ExportError, match="cannot be exported as"):
            write({name: form})


def test_nothing_to_export_is_refused() -> None:
    with pytest.raises(ExportError, match="no formula"):
        export.to_python({})


def test_the_python_function_refuses_points_outside() -> None:
    form = pm.analyze(pm.gemm(), FLOW, 8, assuming=["K % 3 == 0"])["L2"]["A"].fills
    function = form.lambdify("python")
    assert function(M=9, N=6, K=6) == form.at(M=9, N=6, K=6)
    with pytest.raises(ValueError, match=r"does not hold at K = 7, M = 9, N = 6; it holds where K % 3 = 0"):
        function(M=9, N=6, K=7)
    assert isinstance(function(M=9, N=6, K=7, check=False), int)
    with pytest.raises(TypeError):
        function(M=9, N=6)


def test_c_refuses_points_outside(run_c: RunC) -> None:
    form = pm.analyze(pm.gemm(), FLOW, 8, assuming=["K % 3 == 0"])["L2"]["A"].fills
    assert form.symbols == ("K", "M", "N")
    rows = [[6, 9, 6], [7, 9, 6], [0, 9, 6], [-3, 9, 6]]
    assert run_c({"form": form}, rows) == [
        [str(form.at(M=9, N=6, K=6))],
        ["status1"],
        ["status1"],
        ["status1"],
    ]


def test_an_unknown_target_is_refused() -> None:
    form = forms_over("M", "N", "K")["L2.A.fills"]
    with pytest.raises(ExportError, match="cannot compile for 'fortran'"):
        form.lambdify("fortran")  # type: ignore[arg-type]
