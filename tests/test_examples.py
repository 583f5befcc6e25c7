"""Every script under examples runs, prints, and holds what it claims."""

import json
import runpy
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import polymaestro as pm
from polymaestro.cli import main

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
# More than a second of work: each derives dozens of structures.
SLOW = {
    "energy_breakdown",
    "eyeriss_alexnet",
    "resnet50_tiles",
    "roofline",
    "tile_sizes_by_calculus",
    "vgg16_early_and_late",
}
ELSEWHERE = {"best_dataflow_per_layer"}  # has a test of its own below


def test_there_are_examples() -> None:
    assert {script.stem for script in SCRIPTS} > SLOW | ELSEWHERE


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(each, marks=[pytest.mark.slow] if each.stem in SLOW else [])
        for each in SCRIPTS
        if each.stem not in ELSEWHERE
    ],
    ids=lambda script: script.stem,
)
def test_an_example_holds_what_it_claims(
    script: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [str(script)])  # an example may read it, and these are not its arguments
    assert len(lines_of(script, capsys)) >= 5


def lines_of(script: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Run a script that asserts what it claims; give what it prints."""
    runpy.run_path(str(script), run_name="__main__")
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "assert " in script.read_text(encoding="utf-8")
    return printed.out.splitlines()


@pytest.mark.slow
def test_the_best_dataflows_are_those_of_the_layers_in_the_json_of_analyze(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Each total of run time that the example prints is the sum over the layers that the program gives."""
    machine = tmp_path / "machine.m"
    machine.write_text("num_pes: 256\nnoc_bw_cstr: 32\noffchip_bw_cstr: 16\n")
    printed = [line.split() for line in lines_of(EXAMPLES / "best_dataflow_per_layer.py", capsys)]
    head = next(at for at, line in enumerate(printed) if line[:2] == ["run", "time,"])
    rows = {line[0]: line[1:7] for line in printed[head + 1 : head + 11 : 2]}
    assert printed[head][3:8] == list(pm.dataflows.PUBLISHED)
    assert len(rows) == 5
    for name, totals in rows.items():
        cycles = [analyzed(name, flow, machine) for flow in pm.dataflows.PUBLISHED]
        best = sum(map(min, zip(*cycles, strict=True)))
        assert [int(total) for total in totals] == [*map(sum, cycles), best]


def analyzed(name: str, flow: str, machine: Path) -> list[int]:
    """Give the run time of each layer as `analyze --json` prints it."""
    options = ["--network", name, "--dataflow", flow, "--as-convolutions", "--hw", str(machine), "--json"]
    result = CliRunner().invoke(main, ["analyze", *options])
    assert result.exit_code == 0, result.stderr
    return [layer["runtime_cycles"] for layer in json.loads(result.stdout)["layers"]]


def test_beside_maestro_reads_the_reference_where_it_is(
    reference: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POLYMAESTRO_REFERENCE", str(reference))
    runpy.run_path(str(EXAMPLES / "beside_maestro.py"), run_name="__main__")
    assert "layers of MAESTRO's own files with all three counts right" in capsys.readouterr().out
