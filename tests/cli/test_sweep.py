"""``polymaestro sweep``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import polymaestro as pm
from polymaestro.cli import main

ROOT = Path(__file__).resolve().parents[2]
GEMM = str(ROOT / "examples" / "gemm.m")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["sweep", *arguments])


def read(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_the_best_design_costs_what_analyze_says() -> None:
    found = read(GEMM, "--num-pes", "64:256:*2", "--noc-bw", "8:16:4,none", "--l2-size", "4096,32768")
    assert found["designs"] == 3 * 4 * 2
    best = found["best"]
    machine = pm.Hardware(best["num_pes"], noc_bw=best["noc_bw"], l2_size=best["l2_size"])
    alone = pm.load(GEMM).analyze(machine).to_json()["total"]
    assert (best["runtime_cycles"], best["energy"]) == (alone["runtime_cycles"], alone["energy_pj"])
    assert best["noc_bw"] is None
    assert found["layers"] == [best]


def test_published_dataflows_compete_and_the_text_names_them() -> None:
    result = run(
        str(ROOT / "examples" / "vgg16_kc_p.m"),
        "--layer",
        "CONV13",
        "--dataflow",
        "kc_p:16,X-P",
        "--num-pes",
        "64",
        "--noc-bw",
        "1,4",
        "--pareto",
    )
    assert result.exit_code == 0, result.stderr
    assert "CONV13  kc_p:16" in result.stdout
    assert "Pareto front" in result.stdout


def test_a_network_is_swept_under_published_dataflows() -> None:
    arguments = ("--network", "gnmt", "--num-pes", "64,128", "--noc-bw", "8", "--minimize", "energy")
    found = read(*arguments, "--dataflow", "c_p,kc_p")
    networks = {
        name: pm.networks.gnmt().with_dataflow(pm.dataflows.PUBLISHED[name]()) for name in ("C-P", "KC-P")
    }
    costs = {
        (name, pes): [
            each.to_json()["energy_pj"] for each in network.analyze(pm.Hardware(pes, noc_bw=8)).layers
        ]
        for name, network in networks.items()
        for pes in (64, 128)
    }
    assert found["designs"] == len(costs) * len(found["layers"])
    assert [layer["energy"] for layer in found["layers"]] == list(map(min, zip(*costs.values(), strict=True)))


def test_a_network_needs_a_dataflow_and_takes_no_file() -> None:
    for arguments, message in (
        (("--network", "gnmt"), "a network has no dataflow of its own; give --dataflow"),
        (("--network", "gnmt", "--dataflow", "own"), "a network has no dataflow of its own; give --dataflow"),
        (("--network", "gnmt", "--dataflow", "c_p,own"), "a network has no dataflow of its own"),
        ((GEMM, "--network", "gnmt", "--dataflow", "c_p"), "FILE and --network exclude each other"),
        ((), "which layers? Give FILE, or --network"),
    ):
        result = run(*arguments, "--num-pes", "8")
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in " ".join(result.stderr.split())


def test_files_are_written_only_when_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "designs.csv"
    result = run(GEMM, "--num-pes", "64", "--noc-bw", "1:3", "--csv", str(out))
    assert result.exit_code == 0, result.stderr
    assert "3 designs written" in result.stderr
    assert len(out.read_text(encoding="utf-8").splitlines()) == 4
    missing = run(GEMM, "--num-pes", "64", "--csv", str(tmp_path / "no" / "designs.csv"))
    assert missing.exit_code == 1
    assert missing.stderr.startswith("error: cannot write")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--num-pes", "x"], "'x' is no number"),
        (["--num-pes", "8:4"], "'8:4' is no number"),
        (["--num-pes", "1:8:0"], "'1:8:0' is no number"),
        (["--num-pes", "1:8:*1"], "'1:8:*1' is no number"),
        (["--num-pes", "1e400"], "a constant of the machine exceeds 64 bits"),
        (["--num-pes", "0.5"], "--num-pes is 1/2; it must be an integer"),
        (["--num-pes", "none"], "--num-pes is none"),
        (["--num-pes", "8", "--noc-bw", "1:2000000"], "more than 1000000 values"),
        (["--num-pes", "8", "--dataflow", "kcp"], "no dataflow 'kcp'; did you mean 'kc_p'"),
        (["--num-pes", "8", "--dataflow", "c_p:4"], "the size of a cluster"),
        ([], "how many PEs"),
    ],
)
def test_wrong_command_lines_are_refused(arguments: list[str], message: str) -> None:
    result = run(GEMM, *arguments)
    assert result.exit_code in {1, 2}
    assert message in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--noc-bw", "0"], "noc_bw is 0"),
        (["--power", "5"], "needs clock_mhz"),
        (["--l2-size", "10"], "no design keeps the constraints"),
    ],
)
def test_machines_that_cannot_be_fail_with_one_message(arguments: list[str], message: str) -> None:
    result = run(GEMM, "--num-pes", "8", *arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_dataflow_that_does_not_fit_is_left_out_with_a_warning() -> None:
    result = run(GEMM, "--num-pes", "8", "--dataflow", "kc_p")
    assert result.exit_code == 1
    assert "warning: Product under kc_p on 8 PEs is left out" in result.stderr


def test_a_layers_own_dataflow_competes_with_published_ones() -> None:
    file = str(ROOT / "examples" / "vgg16_kc_p.m")
    common = (file, "--layer", "CONV13", "--num-pes", "256")
    own, other = (read(*common, "--dataflow", name)["best"] for name in ("own", "x_p"))
    both = read(*common, "--dataflow", "x_p,own")
    assert both["designs"] == 2
    assert both["best"] == min(own, other, key=lambda each: each["runtime_cycles"])
    assert both["best"]["dataflows"] == [["CONV13", "own"]]
