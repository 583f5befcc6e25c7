import pickle
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from polymaestro import analyze
from polymaestro.affine import Affine
from polymaestro.dataflow import Layer, Network, load, parse_dataflow, parse_network
from polymaestro.dataflow.layers import TYPES
from polymaestro.errors import DataflowError, WorkloadError
from polymaestro.loopnest.interpreter import interpret

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def layer_of(kind: str, dimensions: str, more: str = "") -> Layer:
    text = f"Network N {{\n  Layer L1 {{ Type: {kind} {more} Dimensions {{ {dimensions} }} }}\n}}"
    return parse_network(text, file="a.m").layers[0]


def extents(layer: Layer) -> dict[str, str]:
    return {dim.name: str(dim.extent) for dim in layer.operator().dims}


# --- types ---


def test_a_convolution_has_outputs_and_undeclared_extents_of_1() -> None:
    layer = layer_of("CONV", "K: 64, C: 3, R: 3, S: 5, Y: 226, X: 226")
    assert layer.operator().name == "conv2d"
    assert extents(layer) == {"N": "1", "K": "64", "C": "3", "P": "224", "Q": "222", "R": "3", "S": "5"}


def test_each_type_has_its_operator() -> None:
    assert layer_of("DSCONV", "C: 8").operator().name == "depthwise_conv2d"
    assert layer_of("GEMM", "M: 4, N: 5, K: 6").operator().name == "gemm"
    grouped = layer_of("NGCONV", "G: 32, K: 4, C: 2")
    assert grouped.operator().name == "grouped_conv2d"
    assert (extents(grouped)["G"], extents(grouped)["K"], extents(grouped)["C"]) == ("32", "4", "2")


@pytest.mark.parametrize(
    ("kind", "dimensions", "operator", "expected"),
    [
        ("TRCONV", "K: 8, C: 4, R: 3, Y: 5, X: 6", "transposed_conv2d", "N=1 K=8 C=4 Y=5 X=6 R=3 S=1"),
        ("FC", "K: 10, C: 20", "fully_connected", "N=1 K=10 C=20"),
        ("FC", "K: 10, C: 20, R: 7, S: 7, Y: 7, X: 7", "conv2d", "N=1 K=10 C=20 P=1 Q=1 R=7 S=7"),
        ("FC", "K: 10, C: 20, R: 1, S: 1, Y: 1, X: 1", "fully_connected", "N=1 K=10 C=20"),
        ("FC", "C: 20, R: 7, Y': 1", "conv2d", "N=1 K=1 C=20 P=1 Q=1 R=7 S=1"),
        ("FC", "C: 20, R: H, Y: H", "conv2d", "N=1 K=1 C=20 P=1 Q=1 R=H S=1"),
        ("POOL", "C: 20, R: 2, S: 2, Y: 9, X: 8", "max_pool2d", "N=1 C=20 P=8 Q=7 R=2 S=2"),
        ("AVGPOOL", "N: 3, C: 20, R: 2, Y': 9", "average_pool2d", "N=3 C=20 P=9 Q=1 R=2 S=1"),
        ("LSTM", "N: 2, K: 256, C: 512", "lstm", "N=2 G=4 K=256 C=512"),
        ("LSTM", "K: 256, C: 512, G: 3, R: 1", "lstm", "N=1 G=3 K=256 C=512"),
        ("GEMM", "M: 4, N: 5, K: 6, B: 7", "batched_gemm", "B=7 M=4 N=5 K=6"),
    ],
)
def test_dimensions_of_each_type(kind: str, dimensions: str, operator: str, expected: str) -> None:
    layer = layer_of(kind, dimensions)
    assert layer.operator().name == operator
    assert " ".join(f"{dim}={extent}" for dim, extent in extents(layer).items()) == expected


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2))
def test_a_transposed_convolution_scatters_to_as_many_rows(
    rows: int, taps: int, stride: int, dilation: int
) -> None:
    written = {stride * y + dilation * r for y in range(rows) for r in range(taps)}
    more = f"Stride {{ Y: {stride} }} Dilation {{ Y: {dilation} }}"
    layer = layer_of("TRCONV", f"Y: {rows}, R: {taps}, Y': {max(written) + 1}", more)
    assert layer.operator().extent("P") == Affine.of(max(written) + 1)
    with pytest.raises(
        WorkloadError, match=rf"scatter to {max(written) + 1} outputs; keep Y and leave Y' out"
    ):
        layer_of("TRCONV", f"Y: {rows}, R: {taps}, Y': {max(written) + 2}", more).operator()


