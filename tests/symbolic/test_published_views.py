"""The views of the five published dataflows: one line a quantity, with its region, and right there."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from statistics import median

import pytest
import sympy

import polymaestro as pm
from polymaestro.symbolic.regions import shown_region
from tests.interpreted import assert_equal
from tests.symbolic.published import FLOWS, SEVERAL, TILES, analysis, common, divisible, reference


def drawn_points(name: str, count: int, seed: str) -> Iterator[dict[str, int]]:
    """Draw points of the common case: multiples of the tiles, filters no larger than the output."""
    rng = random.Random(f"{name} {seed}")
    symbols = analysis(name).symbols
    for _ in range(count):
        top = rng.choice([4, 12, 60])
        point = {s: TILES[name].get(s, 1) * rng.randint(1, top) for s in symbols}
        for symbol in symbols:
            if symbol not in TILES[name]:
                point[symbol] = rng.randint(2, top)
        point["P"] = max(point["P"], 3)
        for window, taps in (("P", "R"), ("Q", "S")):
            if taps in point:
                point[taps] = rng.randint(2, min(point[window], 300))
        yield point


@pytest.mark.parametrize("name", FLOWS)
def test_every_quantity_is_one_line_where_tiles_divide(name: str, golden: Callable[[str, str], None]) -> None:
    view = divisible(name)
    base = view.macs.context
    lines = [f"where {view.macs.valid_on}"]
    lengths = []
    for quantity, form in view.forms.every().items():
        generic = form.generic(at=reference(name))
        text = str(generic)
        assert "\n" not in text
        assert not generic.expr.has(sympy.Piecewise)
        lengths.append(len(text))
        extra = shown_region(generic.context, base)
        lines.append(f"{quantity}: {text}" + ("" if extra.is_everywhere else f"  if {extra}"))
    assert median(lengths) <= 120
    assert max(lengths) <= 300
    golden(f"divisible-{name}.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("name", FLOWS)
def test_the_divisible_view_asks_for_the_tiles_of_the_directives(name: str) -> None:
    region = analysis(name).divisible().macs.valid_on
    for symbol, tile in TILES[name].items():
        assert f"{symbol} % {tile} = 0" in str(region)
    assert str(region).count("%") == len(TILES[name])


@pytest.mark.parametrize("name", FLOWS)
def test_an_extra_condition_is_only_that_windows_do_not_wrap_or_tiles_are_several(name: str) -> None:
    view = divisible(name).assuming("Q > S", *(f"{s} >= {least}" for s, least in SEVERAL[name].items()))
    windows_fit = view if name != "x_p" else view.assuming("Q >= S + 256", "S <= 256")
    split = {q: len(form.cases) for q, form in windows_fit.forms.every().items() if len(form.cases) > 1}
    assert split == {}


def assert_views(name: str, count: int) -> None:
    exact, view = analysis(name).forms.every(), divisible(name).forms.every()
    generic = {quantity: form.generic(at=reference(name)) for quantity, form in view.items()}
    one_by_one = {quantity: exact[quantity].divisible(*common(name)) for quantity in list(exact)[:6]}
    inside = dict.fromkeys(generic, 0)
    for point in drawn_points(name, count, "views"):
        assert view["macs"].valid_on.holds(point), point
        expected: dict[int, int] = {}
        for quantity, form in exact.items():
            value = form.evaluate(point, expected)
            assert view[quantity].at(**point) == value, (quantity, point)
            if generic[quantity].valid_on.holds(point):
                inside[quantity] += 1
                assert generic[quantity].at(**point) == value, (quantity, point)
            if quantity in one_by_one:
                assert one_by_one[quantity].at(**point) == value
    assert all(inside.values()), inside


@pytest.mark.parametrize("name", FLOWS)
def test_views_equal_the_exact_form_at_some_points(name: str) -> None:
    assert_views(name, 12)


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOWS)
def test_views_equal_the_exact_form_at_many_points(name: str) -> None:
    assert_views(name, 250)


@pytest.mark.parametrize("name", FLOWS)
def test_what_is_printed_with_min_and_max_is_what_the_view_says(name: str) -> None:
    for quantity, form in divisible(name).forms.every().items():
        for point in drawn_points(name, 40, "printed"):
            shown = [case.value.evaluate(point) for case in form.shown if case.region.holds(point)]
            assert sum(shown) == form.at(**point), (quantity, point)
            assert len(shown) <= 1


SMALL = {
    "c_p": {"N": 2, "K": 2, "C": 256, "P": 3, "Q": 3, "R": 2, "S": 2},
    "x_p": {"N": 2, "K": 2, "C": 2, "P": 3, "Q": 256, "R": 2, "S": 3},
    "yx_p": {"N": 2, "K": 2, "C": 2, "P": 32, "Q": 8, "R": 3, "S": 2},
    "yr_p": {"N": 2, "K": 2, "C": 4, "P": 85, "Q": 3, "S": 2},
    "kc_p": {"N": 2, "K": 4, "C": 64, "P": 3, "Q": 3, "R": 2, "S": 3},
}


@pytest.mark.parametrize("name", FLOWS)
def test_views_equal_the_interpreter(name: str) -> None:
    operator = analysis(name).operator.with_extents(dict(SMALL[name]))
    seen = pm.interpret(operator, FLOWS[name], 256)
    assert_equal(divisible(name).at(SMALL[name]), seen)
