"""Layers by name: published networks and dataflows in place of files, and what is refused."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import polymaestro as pm
from polymaestro.cli import main

GEMM = """Network N { Layer G { Type: GEMM Dimensions { M: 4, N: 6, K: 10 } Dataflow {
  TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(5,5) K; Cluster(5); SpatialMap(1,1) K; } } }"""
CONV = """Network N { Layer C { Type: CONV Dimensions { K: 8, C: 6, R: 3, S: 3, Y: 10, X: 9 } } }"""


def run(*arguments: str, text: str = GEMM) -> Result:
    return CliRunner().invoke(main, list(arguments), input=text)


def test_a_network_and_a_dataflow_by_name_are_those_of_the_package() -> None:
    result = run("analyze", "--network", "gnmt", "--dataflow", "kc_p", "--num-pes", "256", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    flow = pm.dataflows.kc_p()
    assert (
        json.loads(result.stdout)
        == pm.networks.gnmt().with_dataflow(flow).analyze(pm.Hardware(256)).to_json()
    )


@pytest.mark.parametrize("spelling", ["yx_p", "YX-P", "yx-p", "Yx_P"])
def test_names_are_read_in_any_spelling(spelling: str) -> None:
    arguments = ("--network", "MobileNet-V2", "--dataflow", spelling, "--num-pes", "64", "--layer", "CONV1")
    result = run("analyze", *arguments, "--json")
    assert result.exit_code == 0
    layer = json.loads(result.stdout)["layers"][0]
    expected = pm.analyze(pm.networks.mobilenet_v2().layers[0].operator(), pm.dataflows.yx_p(), 64).at({})
    found = [each["tensors"]["I"]["parent_reads"] for each in layer["boundaries"]]
    assert found == [each.tensors["I"]["parent_reads"] for each in expected.boundaries]


def test_a_published_dataflow_goes_onto_the_layers_of_a_file() -> None:
    result = run("analyze", "-", "--dataflow", "x_p", "--num-pes", "16", "--json", text=CONV)
    assert result.exit_code == 0
    operator = pm.conv2d(N=1, K=8, C=6, R=3, S=3, P=8, Q=7)
    counted = pm.interpret(operator, pm.dataflows.x_p(), 16).boundaries[0].tensors["I"]["parent_reads"]
    found = json.loads(result.stdout)["layers"][0]["boundaries"][0]["tensors"]["I"]["parent_reads"]
    assert found == counted


@pytest.mark.parametrize("command", ["check", "derive", "explain"])
def test_every_command_takes_a_layer_of_a_network(command: str) -> None:
    result = run(command, "--network", "vgg16", "--dataflow", "kc_p", "--layer", "CONV2", "--num-pes", "256")
    assert result.exit_code == 0
    assert "CONV2" in result.stdout or command == "derive"


def test_verify_takes_a_layer_of_a_network() -> None:
    arguments = ("--network", "vgg16", "--dataflow", "kc_p", "--layer", "FC3", "--num-pes", "256")
    result = run("verify", *arguments, "--quantity", "L2.W.parent_reads", "--formula", "N*K*C")
    assert (result.exit_code, "not equal" in result.stdout) == (1, True)
    result = run("verify", *arguments, "--keep", "N", "--quantity", "L2.W.parent_reads", "--formula", "K*C")
    assert result.exit_code == 0


def test_layers_that_a_dataflow_does_not_fit_say_so_and_the_others_are_counted() -> None:
    result = run("analyze", "--network", "vgg16", "--dataflow", "x_p", "--num-pes", "256", "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert [layer["name"] for layer in report["layers"] if not layer["legal"]] == ["FC1", "FC2", "FC3"]
    assert "since FC has no X" in result.stderr
    assert "<text>" not in result.stderr + result.stdout


def test_as_convolutions_makes_every_layer_fit() -> None:
    arguments = ("--network", "transformer_encoder", "--dataflow", "yx_p", "--num-pes", "64")
    assert run("analyze", *arguments).exit_code == 1
    result = run("analyze", *arguments, "--as-convolutions", "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["total"]["macs"] == pm.networks.macs(pm.networks.transformer_encoder())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "which layers? Give FILE, or --network and --dataflow"),
        (["--dataflow", "kc_p"], "which layers?"),
        (["-", "--network", "vgg16", "--dataflow", "kc_p"], "FILE and --network exclude each other"),
        (["vgg16", "--dataflow", "kc_p"], "there is no file vgg16; for the published network give --network"),
        (["--network", "vgg16"], "give --dataflow with one of c_p, x_p, yx_p, yr_p, kc_p"),
        (["--network", "vgg", "--dataflow", "kc_p"], "no network 'vgg'; did you mean 'vgg16'?"),
        (["--network", "vgg16", "--dataflow", "kcp"], "no dataflow 'kcp'; did you mean 'kc_p'?"),
    ],
)
@pytest.mark.parametrize("command", ["analyze", "check", "derive", "explain"])
def test_wrong_command_lines_say_what_to_give(command: str, arguments: list[str], message: str) -> None:
    result = run(command, *arguments, "--num-pes", "20")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in " ".join(result.stderr.split())


def test_the_shell_completes_names(tmp_path: Path) -> None:
    for words, count, expected in (
        ("polymaestro analyze --network res", 3, ["resnet50", "resnext50"]),
        ("polymaestro check --dataflow Y", 3, ["yx_p", "yr_p"]),
        ("polymaestro ver", 1, ["verify"]),
    ):
        environment = {
            "_POLYMAESTRO_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(count),
            "HOME": str(tmp_path),
        }
        result = CliRunner().invoke(main, [], prog_name="polymaestro", env=environment)
        assert [line.partition(",")[2] for line in result.stdout.splitlines()] == expected


def test_the_first_of_different_layers_of_one_name_is_said(tmp_path: Path) -> None:
    layer = "Layer X { Type: GEMM Dimensions { M: 4, N: 2, K: 6 } Dataflow { SpatialMap(1,1) M; } }"
    for last, said in (
        (layer, ""),
        (layer.replace("4", "5"), "note: 2 layers are called X; this is the first"),
    ):
        file = tmp_path / "two.m"
        file.write_text(f"Network A {{ {layer} }}\nNetwork B {{ {last} }}", encoding="utf-8")
        result = CliRunner().invoke(main, ["explain", str(file), "--layer", "X", "--num-pes", "4"])
        assert (result.exit_code, "M = 4" in result.stdout) == (0, True)
        assert result.stderr == (f"{said}, in {file} line 1\n" if said else "")
        assert (
            CliRunner().invoke(main, ["check", str(file), "--num-pes", "4"]).stdout.startswith("A_and_B on")
        )
