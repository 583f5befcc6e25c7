"""Each language gives at every point what `at` gives, for every quantity of every subject."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import islpy as isl
import pytest

from polymaestro import export
from tests.export.conftest import subject_of

if TYPE_CHECKING:
    from tests.export.conftest import RunC, Subject

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


def test_the_numpy_module_is_exact(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_c_header_is_exact_or_says_overflow(subject: Subject, run_c: RunC) -> None:
    rows = [list(point.values()) for point in subject.points]
    found = run_c(subject.forms, rows)
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


def test_points_reach_every_piece_of_every_count(subject: Subject, size: int) -> None:
    """A chamber that no point reaches is not compared; in the quick run, a few may be."""
    counts = {id(count): count for form in subject.forms.values() for count in form.counts}.values()
    every = {(id(count), str(region)) for count in counts for region, _ in count.pieces}
    for point in subject.points:
        every -= {(id(count), str(count.piece_at(point)[0])) for count in counts}
    assert len(every) <= (0 if size > 50 else 0.15 * sum(len(count.pieces) for count in counts)), every


def test_formulas_that_print_with_names_for_their_factors_are_among_these() -> None:
    for name, quantity in (("YX-P", "cluster1.I.fills"), ("X-P", "L2.I.parent_reads")):
        form = subject_of(name, 50).forms[quantity]
        assert "where f_1 = " in str(form)
        assert export.Program.of({"form": form}).forms["form"].counts
