"""`polymaestro prove`: a table of verdicts, counterexamples, certificates, and clear refusals."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from polymaestro.cli import main

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ("--folder", str(ROOT / "proofs"))
WRONG = """
from polymaestro.proving import Proof, statement

@statement(trusts="nothing")
def two_is_one():
    "Two is one."
    yield Proof("2 = 1", "polynomials", "false", {"n": 2})
"""


def test_a_table_with_verdicts_and_counterexamples(tmp_path: Path) -> None:
    file = tmp_path / "certificates.json"
    names = ("a-footprint-has-gaps-counted", "a-footprint-is-its-bounding-box")
    result = CliRunner().invoke(main, ["prove", *names, *FOLDER, "--certificates", str(file)])
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["statement", "kind", "verdict", "cases", "seconds"]
    assert lines[1].split()[:4] == ["a-footprint-has-gaps-counted", "Ehrhart", "proved", "4"]
    assert lines[2].split()[:4] == ["a-footprint-is-its-bounding-box", "Ehrhart", "refuted", "1"]
    assert lines[3].split()[:2] == ["total", "5"]
    assert lines[4].endswith("false at P = 2, R = 1 (2 points, not 4)")
    assert [each["kind"] for each in json.loads(file.read_text(encoding="utf-8"))] == ["ehrhart"] * 4


def test_a_statement_that_is_not_as_stated_is_status_1(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    result = CliRunner().invoke(main, ["prove", "--folder", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "two-is-one: 2 = 1: false at n = 2",
        "error: 1 of 1 statements are not as stated: two-is-one",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--folder", "nowhere"], "no folder 'nowhere' with statements"),
        (["systolic-fold", *FOLDER], "did you mean 'systolic-folds'?"),
        (["systolic-folds", *FOLDER, "--certificates", "/"], "cannot write /: "),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["prove", *arguments])
    assert result.exit_code == 1
    assert message in result.stderr


def test_list_says_what_is_claimed() -> None:
    result = CliRunner().invoke(main, ["prove", "--list", *FOLDER])
    assert result.exit_code == 0
    assert "systolic-folds\n    An output-stationary R × C array works K steps" in result.stdout
