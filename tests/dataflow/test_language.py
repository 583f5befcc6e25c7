import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from polymaestro.affine import Affine
from polymaestro.dataflow import Cluster, SpatialMap, TemporalMap, load, parse_dataflow, parse_network
from polymaestro.errors import LanguageError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def network_of(body: str) -> str:
    return f"Network N {{ Layer L {{ Type: CONV {body} }} }}"


def failure(text: str, *, directives: bool = False) -> LanguageError:
    read: Callable[..., object] = parse_dataflow if directives else parse_network
    with pytest.raises(LanguageError) as caught:
        read(text, file="a.m")
    return caught.value


# --- what reads ---


def test_directives_are_read_in_order_with_their_places() -> None:
    flow = parse_dataflow("TemporalMap(8+Sz(S)-1, 8) X;\n  SpatialMap(1,1) Y';\nCluster(T_C, L);", file="a.m")
    x, y, cluster = flow.directives
    assert x == TemporalMap(Affine.of("Sz(S)") + 7, Affine.of(8), "X")
    assert y == SpatialMap(Affine.of(1), Affine.of(1), "Y'")
    assert cluster == Cluster(Affine.of("T_C"), "L")
    assert [str(each.place) for each in flow.directives] == ["a.m:1:1", "a.m:2:3", "a.m:3:1"]


@pytest.mark.parametrize(
    "dimensions",
    [
        "{K:4,C:3}",
        "{ K 4 C 3 }",
        "{ K -> 4; C -> 3; }",
        "{\r\n K : 4,\r\n C: 3,,\r\n}",
        "{K:2*2 C:8-5 // rows\n}",
    ],
)
def test_separators_are_blanks(dimensions: str) -> None:
    layer = parse_network(network_of(f"Dimensions {dimensions}")).layers[0]
    assert layer.dimensions == {"K": Affine.of(4), "C": Affine.of(3)}


@pytest.mark.parametrize(
    ("size", "values", "expected"),
    [
        ("2*(T+1)-T", {"T": 5}, 7),
        ("-T+9", {"T": 5}, 4),
        ("Tile-K*2", {}, 14),  # the constant Tile-K, doubled, and not Tile minus 2·K
        ("Tile - K*2", {"Tile": 100, "K": 3}, 94),
        ("8 - 2 - 1", {}, 5),
        ("((3))*Sz(R)", {"Sz(R)": 5}, 15),
    ],
)
def test_sizes_compute(size: str, values: dict[str, int], expected: int) -> None:
    flow = parse_dataflow(f"Constant Tile-K 7; Cluster({size})")
    cluster = flow.directives[0]
    assert isinstance(cluster, Cluster)
    assert cluster.size.evaluate(values) == expected


def test_a_comma_ends_a_size_so_that_an_offset_may_begin_with_a_minus() -> None:
    directive = parse_dataflow("TemporalMap(8, -T+9) K").directives[0]
    assert isinstance(directive, TemporalMap)
    assert (directive.size.constant, directive.offset.evaluate({"T": 4})) == (8, 5)


@pytest.mark.parametrize("prime", ["'", "\u2018", "\u2019", "\u2032"])
def test_typographic_primes_are_primes(prime: str) -> None:
    assert str(parse_dataflow(f"TemporalMap(1,1) Y{prime};")) == "TemporalMap(1,1) Y';"


@pytest.mark.parametrize("name", ["Bottleneck1_1_1", "conv-1-residual", "3x3", "a.b", "Übung"])
def test_layer_names(name: str) -> None:
    assert parse_network(f"Network {name} {{Layer {name}{{Type:CONV}}}}").layers[0].name == name


def test_constants_become_numbers_and_other_names_symbols() -> None:
    layer = parse_network("Constant SzK 12;" + network_of("Dimensions { K: SzK, C: Channels }")).layers[0]
    assert layer.dimensions == {"K": Affine.of(12), "C": Affine.of("Channels")}


def test_duplicate_dimensions_that_agree_are_one() -> None:
    layer = parse_network(network_of("Dimensions { N: 1, N: 1 }")).layers[0]
    assert layer.dimensions == {"N": Affine.of(1)}


def test_stride_and_dilation_are_rows_and_columns() -> None:
    layer = parse_network(network_of("Stride { X: 3, Y: 2 } Dilation { X 4 }")).layers[0]
    assert (layer.stride, layer.dilation) == ((2, 3), (1, 4))


def test_a_layer_without_dataflow_takes_the_one_before_it() -> None:
    text = (
        "Network A { Layer L0 { Type: CONV } Layer L1 { Type: CONV Dataflow { Cluster(2) } }"
        " Layer L2 { Type: CONV } } Network B { Layer L3 { Type: CONV } }"
    )
    network = parse_network(text)
    assert network.name == "A_and_B"
    assert [str(layer.dataflow) for layer in network.layers] == ["None", *["Cluster(2);"] * 3]


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse_network("\ufeff" + network_of("")).name == "N"


