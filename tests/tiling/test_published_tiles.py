"""The published dataflows with every size a symbol: speed, length, and equality with numbers put in first."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from math import lcm

import pytest
from click.testing import CliRunner

import polymaestro as pm
from polymaestro.affine import Affine, Floor, ceil_div, floor_div
from polymaestro.cli import main
from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.quasipolynomial import Atom
from polymaestro.dataflow import Dataflow
from polymaestro.dataflow.directives import Cluster
from polymaestro.symbolic import ClosedForm
from polymaestro.tiling import TiledAnalysis, divisible, divisible_point, lifted

LAYER = {"N": 1, "K": 128, "C": 128, "P": 56, "Q": 56, "R": 3, "S": 3}
FLOWS = {
    "c_p": pm.dataflows.c_p(),
    "x_p": pm.dataflows.x_p(),
    "yx_p": pm.dataflows.yx_p(8),
    "yr_p": pm.dataflows.yr_p(3),
    "kc_p": pm.dataflows.kc_p(64),
}
CHOICES = 10
SAMPLES = 8
PROVED = 0.7


def specialised(
    value: QuasiPolynomial, analysis: TiledAnalysis, numbers: Mapping[str, int]
) -> QuasiPolynomial:
    """Put numbers for tiles and units into a formula; what is left are extents and ⌈K/4⌉."""
    known: dict[Atom, QuasiPolynomial] = {n: QuasiPolynomial.of(v) for n, v in numbers.items()}
    for tie in analysis.ties.ties:
        numerator = tie.numerator.replace(known)
        known[tie.name] = numerator
        if tie.divisor is not None:
            divisor = tie.divisor.replace(known).constant
            assert divisor is not None
            whole = sum(
                (Affine.of(m[0][0] if m else 1) * int(factor) for m, factor in numerator.terms), Affine.of(0)
            )
            rounded = (ceil_div if tie.rounded == "up" else floor_div)(whole, int(divisor))
            known[tie.name] = QuasiPolynomial.of(rounded)
    return value.replace(known)


def is_same(left: QuasiPolynomial, right: QuasiPolynomial, point: Mapping[str, int]) -> bool:
    """Whether two formulas agree on the whole residue class of a point.

    With X = d·m + X mod d for a common multiple d of all divisors of X no floor is left, and the formulas are
    equal when they are the same polynomial in the m.
    """
    difference = left - right
    classes: dict[str, Affine | int] = {}
    for name in difference.names():
        divisors = [
            atom.divisor
            for atom in difference.atoms()
            if isinstance(atom, Floor) and name in atom.numerator.names()
        ]
        period = lcm(*divisors)
        classes[name] = Affine.of(f"m_{name}") * period + point[name] % period
    return difference.substitute(classes).is_zero


def with_numbers(flow: Dataflow, numbers: Mapping[str, int]) -> Dataflow:
    return Dataflow(
        tuple(
            Cluster(each.size.substitute(numbers))
            if isinstance(each, Cluster)
            else type(each)(each.size.substitute(numbers), each.offset.substitute(numbers), each.dim)
            for each in flow.directives
        )
    )


def chosen(values: Mapping[str, int], rng: random.Random) -> dict[str, int]:
    """Draw tiles, clusters and PEs."""
    numbers = {name: rng.choice([1, 2, 3, 4, 6, 8]) for name in values}
    numbers["PEs"] = numbers.get("G1", 1) * rng.choice([2, 3, 4, 8]) + rng.choice([0, 1])
    return numbers


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOWS)
def test_formulas_with_numbers_put_in_are_the_formulas_of_these_numbers(name: str) -> None:
    """Both have the same value at each point, and nearly always on all of its residue class and chambers.

    The rest are thin chambers, K = 1 or P ≤ T, where different polynomials have the same values.
    """
    rng = random.Random(name)
    operator = pm.conv2d(R=3, S=3)
    found = lifted(pm.conv2d(N=1, K=64, C=64, P=8, Q=8, R=3, S=3), FLOWS[name], 256)
    general = pm.analyze_tiles(operator, found.dataflow, found.num_pes)
    same = sampled = 0
    for _ in range(CHOICES):
        numbers = chosen(found.values, rng)
        special = pm.analyze(operator, with_numbers(found.dataflow, numbers), numbers["PEs"])
        for _ in range(SAMPLES):
            extents = {dim: rng.randint(1, 40) for dim in operator.symbols}
            point = {n: v for n, v in (extents | numbers).items() if n in general.symbols}
            values = general.macs.extended(point)
            pairs = zip(general.named(), named(special), strict=True)
            for (label, form), (other_label, other) in pairs:
                assert label == other_label
                assert form.evaluate(values) == other.at(**extents), (label, extents, numbers)
                left = specialised(form.value_at(values), general, numbers)
                same += is_same(left, other.value_near(extents), extents)
                sampled += 1
    assert sampled == CHOICES * SAMPLES * len(list(general.named()))
    assert same >= PROVED * sampled


def named(analysis: pm.Analysis) -> list[tuple[str, ClosedForm]]:
    totals = [("macs", analysis.macs), ("steps", analysis.steps), ("active_units", analysis.active_units)]
    return [*totals, *analysis.forms.named()]


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
