"""The examples that are notebooks too: jupytext turns them into one, and a kernel runs it."""

import importlib.util
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = [
    script
    for script in sorted((ROOT / "examples").glob("*.py"))
    if script.read_text(encoding="utf-8").startswith("# ---\n# jupyter:\n")
]
MISSING = [name for name in ("ipykernel", "jupytext", "nbclient") if importlib.util.find_spec(name) is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}")


RUN = """
import json, sys, jupytext, nbclient
notebook = jupytext.read(sys.argv[1])
nbclient.NotebookClient(notebook, timeout=300, kernel_name=notebook.metadata.kernelspec.name).execute()
print(json.dumps(notebook))
"""


def executed(script: Path, folder: Path) -> list[dict[str, Any]]:
    """Run a script as a notebook in a folder; give the code cells with their outputs."""
    own = {"IPYTHONDIR": folder, "JUPYTER_CONFIG_DIR": folder, "JUPYTER_RUNTIME_DIR": folder}
    environment = os.environ | {name: str(value) for name, value in own.items()} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "ignore", "-c", RUN, str(script)],
        env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [cell for cell in json.loads(done.stdout)["cells"] if cell["cell_type"] == "code"]


def test_at_least_two_examples_are_notebooks() -> None:
    assert {script.stem for script in NOTEBOOKS} >= {"one_dimension", "energy_breakdown"}


@pytest.mark.slow
@pytest.mark.parametrize("script", NOTEBOOKS, ids=lambda script: script.stem)
def test_a_notebook_prints_what_the_script_prints_and_shows_more(
    script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = executed(script, tmp_path)
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert all(cell["execution_count"] for cell in cells)
    printed = "".join("".join(output["text"]) for output in outputs if output.get("name") == "stdout")
    runpy.run_path(str(script), run_name="__main__")
    assert printed == capsys.readouterr().out
    shown = [output["data"] for output in outputs if output["output_type"] == "execute_result"]
    assert any({"text/latex", "text/html"} & set(data) for data in shown)
