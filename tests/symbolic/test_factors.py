"""Long polynomials are written with what their terms share split off, and equal themselves."""

from fractions import Fraction
from math import gcd, prod

from hypothesis import given
from hypothesis import strategies as st

from polymaestro.counting import QuasiPolynomial
from polymaestro.symbolic import polynomials

QP = QuasiPolynomial
NAMES = "ABCD"
MONOMIALS = st.lists(st.integers(0, 2), min_size=4, max_size=4)
NUMBERS = st.fractions(-4, 4, max_denominator=6).filter(bool)


@given(st.lists(st.tuples(NUMBERS, MONOMIALS), min_size=2, max_size=5))
def test_what_is_split_off_multiplies_to_the_whole(terms: list[tuple[Fraction, list[int]]]) -> None:
    value = sum(
        (prod((QP.of(n) ** p for n, p in zip(NAMES, powers, strict=True)), start=QP.of(number)))
        for number, powers in terms
    )
    assert isinstance(value, QuasiPolynomial)
    if len(value.terms) > 1:
        content, factors = polynomials._shared(value)
        *atoms, (rest, power) = factors
        assert value == prod((f**p for f, p in factors), start=QP.of(content))
        assert power == 1
        assert rest.terms[0][1] > 0
        assert all(isinstance(factor, int) for _, factor in rest.terms)
        assert not set.intersection(*({atom for atom, _ in monomial} for monomial, _ in rest.terms))
        assert gcd(*(int(number) for _, number in rest.terms)) == 1
        assert len({str(atom) for atom, _ in atoms}) == len(atoms)


def test_a_long_polynomial_is_not_factored() -> None:
    value = QP.of("K") * 2 * prod((QP.of(f"a{n}") + 1 for n in range(8)), start=QP.of(1))
    content, factors = polynomials.factors_of(value)
    assert content == 2
    assert [str(factor) for factor, _ in factors[:-1]] == ["K"]
    assert len(factors[-1][0].terms) == 2**8