def test_every_type_is_analysed() -> None:
    flow = parse_dataflow("SpatialMap(1,1) C; TemporalMap(2,2) K")
    for kind in TYPES:
        text = (
            "M: 4, N: 3, K: 6" if kind == "GEMM" else "N: 2, C: 5, R: 2, Y': 3" if "POOL" in kind else "C: 5"
        )
        [layer] = (
            Network("N", (layer_of(kind, text),))
            .with_dataflow(parse_dataflow("SpatialMap(1,1) K") if kind == "GEMM" else flow)
            .layers
        )
        operator, mapped = layer.operator(), layer.mapping_dataflow()
        analysis, seen = analyze(operator, mapped, 4), interpret(operator, mapped, 4)
        assert seen.legal
        assert (analysis.macs.at(), analysis.steps.at()) == (seen.macs, seen.steps)


def test_output_rows_of_a_transposed_convolution_may_be_named() -> None:
    [layer] = (
        Network("N", (layer_of("TRCONV", "C: 2, R: 2, Y: 4, S: 1, X: 3", "Stride { Y: 2 X: 1 }"),))
        .with_dataflow(parse_dataflow("SpatialMap(Sz(R),2) Y'; TemporalMap(1,1) X'; TemporalMap(1,1) C"))
        .layers
    )
    seen = interpret(layer.operator(), layer.mapping_dataflow(), 4)
    # one input row a unit, whose two taps write two output rows that no other unit writes
    assert (seen.legal, seen.steps) == (True, 2 * 3)
    assert (
        seen.boundaries[0].tensors["O"]["drains"] == seen.boundaries[0].tensors["O"]["final_writes"] == 8 * 3
    )


def test_an_unknown_type_is_refused_when_built() -> None:
    with pytest.raises(WorkloadError, match="unknown type 'Conv'; did you mean 'CONV'"):
        Layer("L", "Conv")


# --- rows and columns ---


@given(st.integers(1, 60), st.integers(1, 7), st.integers(1, 4), st.integers(1, 3))
def test_outputs_are_the_windows_that_fit(rows: int, taps: int, stride: int, dilation: int) -> None:
    starts = [y for y in range(0, rows, stride) if y + dilation * (taps - 1) < rows]
    assume(starts)
    layer = layer_of(
        "CONV", f"Y: {rows}, R: {taps}", f"Stride {{ Y: {stride} }} Dilation {{ Y: {dilation} }}"
    )
    assert extents(layer)["P"] == str(len(starts))


@pytest.mark.parametrize(
    "dimensions", ["Y': 7", "P: 7", "P: 7, Y': 7", "Y: 16, R: 3, Y': 7", "Y: 15, R: 3, P: 7"]
)
def test_outputs_may_be_given_as_they_are_and_beside_the_input(dimensions: str) -> None:
    assert extents(layer_of("CONV", dimensions, "Stride { Y: 2 }"))["P"] == "7"


def test_symbolic_rows_give_symbolic_outputs() -> None:
    assert extents(layer_of("CONV", "Y: H, R: 3"))["P"] == "H - 2"
    assert extents(layer_of("CONV", "Y: H, R: R", "Dilation { Y: 2 }"))["P"] == "H - 2·R + 2"
    assert extents(layer_of("CONV", "X': W, S: S", "Stride { X: 2 }"))["Q"] == "W"


