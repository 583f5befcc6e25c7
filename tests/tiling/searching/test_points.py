"""Counts at many points at once against each count at one point after the other."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest

import polymaestro as pm
from polymaestro.affine import Affine, floor_div
from polymaestro.counting import Condition, QuasiPolynomial, Region
from polymaestro.errors import CountingError
from polymaestro.tiling import TiledAnalysis, lifted
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.searching.points import Points
from polymaestro.tiling.ties import Ties


def lifted_analysis(name: str) -> TiledAnalysis:
    flow = {"KC-P": pm.dataflows.kc_p(4), "YR-P": pm.dataflows.yr_p(2), "YX-P": pm.dataflows.yx_p(3)}[name]
    found = lifted(pm.conv2d(N=1, K=8, C=8, P=8, Q=8, R=2, S=2), flow, 16)
    return pm.analyze_tiles(pm.conv2d(), found.dataflow, found.num_pes)


@pytest.mark.parametrize("most", [12, 10**12])
@pytest.mark.parametrize("name", ["KC-P", "YR-P", "YX-P"])
def test_every_count_at_random_points(name: str, most: int) -> None:
    """A fresh analysis for the points one by one, so that both find their chambers by themselves."""
    together, alone = lifted_analysis(name), lifted_analysis(name)
    rng = random.Random(f"{name} {most}")
    size = 30
    table = {s: [rng.randint(1, rng.choice([3, most])) for _ in range(size)] for s in together.symbols}
    table |= {s: [rng.randint(1, 5) for _ in range(size)] for s in ("R", "S")}
    table["PEs"] = [rng.randint(1, most) * g for g in table.get("G1", table["R"])]
    points = Points(together.ties, {s: np.array(column) for s, column in table.items()}, size)
    singles = [alone.ties.extended({s: column[i] for s, column in table.items()}) for i in range(size)]
    wide = 0
    for (quantity, form), (_, other) in zip(together.named(), alone.named(), strict=True):
        for (_, counts), (_, others) in zip(form.products, other.products, strict=True):
            for count, same in zip(counts, others, strict=True):
                values = points.count(count)
                wide += values.dtype == object
                assert values.tolist() == [same.at(point) for point in singles], quantity
    assert bool(wide) == (most > 12)


def test_some_of_the_points_have_the_same_values() -> None:
    ties = Ties({"K", "T"})
    ties.split("K", Affine.of("K"), Affine.of("T"))
    points = Points(ties, {"K": 10, "T": np.array([1, 3, 4, 20])}, 4)
    assert np.array_equal(points.value("n_K"), [10, 4, 3, 1])
    assert np.array_equal(points.picked(np.array([False, True, True, False])).value("E_K"), [1, 2])
    assert np.array_equal(points.picked(np.array([3, 0])).value("n_K"), [1, 10])
    assert points.picked(np.array([0])).value("K") == 10
    equal = Condition(Affine.of("E_K") - Affine.of("T"), equality=True)
    assert points.holds(Region(((equal,),))).tolist() == [True, False, False, False]
    between = (Condition(Affine.of("T") - 3), Condition(Affine.of("K") - "T"))
    assert points.holds(Region((between,))).tolist() == [False, True, True, False]
    assert points.holds(Region(((equal,), between))).tolist() == [True, True, True, False]
    assert not points.holds(Region(())).any()


def test_floors_and_fractions_are_exact_and_what_is_no_integer_is_refused() -> None:
    points = Points(Ties(set()), {"K": np.array([3, 4, 10**18])}, 3)
    K = QuasiPolynomial.of("K")
    half = floor_div(Affine.of("K"), 2)
    assert points.evaluate(QuasiPolynomial.of(half)).tolist() == [1, 2, 5 * 10**17]  # type: ignore[union-attr]
    triangle = (K * K + K) * Fraction(1, 2)
    assert points.evaluate(triangle).tolist() == [6, 10, 10**18 * (10**18 + 1) // 2]  # type: ignore[union-attr]
    with pytest.raises(CountingError, match="no integer everywhere"):
        points.evaluate(K * Fraction(1, 2))
    assert points.evaluate(QuasiPolynomial.of(7)) == 7


def test_a_chamber_is_derived_once_for_all_its_points() -> None:
    runs = []

    def factor(run: object) -> QuasiPolynomial:
        runs.append(run)
        small = run.is_at_least(Affine.of(5), Affine.of("K"))  # type: ignore[attr-defined]
        return QuasiPolynomial.of("K") if small else QuasiPolynomial.of(10**30)

    count = TiledCount(factor, ("K",))
    values = Points(Ties(set()), {"K": np.arange(1, 1001)}, 1000).count(count)
    assert values.tolist() == [1, 2, 3, 4, 5, *[10**30] * 995]
    assert len(runs) == 2
