"""`polymaestro optimize`: a file with the best mapping, which the other commands read."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import polymaestro as pm
from polymaestro.cli import main

GEMM = """Network N { Layer G { Type: GEMM Dimensions { M: 6, N: 4, K: 5 } Dataflow {
  TemporalMap(3,3) M; SpatialMap(1,1) K; Cluster(2); SpatialMap(1,1) N; } }
  Layer S { Type: CONV Stride { Y: 2, X: 2 } Dimensions { K: 6, C: 4, R: 3, S: 3, Y: 15, X: 11 } Dataflow {
  SpatialMap(1,1) K; TemporalMap(2,2) C; TemporalMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X;
  Cluster(2); SpatialMap(1,1) C; } } }"""


def run(*arguments: str, command: str = "optimize", text: str = GEMM) -> Result:
    return CliRunner().invoke(main, [command, "-", "--num-pes", "8", *arguments], input=text)


def moved(text: str, boundary: int = 0) -> int:
    """Give what `analyze` says that the only layer of a file moves."""
    found = json.loads(run("--json", command="analyze", text=text).stdout)["layers"][0]
    assert found["legal"]
    tensors = found["boundaries"][boundary]["tensors"].values()
    return sum(t.get(name, 0) for t in tensors for name in ("parent_reads", "parent_updates", "read_backs"))


@pytest.mark.parametrize("layer", ["G", "S"])
@pytest.mark.parametrize("tiles", ["divisors", "all"])
def test_the_file_written_costs_what_it_says(layer: str, tiles: str) -> None:
    result = run(
        "--layer", layer, "--minimize", "L2.traffic", "--subject-to", "L1 <= 40", "--tiles", tiles
    )  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "")
    value = int(result.stdout.split()[3])
    assert result.stdout.startswith(f"// L2.traffic = {value} with L1 <= 40\n// proved: the least of ")
    assert moved(result.stdout) == value
    own = pm.parse_network(GEMM).named(layer)[0]
    [layer_found] = pm.parse_network(result.stdout).layers
    assert (layer_found.name, layer_found.dimensions) == (own.name, own.dimensions)
    assert (layer_found.type, layer_found.stride) == (own.type, own.stride)


def test_the_tiles_are_the_best_of_all() -> None:
    choices = {"T_M0": (1, 3), "T_K0": (1, 5), "T_N1": (1, 4), "G1": (1, 2)}
    chosen = (["--choose", f"{name}={','.join(map(str, values))}"] for name, values in choices.items())
    goal = "L2.traffic + 2*cluster1.traffic"
    result = run("--layer", "G", "--minimize", goal, *itertools.chain(*chosen))
    costs = {}
    for m, k, n, cluster in itertools.product(*choices.values()):
        flow = f"TemporalMap({m},{m}) M; SpatialMap({k},{k}) K; Cluster({cluster}); SpatialMap({n},{n}) N;"
        text = GEMM.replace(
            "TemporalMap(3,3) M; SpatialMap(1,1) K; Cluster(2); SpatialMap(1,1) N;", flow
        ).partition("Layer S")[0]  # fmt: skip
        costs[flow] = moved(text + "}") + 2 * moved(text + "}", 1)
    value = min(costs.values())
    assert result.stdout.startswith(f"// {goal} = {value}\n")
    [layer] = pm.parse_network(result.stdout).layers
    assert layer.dataflow is not None
    assert costs[" ".join(str(layer.dataflow).splitlines())] == value
    before = costs["TemporalMap(3,3) M; SpatialMap(1,1) K; Cluster(2); SpatialMap(1,1) N;"]
    assert f"// before: {before}, {before / value:.6g} times as much\n" in result.stdout


def test_json_has_the_same_and_the_numbers_before() -> None:
    arguments = ("--layer", "G", "--minimize", "L2.traffic", "--subject-to", "L1 <= 5")
    text, document = run(*arguments).stdout, json.loads(run(*arguments, "--json").stdout)
    assert document["schema"] == "polymaestro.optimum/1"
    assert (document["network"], document["layer"], document["subject_to"]) == ("N", "G", ["L1 <= 5"])
    assert f"L2.traffic = {document['value']} with" in text
    assert document["point_before"] == {"PEs": 8, "T_M0": 3, "T_K0": 1, "G1": 2, "T_N1": 1}
    assert document["point"].keys() == {"T_M0", "T_K0", "T_N1"}
    assert (document["space"], document["proved"]) == (4 * 2 * 3, True)
    assert document["before"] == moved(GEMM)
    assert not document["satisfied_before"]
    assert "; the conditions do not hold there\n" in text
    [layer] = pm.parse_network(text).layers
    assert layer.dataflow is not None
    assert [str(each) for each in layer.dataflow.directives] == document["dataflow"]


def test_pes_can_be_chosen_and_a_search_can_end_early() -> None:
    result = run("--layer", "G", "--minimize", "PEs", "--subject-to", "steps <= 10", "--choose", "PEs=2:16")
    assert result.stdout.startswith("// PEs = ")
    ended = run("--layer", "S", "--minimize", "L2.traffic", "--tiles", "all", "--limit", "1")
    assert "// not proved: the search ended early among " in ended.stdout


@pytest.mark.parametrize(("goal", "key"), [("energy", "energy_pj"), ("runtime", "runtime_cycles")])
def test_the_time_and_the_energy_on_a_machine(tmp_path: Path, goal: str, key: str) -> None:
    hardware = tmp_path / "hw.m"
    hardware.write_text("num_pes: 8\nnoc_bw_cstr: 2\n", encoding="utf-8")
    result = run("--layer", "G", "--hw", str(hardware), "--minimize", goal)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"// {goal} = ")
    machine = ("--hw", str(hardware), "--json")
    after, before = (
        json.loads(run(*machine, command="analyze", text=text).stdout)["layers"][0][key]
        for text in (result.stdout, GEMM)
    )
    assert float(result.stdout.split()[3]) == after <= before
    document = json.loads(run("--layer", "G", *machine, "--minimize", goal).stdout)
    assert (document["value"], document["before"]) == (after, before)


@pytest.mark.parametrize(("goal", "key"), [("energy", "energy_pj"), ("runtime", "runtime_cycles")])
def test_where_l2_is_limited_what_stays_is_chosen_at_each_point(tmp_path: Path, goal: str, key: str) -> None:
    """Every point is analysed alone: the machine keeps other tensors at some than at others."""
    hardware = tmp_path / "hw.m"
    hardware.write_text("num_pes: 8\noffchip_bw_cstr: 1\nl2_size_cstr: 40\n", encoding="utf-8")
    gemm = GEMM.partition("Layer S")[0] + "}"
    result = run("--hw", str(hardware), "--minimize", goal, text=gemm)
    costs = {}
    for m, k, n in itertools.product((1, 2, 3, 6), (1, 5), (1, 2, 4)):
        flow = f"TemporalMap({m},{m}) M; SpatialMap({k},{k}) K; Cluster(2); SpatialMap({n},{n}) N;"
        text = gemm.replace("TemporalMap(3,3) M; SpatialMap(1,1) K; Cluster(2); SpatialMap(1,1) N;", flow)
        machine = ("--hw", str(hardware), "--json")
        [layer] = json.loads(run(*machine, command="analyze", text=text).stdout)["layers"]
        costs[flow] = layer[key], tuple(layer["off_chip"]["resident"])
    assert len({resident for _, resident in costs.values()}) > 1
    assert float(result.stdout.split()[3]) == min(cost for cost, _ in costs.values())


def test_memories_that_are_too_small_are_said_with_the_condition_that_helps(tmp_path: Path) -> None:
    hardware = tmp_path / "hw.m"
    hardware.write_text("num_pes: 8\nl2_size_cstr: 60\nl1_size_cstr: 100\n", encoding="utf-8")
    arguments = ("--layer", "G", "--hw", str(hardware), "--minimize", "L2.traffic")
    found = run(*arguments)
    assert found.exit_code == 0
    note = re.fullmatch(
        r'note: L2 needs (\d+) words and has 60; add --subject-to "(.*)" for tiles that fit\n', found.stderr
    )
    assert note
    assert int(note[1]) > 60
    assert note[2] == "2*L2 <= 60"
    helped = run(*arguments, "--subject-to", note[2])
    assert (helped.exit_code, helped.stderr) == (0, "")
    check = run("--hw", str(hardware), command="check", text=helped.stdout)
    assert check.exit_code == 0
    assert run("--hw", str(hardware), command="check", text=found.stdout).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--layer", "G"], 2, "Missing option '--minimize'"),
        (["--minimize", "steps"], 2, "which layer? Give --layer NAME"),
        (["--layer", "G", "--minimize", "L2.trafic"], 1, "no quantity 'L2.trafic'; did you mean"),
        (["--layer", "G", "--minimize", "steps", "--subject-to", "L1"], 1, "cannot read the condition 'L1'"),
        (["--layer", "G", "--minimize", "steps", "--subject-to", "L1 < 3"], 1, "it fails by 1 or more"),
        (["--layer", "G", "--minimize", "steps", "--choose", "T_X0=1"], 1, "no symbol 'T_X0'"),
        (["--layer", "G", "--minimize", "steps", "--choose", "T_K0"], 2, "'T_K0' is no NAME=VALUES"),
        (["--layer", "G", "--minimize", "steps", "--choose", "T_K0=0:3"], 2, "a size is an integer, 1 or"),
        (["--layer", "G", "--minimize", "steps", "--choose", "G1=16"], 1, "legal at no point of the space"),
        (["--layer", "G", "--minimize", "steps", "--limit", "0"], 2, "Invalid value for '--limit'"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], status: int, message: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert message in " ".join(result.stderr.split())


def test_layers_that_have_no_tiles_to_choose_are_refused() -> None:
    symbols = run("--layer", "G", "--minimize", "steps", text=GEMM.replace("M: 6", "M: X"))
    assert symbols.exit_code == 1
    assert "has symbols for extents (X)" in symbols.stderr
    overlapping = run("--layer", "G", "--minimize", "steps", text=GEMM.replace("Map(3,3) M", "Map(3,1) M"))
    assert overlapping.exit_code == 1
    assert "symbolic tiles cannot follow" in overlapping.stderr


def test_a_size_that_is_given_and_a_space_of_one_point_are_said(tmp_path: Path) -> None:
    (tmp_path / "one.m").write_text(
        "Network A { Layer X { Type: GEMM Dimensions { M: 4 } Dataflow { SpatialMap(1,1) M; } } }",
        encoding="utf-8",
    )
    arguments = ["optimize", str(tmp_path / "one.m"), "--num-pes", "4", "--minimize", "steps"]
    text = CliRunner().invoke(main, [*arguments, "--choose", "T_M0=2"]).stdout
    assert "// the only point: no size is open" in text
    assert "// T_M0 = 2, was 1" in text
    assert "SpatialMap(2,2) M;" in text
