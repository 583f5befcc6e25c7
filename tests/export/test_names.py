"""Symbols with names that a language has for itself, and formulas whose names are no identifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import islpy as isl
import pytest

import polymaestro as pm
from polymaestro import export
from polymaestro.errors import ExportError

if TYPE_CHECKING:
    from conftest import RunC

AWKWARD = [
    "lambda",
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
    "message",
    "_",
]
FLOW = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(4,4) N; TemporalMap(3,3) K")


def forms_over(*symbols: str) -> dict[str, pm.ClosedForm]:
    extents = dict(zip("MNK", symbols, strict=True))
    return dict(pm.analyze(pm.gemm(**extents), FLOW, 8).forms.named())  # type: ignore[arg-type]


@pytest.mark.parametrize("start", range(len(AWKWARD)))
def test_every_symbol_can_be_exported(start: int) -> None:
    symbols = [AWKWARD[(start + shift) % len(AWKWARD)] for shift in range(3)]
    forms = forms_over(*symbols)
    point = dict(zip(symbols, (9, 6, 7), strict=True))
    expected = {name: form.at(**point) for name, form in forms.items()}
    plain = dict(zip("MNK", (9, 6, 7), strict=True))
    assert expected == {name: form.at(**plain) for name, form in forms_over(*"MNK").items()}

    names = export.Names(export.PYTHON)
    space: dict[str, Any] = {}
    exec(export.to_python(forms), space)  # noqa: S102
    order = forms["L2.A.fills"].symbols
    assert space["evaluate"](**{names.take(symbol): point[symbol] for symbol in order}) == expected

    found = export.Vectorised(forms)(**point)
    assert {name: int(values) for name, values in found.items()} == expected
    polynomial = isl.PwQPolynomial(forms["L2.B.fills"].to_isl())
    here = isl.Point.zero(polynomial.domain().get_space())
    for index, symbol in enumerate(order):
        here = here.set_coordinate_val(isl.dim_type.param, index, isl.Val(point[symbol]))
    assert int(polynomial.eval(here).to_str()) == expected["L2.B.fills"]


def test_c_takes_every_symbol(run_c: RunC) -> None:
    for start in range(0, len(AWKWARD), 3):
        symbols = [AWKWARD[(start + shift) % len(AWKWARD)] for shift in range(3)]
        forms = forms_over(*symbols)
        point = dict(zip(symbols, (9, 6, 7), strict=True))
        [said] = run_c(forms, [[point[symbol] for symbol in forms["L2.A.fills"].symbols]])
        assert said == [str(form.at(**point)) for form in forms.values()]


def test_smtlib_takes_every_symbol() -> None:
    z3 = pytest.importorskip("z3")
    for start in range(0, len(AWKWARD), 3):
        symbols = [AWKWARD[(start + shift) % len(AWKWARD)] for shift in range(3)]
        forms = forms_over(*symbols)
        point = dict(zip(symbols, (9, 6, 7), strict=True))
        given = " ".join(str(point[symbol]) for symbol in forms["L2.A.fills"].symbols)
        claims = [f"(assert (= ({name} {given}) {form.at(**point)}))" for name, form in forms.items()]
        solver = z3.Solver()
        solver.from_string(export.to_smtlib(forms) + "\n".join(claims))
        assert solver.check() == z3.sat


def test_names_are_mangled_as_documented() -> None:
    form = forms_over("lambda", "check", "K")["L2.A.fills"]
    assert "def fills(*, K, check_, lambda_, check=True):" in form.to_python("fills")
    form = forms_over("int", "int_", "value")["L2.A.fills"]
    assert "int fills(int64_t *value, int64_t int_, int64_t int__, int64_t value_)" in form.to_c("fills")
    form = forms_over("div", "M", "let")["L2.A.fills"]
    assert "(define-fun fills ((M Int) (div_ Int) (let_ Int)) Int" in form.to_smtlib("fills")


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
