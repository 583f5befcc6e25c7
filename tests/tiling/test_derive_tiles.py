"""``derive --symbolic-tiles`` on files: values, JSON, symbols of the file, what is refused."""

import json

import pytest
from click.testing import CliRunner, Result

from polymaestro.cli import main

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
    plain = run(text=text.replace("Cluster(G)", "Cluster(5)"))
    assert plain.exit_code == 1
    assert "for symbols in the mapping try --symbolic-tiles" in plain.stderr


@pytest.mark.parametrize(
    ("arguments", "text", "status", "message"),
    [
        (["--assume", "K % 5 == 0"], GEMM, 2, "--symbolic-tiles goes with --keep, --exact and --json only"),
        (["--latex"], GEMM, 2, "--symbolic-tiles goes with --keep, --exact and --json only"),
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
