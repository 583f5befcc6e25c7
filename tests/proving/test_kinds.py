"""Each kind of proof proves what is true, and refutes what is false with a counterexample that counts."""

from __future__ import annotations

import islpy as isl
import pytest

import polymaestro as pm
from polymaestro.affine import Affine
from polymaestro.counting import Condition, Count, Counter, QuasiPolynomial, Region
from polymaestro.counting.region import EVERYWHERE
from polymaestro.errors import PolymaestroError
from polymaestro.proving import (
    Function,
    Proof,
    at_least,
    counts_points,
    decide,
    disjoint,
    equal,
    equal_sets,
    same_as_interpreted,
    script,
    single_valued,
    statement,
    within,
)
from polymaestro.proving.ehrhart import points_at
from polymaestro.proving.positivity import nonnegative

CONTEXT = isl.Set("[n, m] -> { : n >= 1 and m >= 1 }").params()
N, M = QuasiPolynomial.of("n"), QuasiPolynomial.of("m")


def function(value: QuasiPolynomial) -> Function:
    return Function.polynomial(value, CONTEXT)


def half(shift: int) -> QuasiPolynomial:
    """⌊(n + shift)/2⌋."""
    count = Counter(CONTEXT).count(isl.Set(f"[n, m] -> {{ [i] : 1 <= i and 2i <= n + {shift} }}"))
    [(_, value)] = count.pieces
    return value


# --- isl sets ---


def test_sets_that_differ_in_one_point_have_that_point_as_counterexample() -> None:
    left = isl.Set("[n] -> { [i] : 0 <= i < n }")
    right = isl.Set("[n] -> { [i] : 0 <= i < n and not (n = 7 and i = 3) }")
    assert equal_sets("", left, left).verdict == "proved"
    wrong = equal_sets("", left, right)
    assert (wrong.verdict, wrong.counterexample) == ("false", {"n": 7, "i": 3})
    assert within("", right, left).verdict == "proved"
    assert within("", left, right).counterexample == {"n": 7, "i": 3}


def test_parts_that_share_a_point_are_not_disjoint() -> None:
    parts = [isl.Set("[n] -> { [i] : 0 <= i < n }"), isl.Set("[n] -> { [i] : n <= i < 9 }")]
    assert disjoint("", parts).verdict == "proved"
    overlapping = [*parts, isl.Set("[n] -> { [i] : i = n - 1 and n = 5 }")]
    assert disjoint("", overlapping).counterexample == {"n": 5, "i": 4}


def test_a_relation_with_two_images_is_not_single_valued() -> None:
    assert single_valued("", isl.Map("{ [i] -> [j] : j = 2i }")).verdict == "proved"
    wrong = single_valued("", isl.Map("{ [i] -> [j] : j = 2i or (i = 4 and j = 9) }"))
    assert wrong.counterexample == {"i": 4}


# --- polynomials ---


def test_functions_are_equal_when_they_are_so_on_every_thin_chamber() -> None:
    square = Count(
        (
            (Region(((Condition(N_MINUS_2, equality=True),),)), N + 2),
            (Region(((Condition(-N_MINUS_2 - 1),), (Condition(N_MINUS_2 - 1),))), N * N),
        )
    )
    assert equal("", Function(((1, (square,)),), CONTEXT), function(N * N)).verdict == "proved"


N_MINUS_2 = Affine.of("n") - 2


def test_floors_that_add_up_are_equal_in_every_residue_class() -> None:
    assert equal("", function(half(0) + half(1)), function(N)).verdict == "proved"
    wrong = equal("", function(half(0) * 2), function(N))
    assert wrong.verdict == "false"
    assert wrong.counterexample is not None
    assert wrong.counterexample["n"] % 2 == 1


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_difference_of_one_at_a_single_point_is_found(shift: int) -> None:
    there = Region(((Condition(Affine.of("n") - 5, equality=True),),))
    elsewhere = Region(((Condition(Affine.of("n") - 6),), (Condition(-Affine.of("n") + 4),)))
    bent = Count(((there, N + shift), (elsewhere, N)))
    found = equal("", Function(((1, (bent,)),), CONTEXT), function(N))
    assert found.counterexample is not None
    assert found.counterexample["n"] == 5


# --- positivity ---


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        (N * M - N - M + 1, True),
        (N * M - N, True),
        (N * M * 4 - N - M * 3, True),
        (N * M - N - M, False),
        (N * N - N * M, False),
        (N * M - 2 * N, False),
        (half(1) * 2 - N, True),
        (half(0) * 2 - N, False),
    ],
)
def test_an_inequality_is_proved_or_refuted(value: QuasiPolynomial, holds: bool) -> None:  # noqa: FBT001
    proof = at_least("", function(value), function(QuasiPolynomial.of(0)))
    assert proof.verdict == ("proved" if holds else "false")
    if not holds:
        assert proof.counterexample is not None
        assert value.evaluate(proof.counterexample) < 0


