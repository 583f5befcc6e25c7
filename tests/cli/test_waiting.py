"""The progress bar: on a terminal, after a while, and counting what is done."""

import io
import sys

import pytest

from polymaestro.cli import waiting
from polymaestro.dataflow import Layer

LAYERS = (Layer("A", "GEMM"), Layer("B", "GEMM"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_short_runs_show_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with waiting.Waiting("layers", 2) as progress:
        assert tuple(progress.over(LAYERS)) == LAYERS
    assert progress.bar is None


def test_long_runs_show_a_bar_and_take_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(waiting, "DELAY", 0.0)
    with waiting.Waiting("layers", 2) as progress:
        progress.timer.join()
        assert tuple(progress.over(LAYERS)) == LAYERS
        assert progress.bar is not None
        assert progress.bar.tasks[0].completed == 2
    assert "layers" in terminal.getvalue()


def test_a_file_as_standard_error_stays_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(waiting, "DELAY", 0.0)
    with waiting.Waiting("layers", 2) as progress:
        assert tuple(progress.over(LAYERS)) == LAYERS
    assert stream.getvalue() == ""
