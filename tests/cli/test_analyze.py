"""`polymaestro analyze`: formats, exit statuses, and what goes to which stream."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from polymaestro.cli import main

NETWORK = """
Network Small {
  Layer A { Type: CONV Stride { X: 1, Y: 1 } Dimensions { K: 8, C: 6, R: 3, S: 3, Y: 10, X: 9 } Dataflow {
    SpatialMap(1,1) K; TemporalMap(4,4) C; TemporalMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X;
    Cluster(4); SpatialMap(1,1) C; } }
  Layer B { Type: DSCONV Stride { X: 2, Y: 2 } Dimensions { C: 8, R: 3, S: 3, Y: 9, X: 9 } Dataflow {
    SpatialMap(1,1) C; TemporalMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X; } }
  Layer G { Type: GEMM Dimensions { M: 4, N: 6, K: 10 } Dataflow {
    TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(5,5) K; Cluster(5); SpatialMap(1,1) K; } }
}
"""
SKIPS = (
    "Network N { Layer L { Type: GEMM Dimensions { M: 4, N: 6, K: 10 } Dataflow { SpatialMap(1,2) M; } } }"
)

Golden = Callable[[str, str], None]


def run(*arguments: str, text: str = NETWORK) -> Result:
    return CliRunner().invoke(main, ["analyze", "-", *arguments], input=text)


def test_text_has_a_line_per_layer_and_a_total(golden: Golden) -> None:
    result = run("--num-pes", "16")
    assert (result.exit_code, result.stderr) == (0, "")
    golden("cli-analyze.txt", result.stdout)
    assert max(map(len, result.stdout.splitlines())) <= 100


@pytest.mark.parametrize("style", ["markdown", "latex", "csv"])
def test_other_formats(golden: Golden, style: str) -> None:
    result = run("--num-pes", "16", f"--{style}")
    assert (result.exit_code, result.stderr) == (0, "")
    golden(f"cli-analyze-{style}.txt", result.stdout)


def test_one_layer_shows_every_boundary(golden: Golden) -> None:
    result = run("--num-pes", "16", "--layer", "B")
    assert result.exit_code == 0
    golden("cli-analyze-layer.txt", result.stdout)


def test_json_has_the_schema_and_nothing_else_is_printed() -> None:
    result = run("--num-pes", "16", "--json")
    report = json.loads(result.stdout)
    assert list(report) == ["schema", "network", "hardware", "policies", "layers", "total"]
    assert (report["schema"], report["network"]) == ("polymaestro.report/1", "Small")
    assert report["hardware"]["num_pes"] == 16
    assert report["total"]["macs"] == 8 * 6 * 9 * 8 * 7 + 8 * 9 * 4 * 4 + 4 * 6 * 10
    for layer in report["layers"]:
        assert layer["legal"] is True
        assert layer["problems"] == []
        for boundary in layer["boundaries"]:
            for tensor in boundary["tensors"].values():
                moved = {"fills", "parent_reads"}
                if tensor["role"] == "output":
                    moved = {"drains", "parent_updates", "read_backs", "final_writes"}
                assert set(tensor) == {"role", "occupancy", "tile_total"} | moved
                assert all(isinstance(tensor[key], int) for key in moved)


def test_csv_agrees_with_json() -> None:
    rows = list(csv.DictReader(io.StringIO(run("--num-pes", "16", "--csv").stdout)))
    report = json.loads(run("--num-pes", "16", "--json").stdout)
    assert len(rows) == 3 * 2 + 3 + 3 * 2
    layers = {layer["name"]: layer for layer in report["layers"]}
    for row in rows:
        boundaries = {each["parent"]: each for each in layers[row["layer"]]["boundaries"]}
        for key, value in boundaries[row["parent"]]["tensors"][row["tensor"]].items():
            assert row[key] == str(value)


def test_huge_extents_stay_exact() -> None:
    k = 10**12
    text = NETWORK.replace("K: 8", f"K: {k}")
    result = run("--num-pes", "16", "--layer", "A", "--json", text=text)
    layer = json.loads(result.stdout)["layers"][0]
    assert layer["macs"] == k * 6 * 9 * 8 * 7
    assert layer["boundaries"][0]["tensors"]["W"]["parent_reads"] >= k * 6 * 9
    assert str(k * 6 * 9 * 8 * 7) in run("--num-pes", "16", text=text).stdout


def test_an_illegal_layer_is_named_and_the_others_are_counted(golden: Golden) -> None:
    text = NETWORK.replace("Network Small {", "Network Small {" + SKIPS[SKIPS.index("Layer") : -1])
    result = run("--num-pes", "16", text=text)
    assert result.exit_code == 1
    golden("cli-analyze-illegal.txt", result.stdout)
    assert result.stderr.startswith("error: 1 of 4 layers cannot be counted; the first is L: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("style", ["csv", "markdown", "latex", "json"])
def test_an_illegal_layer_shows_its_problem_in_every_format(style: str) -> None:
    for chosen in ([], ["--layer", "L"]):
        result = run("--num-pes", "16", f"--{style}", *chosen, text=SKIPS)
        assert result.exit_code == 1
        assert "never executed" in result.stdout
        assert result.stderr.startswith("error: layer L cannot be counted: ")


def test_an_illegal_layer_is_counted_on_request() -> None:
    result = run("--num-pes", "16", "--allow-illegal", "--json", text=SKIPS)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["layers"][0]["macs"] == 2 * 6 * 10


def test_windows_line_ends_change_nothing() -> None:
    assert run("--num-pes", "16", text=NETWORK.replace("\n", "\r\n")).stdout == run("--num-pes", "16").stdout


def test_num_pes_goes_before_the_hardware_file(tmp_path: Path) -> None:
    file = tmp_path / "hw.m"
    file.write_text("num_pes: 8, l1_size_cstr: 100", encoding="utf-8")

    alone = json.loads(run("--hw", str(file), "--json").stdout)["hardware"]
    both = json.loads(run("--hw", str(file), "--num-pes", "16", "--json").stdout)["hardware"]
    assert (alone["num_pes"], both["num_pes"]) == (8, 16)
    assert alone["l1_size"] == both["l1_size"] == 100
    assert "noc_bw" not in alone


MACHINE = """
name: small
num_pes: 16
clock_mhz: 100
word_sizes: {O: 2, Z: 2}
memories:
  - {name: DRAM, link: {bandwidth: 2}}
  - {name: L2, capacity: 400, link: {bandwidth: 4, hops: 2, hop_latency: 1}}
  - {name: L1, capacity: 40}