def test_a_bounded_variable_is_used_at_both_ends() -> None:
    [part] = isl.Set("[n] -> { : 1 <= n <= 9 }").get_basic_sets()
    assert nonnegative((N - 1) * (-N + 9), part) is not None
    assert nonnegative((N - 1) * (-N + 10), part) is not None
    assert nonnegative((N - 1) * (-N + 8), part) is None


def test_what_is_true_but_has_no_such_sum_is_unknown_and_not_proved() -> None:
    square = (N - M) * (N - M)
    assert at_least("", function(square), function(QuasiPolynomial.of(0))).verdict == "unknown"


# --- Ehrhart ---

SETS = {
    "triangle": "[n, m] -> { [i, j] : 0 <= j <= i < n }",
    "rows under windows": "[n, m] -> { [y] : exists p, r : y = 2p + r and 0 <= p < n and 0 <= r < m }",
    "folds": "[n, m] -> { [f, u] : 0 <= u < 4 and f >= 0 and 4f + u < n }",
    "tiles": "[n, m] -> { [t] : exists c : 5t <= c < 5t + 5 and 0 <= c < n }",
}


@pytest.mark.parametrize("text", SETS.values(), ids=SETS)
def test_a_count_is_proved_and_each_wrong_one_refuted(text: str) -> None:
    domain = isl.Set(text).intersect_params(CONTEXT)
    count = Counter(CONTEXT).count(isl.Set(text))
    assert counts_points("", domain, count, CONTEXT).verdict == "proved"
    for index in range(len(count.pieces)):
        for change in (QuasiPolynomial.of(1), QuasiPolynomial.of(-1), N - 1, (N - 1) * (N - 2)):
            pieces = list(count.pieces)
            pieces[index] = (pieces[index][0], pieces[index][1] + change)
            wrong = counts_points("", domain, Count(tuple(pieces)), CONTEXT)
            assert wrong.verdict == "false", change
            assert wrong.counterexample is not None
            right = points_at(domain, wrong.counterexample)
            assert (
                Count(tuple(pieces)).piece_at(wrong.counterexample)[1].evaluate(wrong.counterexample) != right
            )


def test_a_period_too_long_is_unknown() -> None:
    domain = isl.Set("[n, m] -> { [t] : exists c : 997t <= c < 997t + 997 and 0 <= c < n }")
    domain = domain.intersect_params(CONTEXT)
    proof = counts_points("", domain, Counter(CONTEXT).count(domain), CONTEXT)
    assert (proof.verdict, proof.note) == ("unknown", "periods of {'n': 997, 'm': 1}")


def test_an_analysis_with_one_wrong_count_is_not_the_interpreters() -> None:
    flow = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(2,2) K")
    forms = pm.analyze(pm.gemm(N=2), flow, 2).forms
    assert same_as_interpreted("", forms, flow, 2).verdict == "proved"
    other = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(3,3) K")
    wrong = same_as_interpreted("", forms, other, 2)
    assert wrong.verdict == "false"
    assert "the interpreter counts" in wrong.note


# --- SMT ---


def test_smt_proves_over_the_reals_and_refutes_over_the_integers() -> None:
    pytest.importorskip("z3")
    positive = ["(> a 0)", "(> b 0)"]
    means = "(>= (* (+ a b) (+ a b)) (* 4 a b))"
    assert decide("", ["a", "b"], positive, means).verdict == "proved"
    wrong = decide("", ["a", "b"], positive, "(>= (* (+ a b) (+ a b)) (* 5 a b))")
    assert wrong.counterexample is not None
    a, b = wrong.counterexample["a"], wrong.counterexample["b"]
    assert (a + b) ** 2 < 5 * a * b


def test_smt_writes_every_assumption_out() -> None:
    pytest.importorskip("z3")
    assert "(assert (> a 0))" in script(["a"], ["(> a 0)"], "(>= a 1)")
    assert decide("", ["a"], ["(> a 0)"], "(>= a 1)").verdict == "proved"  # of integers, not of reals
    assert decide("", ["a"], [], "(>= a 1)").verdict == "false"


def test_solvers_that_contradict_each_other_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("z3")
    monkeypatch.setattr("polymaestro.proving.smt._cvc5", lambda _: "false")
    with pytest.raises(PolymaestroError, match="cvc5 says false"):
        decide("1 ≥ 0", [], [], "(>= 1 0)")


# --- Statements ---


def test_a_statement_is_no_better_than_its_worst_case() -> None:
    def outcome(*verdicts: str, is_false: bool = False) -> tuple[str, bool]:
        @statement(trusts="", is_false=is_false)
        def example() -> list[Proof]:
            return [Proof("", "polynomials", each) for each in verdicts]  # type: ignore[arg-type]

        result = example.check()
        return result.word, result.as_expected

    assert outcome("proved", "skipped") == ("proved", True)
    assert outcome("proved", "unknown") == ("unknown", False)
    assert outcome("proved", "false", "unknown") == ("false", False)
    assert outcome() == ("unknown", False)
    assert outcome("skipped") == ("skipped", True)
    assert outcome("false", is_false=True) == ("refuted", True)
    assert outcome("proved", is_false=True) == ("proved", False)
    assert outcome("false", "proved", is_false=True) == ("proved", False)
    assert EVERYWHERE.is_everywhere
