"""Signs of quasi-polynomials against their values; zero tests against their values."""

from __future__ import annotations

import itertools

import islpy as isl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polymaestro.counting import region_of
from polymaestro.equations.chambers import chambers_of
from polymaestro.equations.conditions import NoChambersError
from polymaestro.equations.reading import read
from polymaestro.equations.signs import signs_of
from polymaestro.equations.zero import proof_of_zero

CONTEXT = isl.Set("[K, P, Q] -> { : K >= 1 and P >= 1 and Q >= 1 }").params()
POINTS = [dict(zip("KPQ", values, strict=True)) for values in itertools.product(range(1, 10), repeat=3)]

atoms = st.sampled_from(
    ["K", "P", "Q", "1", "2", "3", "ceil(K/4)", "(P//3)", "(K%2)", "(Q%4)", "((K+P)//2)", "Min(P,4)"]
)
formulas = st.recursive(
    atoms,
    lambda inner: st.tuples(inner, st.sampled_from("++-**"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
    max_leaves=6,
)


def sign(value: object) -> str:
    number = value if isinstance(value, int) else 0
    return "<" if number < 0 else ">" if number > 0 else "="


def signs(text: str) -> int:
    """Check the parts with one sign against the values; count the points where it is not decided."""
    formula = read(text)
    found = [
        (region_of(part.domain), part.sign)
        for chamber in chambers_of(formula, CONTEXT)
        for part in signs_of(chamber.value.scaled().above, chamber.domain)
    ]
    undecided = 0
    for point in POINTS:
        inside = [each for region, each in found if region.holds(point)]
        assert len(inside) == 1, point
        undecided += inside == ["?"]
        assert inside == ["?"] or inside == [sign(formula.evaluate(point))], point
    return undecided


@given(formulas)
@settings(max_examples=25)
def test_a_decided_sign_is_the_sign_of_every_value(text: str) -> None:
    signs(text)


@pytest.mark.parametrize(
    "text",
    [
        "K*Q*9 - 3*(Q + 2)*K",
        "K*P - K - P",
        "K - K*ceil(P/4)*ceil(Q/3)",
        "ceil(K/4)*4*P - K*P",
        "K*P*Q - K - P - Q + 2",
        "K*K - 10*K + 26",
        "(K%4)*P - 3*P",
        "(K%2)*Q",  # zero at every even K although its largest coefficient is positive
        "P*(K - 5)**2*(4 - Q)",
        "(K - 3)*(P - 4)*(Q - 5)",
    ],
)
def test_these_signs_are_decided_everywhere(text: str) -> None:
    assert signs(text) == 0


def test_a_sign_that_changes_along_a_curve_is_not_decided() -> None:
    assert signs("K*P - Q*Q") > len(POINTS) / 2
    assert signs("(K - 9)*(K*P - Q*Q)") > len(POINTS) / 2


@given(formulas, formulas)
@settings(max_examples=25)
def test_what_is_proved_zero_is_zero(left: str, right: str) -> None:
    difference = read(f"{left} - {right}")
    try:
        pieces = chambers_of(difference, CONTEXT)
    except NoChambersError:
        return
    for piece in pieces:
        kind = proof_of_zero(piece.value.scaled().above, piece.domain)
        region = region_of(piece.domain)
        values = {difference.evaluate(point) for point in POINTS if region.holds(point)}
        assert kind is None or values <= {0}
        if kind is None:
            assert values != {0} or not region.holds(POINTS[-1])


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        ("K*ceil(P/4)", "((P + 3)//4)*K", "term by term"),
        ("floor(K/6)", "floor(floor(K/2)/3)", "in the case"),
        ("(K%4)*(K%4 - 1)*(K%4 - 2)*(K%4 - 3)", "0", "remainder by remainder"),
        ("(K%2)*(K%2)", "K%2", "remainder by remainder"),
    ],
)
def test_each_kind_of_proof_is_named(left: str, right: str, kind: str) -> None:
    [piece] = chambers_of(read(f"{left} - {right}"), CONTEXT)
    assert proof_of_zero(piece.value.above, piece.domain) == kind
