"""Parameters in blocks: right formulas are proved, wrong ones refuted in the parameters as they were."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import islpy as isl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymaestro.counting import Counter
from polymaestro.proving import Proof, counts_all_points, counts_points, is_largest
from polymaestro.proving.tight import tightened
from polymaestro.relations.sets import named

ROOT = Path(__file__).resolve().parents[2]
COUNTER = Counter(isl.Set("[Q, S] -> { : Q >= 1 and S >= 1 }").params())
# Input columns of each fold of `u` units under S taps, the folds together: two long periods.
FOLDS = "[Q, S] -> {{ [f, y] : 0 <= {u}f < Q and {u}f <= y < {u}f + S + {u} - 1 and y < Q + S - {off} }}"


def decided(domain: str, formula: str) -> Proof:
    wanted, counted = (isl.Set(FOLDS.format(u=64, off=off)) for off in (int(domain), int(formula)))
    return counts_all_points("folds", wanted, COUNTER.count(counted), COUNTER.context)


@pytest.mark.slow
def test_two_long_periods_are_too_many_points_by_themselves_and_few_in_blocks() -> None:
    domain = isl.Set(FOLDS.format(u=64, off=1))
    count = COUNTER.count(domain)
    assert counts_points("", domain, count, COUNTER.context).verdict == "unknown"
    proof = counts_all_points("", domain, count, COUNTER.context)
    assert proof.verdict == "proved"
    assert proof.note.endswith("points in blocks")
    assert int(proof.note.split()[0]) < 1000


@pytest.mark.slow
@pytest.mark.parametrize(("domain", "formula"), [("1", "2"), ("2", "1"), ("0", "1")])
def test_a_wrong_formula_is_refuted_at_a_point_of_the_old_parameters(domain: str, formula: str) -> None:
    proof = decided(domain, formula)
    assert proof.verdict == "false"
    assert proof.counterexample is not None
    assert set(proof.counterexample) == {"Q", "S"}
    numbers = [
        COUNTER.count(isl.Set(FOLDS.format(u=64, off=int(o)))).at(proof.counterexample)
        for o in (domain, formula)
    ]
    assert numbers[0] != numbers[1]


def test_a_count_without_a_long_period_is_not_put_in_blocks() -> None:
    # The walls of the cells are no conditions on n and m alone, which no blocks mend.
    many = " and ".join(f"{a}i <= {b}Q + S" for a, b in zip(range(2, 14), range(3, 15), strict=True))
    domain = isl.Set(f"[Q, S] -> {{ [i, j, k] : 0 <= i and 0 <= j <= 7i and 0 <= k <= 11j and {many} }}")
    proof = counts_all_points("", domain, COUNTER.count(isl.Set("{ [i] : i = 0 }")), COUNTER.context)
    assert proof.verdict in ("unknown", "false")


factors = st.integers(-3, 3)


@pytest.mark.slow
@given(size=st.sampled_from([2, 3, 8]), a=factors, b=factors, c=st.integers(-9, 9), d=factors)
def test_tight_cases_are_the_set_and_do_not_overlap(size: int, a: int, b: int, c: int, d: int) -> None:
    part = isl.BasicSet(
        f"[n, e] -> {{ [x, y] : 1 <= e <= {size} and 0 <= y < {size} and n >= 0"
        f" and {size}x + {a}y <= {size}n + {b}e + {c} and {size}x + {d}y >= e }}"
    )
    whole = named(isl.Set.from_basic_set(part))
    found = whole.subtract(whole)
    for case in tightened(part):
        points = named(case.points)
        assert points.is_disjoint(found)
        found = found.union(points)
    assert found.is_equal(whole)


# --- Certificates ---


def _farthest(part: Any) -> int:
    """Give the largest value of a parameter at the points of a case."""
    classes = (each for cell in part["cells"] for each in cell["classes"])
    return max(int(value) for each in classes for point in each["points"] for value in point.values())


@pytest.fixture(scope="module")
def certificate() -> Any:
    proof = decided("1", "1")
    assert proof.certificate is not None
    assert proof.certificate["kind"] == "blocks"
    found = json.loads(json.dumps(proof.certificate))
    found["parts"] = [min(found["parts"], key=_farthest)]  # the others take long
    return found


@pytest.mark.slow
def test_a_certificate_in_blocks_replays(replay: ModuleType, certificate: Any) -> None:
    assert replay.replay(certificate).endswith("points counted, in blocks")


@pytest.mark.slow
@pytest.mark.parametrize("change", ["the set", "the formula", "a case", "the size", "no case"])
def test_a_changed_certificate_in_blocks_is_refused(
    replay: ModuleType, certificate: Any, change: str
) -> None:
    data = copy.deepcopy(certificate)
    match change:
        case "the set":
            data["polytopes"][0]["rows"][0][-1] -= 1
        case "the formula":
            data["formula"][0]["value"]["terms"].append([[1, 1], []])
        case "a case":
            data["parts"][0]["polytopes"][0]["rows"][0][-1] -= 1
        case "the size":
            data["sizes"] = {name: size for name, size in data["sizes"].items() if name == "Q"}
        case "no case":
            data["parts"].clear()
    with pytest.raises((replay.Wrong, KeyError)):
        replay.replay(data)


# --- Peaks ---


@pytest.mark.parametrize(("given", "verdict"), [(4, "proved"), (5, "false"), (3, "false")])
def test_a_peak_is_an_upper_bound_and_reached(given: int, verdict: str) -> None:
    tile = isl.Map("[Q] -> { [t] -> [i] : 0 <= 4t < Q and 4t <= i < 4t + 4 and i < Q and Q >= 9 }")
    context = isl.Set("[Q] -> { : Q >= 9 }").params()
    peak = Counter(context).count(isl.Set(f"{{ [i] : 0 <= i < {given} }}"))
    proof = is_largest("", tile, peak, context)
    assert proof.verdict == verdict
    assert (proof.counterexample is not None) == (verdict == "false")


def test_a_tile_with_holes_is_not_decided() -> None:
    context = isl.Set("[Q] -> { : Q >= 1 }").params()
    tile = isl.Map("[Q] -> { [t] -> [i] : 0 <= t < Q and (i = t or i = t + 2) }")
    proof = is_largest("", tile, Counter(context).count(isl.Set("{ [i] : 0 <= i < 2 }")), context)
    assert proof.verdict == "unknown"
