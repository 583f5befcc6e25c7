"""Certificates replay without isl, SymPy or polymaestro, and a changed certificate does not."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from polymaestro.proving import load_statements

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "a-footprint-has-gaps-counted",
    "traffic-is-never-below-compulsory",
    "smaller-tiles-that-divide-read-more",
)
BLOCKED = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("islpy", "sympy", "polymaestro", "z3", "numpy"):
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Block())
import runpy
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def certificates() -> list[Any]:
    statements = load_statements(ROOT / "proofs")
    proofs = [proof for name in NAMES for proof in statements[name].check().proofs]
    found = [json.loads(json.dumps(p.certificate)) for p in proofs if p.certificate is not None]
    assert {each["kind"] for each in found} == {"ehrhart", "positivity"}
    return found


def test_certificates_replay_where_nothing_is_installed(tmp_path: Path, certificates: list[Any]) -> None:
    file = tmp_path / "certificates.json"
    file.write_text(json.dumps(certificates), encoding="utf-8")
    command = [sys.executable, "-c", BLOCKED, str(ROOT / "proofs" / "replay.py"), str(file)]
    result = subprocess.run(command, capture_output=True, check=False, encoding="utf-8", timeout=120)  # noqa: S603
    assert (result.returncode, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == len(certificates) + 1
    assert f"{len(certificates)} checked, 0 wrong, 0 left to a solver" in result.stdout
    assert "WRONG" not in result.stdout


def test_a_wrong_certificate_gives_status_1(tmp_path: Path, certificates: list[Any]) -> None:
    wrong = copy.deepcopy(certificates[0])
    wrong["cells"][0]["classes"][0]["points"].pop()
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(wrong), encoding="utf-8")
    command = [sys.executable, str(ROOT / "proofs" / "replay.py"), str(file)]
    result = subprocess.run(command, capture_output=True, check=False, encoding="utf-8", timeout=120)  # noqa: S603
    assert result.returncode == 1
    assert "WRONG" in result.stdout


def changed(data: Any, change: str) -> None:
    """Spoil a certificate in one way."""
    cell = data["cells"][0]
    points = cell["classes"][0]["points"]
    match change:
        case "a lower degree":
            cell["degree"] -= 1
        case "another formula":
            data["formula"][0]["value"]["terms"].append([[1, 1], []])
        case "another polytope":
            data["polytopes"][0]["rows"][0][-1] -= 1
        case "too few points":
            points.pop()
        case "a point twice":
            points[0] = points[-1]
        case "another chamber":
            points.append(data["cells"][-1]["classes"][0]["points"][0])
        case "no cells":
            data["cells"].clear()


CHANGES = (
    "a lower degree",
    "another formula",
    "another polytope",
    "too few points",
    "a point twice",
    "another chamber",
    "no cells",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_count_certificate_is_refused(
    replay: ModuleType, certificates: list[Any], change: str
) -> None:
    data = copy.deepcopy(next(each for each in certificates if each["claim"] == "σ = 3"))
    replay.replay(data)
    changed(data, change)
    with pytest.raises(replay.Wrong):
        replay.replay(data)


def test_a_changed_positivity_certificate_is_refused(replay: ModuleType, certificates: list[Any]) -> None:
    fine = next(each for each in certificates if each["kind"] == "positivity" and each["parts"][0]["terms"])
    replay.replay(fine)
    for change in ("coefficient", "sign", "goal"):
        data = copy.deepcopy(fine)
        part = data["parts"][0]
        if change == "goal":
            part["goal"].append([[1, 1], []])
        elif change == "coefficient":
            part["terms"][0][0][0] += 1
        else:
            part["terms"][0][0][0] *= -1
        with pytest.raises(replay.Wrong):
            replay.replay(data)


def test_the_checker_counts_by_enumeration(replay: ModuleType) -> None:
    # 0 ≤ i, 0 ≤ j, 2i + 3j ≤ 7: (0..3, 0), (0..2, 1), (0, 2)
    assert replay.count([[1, 0, 0], [0, 1, 0], [-2, -3, 7]], 2) == 4 + 3 + 1
    with pytest.raises(replay.Wrong, match="without bounds"):
        replay.count([[1, 0]], 1)
