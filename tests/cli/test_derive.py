"""`polymaestro derive`: formulas of the layer's own case, all cases, and what is refused."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

import polymaestro as pm
from polymaestro.cli import main
from polymaestro.model import paper

GEMM = """Network N { Layer G { Type: GEMM Dimensions { M: 40, N: 60, K: 100 } Dataflow {
  TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(5,5) K; Cluster(5); SpatialMap(1,1) K; } } }"""
CONV = """Network N { Layer C { Type: CONV Dimensions { K: 64, C: 64, R: 3, S: 3, Y: 58, X: 58 } Dataflow {
  SpatialMap(1,1) K; TemporalMap(64,64) C; TemporalMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X;
  Cluster(64); SpatialMap(1,1) C; } } }"""

Golden = Callable[[str, str], None]


def run(*arguments: str, text: str = GEMM) -> Result:
    return CliRunner().invoke(main, ["derive", "-", "--num-pes", "20", *arguments], input=text)


@pytest.mark.parametrize("style", ["text", "markdown", "latex", "json"])
def test_formulas_of_a_gemm(golden: Golden, style: str) -> None:
    result = run(*([] if style == "text" else [f"--{style}"]))
    assert (result.exit_code, result.stderr) == (0, "")
    golden(f"cli-derive-{style}.txt", result.stdout)


def test_kept_dimensions_stay_numbers() -> None:
    result = run("--num-pes", "256", "--keep", "R, S", "--layer", "C", text=CONV)
    assert result.exit_code == 0
    assert "R = 3, S = 3" in result.stdout
    assert "parameters: C, K, N, P, Q, where" in result.stdout


@pytest.mark.parametrize("style", ["text", "markdown", "latex", "json", "html"])
def test_the_report_is_that_of_the_layer_in_its_own_case(style: str) -> None:
    result = run("--report", *([] if style == "text" else [f"--{style}"]))
    assert result.exit_code == 0
    analysis = pm.analyze(pm.gemm(), pm.parse_network(GEMM).layers[0].mapping_dataflow(), 20)
    own = {"M": 40, "N": 60, "K": 100}
    assert result.stdout == paper.WRITERS[style](analysis.paper(own)) + "\n"


@pytest.mark.parametrize(
    "arguments",
    [["--html"], ["--report", "--leading"], ["--report", "--exact", "macs"], ["--report", "--export", "c"]],
)
def test_formats_that_only_the_report_has_and_views_that_it_has_anyway(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_exact_prints_all_cases_of_one_formula() -> None:
    form = pm.analyze(pm.gemm(), pm.parse_network(GEMM).layers[0].mapping_dataflow(), 20)["L2"]["B"].fills
    assert run("--exact", "L2.B.fills").stdout == f"{form}\n"
    cases = json.loads(run("--exact", "L2.B.fills", "--json").stdout)["cases"]
    assert len(cases) == len(form.cases)
    assert run("--exact", "L2.B.fills", "--latex").stdout == f"{form.latex()}\n"
    assert run("--exact", "L2.B.fills", "--markdown").stdout.count("`") == 2 * len(form.cases)


def test_assumptions_narrow_the_region() -> None:
    result = run("--assume", "K % 5 == 0", "--json")
    assert result.exit_code == 0
    assert "K % 5 = 0" in json.loads(result.stdout)["valid_on"]


def test_a_layer_outside_its_assumptions_gets_a_note() -> None:
    result = run("--assume", "K = 3")
    assert result.exit_code == 0
    assert result.stderr.startswith("note: layer G itself (")


def test_a_symbol_of_the_file_stays() -> None:
    result = run(text=GEMM.replace("M: 40", "M: T"))
    assert result.exit_code == 0
    assert "M = T, N = N, K = K" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--keep", "Kk"], "--keep: gemm has no dimension 'Kk'; did you mean 'K'?"),
        (["--assume", "K >"], "cannot read the assumption 'K >'"),
        (["--assume", "} -> {"], "cannot read the assumption '} -> {'"),
        (["--assume", ""], "cannot read the assumption ''"),
        (["--assume", "Kk > 3"], "Kk is no symbol of the formulas; did you mean 'K'?"),
        (["--assume", "K > 3", "--keep", "K"], "K is no symbol of the formulas"),
        (["--assume", "K < 1"], "no extents satisfy"),
        (["--exact", "L2.A.fill"], "no quantity 'L2.A.fill'; did you mean 'L2.A.fills'?"),
        (["--layer", "g"], "network N has no layer 'g'; did you mean 'G'?"),
        (["--num-pes", "4"], "the clusters need 5 PEs, the array has 4"),
    ],
)
def test_wrong_requests_give_one_message(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    assert message in result.stderr


def test_a_layer_where_the_dataflow_is_not_legal_is_refused() -> None:
    result = run(text=GEMM.replace("SpatialMap(1,1) M", "SpatialMap(3,5) M"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is not legal; the dataflow is legal only where" in result.stderr


def test_the_divisible_view_has_no_edge_tiles() -> None:
    result = run("--divisible")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "where K % 5 = 0, M % 4 = 0" in result.stdout
    assert "⌈" not in result.stdout
    assert "K·M·N/20" in result.stdout  # steps: K/5 · M/4 · N


def test_a_layer_with_edge_tiles_is_outside_the_divisible_view() -> None:
    result = run("--divisible", text=GEMM.replace("M: 40", "M: 41"))
    assert result.exit_code == 0
    assert result.stderr.startswith("note: layer G itself (")


def test_leading_terms_say_in_which_sense_they_hold() -> None:
    result = run("--leading", "--small", "R, S", "--num-pes", "256", "--layer", "C", text=CONV)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "conv2d, leading terms as C, K, N, P, Q grow together, R, S fixed" in result.stdout
    assert "I       parent reads    C·K·N·P·Q·R/4" in result.stdout
    table = run("--leading", "--latex").stdout
    assert r"$\frac{K M N}{20}$" in table


def test_the_leading_term_of_one_formula() -> None:
    assert run("--leading", "--exact", "L2.B.parent_reads").stdout == "K·M·N/4\n"
    assert run("--leading", "--exact", "L2.B.parent_reads", "--markdown").stdout == "`K·M·N/4`\n"
    document = json.loads(run("--leading", "--small", "K", "--json").stdout)
    assert document["sense"] == "as M, N grow together, K fixed"
    assert document["leading"]["steps"] == [{"value": "M·N·⌈K/5⌉/4", "where": "everywhere"}]


def test_small_without_leading_is_a_wrong_command_line() -> None:
    result = run("--small", "K")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--small goes with --leading" in result.stderr


def test_a_small_symbol_that_is_none_is_refused() -> None:
    result = run("--leading", "--small", "Kk")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no symbol 'Kk'; did you mean 'K'?" in result.stderr


def test_leading_terms_are_not_exported() -> None:
    result = run("--leading", "--export", "c")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--export and --leading exclude each other" in result.stderr
    assert run("--divisible", "--export", "python").exit_code == 0


def test_a_policy_changes_the_formulas_and_is_printed() -> None:
    ideal, alone = run(), run("--policy", "sharing=unicast")
    assert "sharing: unicast" in alone.stdout
    flow = pm.parse_network(GEMM).layers[0].mapping_dataflow()
    policies = pm.Policies(sharing="unicast")
    expected = pm.analyze(pm.gemm(), flow, 20, policies=policies).table(at={"M": 40, "N": 60, "K": 100})
    assert alone.stdout == f"{expected}\n" != ideal.stdout
    refused = run("--policy", "sharing=unicast", "--symbolic-tiles")
    assert (refused.exit_code, "--policy" in refused.stderr) == (2, True)


def test_code_of_counts_needs_no_machine_and_says_where_costs_are() -> None:
    result = run("--hw", "eyeriss", "--export", "python")
    assert result.exit_code == 0
    assert result.stdout == run("--export", "python").stdout
    assert result.stderr.startswith("note: --export writes counts, which need no machine")
    assert run("--export", "python").stderr == ""
