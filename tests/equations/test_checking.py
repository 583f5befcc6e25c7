"""Verdicts against brute force: equal is equal, smallest is smallest, the rest is undecided."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import polymaestro as pm
from polymaestro.equations.reading import from_sympy, read
from polymaestro.equations.tracing import traced
from polymaestro.errors import EquationError

GEMM = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(3,3) N"), num_pes=4)
READS = GEMM["L2"]["B"].parent_reads
"""K·N·⌈M/4⌉, but K·N where one tile of 3 columns holds all of N."""
CASES = "K*N*ceil(M/4) if N > 3 else K*N"
BOX = dict.fromkeys("KMN", range(1, 11))


def every_point(*conditions: str) -> list[dict[str, int]]:
    points = (dict(zip("KMN", values, strict=True)) for values in itertools.product(*BOX.values()))
    kept = [point for point in points if all(eval(each, {}, point) for each in conditions)]  # noqa: S307
    return sorted(kept, key=lambda point: (sum(point.values()), tuple(point.values())))


def first_difference(function: Callable[[Mapping[str, int]], Any]) -> dict[str, int] | None:
    return next((point for point in every_point() if READS.at(**point) != function(point)), None)


@pytest.mark.parametrize(
    "candidate",
    [
        CASES,
        "K*N*((M + 3)//4 if N >= 4 else 1)",
        "K·N·⌈M/4⌉ if not N <= 3 else N·K",
        "N*K*(1 + (M//4 + Min(1, M%4) - 1)*Min(1, Max(0, N - 3)))",
        lambda K, M, N: K * N * (-(-M // 4) if N > 3 else 1),
        lambda K, M, N: K * N * (max(M + 3, 4) // 4 if N > 3 else min(N, 1)),
        lambda **sizes: sizes["K"] * sizes["N"] * (1 if sizes["N"] <= 3 else (sizes["M"] + 3) // 4),
        sympy.Symbol("K")
        * sympy.Symbol("N")
        * sympy.Piecewise((sympy.ceiling(sympy.Symbol("M") / 4), sympy.Symbol("N") > 3), (1, True)),
    ],
)
def test_the_same_count_in_any_notation_is_proved(candidate: object) -> None:
    verdict = pm.check_equation(READS, candidate)
    assert verdict.equal is True
    assert verdict
    assert "proved" in verdict.how


@pytest.mark.parametrize(
    "change", ["", "+1", "*N//N", "-(0 if N == 4 else N*0)", "+M%2", "+Max(0,M-8)*Max(0,N-8)", "*M//8"]
)
@pytest.mark.parametrize("base", [CASES, "K*N*ceil(M/4)", "K*N*M/4", "K*N*floor((M+4)/4)"])
def test_verdicts_agree_with_brute_force(base: str, change: str) -> None:
    formula = read(f"({base}){change}")
    verdict = pm.check_equation(READS, f"({base}){change}")
    expected = first_difference(formula.evaluate)
    assert verdict.equal is (expected is None)
    if verdict.counterexample is not None:
        assert verdict.counterexample.smallest
        assert verdict.counterexample.point == expected
        assert verdict.counterexample.theirs == formula.evaluate(verdict.counterexample.point)


pieces = st.sampled_from(["K", "M", "N", "1", "2", "M//4", "N%3", "ceil(M/4)", "Min(N,3)", "M*N"])
formulas = st.recursive(
    pieces,
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
    max_leaves=5,
)


@given(formulas, formulas)
@settings(max_examples=40)
def test_random_formulas_are_equal_exactly_when_their_difference_is_nowhere(left: str, right: str) -> None:
    """Ours plus (left - right): right where left equals right."""
    verdict = pm.check_equation(READS, f"({CASES}) + {left} - {right}")
    both = read(left), read(right)
    expected = next((p for p in every_point() if both[0].evaluate(p) != both[1].evaluate(p)), None)
    if expected is not None:
        assert verdict.counterexample is not None
        assert verdict.counterexample.point == expected
    else:
        assert verdict.equal is not False


def test_what_holds_only_in_the_region_is_proved_there_only() -> None:
    assert pm.check_equation(READS, "K*N*M/4", assuming=["M % 4 == 0", "N >= 4"]).equal
    assert pm.check_equation(READS, "K*N*M/4", assuming=["M % 4 == 0"]).equal is False
    assert pm.check_equation(READS, "K*N", assuming="N <= 3").equal
    with pytest.raises(pm.PolymaestroError, match="no extents satisfy"):
        pm.check_equation(READS, "K", assuming=["K < 1"])


def test_a_loop_cannot_be_read_so_a_finite_region_is_gone_through() -> None:
    def loop(K: int, M: int, N: int) -> int:
        return sum(K * N for _ in range(0, M if N > 3 else 1, 4))

    assert traced(loop, {name: name for name in "KMN"}) is None
    undecided = pm.check_equation(READS, loop)
    assert undecided.equal is None
    assert "no counterexample among" in undecided.how
    with pytest.raises(EquationError, match="not decided"):
        bool(undecided)
    verdict = pm.check_equation(READS, loop, assuming=["K <= 3", "N <= 6", "M <= 9"])
    assert verdict.equal is True
    assert verdict.how == f"compared at each of the {3 * 6 * 9} points of the region"
    wrong = pm.check_equation(READS, lambda K, M, N: loop(K, M, N) + M // 7 * (N // 7))
    assert wrong.counterexample is not None
    assert wrong.counterexample.point == {"K": 1, "M": 7, "N": 7}


def test_a_branch_on_a_product_is_followed_where_its_sign_is_decided() -> None:
    assert pm.check_equation(READS, f"({CASES}) + Max(0, 1 - K*N) - Min(0, K*M*N - 1)").equal
    assert pm.check_equation(READS, f"({CASES}) if K*N*N >= N*M - 3*M*N else 0").equal
    verdict = pm.check_equation(READS, f"({CASES}) + Max(0, K*N - K - N)")
    assert verdict.counterexample is not None
    assert verdict.counterexample.point == {"K": 2, "M": 1, "N": 3}
    assert verdict.counterexample.smallest


def test_what_is_no_quasi_polynomial_is_refuted_or_left_undecided() -> None:
    assert pm.check_equation(READS, f"({CASES}) + 0*floor(M/K)").equal is None
    verdict = pm.check_equation(READS, f"({CASES}) + floor(M/K)//9")
    assert verdict.counterexample is not None
    assert verdict.counterexample.point == {"K": 1, "M": 9, "N": 1}


def test_a_far_counterexample_is_found_by_its_chamber_or_said_to_be_some() -> None:
    verdict = pm.check_equation(READS, f"({CASES}) + Max(0, N - 900)")
    assert verdict.counterexample is not None
    assert verdict.counterexample.point == {"K": 1, "M": 1, "N": 901}
    assert verdict.counterexample.smallest
    opaque = pm.check_equation(READS, f"({CASES}) + floor(N*K/(K*150))")
    assert opaque.counterexample is not None
    assert not opaque.counterexample.smallest
    assert "maybe not the smallest" in str(opaque)


def test_a_function_that_behaves_otherwise_on_numbers_is_not_taken_as_read() -> None:
    def two_faced(K: Any, M: Any, N: Any) -> Any:
        return READS.at(K=K, M=M, N=N) + (N > 3) if isinstance(K, int) else K * N

    verdict = pm.check_equation(pm.analyze(pm.gemm(), GEMM.dataflow, 4)["L2"]["B"].fills, two_faced)
    assert verdict.equal is False


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        ("Kk*N", "symbol 'Kk' that the formula has not; did you mean 'K'?"),
        ("K*N*ciel(M/4)", "unknown function 'ciel'; did you mean 'ceil'?"),
        ("K^2", "cannot read 'K^2' as part of a formula; a power is written **"),
        ("2K", "cannot read the formula '2K'"),
        ("", "expected a formula such as"),
        ("K.real", "cannot read 'K.real'"),
        ("__import__('os')", "unknown function '__import__'"),
        ("ceil(K, 4)", "ceil takes 1 argument, not 2"),
        ("K if N else M", "cannot read 'N' as part of a formula"),
        ("True", "cannot read 'True'"),
        ("(" * 5000 + "K" + ")" * 5000, "cannot read the formula"),
        ("K+" * 5000 + "K", "is too deeply nested"),
        ("K+" * 600 + "K", "is too deeply nested"),
        (True, "not bool"),
        (2.5, "not float"),
        (sympy.sqrt(2) * sympy.Symbol("K"), "cannot raise 2 to 1/2"),
        (sympy.Float(0.5), "cannot read '0.5"),
        (sympy.sin(sympy.Symbol("K")), "cannot read 'sin(K)'"),
        (lambda Kk: Kk, "takes 'Kk', which is no symbol of the formula; did you mean 'K'?"),
        (lambda K: [K], "which is no number"),
        (lambda K: 0.5 * len(range(K)), "gave the float"),
    ],
)
def test_what_does_not_read_is_refused_with_a_reason(candidate: object, message: str) -> None:
    with pytest.raises(pm.PolymaestroError, match=re.escape(message)):
        pm.check_equation(READS, candidate)


def test_division_by_zero_is_a_counterexample_not_a_crash() -> None:
    verdict = pm.check_equation(READS, f"({CASES})*(K-2)/(K-2)")
    assert verdict.counterexample is not None
    assert verdict.counterexample.point == {"K": 2, "M": 1, "N": 1}
    assert verdict.counterexample.theirs is None
    assert "has no value" in str(verdict)


def test_a_piecewise_without_a_last_case_has_no_value_there() -> None:
    k, m, n = sympy.symbols("K M N")
    whole = sympy.Piecewise((k * n * sympy.ceiling(m / 4), n > 3), (k * n, n <= 3))
    assert pm.check_equation(READS, whole).equal
    part = pm.check_equation(READS, sympy.Piecewise((k * n * sympy.ceiling(m / 4), n > 3), (k * n, n < 3)))
    assert part.counterexample is not None
    assert part.counterexample.point == {"K": 1, "M": 1, "N": 3}
    assert part.counterexample.theirs is None


def test_decimals_and_sympy_rationals_are_exact() -> None:
    assert read("0.1*K").evaluate({"K": 3}) == Fraction(3, 10)
    k = sympy.Symbol("K")
    assert from_sympy(sympy.Mod(k, 3) + sympy.Abs(-k) / 7 + sympy.Max(k, 2) ** -1).evaluate({"K": 4}) == (
        1 + Fraction(4, 7) + Fraction(1, 4)
    )


def test_a_verdict_prints_the_answer_the_candidate_and_the_point() -> None:
    lines = str(pm.check_equation(READS, "K*N*ceil(M/4)")).splitlines()
    assert lines[0] == "not equal"
    assert lines[1] == "  candidate  K*N*ceil(M/4)"
    assert "at K = 1, M = 5, N = 1 the exact count is 1, the candidate is 2 (smallest" in lines[3]
    assert str(pm.check_equation(READS, CASES)).startswith("equal wherever K ≥ 1, M ≥ 1, N ≥ 1")
