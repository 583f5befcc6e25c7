"""``derive --symbolic-tiles`` on files: values, JSON, symbols of the file, what is refused."""

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import polymaestro as pm
from polymaestro.cli import main
from polymaestro.model import paper
from polymaestro.tiling import divisible_point, lifted
from tests.tiling.printed import number

GEMM = """Network N { Layer G { Type: GEMM Dimensions { M: 40, N: 60, K: 100 } Dataflow {
  TemporalMap(1,1) N; SpatialMap(2,2) M; TemporalMap(5,5) K; Cluster(5); SpatialMap(1,1) K; } } }"""


def run(*arguments: str, text: str = GEMM) -> Result:
    return CliRunner().invoke(main, ["derive", "-", "--num-pes", "20", *arguments], input=text)


def test_every_number_is_the_value_of_its_symbol() -> None:
    result = run("--symbolic-tiles")
    assert (result.exit_code, result.stderr) == (0, "")
    numbers = "numbers of the mapping: PEs = 20, T_N0 = 1, T_M0 = 2, T_K0 = 5, G1 = 5, T_K1 = 1"
    assert result.stdout.splitlines()[-1] == numbers
    assert "SpatialMap(T_M0,T_M0) M;" in result.stdout


def test_json_has_formulas_conditions_and_ties() -> None:
    document = json.loads(run("--symbolic-tiles", "--keep", "N", "--json").stdout)
    assert document["schema"] == "polymaestro.tiled-formulas/1"
    assert document["extents"] == {"M": "M", "N": "60", "K": "K"}
    assert document["values"]["T_M0"] == 2
    assert document["ties"]["U"] == "⌊PEs/G1⌋"
    steps = document["formulas"]["steps"]
    assert steps["value"] == "60·K·M/(T_K0·T_M0·T_N0·U)"
    assert "M % (T_M0·U) = 0" in steps["where"]
    exact = json.loads(run("--symbolic-tiles", "--json", "--exact", "steps").stdout)
    assert exact["case"].startswith("⌈M/(T_M0·U)⌉·⌈K/T_K0⌉·⌈N/T_N0⌉")


def test_symbols_of_the_file_stay() -> None:
    text = GEMM.replace("SpatialMap(2,2) M", "SpatialMap(T,T) M").replace("Cluster(5)", "Cluster(G)")
    result = run("--symbolic-tiles", "--exact", "L2.A.occupancy", text=text)
    assert (result.exit_code, result.stdout) == (0, "T·T_K0  if T < M, T_K0 < K\n")
    plain = run("--exact", "L2.A.occupancy", text=text.replace("Cluster(G)", "Cluster(5)"))
    assert (plain.exit_code, plain.stdout) == (0, "5·T  if K ≥ 6, T < M\n")
    assert "numbers of the mapping" not in run(text=text).stdout


@pytest.mark.parametrize("style", list(paper.WRITERS))
def test_the_report_is_that_of_the_layer_in_its_own_case(style: str) -> None:
    flags = ["--symbolic-tiles", "--report", *([] if style == "text" else [f"--{style}"])]
    result = run(*flags)
    assert (result.exit_code, result.stderr) == (0, "")
    found = lifted(pm.gemm(M=40, N=60, K=100), pm.parse_network(GEMM).layers[0].mapping_dataflow(), 20)
    own = {"M": 40, "N": 60, "K": 100} | found.values
    analysis = pm.analyze_tiles(pm.gemm(), found.dataflow, found.num_pes)
    assert result.stdout == paper.WRITERS[style](analysis.paper(own)) + "\n"
    if style == "text":
        assumed = run(*flags, "--assume", "K = T_K0 + 1").stdout  # no tiles divide there
        assert "Near this case, tiles do not divide what they cut." in assumed


@pytest.mark.parametrize("assume", [[], ["--assume", "K = T_K0 + 1"]])
def test_the_report_has_the_costs_too(tmp_path: Path, assume: list[str]) -> None:
    (tmp_path / "chip.yaml").write_text("num_pes: 20\nnoc_bw: 4\n", encoding="utf-8")
    flags = ["--symbolic-tiles", "--report", "--json", "--hw", str(tmp_path / "chip.yaml"), *assume]
    tables = {each["title"]: each for each in json.loads(run(*flags, text=GEMM).stdout)["tables"]}
    assert {"Run time, cycles", "Energy, pJ", "Roofline, cycles"} <= tables.keys()
    assert ("K % T_K0 = 0" in tables["Run time, cycles"]["note"]) == (not assume)


