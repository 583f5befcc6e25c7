"""`polymaestro diff`: tables, numbers at the layer, regions, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import polymaestro as pm
from polymaestro.cli import main
from polymaestro.dataflow import print_network

LAYER = """Network N { Layer G { Type: GEMM Dimensions { M: 40, N: 60, K: 100 } Dataflow { FLOW } } }"""
ROWS = "TemporalMap(1,1) N; SpatialMap(1,1) M"
COLUMNS = "TemporalMap(1,1) M; SpatialMap(1,1) N"
CONV = """Network N { Layer C { Type: CONV Dimensions { K: 64, C: 64, R: 3, S: 3, Y: 58, X: 58 } Dataflow {
  SpatialMap(1,1) K; TemporalMap(64,64) C; TemporalMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X;
  Cluster(64); SpatialMap(1,1) C; } } }"""

Golden = Callable[[str, str], None]


def run(tmp_path: Path, *arguments: str, second: str = COLUMNS) -> Result:
    for name, flow in (("rows", ROWS), ("columns", second)):
        (tmp_path / f"{name}.m").write_text(LAYER.replace("FLOW", flow), encoding="utf-8")
    files = [str(tmp_path / "rows.m"), str(tmp_path / "columns.m")]
    return CliRunner().invoke(main, ["diff", *files, "--num-pes", "4", *arguments])


@pytest.mark.parametrize("style", ["text", "markdown", "json"])
def test_two_files_with_one_layer(tmp_path: Path, golden: Golden, style: str) -> None:
    result = run(tmp_path, *([] if style == "text" else [f"--{style}"]))
    assert (result.exit_code, result.stderr) == (0, "")
    golden(f"cli-diff-{style}.txt", result.stdout)


def test_where_says_which_needs_less(tmp_path: Path) -> None:
    text = run(tmp_path, "--where", "L2.B.parent_reads").stdout
    assert text.splitlines()[1:] == ["  <  where M ≥ 2, N ≥ 5", "  =  where M ≥ 2, N ≤ 4 or M = 1"]
    document = json.loads(run(tmp_path, "--where", "L2.B.parent_reads", "--json").stdout)
    assert [part["sign"] for part in document["parts"]] == ["<", "="]


@pytest.mark.parametrize(
    "sides", [("KC-P", "X-P"), ("kc_p", "x-p"), ("X-P", "--dataflow", "kc_p")], ids=" ".join
)
def test_two_dataflows_are_compared_on_a_layer_of_a_network(tmp_path: Path, sides: tuple[str, ...]) -> None:
    """The JSON is that of two files with this layer, whose names they bear."""
    shared = ("--num-pes", "64", "--keep", "R,S", "--json")
    arguments = ("--network", "mobilenet_v2", "--layer", "CONV1", *shared)
    found = CliRunner().invoke(main, ["diff", *sides, *arguments])
    assert (found.exit_code, found.stderr) == (0, "")
    [layer] = pm.networks.mobilenet_v2().named("CONV1")
    for name in ("KC-P", "X-P"):
        network = pm.Network("N", (layer,)).with_dataflow(pm.dataflows.PUBLISHED[name]())
        (tmp_path / f"{name}.m").write_text(print_network(network), encoding="utf-8")
    files = [str(tmp_path / f"{name}.m") for name in ("KC-P", "X-P")]
    assert json.loads(found.stdout) == json.loads(CliRunner().invoke(main, ["diff", *files, *shared]).stdout)


def test_as_convolutions_makes_both_dataflows_fit() -> None:
    arguments = ["diff", "KC-P", "YX-P", "--network", "vgg16", "--layer", "FC3", "--num-pes", "64"]
    refused = CliRunner().invoke(main, arguments)
    assert (refused.exit_code, "FC has no" in refused.stderr) == (1, True)
    kept = ["--as-convolutions", "--keep", "N,P,Q,R,S", "--json"]
    found = CliRunner().invoke(main, [*arguments, *kept])
    assert found.exit_code == 0
    assert json.loads(found.stdout)["operator"] == "conv2d"


def test_a_published_dataflow_is_tried_on_the_layer(tmp_path: Path) -> None:
    file = tmp_path / "conv.m"
    file.write_text(CONV, encoding="utf-8")
    arguments = ["diff", str(file), "YX-P", "--num-pes", "256", "--keep", "R,S"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0
    assert result.stdout.startswith("conv2d: conv against YX-P\n")
    assert CliRunner().invoke(main, ["diff", "KC-P", *arguments[2:]]).exit_code == 1


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("KC-P", "YX-P", "are both names of dataflows; one must be a file"),
        ("KC-P", "YP", "'YP' is no file and no published dataflow; did you mean 'YX-P'?"),
        ("KC-P", "no.m", "no.m"),
        ("KC-P", "YX-P", "or give --network"),
    ],
)
def test_wrong_requests_give_one_message(first: str, second: str, message: str) -> None:
    result = CliRunner().invoke(main, ["diff", first, second, "--num-pes", "4"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["KC-P", "gemm.m", "--network", "vgg16"], 1, "'gemm.m' is no published dataflow"),
        (
            ["KC-P", "--network", "vgg16"],
            2,
            "which two? Give FIRST and SECOND, files or dataflows; there are 1",
        ),
        (["KC-P", "--dataflow", "x_p"], 2, "--dataflow goes with --network"),
        (["-", "-"], 2, "cannot both be standard input"),
    ],
)
def test_wrong_sides_are_refused(arguments: list[str], status: int, message: str) -> None:
    result = CliRunner().invoke(main, ["diff", *arguments, "--num-pes", "4"])
    assert (result.exit_code, result.stdout) == (status, "")
    assert message in " ".join(result.stderr.split())


def test_an_unknown_quantity_and_another_operator_are_refused(tmp_path: Path) -> None:
    assert "did you mean" in run(tmp_path, "--where", "L2.B.parent_read").stderr
    (tmp_path / "other.m").write_text(CONV.replace("Layer C", "Layer G"), encoding="utf-8")
    run(tmp_path)
    files = [str(tmp_path / "rows.m"), str(tmp_path / "other.m")]
    result = CliRunner().invoke(main, ["diff", *files, "--num-pes", "256"])
    assert result.exit_code == 1
    assert "only analyses of one operator" in result.stderr


def test_two_files_with_one_mapping_are_equal_everywhere(tmp_path: Path) -> None:
    for style, tail in (("text", "no quantity differs, at any extents"), ("markdown", "at any extents")):
        result = run(tmp_path, *([] if style == "text" else [f"--{style}"]), second=ROWS)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.strip().endswith(tail)
        assert "ratio" not in result.stdout


def test_what_is_equal_in_the_case_shown_only_is_said_to_be(tmp_path: Path) -> None:
    """All of N = 60 is one tile of 200 as of 400; elsewhere it is not."""
    flows = [f"TemporalMap({tile},{tile}) N; SpatialMap(1,1) M" for tile in (200, 400)]
    for name, flow in zip(("one", "two"), flows, strict=True):
        (tmp_path / f"{name}.m").write_text(LAYER.replace("FLOW", flow), encoding="utf-8")
    files = [str(tmp_path / "one.m"), str(tmp_path / "two.m")]
    result = CliRunner().invoke(main, ["diff", *files, "--num-pes", "4"])
    assert "no quantity differs here; elsewhere steps, " in result.stdout


def test_filters_that_one_dataflow_needs_as_numbers_are_kept_for_both(tmp_path: Path) -> None:
    rows = "SpatialMap(1,1) K; TemporalMap(3,1) Y; TemporalMap(3,1) X;"
    layer = CONV[: CONV.index("SpatialMap")] + rows + " } } }"
    (tmp_path / "three.m").write_text(layer, encoding="utf-8")
    result = CliRunner().invoke(main, ["diff", str(tmp_path / "three.m"), "KC-P", "--num-pes", "64"])
    assert result.exit_code == 0
    assert result.stderr.startswith("note: R, S kept")


def test_a_second_layer_of_other_extents_is_said(tmp_path: Path) -> None:
    (tmp_path / "one.m").write_text(LAYER.replace("FLOW", ROWS), encoding="utf-8")
    (tmp_path / "two.m").write_text(LAYER.replace("FLOW", ROWS).replace("M: 40", "M: 41"), encoding="utf-8")
    files = [str(tmp_path / "one.m"), str(tmp_path / "two.m")]
    result = CliRunner().invoke(main, ["diff", *files, "--num-pes", "4"])
    assert result.stderr == (
        "note: numbers are at the extents of the first; the layer of two has M = 41, N = 60, K = 100\n"
    )


MACHINE = "num_pes: 4\nnoc_bw_cstr: 3\noffchip_bw_cstr: 2\nl1_size_cstr: 150\n"


@pytest.mark.slow
def test_a_machine_gives_what_analyze_says_of_each_side(tmp_path: Path) -> None:
    (tmp_path / "hw.m").write_text(MACHINE, encoding="utf-8")
    hw = ["--hw", str(tmp_path / "hw.m")]
    found = json.loads(run(tmp_path, *hw, "--json").stdout)["costs"]
    cycles = []
    for side, name in (("first", "rows"), ("second", "columns")):
        alone = CliRunner().invoke(main, ["analyze", str(tmp_path / f"{name}.m"), *hw, "--json"])
        [layer] = json.loads(alone.stdout)["layers"]
        assert found[side] == {key: layer[key] for key in found[side]}
        assert found[side]["warnings"] == ["L1 needs 402 words and has 150"]
        cycles.append(layer["runtime_cycles"])
    assert cycles[0] != cycles[1]
    for style in ([], ["--markdown"]):
        lines = run(tmp_path, *hw, *style).stdout.splitlines()
        [line] = [each for each in lines if "run time, cycles" in each]
        assert [int(word) for word in line.split() if word.isdecimal()] == cycles
        assert f"{cycles[1] / cycles[0]:.6g}" in line
        assert sum("rows is bound by" in each or "columns: L1 needs" in each for each in lines) == 2
    assert "run time" in run(tmp_path, *hw, second=ROWS).stdout
    assert "run time" not in run(tmp_path).stdout


def test_a_machine_of_symbols_gives_counts_and_a_note(tmp_path: Path) -> None:
    (tmp_path / "hw.yaml").write_text(
        "num_pes: 4\nmemories: [{name: L2, link: {bandwidth: B}}]", encoding="utf-8"
    )
    result = run(tmp_path, "--hw", str(tmp_path / "hw.yaml"))
    assert (result.exit_code, result.stdout) == (0, run(tmp_path).stdout)
    assert result.stderr.startswith("note: no run time and energy: the hardware has the symbol B")


def test_a_policy_changes_both_sides(tmp_path: Path) -> None:
    found = json.loads(run(tmp_path, "--policy", "sharing=unicast", "--json").stdout)["changes"]
    for tensor in ("A", "B"):
        reads, fills = found[f"L2.{tensor}.parent_reads"], found[f"L2.{tensor}.fills"]
        assert (reads["first"], reads["second"]) == (fills["first"], fills["second"])
    ideal = json.loads(run(tmp_path, "--json").stdout)["changes"]
    assert ideal["L2.B.parent_reads"] != found["L2.B.parent_reads"]
