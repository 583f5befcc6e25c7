"""The engines against isl's own enumeration of points, and against each other."""

from __future__ import annotations

import itertools

import islpy as isl
import pytest

import polymaestro as pm
from polymaestro.counting import Counter, Engine
from polymaestro.errors import CountingError

SETS = {
    "triangle": "[n] -> { [i, j] : 0 <= j <= i < n }",
    "tetrahedron": "[n] -> { [i, j, k] : 0 <= i <= j <= k < n }",
    "two parameters": "[n, m] -> { [i, j] : 0 <= i < n and 0 <= j < m and i <= j }",
    "diamond": "[n] -> { [i, j] : -n <= i + j <= n and -n <= i - j <= n }",
    "window": "[n, m] -> { [y] : exists p, r : y = p + r and 0 <= p < n and 0 <= r < m }",
    "stride 2": "[n, m] -> { [y] : exists p, r : y = 2p + r and 0 <= p < n and 0 <= r < m }",
    "stride 3, dilation 2": "[n, m] -> { [y] : exists p, r : y = 3p + 2r and 0 <= p < n and 0 <= r < m }",
    "fold and unit": "[n] -> { [f, u] : 0 <= u < 4 and f >= 0 and 4f + u < n }",
    "folded windows": "[n, m] -> { [f, y] : exists u, p, r : p = 4f + u and 0 <= u < 4 and y = p + r"
    " and 0 <= p < n and 0 <= r < m }",
    "folds and units of two axes": "[n, m] -> { [u, v, f, g, y] : 0 <= u < 3 and f >= 0 and 3f + u < n"
    " and 0 <= v < 5 and g >= 0 and 5g + v < m and 2u + 6f + 5v + 25g <= y <= 5 + 2u + 6f + 5v + 25g"
    " and y <= 5m + 2u + 6f and y <= 2n + 3 + 5v + 25g and y <= 2n + 5m - 2 }",
    "a unit more than the folds are apart": "[n] -> { [f, u] : 0 <= u <= 4 and f >= 0 and 4f + u < n }",
    "folds backwards": "[n] -> { [f, u, y] : 0 <= u < 4 and 0 <= f < n and 0 <= y <= 4n - 4f - u }",
    "tiles": "[n] -> { [t] : exists c : 64t <= c < 64t + 64 and 0 <= c < n }",
    "tiles in tiles": "[n] -> { [t, s] : exists c : 8t + 3s <= c < 8t + 3s + 3 and 3s < 8 and s >= 0"
    " and 8t <= c < 8t + 8 and 0 <= c < n }",
    "nested floors": "[n] -> { [i] : 0 <= i < n and (i + floor(i/3)) mod 2 = 0 }",
    "even columns": "[n, m] -> { [i, j] : 0 <= i < n and 0 <= j < m and (i + j) mod 2 = 0 }",
    "windows with gaps, rounded up": "[n] -> { [y] : y >= 0 and y + 4 <= 10*floor((1 + n)/2)"
    " and y mod 5 <= 1 }",
    "windows of whole tiles": "[n] -> { [y] : exists p, r : y = 4p + r and 0 <= p < 3*floor((n + 2)/3)"
    " and 0 <= r < 3 }",
    "residues of residues": "[n] -> { [y] : exists i, j : y = 5i + 3j and 0 <= i < n + 2"
    " and 0 <= j < floor(3n/2) }",
    "nothing": "[n] -> { [i] : i > n and i < n }",
    "a point": "[n] -> { [i] : i = n }",
    "a union": "[n, m] -> { [i] : 0 <= i < n or 5 <= i < m }",
}
REFUSED = "[n] -> { [i, j, k] : i >= 0 and j >= 0 and k >= 0 and 2i + 3j + 5k <= n }"


def enumerated(domain: isl.Set, point: dict[str, int]) -> int:
    for name, value in point.items():
        index = domain.find_dim_by_name(isl.dim_type.param, name)
        domain = domain.fix_val(isl.dim_type.param, index, isl.Val(value))
    free = domain.project_out(isl.dim_type.param, 0, domain.dim(isl.dim_type.param))
    return int(free.count_val().to_str())


def assert_counts(engine: Engine, text: str, largest: int) -> None:
    domain = isl.Set(text)
    names = ["n", "m"] if "m]" in text.partition("->")[0] else ["n"]
    context = isl.Set(f"[{', '.join(names)}] -> {{ : {' and '.join(f'{n} >= 1' for n in names)} }}").params()
    count = Counter(context, engine).count(domain)
    for values in itertools.product(range(1, largest), repeat=len(names)):
        point = dict(zip(names, values, strict=True))
        assert count.at(point) == enumerated(domain, point), point


@pytest.mark.parametrize("name", SETS)
def test_nested_sums_equal_enumeration(name: str) -> None:
    assert_counts("faulhaber", SETS[name], 15 if "m]" in SETS[name].partition("->")[0] else 150)


@pytest.mark.barvinok
@pytest.mark.parametrize("text", [*SETS.values(), REFUSED])
def test_barvinok_equals_enumeration(text: str) -> None:
    assert_counts("barvinok", text, 15 if "m]" in text.partition("->")[0] else 40)


def test_an_infinite_set_is_refused() -> None:
    with pytest.raises(CountingError, match="infinite"):
        Counter(isl.Set("[n] -> { : n >= 1 }").params()).count(isl.Set("[n] -> { [i] : i >= n }"))


def test_a_set_beyond_nested_sums_is_refused_and_not_estimated() -> None:
    with pytest.raises(CountingError, match="install islpy-barvinok"):
        Counter(isl.Set("[n] -> { : n >= 1 }").params(), "faulhaber").count(isl.Set(REFUSED))


@pytest.mark.barvinok
@pytest.mark.parametrize("flow", [pm.dataflows.kc_p(64), pm.dataflows.yr_p(64), pm.dataflows.x_p()])
def test_both_engines_give_the_same_analysis(flow: pm.Dataflow) -> None:
    operator = pm.conv2d(R=3, S=3)
    first = pm.analyze(operator, flow, 256, engine="faulhaber")
    second = pm.analyze(operator, flow, 256, engine="barvinok")
    for sizes in itertools.product([1, 2], [1, 5, 9], [1, 64, 65, 130], [1, 4, 7], [1, 3, 300]):
        point = dict(zip(("N", "K", "C", "P", "Q"), sizes, strict=True))
        assert first.at(point) == second.at(point)
