"""Layers of files: a verdict for each, whatever is wrong with it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

import polymaestro as pm
from polymaestro.checking import LayerVerdict, check_layer

LAYER = "Layer {name} {{ Type: {type} {more} Dimensions {{ {dims} }} Dataflow {{ {flow} }} }}"
CONV = {
    "name": "L",
    "type": "CONV",
    "more": "",
    "dims": "K 4, C 3, R 3, S 3, Y 8, X 8",
    "flow": "SpatialMap(1,1) K;",
}


def checked(**parts: str) -> LayerVerdict:
    text = LAYER.format(**{**CONV, **parts})
    [layer] = pm.parse_network(f"Network N {{\n{text}\n}}", file="n.m").layers
    return check_layer(layer, pm.Hardware(4))


def warnings(layer: LayerVerdict) -> list[str]:
    return [each.reason for each in layer.verdict.findings if each.rule == "unused-input"]


def test_input_rows_that_no_output_uses_are_a_warning() -> None:
    found = checked(more="Stride { Y 2, X 2 }")
    assert warnings(found) == [
        "the last 1 of 8 in Y serve no output (filter R, stride 2)",
        "the last 1 of 8 in X serve no output (filter S, stride 2)",
    ]
    assert found.verdict.legal
    assert found.verdict.ok
    place = found.verdict.findings[0].place
    assert place is not None
    assert str(place) == "n.m:2:7"


def test_rows_between_two_windows_are_a_warning() -> None:
    found = checked(more="Stride { Y 3, X 1 }", dims="K 4, C 3, R 2, S 1, Y 8, X 8")
    assert warnings(found) == ["1 in Y between one window and the next serve no output (filter R, stride 3)"]


@pytest.mark.parametrize(
    ("more", "dims"),
    [
        ("", CONV["dims"]),
        ("Stride { Y 2, X 2 }", "K 4, C 3, R 3, S 3, Y 9, X 9"),
        ("Stride { Y 2, X 2 }", "K 4, C 3, R 3, S 3, Y' 4, X' 4"),
        ("Stride { Y 5, X 5 }", "K 4, C 3, R 3, S 3, Y 3, X 3"),
    ],
)
def test_no_warning_where_every_row_is_used_or_none_is_declared(more: str, dims: str) -> None:
    assert warnings(checked(more=more, dims=dims)) == []


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"type": "GEMM", "dims": "M 4, Q 3"}, "type GEMM has no dimension 'Q'"),
        ({"dims": "K 4, R 9, Y 8"}, "the window (R = 9) covers 9 of the input, but Y is only 8"),
        ({"type": "DSCONV", "dims": "C 3, R 3, S 3, Y 8, X 8"}, "DSCONV has no K; spread another"),
    ],
)
def test_a_layer_without_an_operator_has_a_verdict(parts: dict[str, str], message: str) -> None:
    verdict = checked(**parts).verdict
    [finding] = verdict.findings
    assert (finding.rule, verdict.status, verdict.ok) == ("layer", "illegal", False)
    assert message in finding.line()


def test_an_extent_may_be_a_symbol() -> None:
    found = checked(dims="K: K, C 3, R 3, S 3, Y 8, X 8", flow="SpatialMap(2,3) K;")
    assert found.verdict.headline() == "legal exactly when K ≤ 2"


FILES = [
    "mapping/GEMM_Example.m",
    "mapping/MobileNetV2_kcp_ws.m",
    "mapping/ResNeXt50_kcp_ws.m",
    "mapping/Resnet50_kcp_ws.m",
    "mapping/Resnet50_rs.m",
    "mapping/UNet_RS.m",
    "mapping/example.m",
    "mapping/vgg16_ckp_ws.m",
    "mapping/vgg16_nlr.m",
    "mapping/vgg16_rs.m",
    "mapping/vgg16_xp_ws.m",
    "mapping/vgg16_yxp_os.m",
    "validation/alexnet_rs_validation.m",
    "validation/vgg16_maeri.m",
]


def verdicts(reference: Path, file: str, most: int | None = None) -> tuple[LayerVerdict, ...]:
    hardware = pm.load_hardware(reference / "maestro" / "hw" / "accelerator_1.m")
    network = pm.load(reference / "maestro" / file)
    return replace(network, layers=network.layers[:most]).check(hardware)


def test_every_file_is_checked_here(reference: Path) -> None:
    folder = reference / "maestro"
    found = [*folder.glob("mapping/*.m"), *folder.glob("validation/*.m")]
    assert sorted(FILES) == sorted(path.relative_to(folder).as_posix() for path in found)


@pytest.mark.parametrize("most", [3, pytest.param(None, marks=pytest.mark.slow)])
@pytest.mark.parametrize("file", FILES)
def test_every_layer_of_every_file_gets_its_verdict_fast(
    reference: Path, file: str, most: int | None
) -> None:
    start = time.process_time()
    layers = verdicts(reference, file, most)
    spent = time.process_time() - start
    assert layers
    for layer in layers:
        assert layer.verdict.status in ("legal", "illegal")
        errors = [each for each in layer.verdict.findings if each.severity == "error"]
        assert layer.verdict.legal or errors
        assert layer.verdict.to_json()["legal"] == layer.verdict.legal
    assert spent / len(layers) < 0.1


@pytest.mark.parametrize("most", [1, pytest.param(None, marks=pytest.mark.slow)])
def test_row_stationary_vgg16_leaves_out_all_of_its_work(reference: Path, most: int | None) -> None:
    for layer in verdicts(reference, "mapping/vgg16_rs.m", most):
        verdict = layer.verdict
        assert verdict.missing is not None
        assert verdict.missing.share == 1
        errors = [each for each in verdict.findings if each.severity == "error"]
        assert [each.rule for each in errors if each.rule != "capacity"] == ["window-fit", "shared-units"]
        assert [str(each.directive) for each in errors[:2]] == ["SpatialMap(1,1) X", "SpatialMap(1,1) R"]
        assert "write 'SpatialMap(1,1) Y;' for 'SpatialMap(1,1) X;'" in str(errors[1].suggestion)
        assert verdict.repaired is not None


@pytest.mark.parametrize("most", [2, pytest.param(None, marks=pytest.mark.slow)])
def test_row_stationary_resnet50_maps_s_twice(reference: Path, most: int | None) -> None:
    layers = verdicts(reference, "mapping/Resnet50_rs.m", most)
    twice = [layer for layer in layers if layer.verdict.readings]
    assert len(twice) == len(layers)
    for layer in twice:
        [finding] = [each for each in layer.verdict.findings if each.severity == "error"]
        assert finding.rule == "mapped-twice"
        assert layer.verdict.readings is not None
        later = layer.verdict.readings["without the earlier map"]
        earlier = layer.verdict.readings["without the later map"]
        assert earlier.legal
        assert later.missing is not None
        assert later.relations is not None
        taps = later.relations.nest.operator.extent("S").constant
        assert later.missing.share == (0 if taps == 1 else 1)


def test_row_stationary_unet_is_legal_where_it_is_a_convolution(reference: Path) -> None:
    layers = [each for each in verdicts(reference, "mapping/UNet_RS.m", 4) if each.type == "CONV"]
    assert len(layers) == 4
    assert all(each.verdict.legal for each in layers)
