"""``polymaestro check``: a verdict for every layer, readable and as JSON, and the right exit status."""

import json
from collections.abc import Callable
from pathlib import Path

import click
from click.testing import CliRunner, Result

from polymaestro.cli import main

NETWORK = """Network Faulty {
  Layer FINE { Type: GEMM Dimensions { M 8, N 6, K 10 } Dataflow {
    SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(5,5) K; } }
  Layer GAP { Type: GEMM Dimensions { M 8, N 6, K 10 } Dataflow {
    SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(3,5) K; } }
  Layer TWO { Type: CONV Dimensions { K 8, C 2, R 3, S 3, Y 8, X 8 } Dataflow {
    SpatialMap(1,1) K; TemporalMap(2,1) C; TemporalMap(Sz(R),2) Y; } }
  Layer TWICE { Type: CONV Stride { Y 2 } Dimensions { K 8, C 4, R 3, S 3, Y 8, X 8 } Dataflow {
    SpatialMap(1,1) K; TemporalMap(1,1) C; TemporalMap(2,2) C; } }
  Layer UNKNOWN { Type: GEMM Dimensions { M 8, N 6, K 10 } Dataflow { SpatialMap(1,1) Mm; } }
  Layer SMALL { Type: GEMM Dimensions { M 8, N 6, K 10 } Dataflow {
    SpatialMap(1,1) M; Cluster(32); SpatialMap(1,1) K; } }
  Layer SYMBOL { Type: GEMM Dimensions { M: M, N 6, K 10 } Dataflow {
    SpatialMap(2,3) M; TemporalMap(1,1) N; } }
  Layer NONE { Type: DSCONV Dimensions { K 8, C 4, R 3, S 3, Y 8, X 8 } }
}
"""


def run(*arguments: str, text: str = NETWORK) -> Result:
    return CliRunner().invoke(main, ["check", "-", *arguments], input=text)


def test_every_layer_has_its_verdict(golden: Callable[[str, str], None]) -> None:
    result = run("--num-pes", "8")
    assert result.exit_code == 1
    golden("cli-check.txt", result.stdout)
    assert result.stderr == "error: 6 of 8 layers are wrong; the first is GAP\n"


def test_the_verdicts_as_json(golden: Callable[[str, str], None]) -> None:
    result = run("--num-pes", "8", "--json")
    assert result.exit_code == 1
    golden("cli-check-json.txt", result.stdout)
    document = json.loads(result.stdout)
    assert (document["schema"], document["ok"]) == ("polymaestro.check/1", False)
    gap = document["layers"][1]
    assert gap["missing"] == {
        "points": 8 * 6 * len([k for k in range(10) if k % 5 >= 3]),
        "share": 0.4,
        "example": {"m": 0, "n": 0, "k": 3},
    }
    [finding] = gap["findings"]
    assert finding["place"] == {"file": "<stdin>", "line": 5, "column": 44}
    assert finding["suggestion"] == [{"replace": "TemporalMap(3,5) K", "with": ["TemporalMap(3,3) K"]}]


def test_what_is_legal_exits_with_0_whatever_the_advice() -> None:
    for layer in ("FINE", "SYMBOL"):
        result = run("--num-pes", "9", "--layer", layer)
        assert (result.exit_code, result.stderr) == (0, "")
        assert "warning[" in result.stdout


def test_memories_that_are_too_small_are_errors(tmp_path: Path) -> None:
    file = tmp_path / "hw.m"
    # A PE holds 5 + 5 + 1 words, L2 5 rows of 8 units, 5 of B and 8 outputs.
    for l1, l2, options, wrong in (
        (22, 106, [], 0),
        (21, 106, [], 1),
        (22, 105, [], 1),
        (11, 53, ["--single-buffered"], 0),
        (10, 53, ["--single-buffered"], 1),
    ):
        file.write_text(f"num_pes: 8, l1_size_cstr: {l1}, l2_size_cstr: {l2}", encoding="utf-8")
        result = run("--hw", str(file), "--layer", "FINE", *options)
        assert result.exit_code == wrong
        assert result.stdout.count("error[capacity]") == wrong
        assert "FINE: legal" in result.stdout
        times = 1 if options else 2
        for memory, words, size in (("L1", 11 * times, l1), ("L2", 53 * times, l2)):
            needed = f"  {memory} needs at least {words} of its {size} words\n"
            assert (needed in result.stdout) == (words <= size)


def test_the_array_must_be_given() -> None:
    result = run()
    assert (result.exit_code, result.stdout) == (2, "")
    assert "how many PEs? Give --num-pes N or --hw HW" in result.stderr


def test_a_suggestion_can_be_pasted() -> None:
    fixed = NETWORK.replace("TemporalMap(3,5) K;", "TemporalMap(3,3) K;")
    assert "write 'TemporalMap(3,3) K;' for 'TemporalMap(3,5) K;'" in run("--num-pes", "8").stdout
    assert run("--num-pes", "8", "--layer", "GAP", text=fixed).exit_code == 0


def test_no_colour_where_there_is_no_terminal() -> None:
    assert click.unstyle(run("--num-pes", "8").stdout) == run("--num-pes", "8").stdout
