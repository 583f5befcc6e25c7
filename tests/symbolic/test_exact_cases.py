"""The cases of an exact form: no formula holds on the region of another, by a method of its own."""

from __future__ import annotations

import random

import islpy as isl
import pytest

import polymaestro as pm
from polymaestro.counting import QuasiPolynomial
from polymaestro.counting.ranges import ranges_of
from polymaestro.relations.sets import sample_of
from polymaestro.symbolic import Case
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


def assert_nothing_can_be_merged(form: pm.ClosedForm, name: str) -> None:
    rng = random.Random(name)
    cases = list(form.cases)
    rest = form.context
    for case in cases:
        rest = rest.subtract(domain_of(case.region, form.context))
    domains = [form.context.intersect(domain_of(case.region, form.context)) for case in cases]
    if not rest.is_empty():
        cases.append(Case(form.valid_on, QuasiPolynomial.of(0)))
        domains.append(rest)
    for index, domain in enumerate(domains):
        points = points_of(domain, rng, 12)
        for point in points:
            assert cases[index].value.evaluate(point) == form.at(**point), (name, point)
        for other, case in enumerate(cases):
            if other == index:
                continue
            pool = [*points]
            while all(case.value.evaluate(p) == cases[index].value.evaluate(p) for p in pool):
                assert len(pool) < 300, f"{name}: {case.value} also holds where {cases[index].region}"
                pool += points_of(domain, rng, 40)


@pytest.mark.parametrize("name", ["kc_p", "yr_p"])
def test_no_two_cases_of_an_exact_form_have_formulas_that_merge(name: str) -> None:
    for quantity, form in analysis(name).forms.every().items():
        assert_nothing_can_be_merged(form, f"{name} {quantity}")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FLOWS.keys() - {"kc_p", "yr_p"}))
def test_no_two_cases_of_a_long_exact_form_have_formulas_that_merge(name: str) -> None:
    for quantity, form in analysis(name).forms.every().items():
        assert_nothing_can_be_merged(form, f"{name} {quantity}")


def test_pieces_of_counts_do_not_merge_either() -> None:
    for name in FLOWS:
        counts = {id(c): c for f in analysis(name).forms.every().values() for c in f.counts}
        for count in counts.values():
            texts = [value for _, value in count.pieces]
            assert len(set(texts)) == len(texts)