# --- what does not read: place and message ---

BROKEN = [
    ("", "a.m:1:1", "expected Network NAME { … }, found the end of the text"),
    ("// nothing\n", "a.m:2:1", "expected Network NAME { … }, found the end of the text"),
    ("Netwrok N { }", "a.m:1:1", "unknown word 'Netwrok' at the top of a file; did you mean 'Network'?"),
    ("network N { }", "a.m:1:1", "did you mean 'Network'?"),
    ("}", "a.m:1:1", "a '}' that no '{' opened"),
    ("Layer L { Type: CONV }", "a.m:1:1", "Layer outside a network"),
    ("Network { }", "a.m:1:9", "expected the name of the network, found '{'"),
    ("Network N {\n Layer L {\n", "a.m:2:10", "the '{' of Layer L is never closed"),
    (
        "Network N {\n Layer A {\n  Type: CONV\n  Dataflow {\n   Cluster(2)\n }\n Layer B { Type: CONV }\n}",
        "a.m:7:2",
        "a '}' is missing: the '{' of Layer A in line 2 is still open here",
    ),
    (
        "Network N { Layer A {\n  Dimensions { K: 4\n  Dataflow { } } }",
        "a.m:3:3",
        "a '}' is missing: the '{' of Dimensions in line 2 is still open here",
    ),
    ("Network N { Layer L { Type: CONV } } }", "a.m:1:38", "a '}' that no '{' opened"),
    ("Network N { Layer L { } }", "a.m:1:19", "Layer L has no Type; give one of CONV"),
    ("Network N { Layer L { Type: CONVV } }", "a.m:1:29", "layer type 'CONVV'; did you mean 'CONV'?"),
    ("Network N { Layer L { Typ: CONV } }", "a.m:1:23", "'Typ' in Layer L; did you mean 'Type'?"),
    ("Network N { Layer L { Type: CONV Type: CONV } }", "a.m:1:34", "a second Type in Layer L"),
    (network_of("\nDimensions { K: 0 }"), "a.m:2:17", "the Dimensions value of K is 0; it must be 1 or more"),
    (network_of("\nDimensions { K: 4, K: 5 }"), "a.m:2:20", "K is 5 here and 4 before"),
    (network_of("\nDimensions { K: }"), "a.m:2:17", "expected the Dimensions value of K, found '}'"),
    (network_of("\nDimensions { K: 64x }"), "a.m:2:17", "expected the Dimensions value of K, found '64x'"),
    (network_of("\nDimensions { K: 1.5 }"), "a.m:2:17", "found '1.5'"),
    (network_of("\nDimensions { K: é }"), "a.m:2:17", "found 'é'"),
    (network_of("\nStride { X: s }"), "a.m:2:8", "Stride of X is s; it must be a number"),
    (network_of("\nStride { Z: 2 }"), "a.m:2:10", "unknown dimension of Stride 'Z'"),
    (network_of("\nDataflow { Clustr(2) }"), "a.m:2:12", "'Clustr' in a dataflow; did you mean 'Cluster'?"),
    ("Constant K 4; Constant K 5;", "a.m:1:24", "K is 5 here and 4 before"),
    ("Constant K -4;", "a.m:1:12", "expected an integer, the value of K, found '-'"),
]

BROKEN_DIRECTIVES = [
    ("", "a.m:1:1", "expected a directive (TemporalMap, SpatialMap, Cluster), found the end of the text"),
    ("Cluster(0)", "a.m:1:9", "the size of Cluster is 0; it must be 1 or more"),
    ("Cluster(2-5)", "a.m:1:9", "the size of Cluster is -3; it must be 1 or more"),
    ("TemporalMap(0,1) K", "a.m:1:13", "the size of TemporalMap is 0; it must be 1 or more"),
    ("TemporalMap(1,0) K", "a.m:1:15", "the offset of TemporalMap is 0; it must be 1 or more"),
    ("TemporalMap(3) K", "a.m:1:14", "TemporalMap takes a size and an offset"),
    ("TemporalMap(3,) K", "a.m:1:15", "TemporalMap takes a size and an offset"),
    ("TemporalMap(1,1);\nCluster(2)", "a.m:2:1", "expected the dimension of TemporalMap, found 'Cluster'"),
    ("TemporalMap(1,1 K", "a.m:1:17", "expected ')', found 'K'"),
    ("TemporalMap(1+,1) K", "a.m:1:16", "nothing follows the '+' of this size"),
    ("Cluster(8, Q)", "a.m:1:12", "unknown kind of Cluster 'Q'"),
    ("Cluster(K*C)", "a.m:1:9", "a product of two names is not affine"),
    ("Cluster(2*mod)", "a.m:1:11", "'mod' is a word of the notation; give the symbol another name"),
    ("Cluster(ceil(K))", "a.m:1:9", "unknown function 'ceil'"),
    ("Cluster(Y')", "a.m:1:9", "Y' is a dimension; its extent is Sz(Y')"),
    ("Cluster(Sz(3))", "a.m:1:12", "expected the dimension of Sz, found '3'"),
    ("Cluster(" + "(" * 101 + "1", "a.m:1:109", "parentheses nested more than 100 deep"),
    ("Cluster(" + "1+" * 1000 + "1)", "a.m:1:2009", "a size of more than 1000 numbers and names"),
    ("Cluster(" + "9" * 4001 + ")", "a.m:1:9", "an integer of 4001 digits; the most is 4000"),
    ("Cluster(" + "9" * 4000 + "*10)", "a.m:1:9", "this size has more than 4000 digits"),
    ("Cluster(" + "9" * 4000 + "*K+K)", "a.m:1:9", "this size has more than 4000 digits"),
    ("Dataflow { Cluster(2) } K", "a.m:1:25", "expected the end of the dataflow, found 'K'"),
    ("Cluster(2) @", "a.m:1:12", "expected TemporalMap or SpatialMap or Cluster in a dataflow, found '@'"),
]


