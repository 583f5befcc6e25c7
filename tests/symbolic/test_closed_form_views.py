"""Views of one form: what they say, where they hold, and what they refuse."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy

import polymaestro as pm
from polymaestro.affine import Affine, ceil_div
from polymaestro.counting import Count, QuasiPolynomial
from polymaestro.counting.region import EVERYWHERE
from polymaestro.errors import AssumptionError, ClosedFormError
from polymaestro.symbolic.display import Line, latex_of_lines, text_of
from tests.symbolic.published import FLOWS, analysis, reference
from tests.symbolic.reading import value_of

KC_P = analysis("kc_p")
READS = KC_P["L2"]["I"].parent_reads
POINT = {"N": 2, "K": 8, "C": 128, "P": 7, "Q": 9, "R": 3, "S": 3}


def test_an_assumption_simplifies_the_form_and_bounds_its_region() -> None:
    view = READS.assuming("K % 4 == 0", "Q > S")
    assert str(view) == "C·K·N·P·R·(Q + S - 1)/4"
    assert view.at(**POINT) == READS.at(**POINT) == 128 * 2 * 7 * 3 * 2 * 11
    with pytest.raises(ClosedFormError, match=r"K = 9.*K % 4 = 0"):
        view.at(**{**POINT, "K": 9})
    with pytest.raises(ClosedFormError, match=r"Q = 3.*S < Q"):
        view.at(**{**POINT, "Q": 3})


def test_an_assumption_that_contradicts_the_region_is_refused_and_names_it() -> None:
    with pytest.raises(ClosedFormError, match=r"'C < 1' contradicts the region: .*C ≥ 1"):
        READS.assuming("K % 4 == 0", "C < 1")
    with pytest.raises(ClosedFormError, match=r"'K % 4 == 1' contradicts the region: .*K % 4 = 0"):
        READS.assuming("K % 4 == 0", "K % 4 == 1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Kk % 4 == 0", "Kk is no symbol of the formulas; did you mean 'K'?"),
        ("k > 3", "k is no symbol of the formulas; did you mean 'K'?"),
        ("K >", "cannot read the assumption 'K >'"),
        ("K % 4 == 0; C > 1", "cannot read the assumption"),
        ("K * C > 4", "cannot read the assumption"),
        ("", "cannot read the assumption ''"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, message: str) -> None:
    with pytest.raises(AssumptionError) as caught:
        READS.assuming(text)
    assert message in str(caught.value)
    with pytest.raises(pm.PolymaestroError) as before:
        pm.analyze(pm.conv2d(), FLOWS["kc_p"], 256, assuming=[text])
    assert message in str(before.value)


def test_conditions_read_as_they_are_printed() -> None:
    assert READS.assuming("K % 4 = 0", "Q ≥ S").valid_on == READS.assuming("K mod 4 = 0", "Q >= S").valid_on


ASSUMED = {
    "kc_p": ["C % 64 == 0", "K % 4 == 0", "Q > S", "P > R"],
    "x_p": ["Q % 256 == 0", "S <= 100", "R < P"],
    "yx_p": ["Q % 8 == 0", "P % 32 == 0", "S <= 8", "C >= 2"],
    "yr_p": ["K >= 3", "P >= 170", "C % 2 == 0"],
    "c_p": ["C <= 256", "Q > S"],
}


@pytest.mark.parametrize("name", FLOWS)
def test_assuming_afterwards_is_no_worse_than_assuming_while_counting(name: str) -> None:
    after = analysis(name).assuming(*ASSUMED[name]).forms.every()
    counted = pm.analyze(analysis(name).operator, FLOWS[name], 256, assuming=ASSUMED[name]).forms.every()
    for quantity, form in counted.items():
        assert len(after[quantity].cases) <= len(form.cases), quantity
        assert len(str(after[quantity])) <= len(str(form)), quantity
        assert after[quantity].context.is_equal(form.context)
    rng = random.Random(name)
    found = 0
    while found < 12:
        sizes = {s: rng.choice([2, 3, 5, 8, 64, 85, 170, 256, 512]) for s in analysis(name).symbols}
        if not counted["macs"].valid_on.holds(sizes):
            continue
        found += 1
        for quantity, form in counted.items():
            assert after[quantity].at(**sizes) == form.at(**sizes), (quantity, sizes)


def test_symbols_become_expressions_and_numbers_and_the_region_follows() -> None:
    view = READS.substituted(P="Y - R + 1", R=3, K="4*k")
    assert view.symbols == ("C", "N", "Q", "S", "Y", "k")
    assert "Y ≥ 3" in str(view.valid_on)
    point = {"C": 70, "N": 2, "Q": 9, "S": 3, "Y": 11, "k": 5}
    assert view.at(**point) == READS.at(C=70, N=2, Q=9, S=3, P=9, R=3, K=20)
    with pytest.raises(ClosedFormError, match=r"Y = 2"):
        view.at(**{**point, "Y": 2})
    with pytest.raises(ClosedFormError, match=r"no symbol 'P'"):
        view.at(P=3, **point)


def test_a_substitution_with_a_floor_is_exact() -> None:
    view = READS.substituted(P="floor((Y - R)/2) + 1")
    for y in range(3, 20):
        point = {"N": 1, "K": 5, "C": 65, "Q": 4, "R": 3, "S": 4}
        assert view.at(Y=y, **point) == READS.at(P=(y - 3) // 2 + 1, **point)


def test_a_symbol_may_be_named_like_another() -> None:
    square = READS.substituted(Q="P", S="R")
    assert square.at(N=1, K=5, C=64, P=4, R=3) == READS.at(N=1, K=5, C=64, P=4, Q=4, R=3, S=3)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Kk": 3}, "no symbol 'Kk'; did you mean 'K'?"),
        ({"K": "4*k*j"}, "cannot read K = '4*k*j'"),
        ({"K": "k or 1"}, "cannot read K"),
        ({"K": "x0 + 1"}, "cannot read K"),
        ({"K": ""}, "cannot read K = ''"),
        ({"K": "4*K"}, "defined by itself"),
        ({"K": "C + 1", "C": "K - 1"}, "defined by itself"),
        ({"K": 0}, "K = 0 contradicts the region"),
    ],
)
def test_substitutions_that_make_no_sense_are_refused(given: dict[str, str | int], message: str) -> None:
    with pytest.raises(ClosedFormError) as caught:
        READS.substituted(**given)
    assert message in str(caught.value)


def test_the_generic_case_has_one_line_and_its_region() -> None:
    view = READS.generic(at=reference("kc_p"))
    assert str(view) == "C·N·P·R·⌈K/4⌉·(Q + S - 1)"
    assert "S < Q" in str(view.valid_on)
    assert str(READS.generic()) == str(view)
    with pytest.raises(ClosedFormError, match="S = 9"):
        view.at(**{**POINT, "S": 9})


def test_a_form_without_tiles_is_divisible_as_it_is() -> None:
    assert KC_P.macs.divisible().valid_on == KC_P.macs.assuming("N >= 1").valid_on


def test_nested_tiles_must_divide_at_both_levels() -> None:
    flow = pm.parse_dataflow("SpatialMap(8,8) M; TemporalMap(1,1) N; Cluster(2); SpatialMap(1,1) M")
    form = pm.analyze(pm.gemm(), flow, 8).steps
    view = form.divisible()
    for m in range(1, 200):
        point = {"M": m, "N": 3, "K": 2}
        if view.valid_on.holds(point):
            assert view.at(**point) == form.at(**point)
            assert m % 32 == 0  # four clusters of 8 rows each
    assert view.valid_on.holds({"M": 64, "N": 3, "K": 2})
    assert "⌈" not in str(view)
    assert "⌊" not in str(view)


def test_cases_are_printed_with_otherwise_and_zero() -> None:
    text = str(KC_P["L2"]["O"].read_backs)
    assert text == "K·N·P·Q·(⌈C/64⌉ - 1)  if P + Q ≥ 3\n0  if P = 1, Q = 1"
    latex = KC_P["L2"]["O"].read_backs.latex()
    assert latex.startswith(r"\begin{cases}")
    assert latex.count(r"\\") == 1
    assert r"\text{if } P + Q \geq 3" in latex


def test_min_and_max_reach_sympy_and_latex() -> None:
    form = KC_P["L2"]["I"].occupancy
    assert str(form) == "N·R·S·min(C, 64)"
    C, N, R, S = (sympy.Symbol(name, integer=True) for name in "CNRS")
    assert form.expr == N * R * S * sympy.Min(C, 64)
    assert r"\min" in form.latex()


def test_a_floor_that_repeats_gets_a_name() -> None:
    P, Q, n, K = (*map(QuasiPolynomial.of, "PQ"), QuasiPolynomial.of(ceil_div(Affine.of("K"), 64)), "n_K")
    value = (P * n + 1) * (Q * n + 2) * (P * n + 3) * (Q * n + 4) * (P + n) * (Q + n) * (P * Q + n)
    text = text_of([Line(value, None)])
    assert text.splitlines()[1:] == ["  where n_K = ⌈K/64⌉"]
    assert text.count("⌈K/64⌉") == 1
    assert "where" in latex_of_lines([Line(value, None)])
    assert "where" not in text_of([Line(P * n, None)])  # a name would be longer
    assert "where" not in text_of([Line(value * QuasiPolynomial.of(K), None)])  # the name is taken


LONG = [pytest.param(name, marks=pytest.mark.slow) for name in ("c_p", "kc_p", "yr_p")]


@pytest.mark.parametrize("name", ["x_p", "yx_p", *LONG])
def test_what_is_printed_is_what_is_evaluated(name: str) -> None:
    rng = random.Random(name)
    sizes = [1, 2, 3, 4, 8, 9, 31, 33, 64, 65, 86, 170, 255, 257, 300, 513, 600, 1025]
    for quantity, form in analysis(name).forms.every().items():
        text = str(form)
        for _ in range(40):
            point = {s: rng.choice(sizes) for s in form.symbols}
            assert value_of(text, point) == form.at(**point), (quantity, point)


def test_long_forms_are_sums_of_products_with_their_factors_below() -> None:
    form = analysis("yx_p")["cluster1"]["I"].parent_reads
    assert form.is_long
    assert len(str(form)) < 1200
    assert r"\text{where } f_1 = \begin{cases} 1 & \text{if } C = 1" in form.latex()
    rng = random.Random("expr")
    symbols = {name: sympy.Symbol(name, integer=True) for name in form.symbols}
    for _ in range(6):
        point = {name: rng.choice([1, 5, 33, 64, 70]) for name in form.symbols}
        assert form.expr.subs({symbols[name]: value for name, value in point.items()}) == form.at(**point)
    assert not analysis("kc_p")["L2"]["I"].parent_reads.is_long


@pytest.mark.parametrize("name", FLOWS)
def test_exact_forms_fit_a_page(name: str, golden: Callable[[str, str], None]) -> None:
    forms = analysis(name)["L2"]["I"].forms
    golden(f"exact-{name}.txt", "".join(f"{quantity}:\n{form}\n" for quantity, form in forms.items()))


def test_the_leading_term_keeps_small_symbols_as_coefficients() -> None:
    term = READS.asymptotic(small=("R", "S"))
    assert str(term) == "C·N·P·Q·R·K/4".replace("·K/4", "/4").replace("C·", "C·K·")
    assert term.sense == "as C, K, N, P, Q grow together, R, S fixed"
    assert term.at(**{**POINT, "K": 9}) == Fraction(128 * 2 * 7 * 3 * 9 * 9, 4)
    assert term.latex() == r"\frac{C K N P Q R}{4}"


def test_rays_on_which_different_terms_lead_are_told_apart() -> None:
    term = READS.asymptotic()
    values = [str(case.value) for case in term.cases]
    assert len(values) == 2
    small, big = {**POINT, "K": 400, "P": 600}, {**POINT, "K": 400, "P": 600}
    small |= {"C": 500, "Q": 900, "R": 100, "S": 300}
    big |= {"C": 500, "Q": 300, "R": 100, "S": 900}
    assert term.at(**small) == Fraction(500 * 2 * 600 * 100 * 400 * (900 + 300), 4)
    assert term.at(**big) == Fraction(500 * 2 * 600 * 100 * 400 * 2 * 300, 4)
    with pytest.raises(ClosedFormError, match="says nothing at"):
        term.at(**{**big, "Q": 900})


def test_a_chamber_on_the_rim_of_the_rays_does_not_lead() -> None:
    view = READS.assuming("Q >= S", "P >= R", "C >= 65")
    assert len(view.cases) == 2  # S = Q is a case of its own
    [case] = view.asymptotic().cases
    assert case.region.is_everywhere
    assert str(view.asymptotic()) == "C·K·N·P·R·(Q + S)/4"


def test_conditions_on_small_symbols_stay() -> None:
    term = analysis("x_p")["L2"]["I"].parent_reads.asymptotic(small=("R", "S"))
    assert str(term).splitlines() == [
        "511·C·K·N·P·Q·R/256  if S ≥ 257",
        "C·K·N·P·Q·R·(S + 255)/256  if S ≤ 256",
    ]


@pytest.mark.parametrize("name", FLOWS)
def test_the_quotient_of_form_and_leading_term_tends_to_one(name: str) -> None:
    rng = random.Random(name)
    small = [s for s in ("R", "S") if s in analysis(name).symbols]
    for quantity, form in analysis(name).forms.every().items():
        term = form.asymptotic(small)
        ray = {s: rng.randint(2, 9) if s in small else rng.randint(2000, 9999) for s in form.symbols}
        gaps = []
        for scale in (1, 10**3, 10**6):
            point = {s: value if s in small else value * scale for s, value in ray.items()}
            value, leading = form.at(**point), term.at(**point)
            gaps.append(abs(Fraction(value) / leading - 1) if leading else Fraction(value))
        assert gaps[0] < 10, (quantity, gaps)
        assert gaps[1] < Fraction(1, 10**2), (quantity, gaps)
        assert gaps[2] < Fraction(1, 10**5), (quantity, gaps)


def test_leading_terms_that_make_no_sense_are_refused() -> None:
    form = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), 4).steps
    with pytest.raises(ClosedFormError, match="no symbol 'm'; did you mean 'M'"):
        form.asymptotic(small=("m",))
    with pytest.raises(ClosedFormError, match="no symbol is left to grow"):
        form.asymptotic(small=("M", "N", "K"))
    with pytest.raises(ClosedFormError, match="cannot grow together"):
        form.assuming("M <= 9").asymptotic()
    with pytest.raises(ClosedFormError, match="needs a value for N"):
        form.asymptotic().at(M=3, K=4)
    with pytest.raises(ClosedFormError, match="no symbol 'm'; did you mean 'M'"):
        form.asymptotic().at(M=3, K=4, N=5, m=3)


def test_views_print_in_notebooks() -> None:
    for view in (READS.assuming("C >= 65"), READS.divisible(), READS.generic(), READS.asymptotic()):
        assert str(view._repr_latex_()).startswith(r"$\displaystyle ")
    assert "C % 64 = 0" in str(KC_P.divisible())


def test_a_formula_whose_largest_terms_cancel_has_no_leading_term() -> None:
    rounded_up = QuasiPolynomial.of(ceil_div(Affine.of("K"), 4)) * 4 - QuasiPolynomial.of("K")
    count = Count(((EVERYWHERE, rounded_up),))
    form = replace(READS, products=(replace(READS.products[0], counts=(count,)),))
    with pytest.raises(ClosedFormError, match="has no leading term"):
        form.asymptotic()
    assert str(form.asymptotic(small=("K",))) == "-(K - 4·⌈K/4⌉)"


def test_views_are_exported_like_any_form() -> None:
    view = READS.divisible("Q > S")
    compute = view.lambdify("python")
    again = pm.ClosedForm.from_json(view.to_json())
    for scale in (1, 2, 7):
        point = {**POINT, "C": 64 * scale, "K": 4 * scale, "Q": 3 + scale}
        assert compute(**point) == again.at(**point) == view.at(**point) == READS.at(**point)