@pytest.mark.parametrize(
    ("kind", "dimensions", "more", "message"),
    [
        ("CONV", "R: 7, Y: 5", "", r"the window \(R = 7\) covers 7 of the input, but Y is only 5"),
        ("CONV", "S: 3, X: 4", "Dilation { X: 2 }", r"\(S = 3 with dilation 2\) covers 5 .* X is only 4"),
        ("CONV", "R: 3, Y: 9, Y': 8", "", r"Y' = 8, so 8, and Y = 9, so 7, are different numbers of outputs"),
        ("CONV", "P: 4, Y': 5", "", "P = 4, so 4, and Y' = 5, so 5, are different"),
        ("CONV", "Y: H, R: 3", "Stride { Y: 2 }", "leave the number of outputs open; give Y' instead of Y"),
        ("CONV", "KK: 4", "", "type CONV has no dimension 'KK'; did you mean 'K'"),
        ("CONV", "G: 4", "", "type CONV has no dimension 'G'"),
        ("CONV", "M: 1", "", "type CONV has no dimension 'M'"),
        ("GEMM", "M: 4, C: 2", "", "type GEMM has no dimension 'C'"),
        ("TRCONV", "G: 4", "", "type TRCONV has no dimension 'G'"),
        ("TRCONV", "Y: 4, R: 3, Y': 9", "", "Y' = 9, but Y = 4 and R = 3 scatter to 6 outputs"),
        ("TRCONV", "Y': 9", "", "Y' = 9, but Y = 1 and R = 1 scatter to 1 outputs"),
        ("FC", "KK: 4", "", "type FC has no dimension 'KK'; did you mean 'K'"),
        (
            "FC",
            "R: 3, Y: 5",
            "",
            "an FC has one output per image and channel, but here P = 3; make R as large as Y",
        ),
        ("FC", "Y': H", "", "an FC has one output per image and channel, but here P = H"),
        ("FC", "K: 4", "Stride { Y: 2 }", "an FC has no window, so Stride and Dilation must be 1"),
        ("POOL", "K: 4", "", "type POOL has no dimension 'K'"),
        ("AVGPOOL", "R: 7, Y: 5", "", r"the window \(R = 7\) covers 7 of the input"),
        ("LSTM", "CC: 4", "", "type LSTM has no dimension 'CC'; did you mean 'C'"),
        ("LSTM", "R: 3", "", "type LSTM has no dimension 'R'"),
        ("LSTM", "K: 4", "Dilation { X: 2 }", "an LSTM has no window"),
        ("GEMM", "M: 4", "Stride { X: 2 }", "a GEMM has no window"),
        ("DSCONV", "C: 8, K: 2", "", "write Type: NGCONV with G: 8, C: 1, K: 2"),
    ],
)
def test_dimensions_that_do_not_fit_name_layer_and_place(
    kind: str, dimensions: str, more: str, message: str
) -> None:
    with pytest.raises(WorkloadError, match=message) as caught:
        layer_of(kind, dimensions, more).operator()
    assert str(caught.value).startswith("a.m:2:9: layer L1: ")


# --- dimensions that a type lacks ---


def test_dimensions_of_extent_1_that_files_carry_are_accepted() -> None:
    assert "K" not in extents(layer_of("DSCONV", "K: 1, C: 4"))
    assert "G" not in extents(layer_of("CONV", "G: 1, C: 4"))
    assert extents(layer_of("GEMM", "M: 2, N: 2, K: 2, R: 1, Y: 1")) == {"M": "2", "N": "2", "K": "2"}


def test_a_temporal_map_of_a_lacking_dimension_is_left_out() -> None:
    flow = parse_dataflow(
        "SpatialMap(1,1) C; TemporalMap(1,1) K; TemporalMap(2*Sz(K),1) Y'; Cluster(Sz(K)+1)"
    )
    layer = layer_of("DSCONV", "K: 1, C: 4, Y': 8")
    [mapped] = Network("N", (layer,)).with_dataflow(flow).layers
    assert str(mapped.mapping_dataflow()) == "SpatialMap(1,1) C;\nTemporalMap(2,1) Y';\nCluster(2);"


