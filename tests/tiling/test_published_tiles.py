"""The published dataflows with every size a symbol: formulas short and right, and what files give.

That they are the formulas of numbers once these are put in is proved in proofs/tiles.py.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from click.testing import CliRunner

import polymaestro as pm
from polymaestro.cli import main
from polymaestro.tiling import divisible, divisible_point, lifted

LAYER = {"N": 1, "K": 128, "C": 128, "P": 56, "Q": 56, "R": 3, "S": 3}
FLOWS = {
    "c_p": pm.dataflows.c_p(),
    "x_p": pm.dataflows.x_p(),
    "yx_p": pm.dataflows.yx_p(8),
    "yr_p": pm.dataflows.yr_p(3),
    "kc_p": pm.dataflows.kc_p(64),
}


@pytest.mark.parametrize("name", FLOWS)
def test_divisible_formulas_are_short_and_right(name: str) -> None:
    rng = random.Random(name)
    found = lifted(pm.conv2d(**LAYER), FLOWS[name], 256)
    analysis = pm.analyze_tiles(pm.conv2d(), found.dataflow, found.num_pes)
    for _ in range(2):
        numbers = {n: rng.choice([1, 2, 3, 5]) for n in analysis.symbols} | {"P": 40, "Q": 30, "K": 30}
        numbers["PEs"] = numbers.get("G1", 1) * rng.randint(1, 4)
        point = divisible_point(analysis.cuts, numbers, analysis.ties)
        for label, form in analysis.named():
            view = divisible(form, point)
            assert len(str(view.value)) <= 300, label
            assert view.value.at(analysis.ties.extended(point)) == form.at(**point), label


def test_a_divisible_formula_holds_where_its_conditions_do() -> None:
    """Scaled extents keep all conditions, so the formula of one point must be right at the others."""
    found = lifted(pm.conv2d(**LAYER), FLOWS["kc_p"], 256)
    analysis = pm.analyze_tiles(pm.conv2d(), found.dataflow, found.num_pes)
    numbers = {"N": 2, "K": 24, "C": 24, "P": 12, "Q": 15, "R": 3, "S": 3, "G1": 4, "PEs": 12}
    numbers |= {"T_K0": 2, "T_C0": 8, "T_C1": 2, "T_P0": 2, "T_Q0": 3}
    forms = dict(analysis.named())
    views = {label: divisible(form, numbers) for label, form in forms.items()}
    for scale in (1, 2, 5):
        other = numbers | {dim: scale * numbers[dim] for dim in ("K", "C", "P", "Q")}
        for label, view in views.items():
            assert view.region.holds(analysis.ties.extended(other))
            assert view.value.at(analysis.ties.extended(other)) == forms[label].at(**other), label


FILE = """Network N { Layer L { Type: CONV
  Dimensions { K: 128, C: 128, R: 3, S: 3, Y: 58, X: 58 }
  Dataflow {
%s
  } } }"""

Golden = Callable[[str, str], None]


SHAPES = {"kc_p": (pm.dataflows.kc_p(64), 256), "yr_p": (pm.dataflows.yr_p(3), 192)}


@pytest.mark.parametrize("name", SHAPES)
def test_the_formulas_of_a_file_with_symbolic_tiles(golden: Golden, name: str) -> None:
    flow, num_pes = SHAPES[name]
    arguments = ["derive", "-", "--num-pes", str(num_pes), "--symbolic-tiles"]
    result = CliRunner().invoke(main, arguments, input=FILE % flow)
    assert (result.exit_code, result.stderr) == (0, "")
    golden(f"tiles-{name}.txt", result.stdout)
