"""``derive --hw``: run time, energy and roofline as formulas, read back and put beside the oracle."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import polymaestro as pm
from polymaestro.cli import main
from polymaestro.hardware.described import parse_yaml
from polymaestro.policies import Policies
from polymaestro.strategies import Drawn
from tests.model.test_cost import energy_seen, oracle
from tests.tiling.printed import Printed

Golden = Callable[[str, str], None]

GEMM = """Network N { Layer G { Type: GEMM Dimensions { M: 8, N: 12, K: 20 } Dataflow {
  TemporalMap(2,2) N; SpatialMap(1,1) M; TemporalMap(5,5) K; Cluster(5); SpatialMap(1,1) K; } } }"""
SYMBOLS = GEMM.replace("TemporalMap(5,5) K", "TemporalMap(T,T) K")
MACHINE = """{name: test chip, num_pes: 20, energy: {table: eyeriss, dram: e_D},
memories: [{name: DRAM, link: {bandwidth: D}}, {name: L2, link: {bandwidth: B, hop_latency: H}}]}"""
SIZES = {"M": 8, "N": 12, "K": 20}
RATES = {"D": 3, "B": 7, "H": 2, "e_D": 150}
MAPPING = {"PEs": 20, "T_N0": 2, "T_M0": 1, "T_K0": 5, "G1": 5, "T_K1": 1}
STYLES = ["text", "markdown", "latex", "json"]


@pytest.fixture(name="chip")
def chip_file(tmp_path: Path) -> str:
    path = tmp_path / "chip.yaml"
    path.write_text(MACHINE, encoding="utf-8")
    return str(path)


def run(chip: str, *arguments: str, text: str = GEMM) -> Result:
    result = CliRunner().invoke(main, ["derive", "-", "--hw", chip, *arguments], input=text)
    assert "Traceback" not in result.output
    return result


def read(cost: dict[str, Any]) -> Printed:
    names = tuple((each["name"], each["value"]) for each in cost["where"])
    conditions = tuple(part for each in cost["if"] for part in each.split(", "))
    return Printed(cost["value"], conditions, names)


def assert_right(costs: dict[str, Any], point: dict[str, int], text: str = MACHINE) -> None:
    for name, rate in RATES.items():
        text = re.sub(rf": {name}\b", f": {rate}", text)
    machine = parse_yaml(text)
    drawn = Drawn(pm.gemm(**SIZES), pm.parse_network(GEMM).layers[0].mapping_dataflow(), 20)
    seen = oracle(drawn, machine, Policies())
    expected = {
        "runtime": seen.runtime,
        "energy": energy_seen(drawn, machine, seen, 8 * 12 * 20),
        "roofline": seen.roofline,
    }
    assert costs.keys() <= expected.keys()
    for name, cost in costs.items():
        printed = read(cost)
        assert printed.holds(point | RATES)
        assert printed.at(point | RATES) == expected[name]
        assert cost["unit"] == ("MAC" if name == "energy" else "cycles")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("kind", ["plain", "tiles"])
def test_costs_in_every_format(golden: Golden, chip: str, kind: str, style: str) -> None:
    flags = [*(["--symbolic-tiles"] if kind == "tiles" else []), *([f"--{style}"] if style != "text" else [])]
    result = run(chip, *flags)
    assert (result.exit_code, result.stderr) == (0, "")
    costs = result.stdout[result.stdout.index('"machine"' if style == "json" else "machine: test chip") :]
    golden(f"cli-derive-costs-{kind}-{style}.txt", costs)


@pytest.mark.parametrize(
    ("flags", "text", "point"),
    [
        ([], GEMM, SIZES),
        (["--keep", "M"], GEMM, SIZES),
        (["--symbolic-tiles"], GEMM, SIZES | MAPPING),
        (["--symbolic-tiles", "--divisible"], GEMM, SIZES | MAPPING),
        ([], SYMBOLS, SIZES | {"T": 5}),
    ],
)
def test_printed_costs_are_what_the_oracle_measures(
    chip: str, flags: list[str], text: str, point: dict[str, int]
) -> None:
    document = json.loads(run(chip, *flags, "--json", text=text).stdout)
    assert document["costs"].keys() == {"runtime", "energy", "roofline"}
    assert document["machine"].startswith("machine: test chip, num_pes = ")
    assert_right(document["costs"], point)


@pytest.mark.slow
@pytest.mark.parametrize("flags", [[], ["--symbolic-tiles"]])
def test_one_cost_alone_has_its_edge_tiles(chip: str, flags: list[str]) -> None:
    point = SIZES | (MAPPING if flags else {})
    for name in ("runtime", "energy", "roofline"):
        document = json.loads(run(chip, *flags, "--json", "--exact", name).stdout)
        assert document["quantity"] == name
        assert document["costs"].keys() == {name}
        assert_right(document["costs"], point)
        text = run(chip, *flags, "--exact", name).stdout
        assert Printed.read(text.rstrip("\n")).at(point | RATES) == read(document["costs"][name]).at(
            point | RATES
        )
    assert run(chip, *flags, "--exact", "energy", "--latex").stdout.startswith(r"\begin{aligned}")
    assert "| energy | every access" in run(chip, *flags, "--exact", "energy", "--markdown").stdout


@pytest.mark.parametrize("style", [*STYLES, "html"])
def test_the_report_has_the_costs_too(chip: str, style: str) -> None:
    result = run(chip, "--report", *([f"--{style}"] if style != "text" else []))
    assert (result.exit_code, result.stderr) == (0, "")
    for title in ("Run time, cycles", "Energy, MAC", "Roofline, cycles"):
        assert title in result.stdout
    assert re.search(r"L2 (→|\$\\to\$) cluster1 out", result.stdout)


def test_what_a_level_two_memory_keeps_is_said(chip: str) -> None:
    small = MACHINE.replace("name: L2,", "name: L2, capacity: 300,")
    Path(chip).write_text(small, encoding="utf-8")
    document = json.loads(run(chip, "--json").stdout)
    assert "L2 keeps A, Z for the whole run" in document["machine"]
    assert_right(document["costs"], SIZES, small)


def test_costs_leave_as_code_and_json(chip: str) -> None:
    text = SYMBOLS.replace("Cluster(5); SpatialMap(1,1) K;", "")
    flags = ["--keep", "M,N", "--assume", "T <= K", "--exact", "runtime", "--export"]
    space: dict[str, Any] = {}
    exec(run(chip, *flags, "python", text=text).stdout, space)  # noqa: S102
    drawn = Drawn(
        pm.gemm(M=8, N=12, K=7),
        pm.parse_dataflow("TemporalMap(2,2) N; SpatialMap(1,1) M; TemporalMap(3,3) K"),
        20,
    )
    numbers = re.sub(": ([BDH])\\b", lambda found: f": {RATES[found[1]]}", MACHINE.replace("e_D", "1"))
    seen = oracle(drawn, parse_yaml(numbers), Policies()).runtime
    rates = {name: RATES[name] for name in "BDH"}
    assert space["runtime"](K=7, T=3, **rates) == seen
    document = json.loads(run(chip, *flags, "json", text=text).stdout)
    assert (document["schema"], document["unit"]) == ("polymaestro.cost/1", "cycles")
    [case] = [each for each in map(read, document["cases"]) if each.holds({"K": 7, "T": 3} | rates)]
    assert case.at({"K": 7, "T": 3} | rates) == seen
    refused = run(chip, *flags, "c", text=text)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "the run time leaves as python and json, not as c" in refused.stderr
    plain = run(chip, "--exact", "energy", "--export", "python")
    assert plain.exit_code == 2
    assert "--export writes the energy of a mapping with symbols only; take --json" in plain.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--exact", "runtime"], 2, "the run time depends on the machine; give it with --hw"),
        (["--exact", "run_time"], 1, "no quantity 'run_time'"),
    ],
)
def test_costs_that_are_refused(arguments: list[str], status: int, message: str) -> None:
    result = CliRunner().invoke(main, ["derive", "-", "--num-pes", "20", *arguments], input=GEMM)
    assert result.exit_code == status
    assert message in result.stderr


def test_a_run_time_without_a_closed_form_says_why(chip: str) -> None:
    text = """Network N { Layer C { Type: TRCONV Dimensions { K: 2, C: 2, R: 3, S: 3, Y: 4, X: 4 } Dataflow {
      SpatialMap(1,1) K; TemporalMap(T,T) Y; TemporalMap(1,1) C; } } }"""
    document = json.loads(run(chip, "--json", "--keep", "R,S,X", text=text).stdout)
    assert "of the output" in document["costs"]["runtime"]["refused"]
    assert "value" in document["costs"]["energy"]