@pytest.mark.parametrize(
    ("arguments", "text", "status", "message"),
    [
        (["--leading", "--small", "T_M0"], GEMM, 1, "the layer has no symbol 'T_M0'"),
        (["--leading", "--small", "K,M,N"], GEMM, 1, "no extent is left to grow"),
        (["--leading", "--assume", "M <= T_M0"], GEMM, 1, "M cannot grow where T_M0·U ≥ M; keep it fixed"),
        (["--export", "isl"], GEMM, 2, "--export isl, which cannot multiply symbols"),
        (["--export", "c", "--json"], GEMM, 2, "--export and --json exclude each other"),
        (["--assume", "K % 5"], GEMM, 1, "cannot read the assumption 'K % 5'"),
        (["--assume", "K % T_M0 == 0"], GEMM, 1, "the mapping cuts no K into parts of T_M0; it has M % T_M0"),
        (["--assume", "K < 1"], GEMM, 1, "the assumption 'K < 1' contradicts the region"),
        (["--assume", "K = T_K0 + 1"], GEMM, 1, "rule out that tiles divide what they cut; use --exact"),
        (["--exact", "L2.A.fils"], GEMM, 1, "no quantity 'L2.A.fils'; did you mean 'L2.A.fills'"),
        (
            [],
            GEMM.replace("SpatialMap(2,2) M", "SpatialMap(3,2) M"),
            1,
            "the tiles of 'SpatialMap(3,2) M' overlap",
        ),
    ],
)
def test_what_is_refused(arguments: list[str], text: str, status: int, message: str) -> None:
    result = run("--symbolic-tiles", *arguments, text=text)
    assert result.exit_code == status
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_leading_terms_are_what_large_layers_come_to() -> None:
    """Extents a million times larger: what is left out of the terms is a millionth of them."""
    flags = ["--symbolic-tiles", "--leading", "--small", "R,S"]
    document = json.loads(run(*flags, "--json", text=CONV).stdout)
    fixed = "G1, PEs, R, S, T_C0, T_C1, T_K0, T_P0, T_Q0 fixed"
    assert document["sense"] == f"as C, K, N, P, Q grow together, {fixed}"
    sizes = {"R": 3, "S": 2, "T_K0": 2, "T_C0": 4, "T_C1": 1, "T_P0": 2, "T_Q0": 3, "G1": 4}
    sizes |= {"PEs": 8, "U": 2}
    large = sizes | {"N": 10**6, "K": 4 * 10**6, "C": 12 * 10**6, "P": 6 * 10**6, "Q": 18 * 10**6}
    flow = pm.parse_network(CONV).layers[0].mapping_dataflow()
    found = lifted(pm.conv2d(N=1, K=40, C=8, P=8, Q=8, R=3, S=2), flow, 20)
    analysis = pm.analyze_tiles(pm.conv2d(), found.dataflow, found.num_pes)
    point = {name: large[name] for name in analysis.symbols}
    known = {name: Fraction(value) for name, value in large.items()}
    forms = dict(analysis.named())
    assert document["leading"].keys() == forms.keys()
    for name, text in document["leading"].items():
        exact = forms[name].at(**point)
        assert abs(number(text, known) - exact) * 10**5 <= exact, name
    text = run(*flags, "--exact", "L2.I.parent_reads", text=CONV).stdout
    assert text.rstrip() == document["leading"]["L2.I.parent_reads"]
    assert r"\frac{" in run(*flags, "--latex", text=CONV).stdout
    assert f"`{text.rstrip()}`" in run(*flags, "--markdown", text=CONV).stdout


CONV = """Network N { Layer C { Type: CONV Dimensions { K: 40, C: 8, R: 3, S: 2, Y': 8, X': 8 } Dataflow {
  SpatialMap(2,2) K; TemporalMap(4,4) C; TemporalMap(2,2) Y'; TemporalMap(3,3) X';
  Cluster(4); SpatialMap(1,1) C; } } }"""

TINY = """Network N { Layer G { Type: GEMM Dimensions { M: 40, N: 60, K: 100 } Dataflow {
  TemporalMap(5,5) M; SpatialMap(2,2) N; } } }"""


def test_assumptions_narrow_what_is_shown() -> None:
    result = run("--symbolic-tiles", "--assume", "T_M0 >= M", "--exact", "L2.A.occupancy", text=TINY)
    assert (result.exit_code, result.stdout) == (0, "K·M\n")
    document = json.loads(run("--symbolic-tiles", "--assume", "N % T_N0 == 0", "--json", text=TINY).stdout)
    assert document["valid_on"].startswith("N % T_N0 = 0, K ≥ 1, M ≥ 1, N ≥ 1")
    assert document["formulas"]["steps"]["value"] == "M·N/(PEs·T_M0·T_N0)"


