"""Formulas through JSON: equal afterwards, and damaged documents are refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import polymaestro as pm
from polymaestro import export
from polymaestro.errors import ExportError
from polymaestro.symbolic import forms_from_json

if TYPE_CHECKING:
    from tests.export.conftest import Subject


def through_text(data: dict[str, Any]) -> dict[str, Any]:
    read = json.loads(json.dumps(data))
    assert isinstance(read, dict)
    return read


def test_every_form_reads_back_equal(subject: Subject, size: int) -> None:
    for name, form in list(subject.forms.items())[:: 1 if size > 50 else 25]:
        data = form.to_json()
        again = pm.ClosedForm.from_json(through_text(data))
        assert again == form, name
        assert hash(again) == hash(form)
        assert again.context.is_equal(form.context)
        assert data["schema"] == "polymaestro.form/1"
        if size > 50:
            assert [again.at(**point) for point in subject.points[:20]] == subject.expected[name][:20]


def test_several_forms_read_back_equal_and_shared(subject: Subject) -> None:
    data = export.forms_to_json(subject.forms)
    again = forms_from_json(through_text(data))
    assert again == subject.forms
    identities = {id(count) for form in again.values() for count in form.counts}
    assert len(identities) == len(data["counts"])
    values: dict[int, int] = {}
    point = subject.points[0]
    assert {n: f.evaluate(point, values) for n, f in again.items()} == {
        name: expected[0] for name, expected in subject.expected.items()
    }


def test_equality_sees_every_part() -> None:
    analysis = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(4,4) K"), 8)
    form = analysis["L2"]["A"].tile_total
    assert form == pm.analyze(analysis.operator, analysis.dataflow, 8)["L2"]["A"].tile_total
    assert form != analysis["L2"]["Z"].tile_total
    assumed = pm.analyze(analysis.operator, analysis.dataflow, 8, assuming=["M <= 4"])
    assert form != assumed["L2"]["A"].tile_total
    assert assumed["L2"]["A"].tile_total.valid_on != form.valid_on


def broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    analysis = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(4,4) K"), 8)
    data = copy.deepcopy(analysis["L2"]["A"].tile_total.to_json())
    change(data)
    return data


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(schema="polymaestro.form/2"),
        lambda data: data.pop("counts"),
        lambda data: data.update(counts=7),
        lambda data: data.update(symbols=["K", "M"]),
        lambda data: data.update(symbols=["K", "M", "N", "N"]),
        lambda data: data.update(symbols=["K", "M", "N", "exists"]),
        lambda data: data.update(symbols=["K", "M", "N", "] -> {"]),
        lambda data: data["products"][0].update(sign=2),
        lambda data: data["products"][0].update(counts=[99]),
        lambda data: data["products"][0].update(counts=[-1]),
        lambda data: data["valid_on"][0][0].update({"is": "> 0"}),
        lambda data: data["valid_on"][0][0]["expression"].update(constant=1.5),
        lambda data: data["valid_on"][0][0]["expression"].update(constant=True),
        lambda data: data["counts"][0][0]["value"][0].update(factor="1/0"),
        lambda data: data["counts"][0][0]["value"][0].update(powers=[["K", -1]]),
        lambda data: data["counts"][0][0]["value"][0].update(powers=[["Z", 1]]),
        lambda data: data["counts"][0][0]["value"][0].update(
            powers=[[{"floor": {"terms": [], "constant": 1}, "divisor": 0}, 1]]
        ),
    ],
)
def test_damaged_documents_are_refused(change: Callable[[dict[str, Any]], Any]) -> None:
    with pytest.raises(ExportError):
        pm.ClosedForm.from_json(broken(change))


def test_what_is_no_document_is_refused() -> None:
    with pytest.raises(
        ExportError, match=r"expected a document with schema 'polymaestro\.form/1', not 'list'"
    ):
        pm.ClosedForm.from_json([])  # type: ignore[arg-type]
    with pytest.raises(ExportError, match=r"not 'str'; read text with json\.loads first"):
        pm.ClosedForm.from_json(json.dumps(broken(lambda _: None)))  # type: ignore[arg-type]
    assert pm.ClosedForm.from_json(broken(lambda _: None)).symbols == ("K", "M", "N")