def test_a_spatial_map_of_a_lacking_dimension_is_refused() -> None:
    flow = parse_dataflow("TemporalMap(1,1) C;\nSpatialMap(1,1) K;", file="flow.m")
    [layer] = Network("N", (layer_of("DSCONV", "C: 4"),)).with_dataflow(flow).layers
    with pytest.raises(
        DataflowError, match=r"flow\.m:2:1: 'SpatialMap\(1,1\) K' leaves all units but one idle"
    ):
        layer.mapping_dataflow()


def test_a_wrong_dimension_is_left_for_binding_to_name() -> None:
    [layer] = (
        Network("N", (layer_of("CONV", "C: 4"),))
        .with_dataflow(parse_dataflow("Cluster(2); TemporalMap(1,1) Z"))
        .layers
    )
    assert str(layer.mapping_dataflow()) == "Cluster(2);\nTemporalMap(1,1) Z;"


def test_a_layer_without_dataflow_says_so() -> None:
    with pytest.raises(DataflowError, match=r"a\.m:2:9: layer L1 has no Dataflow"):
        layer_of("CONV", "C: 4").mapping_dataflow()


# --- networks ---


def test_layers_are_found_by_name_and_names_may_come_back() -> None:
    text = "Network N { Layer A { Type: CONV } Layer B { Type: GEMM } Layer A { Type: DSCONV } }"
    assert [layer.type for layer in parse_network(text).named("A")] == ["CONV", "DSCONV"]


@pytest.mark.parametrize("name", ["", "a b", "a{", "a->b", "a/b"])
def test_names_that_no_file_can_hold_are_refused(name: str) -> None:
    with pytest.raises(DataflowError, match="is no name of a layer"):
        Layer(name, "CONV")
    with pytest.raises(DataflowError, match="is no name of a network"):
        Network(name, ())


def test_networks_travel_between_processes_and_can_be_keys() -> None:
    network = load(EXAMPLES / "gemm.m")
    assert pickle.loads(pickle.dumps(network)) == network  # noqa: S301
    assert len({network, pickle.loads(pickle.dumps(network))}) == 1  # noqa: S301


# --- the examples, against published numbers ---


def test_vgg16_has_the_published_numbers_of_operations_and_weights() -> None:
    macs = weights = 0
    for layer in load(EXAMPLES / "vgg16_kc_p.m").layers:
        n, k, c, p, q, r, s = (dim.extent.constant for dim in layer.operator().dims)
        macs += n * k * c * p * q * r * s
        weights += k * c * r * s
    assert macs == 15_470_264_320  # 15.5 G multiply-accumulates
    assert weights == 138_344_128  # 138 M, without the 13 416 biases


def test_level0_extents_of_the_files_that_circulate(reference: Path) -> None:
    # read off level0_counts.csv, which an independent program wrote
    network = load(reference / "maestro" / "mapping" / "MobileNetV2_kcp_ws.m")
    assert [extents(layer)["P"] for layer in network.layers[:3]] == ["112", "112", "110"]
    [layer] = network.named("Bottleneck2_1_2")
    assert (extents(layer)["P"], extents(layer)["Q"]) == ("55", "55")


def test_the_gemm_example_keeps_every_output_in_its_pe_until_it_is_done() -> None:
    [layer] = load(EXAMPLES / "gemm.m").layers
    seen = interpret(layer.operator(), layer.mapping_dataflow(), 64)
    assert (seen.legal, seen.macs, seen.units) == (True, 128 * 96 * 64, 64)
    for boundary in seen.boundaries:
        outputs = boundary.tensors["Z"]
        assert (outputs["drains"], outputs["read_backs"]) == (128 * 96, 0)
        assert outputs["final_writes"] == 128 * 96
