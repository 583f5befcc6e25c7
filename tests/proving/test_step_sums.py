"""The sums over step classes in proofs/runtime.py are those that the clock makes time of."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

import polymaestro as pm
from polymaestro.model.clock import Clock
from polymaestro.model.integers import Integers, levels_at
from polymaestro.movement.transfers import END
from polymaestro.proving import Function

PROOFS = Path(__file__).resolve().parents[2] / "proofs"
SHAPES = {
    "C-P": {"N": 2, "K": 3, "C": 300, "P": 4, "Q": 5, "R": 3, "S": 2},
    "X-P": {"N": 2, "K": 3, "C": 4, "P": 5, "Q": 600},
    "YX-P": {"N": 2, "K": 3, "C": 4, "P": 70, "Q": 21},
    "YR-P": {"N": 2, "K": 7, "C": 5, "P": 9, "Q": 6},
    "KC-P": {"N": 2, "K": 7, "C": 150, "P": 4, "Q": 5, "R": 3, "S": 2},
}


@pytest.fixture(scope="module")
def proofs() -> Any:
    sys.path.insert(0, str(PROOFS))
    try:
        spec = importlib.util.spec_from_file_location("step_sums", PROOFS / "runtime.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["step_sums"] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(PROOFS))
    return module


def clock_of(found: Any, analysis: pm.Analysis, point: dict[str, int]) -> Clock:
    time = analysis.runtime(pm.Hardware(256), resident=found.resident)
    return Clock(levels_at(time.classes, point), time.machine, found.resident, Integers(time.machine, point))


def crossed(clock: Clock, depth: int, way: str) -> int:
    """Give the words of all steps and of the end, as the clock has them."""
    level = clock.levels[max(depth, 1) - 1]
    steps = clock.combinations(max(depth, 1))
    words: int = sum(number * clock.words(depth, case, chosen, way) for case, chosen, number in steps)
    modes = (END,) * len(level.classes)
    words += sum(n * clock._words(depth, modes, each, way) for each, n in clock._chosen(level, modes))
    return words


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("name", SHAPES)
def test_words_and_macs_are_those_of_the_clock(proofs: Any, name: str, *, resident: bool) -> None:
    found, point = proofs.timed(name, resident=resident), SHAPES[name]
    analysis = proofs.analysed(name, proofs.FILTERS[name])
    clock = clock_of(found, analysis, point)
    bounds = {(depth, way): bound for depth, way, bound in found.links()}
    assert len(bounds) == 2 * (analysis.loop_nest.depth + 1)
    for (depth, way), bound in bounds.items():
        words = found.words(depth, way)
        whole = sum(each.at(point) for each in words.values())
        assert whole == crossed(clock, depth, way) == bound.amount.evaluate(point, {}) > 0
        parts = found.bounding(depth, way, bound)
        assert sum(each.at(point) for each in parts.values()) == whole
    # Links without limit: nothing but what the slowest PE of each step computes.
    assert found.busy().at(point) == clock.runtime()
    macs: Function = Function.of(analysis.macs)
    assert found.busy().at(point) * 256 > macs.at(point)
