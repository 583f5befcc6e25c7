"""Each language gives at every point what `at` gives, for every quantity of every subject."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import islpy as isl
import pytest

from polymaestro import export

if TYPE_CHECKING:
    from conftest import Subject

WITHIN = range(-(2**63), 2**63)


def columns(subject: Subject) -> dict[str, list[int]]:
    return {symbol: [point[symbol] for point in subject.points] for symbol in subject.analysis.symbols}


def test_python_source_is_exact(subject: Subject) -> None:
    space: dict[str, Any] = {}
    exec(export.to_python(subject.forms), space)  # noqa: S102
    for index, point in enumerate(subject.points):
        expected = {name: values[index] for name, values in subject.expected.items()}
        assert space["evaluate"](**point) == expected
        assert {name: space[name.replace(".", "_")](**point) for name in subject.forms} == expected


def test_arrays_are_exact_and_hold_integers_of_any_size_where_they_must(subject: Subject) -> None:
    found = export.Vectorised(subject.forms, chunk=64)(**columns(subject))
    for name, values in subject.expected.items():
        assert found[name].tolist() == values
        assert (found[name].dtype == object) == any(value not in WITHIN for value in values)


def test_the_numpy_module_is_exact(subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = export.to_numpy(subject.forms)
    assert "import polymaestro" not in text
    assert "from polymaestro" not in text
    module = ModuleType("exported_formulas")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # where dataclasses look it up
    exec(text, vars(module))  # noqa: S102
    found = module.evaluate_all(**columns(subject))
    assert {name: values.tolist() for name, values in found.items()} == subject.expected
    for name in list(subject.forms)[:5]:
        one = getattr(module, name.replace(".", "_"))
        assert one(**columns(subject)).tolist() == subject.expected[name]


def test_isl_text_is_exact(subject: Subject, size: int) -> None:
    symbols = subject.analysis.symbols
    points: list[isl.Point] = []
    for name, form in subject.forms.items():
        if size == 50 and (subject.name, name[:10]) == ("YX-P", "cluster1.I"):
            continue  # isl needs seconds for these
        polynomial = isl.PwQPolynomial(form.to_isl())
        if not points:
            origin = isl.Point.zero(polynomial.domain().get_space())
            assert origin.get_space().dim(isl.dim_type.param) == len(symbols)
            for point in subject.points:
                here = origin
                for index, symbol in enumerate(symbols):
                    here = here.set_coordinate_val(isl.dim_type.param, index, isl.Val(point[symbol]))
                points.append(here)
        found = [int(polynomial.eval(point).to_str()) for point in points]
        assert found == subject.expected[name], name


HARNESS = """
#include <stdio.h>
#include "formulas.h"
int main(void) {
    long long point[SYMBOLS];
    for (;;) {
        for (int index = 0; index < SYMBOLS; index++)
            if (scanf("%lld", &point[index]) != 1)
                return 0;
        int64_t value;
        int status;
        EVERY
    }
}
"""
STRICT = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
CATCHING = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]


def run_c(forms: dict[str, Any], rows: list[list[int]], folder: Path, flags: list[str]) -> list[list[str]]:
    """Compile the header, and give for each point what each function says: a number or a status."""
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    symbols = len(next(iter(forms.values())).symbols)
    given = ", ".join(f"point[{index}]" for index in range(symbols))
    calls = "".join(
        f"value = -7; status = x_{export.identifier(name)}(&value, {given});"
        'if (status) printf("status%d ", status); else printf("%lld ", (long long)value);'
        for name in forms
    )
    source = HARNESS.replace("SYMBOLS", str(symbols)).replace("EVERY", calls + 'printf("\\n");')
    (folder / "formulas.h").write_text(export.to_c(forms, "x_"), encoding="utf-8")
    (folder / "main.c").write_text(source, encoding="utf-8")
    program = str(folder / "main")
    command = [compiler, *STRICT, *flags, str(folder / "main.c"), "-o", program]
    built = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert built.returncode == 0, built.stderr
    text = "\n".join(" ".join(map(str, row)) for row in rows)
    ran = subprocess.run([program], input=text, capture_output=True, text=True, check=True)  # noqa: S603
    return [line.split() for line in ran.stdout.splitlines()]


def test_the_c_header_is_exact_or_says_overflow(subject: Subject, size: int, tmp_path: Path) -> None:
    rows = [list(point.values()) for point in subject.points]
    found = run_c(subject.forms, rows, tmp_path, CATCHING if size > 50 else [])
    assert len(found) == len(rows)
    for index, row in enumerate(found):
        for (name, values), said in zip(subject.expected.items(), row, strict=True):
            if values[index] not in WITHIN:
                assert said == "status2", (name, subject.points[index])
            elif max(subject.points[index].values()) < 10**6 or said != "status2":
                assert said == str(values[index]), (name, subject.points[index])


def test_smtlib_definitions_are_exact(subject: Subject, size: int) -> None:
    z3 = pytest.importorskip("z3")

    def verdict(text: str) -> object:
        solver = z3.Solver()
        solver.from_string(text)
        return solver.check()

    count = 10 if size == 50 else 60
    lines = [export.to_smtlib(subject.forms)]
    for index, point in enumerate(subject.points[:count]):
        given = " ".join(map(str, point.values()))
        lines.append(f"(assert (holds0 {given}))")
        for name, values in subject.expected.items():
            lines.append(f"(assert (= ({name} {given}) {values[index]}))")
    assert verdict("\n".join(lines)) == z3.sat
    name = next(iter(subject.forms))
    wrong = subject.expected[name][count - 1] + 1
    assert verdict(f"{lines[0]}(assert (= ({name} {given}) {wrong}))") == z3.unsat
    outside = " ".join("0" if symbol == "N" else "1" for symbol in subject.analysis.symbols)
    assert verdict(f"{lines[0]}(assert (holds0 {outside}))") == z3.unsat


def test_points_reach_nearly_every_piece_of_every_count(subject: Subject, size: int) -> None:
    counts = {id(count): count for form in subject.forms.values() for count in form.counts}.values()
    reached = {
        (id(count), str(count.piece_at(point)[0]))
        for point in subject.points[: 1000 if size > 50 else 50]
        for count in counts
    }
    every = {(id(count), str(region)) for count in counts for region, _ in count.pieces}
    share = len(every & reached) / len(every)
    assert share > (0.98 if size > 50 else 0.85), every - reached
