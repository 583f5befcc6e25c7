"""Complete forms: cases, SymPy, LaTeX, assumptions; each against `at`."""

from __future__ import annotations

import random
import re

import pytest
import sympy

import polymaestro as pm
from polymaestro.errors import AssumptionError, ClosedFormError
from polymaestro.tiling import TiledAnalysis, TiledForm

GEMM = "TemporalMap(T_M,T_M) M; SpatialMap(T_N,T_N) N; TemporalMap(T_K,T_K) K"
NESTED = "SpatialMap(A,A) K; TemporalMap(B,B) M; Cluster(G); SpatialMap(D,D) K"


def analysed(flow: str = GEMM) -> TiledAnalysis:
    return pm.analyze_tiles(pm.gemm(), pm.parse_dataflow(flow), "PEs")


def points(form: TiledForm, count: int = 60) -> list[dict[str, int]]:
    rng = random.Random("".join(form.symbols))
    found: list[dict[str, int]] = []
    while len(found) < count:
        point = {name: rng.randint(1, 9) for name in form.symbols}
        try:
            form.extended(point)
        except ClosedFormError:
            continue
        found.append(point)
    return found


@pytest.mark.parametrize("name", ["steps", "L2.A.fills", "L2.B.parent_reads", "L2.Z.parent_updates"])
def test_cases_share_out_the_region(name: str) -> None:
    form = dict(analysed().named())[name]
    cases = form.cases
    assert len(cases) > 1
    for point in points(form):
        values = form.extended(point)
        here = [case for case in cases if case.region.holds(values)]
        assert [case.value.evaluate(values) for case in here] == [form.at(**point)]


def test_what_a_reader_sees_of_cases_and_factors() -> None:
    form = analysed()["L2"]["A"].parent_reads
    assert list(map(str, form.cases)) == [
        "⌈N/(PEs·T_N)⌉·K·M  if T_K < K, PEs·T_N < N",
        "K·M  if T_K ≥ K, PEs·T_N < N or PEs·T_N ≥ N",
    ]
    assert str(form.complete()).splitlines()[:3] == [
        "M·(K·f_1 - f_2·f_3)",
        "  where f_1 = 1  if PEs·T_N ≥ N",
        "              ⌈N/(PEs·T_N)⌉  if PEs·T_N < N",
    ]
    nested = analysed(NESTED)["L2"]["A"].occupancy
    assert str(nested.complete()) == str(nested).partition("  if")[0].replace("A·B", "f_1·f_2") + (
        "\n  where f_1 = M  if B ≥ M\n              B  if M > B"
        "\n  where f_2 = K  if A ≥ K\n              A  if K > A"
    )


@pytest.mark.parametrize(
    ("flow", "name"),
    [(GEMM, "L2.B.fills"), (GEMM, "L2.Z.parent_updates"), (NESTED, "cluster1.A.tile_total")],
)
def test_sympy_computes_the_same(flow: str, name: str) -> None:
    form = dict(analysed(flow).named())[name]
    expression = form.expr
    assert {each.name for each in expression.free_symbols} <= set(form.symbols)
    for point in points(form, 12):
        values = {sympy.Symbol(symbol, integer=True): value for symbol, value in point.items()}
        assert expression.subs(values) == form.at(**point)
    case = form.case_at(points(form, 1)[0])
    assert case.expr.subs(values) == case.value.evaluate(form.extended(point))


def test_latex_has_every_name_in_braces_and_says_what_ties_are() -> None:
    form = analysed(NESTED)["cluster1"]["A"].parent_reads
    for text in (form.latex(), form.case_at(form.shown).statement()):
        assert text.count("{") == text.count("}")
        assert not re.search(r"_\w+_", text)
        used = set(re.findall(r"[A-Z]_\{K(?: \d)?\}", text))
        assert used
        for name in used:
            assert f"{name} = " in text


@pytest.mark.parametrize(
    ("assumption", "holds"),
    [
        ("T_K <= K", lambda p: p["T_K"] <= p["K"]),
        ("K % T_K == 0", lambda p: p["K"] % p["T_K"] == 0),
        ("N % (T_N*PEs) == 0", lambda p: p["N"] % (p["T_N"] * p["PEs"]) == 0),
        ("M % 3 == 1", lambda p: p["M"] % 3 == 1),
        ("T_M != 4", lambda p: p["T_M"] != 4),
        (
            "divisible",
            lambda p: p["K"] % p["T_K"] == p["M"] % p["T_M"] == p["N"] % (p["T_N"] * p["PEs"]) == 0,
        ),
    ],
)
def test_an_assumption_holds_on_the_region_and_nowhere_else(assumption: str, holds: object) -> None:
    assert callable(holds)
    plain = analysed()["L2"]["B"].parent_reads
    form = plain.assuming(assumption)
    complete = form.complete()
    assert form.at(**form.shown) == complete.at(**form.shown)
    inside = 0
    for point in points(plain, 250):
        if holds(point):
            inside += 1
            assert form.at(**point) == complete.at(**point) == plain.at(**point)
            values = form.extended(point)
            case = form.case_at(point)
            assert case.region.holds(values)
            assert case.value.evaluate(values) == plain.at(**point)
        else:
            for each in (form, complete):
                with pytest.raises(ClosedFormError, match="it holds where"):
                    each.at(**point)
    assert inside >= 2


def test_an_analysis_takes_assumptions_for_all_its_formulas() -> None:
    analysis = analysed(NESTED).assuming("B = M", "K % A == 0")
    for name, form in analysis.named():
        assert form.at(**form.shown) == analysis.complete()[name].at(**form.shown)
    assert "M = B" in analysis.table() or "B = M" in analysis.table()


@pytest.mark.parametrize(
    ("assumption", "error", "message"),
    [
        ("K % T_M == 0", AssumptionError, "cuts no K into parts of T_M; it has M % T_M == 0, N % T_N == 0"),
        ("T_K > 5 and T_K < 3", ClosedFormError, "contradicts the region"),
        ("K % T_K == 0 and T_K >", AssumptionError, "cannot read the assumption"),
        ("Q < 3", AssumptionError, "Q is no symbol of the formulas"),
        ("K = 0", ClosedFormError, "contradicts the region"),
    ],
)
def test_what_cannot_be_assumed(assumption: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        analysed().steps.assuming(assumption)


def test_a_complete_form_knows_its_symbols() -> None:
    form = analysed().steps.complete()
    with pytest.raises(ClosedFormError, match="no symbol 'T_L'; did you mean"):
        form.at(K=1, M=1, N=1, PEs=1, T_K=1, T_M=1, T_L=1)
    with pytest.raises(ClosedFormError, match="needs a value for T_N"):
        form.at(K=1, M=1, N=1, PEs=1, T_K=1, T_M=1)
    assert form.complete() is form