@pytest.mark.parametrize(("text", "place", "message"), BROKEN)
def test_a_broken_file_is_refused_with_place_and_reason(text: str, place: str, message: str) -> None:
    error = failure(text)
    assert (str(error.place), message in error.message) == (place, True), error.message


@pytest.mark.parametrize(("text", "place", "message"), BROKEN_DIRECTIVES)
def test_broken_directives_are_refused_with_place_and_reason(text: str, place: str, message: str) -> None:
    error = failure(text, directives=True)
    assert (str(error.place), message in error.message) == (place, True), error.message


def test_an_error_shows_the_line_and_a_caret() -> None:
    error = failure("Cluster(2);\r\n\tCluster(0, P);\r\n", directives=True)
    assert str(error) == (
        "a.m:2:10: the size of Cluster is 0; it must be 1 or more\n   Cluster(0, P);\n           ^"
    )


# --- files ---


def test_standard_input_is_read_for_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(network_of("").encode())))
    assert load("-").layers[0].name == "L"


def test_a_file_that_is_not_there_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(LanguageError, match=r"absent\.m:1:1: cannot read this file: No such file"):
        load(tmp_path / "absent.m")
    with pytest.raises(LanguageError, match="cannot read this file"):
        load(tmp_path)
    with pytest.raises(LanguageError, match="cannot read this file"):
        load("a\0b")


def test_a_file_that_is_not_utf8_names_line_and_byte(tmp_path: Path) -> None:
    file = tmp_path / "latin.m"
    file.write_bytes(b"Network N {\n// caf\xe9\n}")
    with pytest.raises(LanguageError) as caught:
        load(file)
    assert (caught.value.place.line, caught.value.place.column) == (2, 7)
    assert "byte 0xe9 at offset 18 is not UTF-8" in caught.value.message


@pytest.mark.parametrize(
    "noise",
    ["x", "(", "{", "9", "; ", "//\n", "+", "Cluster(2)\n", "é", "\0", "-", "Constant ", "Network N{"],
)
def test_ten_megabytes_of_noise_answer_within_seconds(noise: str) -> None:
    text = noise * (10_000_000 // len(noise))
    start = time.process_time()
    failure(text)
    assert time.process_time() - start < 20  # a quadratic reading takes hours


@pytest.mark.parametrize(
    ("opening", "noise"),
    [
        ("Cluster(", "("),
        ("Cluster(", "1+"),
        ("Cluster(", "9999999*"),
        ("Cluster(9", "9"),
        ("Cluster(a", ";\n"),
    ],
)
def test_ten_megabytes_inside_a_size_answer_within_seconds(opening: str, noise: str) -> None:
    text = opening + noise * (10_000_000 // len(noise))
    start = time.process_time()
    failure(text, directives=True)
    assert time.process_time() - start < 20


def test_places_in_one_long_line_stay_cheap() -> None:
    flow = parse_dataflow("Cluster(2);" * 20_000)
    assert len(flow.directives) == 20_000
    assert all(each.place is not None and len(each.place.text) <= 200 for each in flow.directives)


def test_the_files_that_circulate_read(reference: Path) -> None:
    files = sorted(
        file for folder in ("mapping", "validation") for file in (reference / "maestro" / folder).glob("*.m")
    )
    assert len(files) == 14
    layers = {file.name: len(load(file).layers) for file in files}
    # `grep -c Layer`, less the two inside comments
    assert layers["MobileNetV2_kcp_ws.m"] == 56
    assert layers["GEMM_Example.m"] == 1
    assert all(layer.dataflow for file in files for layer in load(file).layers)


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.m")), ids=lambda file: file.name)
def test_the_examples_read_and_have_operators(file: Path) -> None:
    for layer in load(file).layers:
        assert layer.operator().symbols == ()
        assert layer.mapping_dataflow().directives
