"""At the edge of int64 and of 128 bits: right or refused, never wrong."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from polymaestro import export
from polymaestro.affine import Affine, Floor
from polymaestro.counting import Condition, Count, QuasiPolynomial, Region
from polymaestro.errors import ClosedFormError, ExportError
from polymaestro.symbolic.closed_form import ClosedForm, form_of

if TYPE_CHECKING:
    from conftest import RunC

LIMIT = 2**63
EVERYWHERE = Region(((),))
K, L, M = map(QuasiPolynomial.of, "KLM")


def form(*products: tuple[int, list[Count]], symbols: str = "KLM", where: Region = EVERYWHERE) -> ClosedForm:
    """Build a formula from counts."""
    counts = [count for _, several in products for count in several]
    numbers = iter(range(len(counts)))
    entries = tuple((sign, tuple(next(numbers) for _ in several)) for sign, several in products)
    return form_of(export.Entry(tuple(symbols), where, entries), counts)


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
    columns = {"K": [1, 2**21], "L": 2**21, "M": [1, 2**21]}
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


@st.composite
def affines(draw: st.DrawFn, depth: int = 1) -> Affine:
    sizes = st.one_of(st.integers(-5, 5), st.integers(-(2**28), 2**28))
    total = Affine.of(draw(sizes))
    for name in draw(st.lists(st.sampled_from("KLM"), max_size=2)):
        total = total + Affine.of(name) * draw(sizes)
    if depth and draw(st.booleans()):
        divisor = draw(st.one_of(st.integers(1, 9), st.integers(1, 2**28)))
        total = total + Affine.of(Floor(draw(affines(depth - 1)), divisor)) * draw(st.integers(-3, 3))
    return total


@st.composite
def counts(draw: st.DrawFn) -> Count:
    """Draw up to three pieces, cut by two conditions; each is integral: products, or x(x + 1)/2."""
    first, second = (Condition(draw(affines()), draw(st.booleans())) for _ in range(2))
    below = Condition(-first.expression - 1)
    above = Condition(first.expression - 1) if first.equality else first
    regions = [Region(((below,),)), Region(((above, second),))]
    if draw(st.booleans()):
        return everywhere(draw(polynomials()))
    return Count(tuple((region, draw(polynomials())) for region in regions))


@st.composite
def polynomials(draw: st.DrawFn) -> QuasiPolynomial:
    total = QuasiPolynomial.of(draw(affines()))
    for _ in range(draw(st.integers(0, 2))):
        left, right = (QuasiPolynomial.of(draw(affines())) for _ in range(2))
        total = total + left * right
    if draw(st.booleans()):
        some = QuasiPolynomial.of(draw(affines()))
        total = total + some * (some + 1) * Fraction(1, 2)
    return total


@st.composite
def forms(draw: st.DrawFn) -> ClosedForm:
    shared = draw(st.lists(counts(), min_size=1, max_size=3))
    several = st.lists(st.sampled_from(shared), max_size=3)
    return form(*((draw(st.sampled_from([1, -1])), draw(several)) for _ in range(draw(st.integers(1, 3)))))


extents = st.one_of(
    st.integers(-9, 9),
    st.integers(-(2**34), 2**34),
    st.integers(-LIMIT, LIMIT - 1),
    st.sampled_from([-LIMIT, LIMIT - 1]),
)
points = st.lists(st.fixed_dictionaries(dict.fromkeys("KLM", extents)), min_size=1, max_size=8)


def check_arrays(drawn: ClosedForm, several: list[dict[str, int]], chunk: int) -> None:
    expected = [drawn.evaluate(point, {}) for point in several]
    columns = {name: [point[name] for point in several] for name in "KLM"}
    found = export.Vectorised({"form": drawn}, chunk=chunk)(**columns)["form"]
    assert found.tolist() == expected
    assert (found.dtype == object) == any(not -LIMIT <= value < LIMIT for value in expected)
    assert [drawn.lambdify("python")(**point) for point in several] == expected


@given(forms(), points, st.integers(1, 8))
@example(PRODUCT, [dict(zip("KLM", FACTORS, strict=True)), {"K": -LIMIT, "L": -1, "M": 1}], 8)
def test_random_formulas_are_exact_on_arrays(
    drawn: ClosedForm, several: list[dict[str, int]], chunk: int
) -> None:
    check_arrays(drawn, several, chunk)


@pytest.mark.slow
@given(forms(), points, st.integers(1, 8))
@settings(max_examples=1500)
def test_many_random_formulas_are_exact_on_arrays(
    drawn: ClosedForm, several: list[dict[str, int]], chunk: int
) -> None:
    check_arrays(drawn, several, chunk)


def check_c(drawn: list[ClosedForm], several: list[dict[str, int]], run_c: RunC) -> None:
    rows = [[point[name] for name in "KLM"] for point in several]
    said = run_c({f"form{number}": each for number, each in enumerate(drawn)}, rows)
    for point, row in zip(several, said, strict=True):
        for each, text in zip(drawn, row, strict=True):
            value = each.evaluate(point, {})
            fits = -LIMIT <= value < LIMIT
            # A step may need more than 128 bits only where extents are large.
            flagged = not fits or max(map(abs, point.values())) > 9
            assert (fits and text == str(value)) or (flagged and text == "status2")


@given(st.lists(forms(), min_size=12, max_size=12), points)
@settings(max_examples=2, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_random_formulas_in_c_are_exact_or_flagged(
    run_c: RunC, drawn: list[ClosedForm], several: list[dict[str, int]]
) -> None:
    check_c(drawn, several, run_c)


@pytest.mark.slow
@given(st.lists(forms(), min_size=40, max_size=40), st.lists(points, min_size=8, max_size=8))
@settings(max_examples=10, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_many_random_formulas_in_c_are_exact_or_flagged(
    run_c: RunC, drawn: list[ClosedForm], several: list[list[dict[str, int]]]
) -> None:
    check_c(drawn, [point for some in several for point in some], run_c)
