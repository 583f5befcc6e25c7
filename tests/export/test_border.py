"""At the edge of int64 and of 128 bits: right or refused, never wrong."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import ArrayLike

from polymaestro import export
from polymaestro.affine import Affine, Floor
from polymaestro.counting import Condition, Count, QuasiPolynomial, Region
from polymaestro.errors import ClosedFormError, ExportError
from polymaestro.symbolic.closed_form import ClosedForm, form_of

if TYPE_CHECKING:
    from tests.export.conftest import RunC

LIMIT = 2**63
EVERYWHERE = Region(((),))
K, L, M = map(QuasiPolynomial.of, "KLM")


def form(*products: tuple[int, list[Count]], symbols: str = "KLM", where: Region = EVERYWHERE) -> ClosedForm:
    """Build a formula from counts."""
    counts = [count for _, several in products for count in several]
    numbers = iter(range(len(counts)))
    entries = tuple((sign, tuple(next(numbers) for _ in several)) for sign, several in products)
    return form_of(export.Entry(tuple(symbols), (where,), entries), counts)


def everywhere(value: QuasiPolynomial) -> Count:
    return Count(((EVERYWHERE, value),))


PRODUCT = form((1, [everywhere(K), everywhere(L), everywhere(M)]))
CANCELLED = form((1, [everywhere(K * L * M + 5)]), (-1, [everywhere(K), everywhere(L * M)]))
TRIANGLE = form((1, [everywhere(K * (K + 1) * Fraction(1, 2))]), symbols="K")
FACTORS = (7 * 7 * 73 * 127 * 337, 92737, 649657)  # of 2^63 - 1


@pytest.mark.parametrize(
    ("point", "kind"),
    [
        (FACTORS, np.int64),  # 2^63 - 1
        ((2**21, 2**21, 2**21), object),  # 2^63
        ((LIMIT - 1, 1, 1), np.int64),
        ((LIMIT, 1, 1), object),
        ((-LIMIT, 1, 1), np.int64),
        ((-(2**21), 2**21, 2**21), np.int64),  # -2^63
        ((-LIMIT - 1, 1, 1), object),
        ((-LIMIT, -1, 1), object),
        ((2**40, 2**40, 0), np.int64),
        ((2**32 + 1, 2**31 - 1, 1), np.int64),
        ((10**30, 10**30, 10**30), object),
    ],
)
def test_arrays_at_the_border(point: tuple[int, int, int], kind: type) -> None:
    value = math.prod(point)
    for beside in ([], [1], [2**31]):  # alone, and among points that fit
        columns = {name: [number, *beside] for name, number in zip("KLM", point, strict=True)}
        found = PRODUCT.lambdify("numpy")(**columns)
        assert found.tolist() == [value, *(each**3 for each in beside)]
        assert found.dtype == (object if beside == [2**31] else kind)
        again = CANCELLED.lambdify("numpy")(**columns)
        assert again.tolist() == [5] * len(found)
        assert again.dtype == np.int64
    assert PRODUCT.lambdify("numpy")(K=[point[0]] * 3, L=point[1], M=point[2]).tolist() == [value] * 3
    assert PRODUCT.lambdify("python")(**dict(zip("KLM", point, strict=True))) == value


def test_a_numerator_beyond_int64_whose_quotient_fits() -> None:
    root = 4294967295  # root · (root + 1) is just below 2^64, half of it below 2^63
    found = TRIANGLE.lambdify("numpy")(K=[root, root + 1, 3])
    assert found.tolist() == [root * (root + 1) // 2, (root + 1) * (root + 2) // 2, 6]
    assert found.dtype == object
    assert TRIANGLE.lambdify("numpy")(K=[root, 3]).dtype == np.int64


def test_formulas_that_hold_numbers_beyond_int64_themselves() -> None:
    wide = form((1, [everywhere(K * 2**70 - 2**70 + 3), everywhere(L)]))
    found = wide.lambdify("numpy")(K=[1, 2, 2**63], L=[2**62, 0, 1], M=1)
    assert found.tolist() == [3 * 2**62, 0, 2**133 - 2**70 + 3]
    assert wide.lambdify("numpy")(K=[1, 5], L=[2, 0], M=1).dtype == np.int64
    with pytest.raises(ExportError, match="which no C literal holds"):
        wide.to_c()


def test_numbers_beyond_int64_are_refused_on_request() -> None:
    several = export.Vectorised({"product": PRODUCT, "cancelled": CANCELLED}, overflow="refuse")
    columns: dict[str, ArrayLike] = {"K": [1, 2**21], "L": 2**21, "M": [1, 2**21]}
    with pytest.raises(
        ClosedFormError, match=rf"product is {LIMIT} at K = 2097152, L = 2097152, M = 2097152"
    ):
        several(**columns)
    assert several.evaluate(columns, only=["cancelled"])["cancelled"].tolist() == [5, 5]


def test_c_at_the_border(run_c: RunC) -> None:
    rows = [
        list(FACTORS),
        [2**21, 2**21, 2**21],
        [-(2**21), 2**21, 2**21],
        [LIMIT - 1, 1, 1],
        [-LIMIT, 1, 1],
        [-LIMIT, -1, 1],
        [2**62, 2**62, 0],
        [2**62, 2**62, 2],
        [2**62, 2**62, 7],  # below 2^127
        [2**62, 2**62, 8],
        [LIMIT - 1, LIMIT - 1, LIMIT - 1],
        [-LIMIT, -LIMIT, -LIMIT],
    ]
    said = run_c({"product": PRODUCT, "cancelled": CANCELLED}, rows)
    exact = [str(value) if -LIMIT <= value < LIMIT else "status2" for value in map(math.prod, rows)]
    assert [row[0] for row in said] == exact
    assert [row[1] for row in said] == ["5"] * 9 + ["status2"] * 3
    assert run_c({"triangle": TRIANGLE}, [[4294967295], [4294967296]]) == [
        [str(4294967295 * 2147483648)],
        ["status2"],
    ]


def test_c_notices_sums_that_would_wrap_to_a_plausible_number(run_c: RunC) -> None:
    corner = [-LIMIT, -LIMIT, 1]  # K·L is 2^126 here, and four times that wraps to 0
    product = [everywhere(K), everywhere(L)]
    said = run_c(
        {
            "up": form(*[(1, product)] * 4),
            "down": form(*[(-1, product)] * 4),
            "inside": form((1, [everywhere(K * L * 4)])),
            "below": form((1, [everywhere(K * L * -4)])),
            "fits": form((1, [everywhere(K * L * 4 - K * L * 4 + 7)]), (1, product), (-1, product)),
        },
        [corner, [3, 5, 1]],
    )
    assert said == [["status2", "status2", "status2", "status2", "7"], ["60", "-60", "60", "-60", "7"]]


def test_one_number_beyond_int64_for_all_points_in_some_chamber() -> None:
    above = Region(((Condition(Affine.of("L") - 3),),))
    some = form((1, [Count(((above, K),))]))
    found = some.lambdify("numpy")(K=2**64, L=[1, 3, 2, 4], M=1)
    assert found.tolist() == [0, 2**64, 0, 2**64]
    assert some.lambdify("numpy")(K=2**64, L=[1, 2], M=1).dtype == np.int64


def floored(numerator: Affine, divisor: int) -> Affine:
    return Affine.of(Floor(numerator, divisor))


HALVES = floored(Affine.of("K"), 2)
NEGATIVE = {
    "floor": form((1, [everywhere(QuasiPolynomial.of(floored(Affine.of("K") - 5, 3)) * L)])),
    "nested": form((1, [everywhere(QuasiPolynomial.of(floored(HALVES + "L", 5)))])),
    "half": form((-1, [everywhere((K - 3) * (K - 2) * Fraction(1, 2)), everywhere(M)])),
    "cases": form(
        (
            1,
            [
                Count(
                    (
                        (Region(((Condition(Affine.of("K") * -2 - 3),),)), K - L),
                        (
                            Region(
                                ((Condition(Affine.of("K") - "L", equality=True), Condition(Affine.of("K"))),)
                            ),
                            L * 7,
                        ),
                        (Region(((Condition(Affine.of("K") - 5), Condition(Affine.of("L") * -1)),)), M),
                    )
                )
            ],
        )
    ),
}


def test_negative_numbers_are_exact_in_every_language(run_c: RunC) -> None:
    several = [{"K": k, "L": n, "M": m} for k in range(-8, 9) for n in (-7, -1, 0, 4) for m in (-3, 2)]
    expected = {name: [each.evaluate(point, {}) for point in several] for name, each in NEGATIVE.items()}
    k, n, m = several[5].values()
    by_hand = {"floor": (k - 5) // 3 * n, "nested": (k // 2 + n) // 5, "half": -((k - 3) * (k - 2) // 2) * m}
    assert {name: expected[name][5] for name in by_hand} == by_hand
    for name, each in NEGATIVE.items():
        assert [each.lambdify("python")(**point) for point in several] == expected[name]
    columns = {name: [point[name] for point in several] for name in "KLM"}
    found = export.Vectorised(NEGATIVE)(**columns)
    assert {name: values.tolist() for name, values in found.items()} == expected
    said = run_c(NEGATIVE, [list(point.values()) for point in several])
    assert said == [list(map(str, row)) for row in zip(*expected.values(), strict=True)]


def test_negative_numbers_are_exact_in_smtlib() -> None:
    z3 = pytest.importorskip("z3")
    lines = [export.to_smtlib(NEGATIVE)]
    for name, each in NEGATIVE.items():
        for point in ({"K": k, "L": n, "M": -3} for k in (-7, -2, 0, 4, 6) for n in (-4, 0, 4)):
            value = each.evaluate(point, {})
            given = " ".join(f"(- {-number})" if number < 0 else str(number) for number in point.values())
            lines.append(f"(assert (= ({name} {given}) {f'(- {-value})' if value < 0 else value}))")
    solver = z3.Solver()
    solver.from_string("\n".join(lines))
    assert solver.check() == z3.sat


def whole(rng: random.Random) -> int:
    return rng.randint(-5, 5) if rng.random() < 0.6 else rng.randint(-(2**28), 2**28)


def affine(rng: random.Random, depth: int = 2) -> Affine:
    total = Affine.of(whole(rng))
    for name in rng.sample("KLM", rng.randint(0, 2)):
        total = total + Affine.of(name) * whole(rng)
    if depth and rng.random() < 0.5:
        floor = Floor(affine(rng, depth - 1), rng.choice([2, 3, 64, rng.randint(1, 2**28)]))
        total = total + Affine.of(floor) * rng.randint(-3, 3)
    return total


def polynomial(rng: random.Random) -> QuasiPolynomial:
    """Draw a sum of products, perhaps with x(x + 1)/2, which is whole as well."""
    of = QuasiPolynomial.of
    total = of(affine(rng))
    for _ in range(rng.randint(0, 2)):
        total = total + of(affine(rng)) * of(affine(rng))
    if rng.random() < 0.5:
        some = of(affine(rng))
        total = total + some * (some + 1) * Fraction(1, 2)
    return total


def cases(rng: random.Random) -> Count:
    """Draw one polynomial, or two with disjoint regions that leave something out."""
    if rng.random() < 0.4:
        return everywhere(polynomial(rng))
    first, second, third = (Condition(affine(rng), rng.random() < 0.2) for _ in range(3))
    below = Condition(-first.expression - 1)
    above = Condition(first.expression)
    regions = [Region(((below,),)), Region(((above, second), (above, third)))]
    return Count(tuple((region, polynomial(rng)) for region in regions))


def formula(rng: random.Random) -> ClosedForm:
    shared = [cases(rng) for _ in range(rng.randint(1, 3))]
    signs = [rng.choice([1, -1]) for _ in range(rng.randint(1, 3))]
    return form(*((sign, rng.choices(shared, k=rng.randint(0, 3))) for sign in signs))


def extent(rng: random.Random) -> int:
    return rng.choice(
        [
            rng.randint(-9, 9),
            rng.randint(-9, 9),
            rng.randint(-(2**20), 2**20),
            rng.randint(-(2**34), 2**34),
            rng.randint(-LIMIT, LIMIT - 1),
            rng.choice([-LIMIT, LIMIT - 1]),
        ]
    )


def points(rng: random.Random, count: int) -> list[dict[str, int]]:
    """Draw points, half of them with small extents only."""
    return [
        {name: rng.randint(-9, 9) if rng.random() < 0.5 else extent(rng) for name in "KLM"}
        for _ in range(count)
    ]


rounds = pytest.mark.parametrize(
    "seeds", [range(40), pytest.param(range(40, 1000), marks=pytest.mark.slow)], ids=["few", "many"]
)


@rounds
def test_random_formulas_are_exact_on_arrays_and_in_python(seeds: range) -> None:
    kinds = set()
    for seed in seeds:
        rng = random.Random(seed)
        drawn, several = formula(rng), points(rng, rng.randint(1, 12))
        expected = [drawn.evaluate(point, {}) for point in several]
        columns = {name: [point[name] for point in several] for name in "KLM"}
        found = export.Vectorised({"form": drawn}, chunk=rng.randint(1, 8))(**columns)["form"]
        assert found.tolist() == expected, seed
        assert (found.dtype == object) == any(not -LIMIT <= value < LIMIT for value in expected), seed
        python = drawn.lambdify("python")
        assert [python(**point) for point in several] == expected, seed
        kinds.add(found.dtype.kind)
    assert kinds == {"i", "O"}


@rounds
def test_random_formulas_in_c_are_exact_or_flagged(seeds: range, run_c: RunC) -> None:
    rng = random.Random(len(seeds))
    drawn = {f"form{seed}": formula(rng) for seed in list(seeds)[::8]}
    several = points(rng, 30)
    said = run_c(drawn, [[point[name] for name in "KLM"] for point in several])
    for point, row in zip(several, said, strict=True):
        for (name, each), text in zip(drawn.items(), row, strict=True):
            value = each.evaluate(point, {})
            fits = -LIMIT <= value < LIMIT
            largest = max(abs(math.prod(c.at(point) for c in product.counts)) for product in each.products)
            flagged = not fits or largest >= 2**100 or max(map(abs, point.values())) > 9
            assert (fits and text == str(value)) or (flagged and text == "status2"), (name, point)
