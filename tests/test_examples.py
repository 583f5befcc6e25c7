"""Every script under examples runs, prints, and holds what it claims."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
# More than a second of work: each derives dozens of structures.
SLOW = {
    "best_dataflow_per_layer",
    "energy_breakdown",
    "eyeriss_alexnet",
    "roofline",
    "tile_sizes_by_calculus",
    "vgg16_early_and_late",
}


def test_there_are_examples() -> None:
    assert {script.stem for script in SCRIPTS} > SLOW


@pytest.mark.parametrize(
    "script",
    [pytest.param(each, marks=[pytest.mark.slow] if each.stem in SLOW else []) for each in SCRIPTS],
    ids=lambda script: script.stem,
)
def test_an_example_holds_what_it_claims(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(script), run_name="__main__")
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) >= 5
    assert printed.err == ""
    assert "assert " in script.read_text(encoding="utf-8")


def test_beside_maestro_reads_the_reference_where_it_is(
    reference: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POLYMAESTRO_REFERENCE", str(reference))
    runpy.run_path(str(EXAMPLES / "beside_maestro.py"), run_name="__main__")
    assert "layers of MAESTRO's own files with all three counts right" in capsys.readouterr().out