@pytest.mark.parametrize("style", ["text", "markdown", "latex", "json"])
def test_one_formula_in_the_divisible_view(style: str) -> None:
    """N % T_N0 and N % (PEs·T_N0) are said in the words of the table, and there are no edge tiles."""
    arguments = ("--symbolic-tiles", "--divisible", "--exact", "steps")
    text = run(*arguments, *([] if style == "text" else [f"--{style}"]), text=TINY).stdout.rstrip()
    where = "M % T_M0 = 0, N % (PEs·T_N0) = 0, T_M0 < M, T_N0 < N, PEs·T_N0 < N, PEs·T_N0 > T_N0"
    whole = f"M·N/(PEs·T_M0·T_N0)  if {where}"
    if style == "json":
        assert json.loads(text)["case"] == whole
    elif style == "latex":
        assert text.startswith(r"\frac{M N}{PEs T_{M0} T_{N0}} \quad \text{if } M \bmod T_{M0} = 0, ")
    else:
        assert text == (whole if style == "text" else f"`{whole}`")


def test_what_is_assumed_to_divide_is_said_so_in_the_table() -> None:
    text = run("--symbolic-tiles", "--assume", "C % T_C0 == 0", text=CONV).stdout
    assert "; all but PEs ≥ 1, C % T_C0 = 0\n" in re.sub(r",\s+", ", ", text)
    assert "E_" not in text


@pytest.mark.parametrize("text", [GEMM, CONV])
def test_the_divisible_view_of_a_form_is_right_at_the_next_divisible_point(text: str) -> None:
    layer = pm.parse_network(text).layers[0]
    found = lifted(layer.operator(), layer.mapping_dataflow(), 20)
    extents = {dim.name: dim.name for dim in layer.operator().dims}
    analysis = pm.analyze_tiles(layer.operator().with_extents(extents), found.dataflow, found.num_pes)
    numbers = {dim.name: dim.extent.constant + 3 for dim in layer.operator().dims} | found.values
    wish = {name: numbers[name] for name in analysis.symbols}
    point = divisible_point(analysis.cuts, wish, analysis.ties)
    assert point != wish
    for name, form in analysis.named():
        view = form.divisible_at(wish)
        assert view.value.at(analysis.ties.extended(point)) == form.at(**point), name
        assert all(each.holds(analysis.ties.extended(point)) for each in view.divides)
        assert view.expr.subs({each: point[each.name] for each in view.expr.free_symbols}) == form.at(point)


@pytest.mark.parametrize(
    ("style", "steps"), [("markdown", "`M·N/(PEs·T_M0·T_N0)`"), ("latex", r"\frac{M N}{")]
)
def test_tables_of_the_divisible_view(style: str, steps: str) -> None:
    result = run("--symbolic-tiles", f"--{style}", text=TINY)
    assert (result.exit_code, result.stderr) == (0, "")
    assert steps in result.stdout
    assert "M % T_M0 = 0, N % (PEs·T_N0) = 0" in result.stdout
    one = run("--symbolic-tiles", f"--{style}", "--exact", "L2.B.occupancy", text=TINY).stdout
    wanted = "`K·T_N0  if T_N0 < N`" if style == "markdown" else r"K T_{N0} \quad \text{if } T_{N0} < N"
    assert one == f"{wanted}\n"


def test_exports_compute_what_the_interpreter_counts() -> None:
    space: dict[str, Any] = {}
    exec(run("--symbolic-tiles", "--export", "python", text=TINY).stdout, space)  # noqa: S102
    point = {"M": 7, "N": 11, "K": 3, "T_M0": 3, "T_N0": 2, "PEs": 4}
    flow = pm.parse_dataflow("TemporalMap(3,3) M; SpatialMap(2,2) N")
    seen = pm.interpret(pm.gemm(M=7, N=11, K=3), flow, 4)
    counts = space["evaluate"](**point)
    assert counts["steps"] == seen.steps
    for tensor, quantities in seen.boundaries[0].tensors.items():
        assert {name: counts[f"L2.{tensor}.{name}"] for name in quantities} == quantities


@pytest.mark.parametrize(
    ("language", "beginning"),
    [
        ("c", "static inline int G_L2_B_fills(int64_t *value"),
        ("numpy", "def L2_B_fills(**extents"),
        ("smtlib", "(define-fun L2.B.fills ((K Int)"),
        ("sympy", "L2_B_fills = "),
        ("json", '{"schema": "polymaestro.tiled-form/1", "ties": [{"name": "'),
    ],
)
def test_one_formula_in_each_language(language: str, beginning: str) -> None:
    result = run("--symbolic-tiles", "--export", language, "--exact", "L2.B.fills", text=TINY)
    assert (result.exit_code, result.stderr) == (0, "")
    assert beginning in result.stdout


def test_a_formula_with_too_many_cases_says_what_to_assume(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("FEW", "MOST"):
        monkeypatch.setattr(f"polymaestro.tiling.exploring.{limit}", 2)
    result = run("--symbolic-tiles", "--export", "c", text=GEMM)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert "has more than 2 cases; assume more of these, such as T_M0 < M" in result.stderr
