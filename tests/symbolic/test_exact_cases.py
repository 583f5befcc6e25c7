"""The cases of an exact form: no formula holds on the region of another, by a method of its own."""

from __future__ import annotations

import random
from fractions import Fraction

import islpy as isl
import pytest

from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.ranges import ranges_of
from polymaestro.counting.region import EVERYWHERE
from polymaestro.relations.sets import sample_of
from polymaestro.symbolic import Case
from polymaestro.symbolic.display import own_context
from polymaestro.symbolic.regions import domain_of
from tests.symbolic.published import FLOWS, analysis

PARAM = isl.dim_type.param


def points_of(domain: isl.Set, rng: random.Random, count: int) -> list[dict[str, int]]:
    """Draw points of a domain: each coordinate in turn in some window above its least value, if it can be."""
    least = [low or 1 for low, _ in ranges_of(domain).values()]
    points = []
    for _ in range(count):
        part = domain
        for index in rng.sample(range(domain.dim(PARAM)), domain.dim(PARAM)):
            value = least[index] + rng.choice([0, 1, 2, 7, 60, 250, 900])
            cuts = [part.lower_bound_val(PARAM, index, isl.Val(value))]
            cuts.append(cuts[0].upper_bound_val(PARAM, index, isl.Val(value + rng.choice([0, 1, 8, 64]))))
            part = next((cut for cut in reversed(cuts) if not cut.is_empty()), part)
        points.append(sample_of(part))
    return points


def assert_nothing_can_be_merged(cases: list[Case], context: isl.Set, name: str) -> None:
    rng = random.Random(name)
    domains = [context.intersect(domain_of(case.region, context)) for case in cases]
    rest = context
    for domain in domains:
        rest = rest.subtract(domain)
    if not rest.is_empty():
        cases = [*cases, Case(EVERYWHERE, QuasiPolynomial.of(0))]
        domains.append(rest)
    for case, domain in zip(cases, domains, strict=True):
        points = points_of(domain, rng, 12)
        for other in cases:
            pool = [*points]
            while other is not case and all(differs(case, other, p) == 0 for p in pool):
                assert len(pool) < 300, f"{name}: {other.value} also holds where {case.region}"
                pool += points_of(domain, rng, 40)


def differs(case: Case, other: Case, point: dict[str, int]) -> Fraction:
    return Fraction(case.value.evaluate(point)) - Fraction(other.value.evaluate(point))


def assert_forms_have_no_cases_to_merge(name: str) -> None:
    rng = random.Random(name)
    for quantity, form in analysis(name).forms.every().items():
        assert_nothing_can_be_merged(list(form.cases), form.context, f"{name} {quantity}")
        for case in form.cases:
            for point in points_of(form.context.intersect(domain_of(case.region, form.context)), rng, 6):
                assert case.value.evaluate(point) == form.at(**point), (quantity, point)


def test_no_two_cases_of_an_exact_form_have_formulas_that_merge() -> None:
    assert_forms_have_no_cases_to_merge("yr_p")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FLOWS.keys() - {"yr_p"}))
def test_no_two_cases_of_a_long_exact_form_have_formulas_that_merge(name: str) -> None:
    assert_forms_have_no_cases_to_merge(name)


@pytest.mark.parametrize("name", FLOWS)
def test_no_two_pieces_of_a_count_have_formulas_that_merge(name: str) -> None:
    forms = analysis(name).forms.every().values()
    split = {c.pieces: c for form in forms for c in form.counts if len(c.pieces) > 1}
    assert split
    for index, count in enumerate(split.values()):
        context = own_context(count, analysis(name).macs.context)
        pieces = [Case(region, value) for region, value in count.pieces]
        assert_nothing_can_be_merged(pieces, context, f"{name} {index}")
