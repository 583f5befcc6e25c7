"""`polymaestro verify`: proved, refuted, undecided, and what is refused."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from polymaestro.cli import main

GEMM = """Network N { Layer G { Type: GEMM Dimensions { M: 40, N: 60, K: 100 } Dataflow {
  TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(5,5) K; Cluster(5); SpatialMap(1,1) K; } } }"""

Golden = Callable[[str, str], None]


def run(quantity: str, formula: str, *arguments: str) -> Result:
    options = ["--num-pes", "20", "--quantity", quantity, "--formula", formula]
    return CliRunner().invoke(main, ["verify", "-", *options, *arguments], input=GEMM)


def test_a_right_formula_is_proved_and_the_exit_status_is_0(golden: Golden) -> None:
    result = run("L2.Z.parent_updates", "M*N")
    assert (result.exit_code, result.stderr) == (0, "")
    golden("cli-verify-equal.txt", result.stdout)


def test_a_wrong_formula_gets_the_smallest_counterexample_and_exit_status_1(golden: Golden) -> None:
    result = run("L2.B.parent_reads", "5*ceil(K/5)*N*ceil(M/4)")
    assert (result.exit_code, result.stderr) == (1, "")
    golden("cli-verify-not-equal.txt", result.stdout)


def test_what_is_kept_or_assumed_is_a_number_or_a_condition_in_the_comparison() -> None:
    assert run("L2.B.parent_reads", "N*K", "--assume", "M <= 4").exit_code == 0
    assert run("L2.B.parent_reads", "N*K").exit_code == 1
    assert run("L2.Z.parent_updates", "40*N", "--keep", "M").exit_code == 0


def test_the_json_document_has_the_verdict() -> None:
    document = json.loads(run("L2.Z.parent_updates", "M*N/2", "--json").stdout)
    assert document["equal"] is False
    assert document["counterexample"] == {
        "point": {"K": 1, "M": 1, "N": 1},
        "exact": 1,
        "candidate": "1/2",
        "smallest": True,
    }
    assert json.loads(run("L2.Z.parent_updates", "M*N", "--json").stdout)["counterexample"] is None


def test_an_undecided_formula_is_not_called_equal() -> None:
    result = run("L2.Z.parent_updates", "M*N + 0*floor(M/K)")
    assert result.exit_code == 1
    assert "not decided" in result.stdout
    assert "no counterexample among" in result.stdout


@pytest.mark.parametrize(
    ("quantity", "formula", "message"),
    [
        ("L2.Z.updates", "M", "no quantity 'L2.Z.updates'; did you mean"),
        ("L2.Z.drains", "M*", "cannot read the formula 'M*'"),
        ("L2.Z.drains", "M*n", "the candidate has a symbol 'n' that the formula has not"),
    ],
)
def test_wrong_requests_give_one_message(quantity: str, formula: str, message: str) -> None:
    result = run(quantity, formula)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    assert message in result.stderr


def test_a_formula_and_a_quantity_are_required() -> None:
    result = CliRunner().invoke(main, ["verify", "-", "--num-pes", "20"], input=GEMM)
    assert result.exit_code == 2


def test_a_policy_changes_what_is_exact() -> None:
    for formula, policy in (("K*N*ceil(M/4)", "ideal-multicast"), ("K*N*M", "unicast")):
        arguments = ("L2.B.parent_reads", formula, "--assume", "K >= 6")
        for option in ("ideal-multicast", "unicast"):
            result = run(*arguments, "--policy", f"sharing={option}")
            assert result.exit_code == (0 if option == policy else 1)
