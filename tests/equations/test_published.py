"""Every formula of the published dataflows, by way of SymPy and back: equal, and not equal when changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sympy

import polymaestro as pm

SAMPLE = ("L2.I.fills", "L2.I.parent_reads", "L2.O.parent_updates", "L2.O.read_backs", "cluster1.W.fills")


def assert_proved_and_refuted(form: pm.ClosedForm) -> None:
    expression = form.expr
    assert pm.check_equation(form, expression).equal is True
    # Wrong far out only, where no sample would look.
    verdict = pm.check_equation(form, expression + sympy.Max(0, sympy.Symbol("Q") - 5000))
    assert verdict.counterexample is not None
    assert verdict.counterexample.point == dict.fromkeys(form.symbols, 1) | {"Q": 5001}
    assert verdict.counterexample.smallest


def test_formulas_with_cases_are_proved_as_sympy_writes_them() -> None:
    analysis = pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.kc_p(), 256)
    for quantity in SAMPLE:
        assert_proved_and_refuted(analysis.forms.every()[quantity])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "flow"), list(pm.dataflows.PUBLISHED.items()))
def test_all_formulas_are_proved_as_sympy_writes_them(name: str, flow: Callable[[], pm.Dataflow]) -> None:
    analysis = pm.analyze(pm.conv2d(R=3, S=3), flow(), 255 if name == "YR-P" else 256)
    for form in analysis.forms.every().values():
        assert_proved_and_refuted(form)