"""


@pytest.fixture
def machine_file(tmp_path: Path) -> str:
    file = tmp_path / "machine.yaml"
    file.write_text(MACHINE, encoding="utf-8")
    return str(file)


def test_on_a_machine_the_text_has_cycles_energy_and_what_binds(golden: Golden, machine_file: str) -> None:
    result = run("--hw", machine_file)
    assert (result.exit_code, result.stderr) == (0, "")
    golden("cli-analyze-machine.txt", result.stdout)
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_one_layer_on_a_machine_shows_bounds_buffers_and_links(golden: Golden, machine_file: str) -> None:
    result = run("--hw", machine_file, "--layer", "A")
    assert result.exit_code == 0
    golden("cli-analyze-machine-layer.txt", result.stdout)


def test_costs_are_in_json_under_the_names_of_the_schema(machine_file: str) -> None:
    report = json.loads(run("--hw", machine_file, "--json").stdout)
    layers = report["layers"]
    assert report["total"]["runtime_cycles"] == sum(layer["runtime_cycles"] for layer in layers)
    assert report["total"]["energy_pj"] == pytest.approx(sum(layer["energy_pj"] for layer in layers))
    assert report["policies"]["overlap"] == "double-buffered"
    for layer in layers:
        assert layer["runtime_cycles"] >= layer["roofline_cycles"] == layer["bounds"][layer["bound_by"]]
        assert layer["seconds"] == pytest.approx(layer["runtime_cycles"] / 100e6)
        assert sum(layer["energy_parts"].values()) == pytest.approx(layer["energy_pj"])
        for boundary in layer["boundaries"]:
            assert boundary["bandwidth_peak"] >= boundary["bandwidth_average"] > 0


def test_costs_in_csv_agree_with_json(machine_file: str) -> None:
    rows = list(csv.DictReader(io.StringIO(run("--hw", machine_file, "--csv").stdout)))
    layers = {e["name"]: e for e in json.loads(run("--hw", machine_file, "--json").stdout)["layers"]}
    for row in rows:
        layer = layers[row["layer"]]
        boundary = next(each for each in layer["boundaries"] if each["parent"] == row["parent"])
        assert int(row["runtime_cycles"]) == layer["runtime_cycles"]
        assert (row["bound_by"], int(row["roofline_cycles"])) == (layer["bound_by"], layer["roofline_cycles"])
        assert float(row["energy"]) == pytest.approx(layer["energy_pj"], rel=1e-5)
        assert int(row["ingress_words"]) == boundary["ingress_words"]
        assert float(row["bandwidth_peak"]) == pytest.approx(boundary["bandwidth_peak"], rel=1e-5)


def test_the_columns_of_maestro_hold_our_numbers(machine_file: str, reference: Path) -> None:
    text = run("--hw", machine_file, "--maestro-csv").stdout
    with (reference / "maestro" / "tool_output.csv").open(encoding="utf-8") as file:
        header = next(csv.reader(file))[2:]
    assert text.splitlines()[0].split(",") == header
    layers = {e["name"]: e for e in json.loads(run("--hw", machine_file, "--json").stdout)["layers"]}
    for row in csv.DictReader(io.StringIO(text)):
        layer = layers[row["Layer Number"]]
        top, bottom = layer["boundaries"][0]["tensors"], layer["boundaries"][-1]["tensors"]
        first, *_, output = top
        assert int(row["Runtime (Cycles)"]) == layer["runtime_cycles"]
        assert float(row["Activity count-based Energy (nJ)"]) == pytest.approx(
            layer["energy_pj"] / 1000, rel=1e-5
        )
        assert int(row["input l2 read"]) == top[first]["parent_reads"]
        assert int(row["input l1 write"]) == bottom[first]["fills"]
        assert int(row["output l2 write"]) == top[output]["parent_updates"]
        assert row["Area"] == row["Power"] == ""


def test_a_policy_changes_the_numbers_and_is_printed() -> None:
    plain = json.loads(run("--num-pes", "16", "--layer", "A", "--json").stdout)["layers"][0]
    result = run("--num-pes", "16", "--layer", "A", "--json", "--policy", "sharing=unicast")
    report = json.loads(result.stdout)
    tensor = report["layers"][0]["boundaries"][0]["tensors"]["I"]
    assert report["policies"]["sharing"] == "unicast"
    assert tensor["parent_reads"] == tensor["fills"]
    assert tensor["fills"] == plain["boundaries"][0]["tensors"]["I"]["fills"]
    assert tensor["parent_reads"] > plain["boundaries"][0]["tensors"]["I"]["parent_reads"]
    assert "sharing: unicast" in run("--num-pes", "16", "--policy", "sharing=unicast").stdout


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("share=unicast", "no policy 'share'; did you mean 'sharing'?"),
        ("sharing=multicast", "no option 'multicast' of the policy sharing"),
        ("edge_tiles=full", "no option 'full' of the policy edge_tiles"),
        ("sharing", "no option '' of the policy sharing"),
    ],
)
def test_policies_that_do_not_exist_are_refused(change: str, message: str) -> None:
    result = run("--num-pes", "16", "--policy", change)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_word_sizes_of_no_tensor_are_said(tmp_path: Path) -> None:
    (tmp_path / "hw.yaml").write_text("num_pes: 64\nword_sizes: {A: 2, a: 3}\n", encoding="utf-8")
    gemm = str(Path(__file__).resolve().parents[2] / "examples" / "gemm.m")
    result = CliRunner().invoke(main, ["analyze", gemm, "--hw", str(tmp_path / "hw.yaml")])
    assert result.exit_code == 0
    assert "no layer has a tensor a, for which word_sizes has a number" in result.stdout
