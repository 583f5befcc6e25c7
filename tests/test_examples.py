"""Every example that is a program runs, and what it asserts holds."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.mark.slow
def test_the_row_stationary_example_meets_the_published_figures(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "eyeriss_alexnet.py"))
    lines = capsys.readouterr().out.splitlines()
    shares = [int(line.split()[-1].rstrip("%")) for line in lines[1:]]
    assert shares == [84, 85, 88, 90, 96]
