"""`polymaestro explain`: what is read is what is shown, legal or not."""

from collections.abc import Callable

from click.testing import CliRunner, Result

from polymaestro.cli import main

CONV = """Network N { Layer C { Type: CONV Stride { Y: 2, X: 2 }
  Dimensions { K: 8, C: 6, R: 3, S: 3, Y: 9, X: 9 }
  Dataflow { SpatialMap(1,1) K; TemporalMap(4,4) C; TemporalMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X;
  Cluster(4); SpatialMap(1,1) C; } } }"""


def run(text: str, pes: str = "16") -> Result:
    return CliRunner().invoke(main, ["explain", "-", "--num-pes", pes], input=text)


def test_explained_convolution(golden: Callable[[str, str], None]) -> None:
    result = run(CONV)
    assert (result.exit_code, result.stderr) == (0, "")
    golden("cli-explain.txt", result.stdout)


def test_an_illegal_dataflow_is_shown_with_its_problem() -> None:
    result = run(CONV.replace("TemporalMap(4,4) C", "TemporalMap(4,5) C"))
    assert result.exit_code == 1
    assert "for t0_c in" in result.stdout
    assert "not legal: points of C are never executed" in result.stdout
    assert result.stderr.startswith("error: layer C is not legal: ")


def test_a_file_with_symbols_is_explained() -> None:
    assert "K = K" in run(CONV.replace("K: 8", "K: K")).stdout
