"""Formulas with symbolic tiles: every language gives what `at` gives, and what the interpreter counts."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polymaestro as pm
from polymaestro import export
from polymaestro.errors import ClosedFormError, ExportError
from polymaestro.loopnest.interpreter import interpret
from polymaestro.tiling import CompleteForm, Lifted, TiledAnalysis, TiledForm, complete_from_json, lifted

if TYPE_CHECKING:
    from tests.export.conftest import RunC

WITHIN = range(-(2**63), 2**63)
FIVE = {
    "KC-P": pm.dataflows.kc_p,
    "YX-P": pm.dataflows.yx_p,
    "YR-P": pm.dataflows.yr_p,
    "X-P": pm.dataflows.x_p,
    "C-P": pm.dataflows.c_p,
}
SUBJECTS = {
    "gemm": (pm.gemm(), "TemporalMap(8,8) M; SpatialMap(4,4) N; TemporalMap(9,9) K"),
    "stride": (pm.conv2d(N=1, Q=1, S=1, stride=2), str(pm.dataflows.kc_p())),
    **{name: (pm.conv2d(), str(flow())) for name, flow in FIVE.items()},
}
MOST_CASES = "cluster1.I.parent_reads"
"""What clusters of YX-P read has the most cases: halos in space, behind tiles of several shapes."""


@dataclass(frozen=True)
class Tiled:
    """The formulas of a mapping whose numbers are all symbols, and points with the values there."""

    name: str
    size: int
    only: str = ""

    @cached_property
    def found(self) -> Lifted:
        operator, text = SUBJECTS[self.name]
        return lifted(operator, pm.parse_dataflow(text), 256)

    @cached_property
    def analysis(self) -> TiledAnalysis:
        return pm.analyze_tiles(SUBJECTS[self.name][0], self.found.dataflow, self.found.num_pes)

    @cached_property
    def derived(self) -> dict[str, TiledForm]:
        return {name: form for name, form in self.analysis.named() if self.only in name}

    @cached_property
    def forms(self) -> dict[str, CompleteForm]:
        if not self.only:
            return self.analysis.complete()
        return {name: form.complete() for name, form in self.derived.items()}

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        return self.analysis.symbols

    @cached_property
    def points(self) -> list[dict[str, int]]:
        rng = random.Random(self.name)
        return [self.drawn(rng) for _ in range(self.size)]

    def drawn(self, rng: random.Random) -> dict[str, int]:
        """Draw a legal point: small, with lengths near each other, large, or some of each.

        In some, all tiles are single points, or as large as what they cut, or larger; or there is one unit.
        """
        while True:
            near = rng.choice([3, 12, 60])
            point = {}
            for name in self.symbols:
                kind = rng.choice(["small", "near", "near", "large"] if rng.random() < 0.3 else ["near"])
                large = rng.randint(10**6, 10 ** rng.choice([7, 9, 12, 18]))
                choices = {
                    "small": rng.randint(1, 4),
                    "near": near + rng.randint(1 - near, 4),
                    "large": large,
                }
                point[name] = choices[kind]
            more = rng.choice([None, None, None, None, 0, 1, rng.randint(1, 9)])
            ones = rng.random() < 0.15
            for name in point.keys() & {name for name in self.found.values if name.startswith("T_")}:
                whole = point.get(name[2], 1)
                point[name] = 1 if ones else point[name] if more is None else whole + more
            if rng.random() < 0.2:
                point["PEs"] = self.clusters(point)
            try:
                self.analysis.macs.extended(point)
            except ClosedFormError:
                continue
            return point

    def clusters(self, point: Mapping[str, int]) -> int:
        """Give the PEs of one cluster."""
        return point.get("G1", point["R"] if self.name == "YR-P" else 1)

    @cached_property
    def expected(self) -> dict[str, list[int]]:
        """What the formulas give that are derived chamber by chamber, at the points themselves."""
        found: dict[str, list[int]] = {name: [] for name in self.derived}
        for point in self.points:
            values: dict[int, int] = {}
            extended = self.analysis.macs.extended(point)
            for name, form in self.derived.items():
                found[name].append(form.evaluate(extended, values))
        return found

    @property
    def columns(self) -> dict[str, list[int]]:
        return {name: [point[name] for point in self.points] for name in self.symbols}


@cache
def tiled_of(name: str, size: int, only: str = "") -> Tiled:
    return Tiled(name, size, only)


LARGE = {"YX-P"}
RUNS = [
    *(pytest.param((name, 50), id=f"{name}-50") for name in ("gemm", "KC-P", "YR-P")),
    *(pytest.param((name, 1000), id=f"{name}-1000", marks=pytest.mark.slow) for name in SUBJECTS),
]


@pytest.fixture(params=RUNS)
def tiled(request: pytest.FixtureRequest, full: bool) -> Tiled:  # noqa: FBT001  a fixture
    """Give the formulas of each mapping in turn; all of those with the most cases in a full run only."""
    name, size = request.param
    return tiled_of(name, size, MOST_CASES if name in LARGE and not full else "")


def test_python_source_is_exact(tiled: Tiled) -> None:
    space: dict[str, Any] = {}
    exec(export.to_python(tiled.forms), space)  # noqa: S102
    for index, point in enumerate(tiled.points):
        expected = {name: values[index] for name, values in tiled.expected.items()}
        if len(tiled.forms) > 1:
            assert space["evaluate"](**point) == expected
        if index % 25 == 0:
            assert {name: space[name.replace(".", "_")](**point) for name in tiled.forms} == expected
            assert {name: form.at(**point) for name, form in tiled.forms.items()} == expected


def test_arrays_are_exact_and_hold_integers_of_any_size_where_they_must(tiled: Tiled) -> None:
    found = export.Vectorised(tiled.forms, chunk=64)(**tiled.columns)
    for name, values in tiled.expected.items():
        assert found[name].tolist() == values
        assert (found[name].dtype == object) == any(value not in WITHIN for value in values)


def test_the_numpy_module_is_exact(tiled: Tiled, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("exported_tiles")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(export.to_numpy(tiled.forms), vars(module))  # noqa: S102
    found = module.evaluate_all(**tiled.columns)
    assert {name: values.tolist() for name, values in found.items()} == tiled.expected


def test_the_c_header_is_exact_or_says_overflow(tiled: Tiled, run_c: RunC) -> None:
    rows = [[point[name] for name in tiled.symbols] for point in tiled.points]
    found = run_c(tiled.forms, rows)
    assert len(found) == len(rows)
    said_at_small = 0
    for index, row in enumerate(found):
        small = max(tiled.points[index].values()) < 10**6
        said_at_small += small
        for (name, values), said in zip(tiled.expected.items(), row, strict=True):
            if values[index] not in WITHIN:
                assert said == "status2", (name, tiled.points[index])
            elif small or said != "status2":
                assert said == str(values[index]), (name, tiled.points[index])
    assert said_at_small > tiled.size / 4


def test_smtlib_definitions_are_exact(tiled: Tiled) -> None:
    z3 = pytest.importorskip("z3")
    solver = z3.Solver()
    lines = [export.to_smtlib(tiled.forms)]
    regions = export.Program.of(tiled.forms).regions
    for index, point in enumerate(tiled.points[:5]):
        given = " ".join(str(point[name]) for name in tiled.symbols)
        lines += [
            f"(assert (= ({name} {given}) {smt(values[index])}))" for name, values in tiled.expected.items()
        ]
    solver.from_string("\n".join(lines))
    assert solver.check() == z3.sat
    assert "holds0" in lines[0]
    assert f"holds{len(regions) - 1}" in lines[0]


def smt(value: int) -> str:
    return str(value) if value >= 0 else f"(- {-value})"


def test_json_reads_back_to_equal_forms(tiled: Tiled) -> None:
    data = json.loads(json.dumps(export.forms_to_json(tiled.forms)))
    assert complete_from_json(data) == tiled.forms
    for name in list(tiled.forms)[::10]:
        form = tiled.forms[name]
        assert CompleteForm.from_json(json.loads(json.dumps(form.to_json()))) == form


def test_points_have_tiles_of_every_size_and_single_units(tiled: Tiled) -> None:
    kinds: Counter[str] = Counter()
    for point in tiled.points:
        cuts = [(size, point[name[2]]) for name, size in point.items() if name.startswith("T_")]
        kinds["all larger"] += all(size > whole for size, whole in cuts)
        kinds["all equal"] += all(size == whole for size, whole in cuts)
        kinds["edge"] += any(size < whole and whole % size for size, whole in cuts)
        kinds["one unit"] += point["PEs"] == tiled.clusters(point)
    assert min(kinds.values()) >= tiled.size / 50, kinds


def test_complete_forms_are_what_the_interpreter_counts(tiled: Tiled) -> None:
    rng = random.Random(tiled.name)
    operator, _ = SUBJECTS[tiled.name]
    for _ in range(6):
        point = {name: rng.randint(1, 4) for name in tiled.symbols}
        point["PEs"] = tiled.clusters(point) * rng.randint(1, 3)
        numbers = operator.with_extents(
            {dim.name: dim.extent.evaluate(point) for dim in operator.dims if not dim.extent.is_constant}
        )
        seen = interpret(numbers, tiled.found.dataflow, point["PEs"], point)
        assert seen.legal
        for each, boundary in zip(seen.boundaries, tiled.analysis.boundaries, strict=True):
            for tensor, quantities in each.tensors.items():
                for quantity, count in quantities.items():
                    name = f"{boundary.parent}.{tensor}.{quantity}"
                    if name in tiled.forms:
                        assert tiled.forms[name].at(**point) == count, (name, point)


def outside() -> list[Mapping[str, int]]:
    """Give points with a tile of no points, and an array smaller than its clusters."""
    point = tiled_of("KC-P", 50).points[0]
    return [point | {"T_K0": 0}, point | {"T_C1": -3}, point | {"G1": point["PEs"] + 1}, point | {"C": 0}]


def test_every_language_says_that_a_point_is_outside(run_c: RunC) -> None:
    tiled = tiled_of("KC-P", 50)
    forms = {name: tiled.forms[name] for name in ("steps", "L2.I.fills", "cluster1.W.fills")}
    python = {name: form.lambdify("python") for name, form in forms.items()}
    arrays = export.Vectorised(forms)
    points = outside()
    said = run_c(forms, [[point[name] for name in tiled.symbols] for point in points])
    assert said == [["status1"] * len(forms)] * len(points)
    for point in points:
        for name, form in forms.items():
            with pytest.raises(ClosedFormError, match="does not hold at"):
                form.at(**point)
            with pytest.raises(ValueError, match="does not hold at"):
                python[name](**point)
        with pytest.raises(ClosedFormError, match="do not hold at"):
            arrays(**point)
    mixed = {name: np.array([tiled.points[0][name], points[2][name]]) for name in tiled.symbols}
    assert arrays.holds(mixed).tolist() == [True, False]


def test_numbers_beyond_64_bits_are_exact() -> None:
    tiled = tiled_of("KC-P", 50)
    huge = {name: 10**18 + 7 * index for index, name in enumerate(tiled.symbols)}
    huge |= {"T_K0": 10**9 + 1, "T_C0": 10**17 + 3, "T_C1": 10**5 + 9, "T_P0": 999, "T_Q0": 7, "G1": 10**3}
    value = tiled.analysis["cluster1"]["I"].parent_reads.at(**huge)
    assert value > 10**60
    form = tiled.forms["cluster1.I.parent_reads"]
    assert form.at(**huge) == form.lambdify("python")(**huge) == value
    assert form.lambdify("numpy")(**huge).tolist() == value


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ties": []}, "symbols"),
        ({"schema": "polymaestro.forms/1"}, "expected a document with schema 'polymaestro.tiled-form/1'"),
        ({"valid_on": 3}, "TypeError"),
    ],
)
def test_what_is_no_tiled_form_is_refused(change: dict[str, object], message: str) -> None:
    data = tiled_of("gemm", 50).forms["steps"].to_json()
    with pytest.raises(ExportError, match=message):
        CompleteForm.from_json(data | change)


def test_a_tie_of_itself_is_refused() -> None:
    data = tiled_of("gemm", 50).forms["steps"].to_json()
    first = data["ties"][0]
    first["numerator"] = [{"factor": 1, "powers": [[first["name"], 1]]}]
    with pytest.raises(ExportError, match="which comes no earlier"):
        CompleteForm.from_json(data)


def test_one_name_for_two_things_is_refused() -> None:
    one = pm.analyze_tiles(pm.gemm(), pm.parse_dataflow("TemporalMap(T,T) M"), 1).steps.complete()
    other = pm.analyze_tiles(pm.gemm(), pm.parse_dataflow("TemporalMap(U,U) M"), 1).steps.complete()
    with pytest.raises(ExportError, match="n_M means different things"):
        export.to_python({"one": one, "other": other})
