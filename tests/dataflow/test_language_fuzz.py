"""Whatever goes in, a network or a `PolymaestroError` comes out; what is printed reads back the same."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from polymaestro.affine import Affine
from polymaestro.dataflow import (
    Cluster,
    Dataflow,
    Layer,
    Network,
    SpatialMap,
    TemporalMap,
    load,
    parse_dataflow,
    parse_network,
    print_network,
)
from polymaestro.dataflow.layers import TYPES
from polymaestro.errors import LanguageError, PolymaestroError
from polymaestro.hardware import parse_hardware

WORDS = (
    "Constant Network Layer Type Stride Dilation Dimensions Dataflow TemporalMap SpatialMap Cluster Sz CONV"
    " DSCONV GEMM num_pes P L K C R S Y X Y' X\u2019 N T_C 0 1 3 64 ( ) { } : , ; -> - + * // . @ \u00e9"
)
TOKENS = st.sampled_from([*WORDS.split(), "\n", "\r\n"])
SENTENCE = (
    "Network N { Layer A-1 { Type: CONV Dimensions { K: 4, Y: 8 }"
    " Dataflow { TemporalMap(1,1) K; Cluster(2, P); } } }"
)


Given = TypeVar("Given")


def refusal(read: Callable[[Given], object], value: Given) -> str | None:
    """Give the message of a `PolymaestroError`; anything else that is raised fails the test."""
    try:
        read(value)
    except PolymaestroError as error:
        return str(error)
    return None


def assert_reads_or_refuses(text: str) -> None:
    for read in (parse_network, parse_dataflow, parse_hardware):
        assert refusal(read, text) != ""


@given(st.text())
@example("Cluster(" + "(" * 100_000)
@example("Cluster(" + "-" * 100_000)
@example("TemporalMap(" + "Sz(" * 10_000)
@example("Network N {" * 10_000)
@example("Constant A " + "9" * 5000)
def test_any_text_reads_or_is_refused(text: str) -> None:
    assert_reads_or_refuses(text)


@given(st.lists(TOKENS, max_size=60), st.sampled_from(["", " "]))
def test_token_soup_reads_or_is_refused(tokens: list[str], blank: str) -> None:
    assert_reads_or_refuses(blank.join(tokens))
    assert_reads_or_refuses(f"Network N {{ Layer L {{ Type: CONV Dataflow {{ {blank.join(tokens)} }} }} }}")


@given(st.binary())
def test_any_bytes_load_or_are_refused(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    file = tmp_path_factory.mktemp("bytes") / "a.m"
    file.write_bytes(raw)
    message = refusal(load, str(file))
    assert message is None or message.startswith(f"{file}:")


@given(st.integers(0, len(SENTENCE)), st.integers(0, 12), TOKENS)
def test_a_damaged_file_reads_or_is_refused(at: int, cut: int, token: str) -> None:
    damaged = SENTENCE[:at] + token + SENTENCE[at + cut :]
    assert_reads_or_refuses(damaged)
    try:
        layers = parse_network(damaged).layers
    except LanguageError:
        return
    for layer in layers:
        message = refusal(Layer.mapping_dataflow, layer)
        assert message is None or message.startswith("<text>:1:")


NAMES = st.sampled_from(["T", "T_C", "K", "Sz(R)", "Sz(Y')", "w"])
COEFFICIENTS = st.integers(-9, 10**30)


@st.composite
def sizes(draw: st.DrawFn) -> Affine:
    """Draw a size of 1 or more, or one that a symbol leaves open."""
    terms = draw(st.dictionaries(NAMES, COEFFICIENTS, max_size=3))
    value = sum((Affine.of(name) * factor for name, factor in terms.items()), Affine.of(draw(COEFFICIENTS)))
    return value if value.terms else Affine.of(max(1, value.constant))


DIMS = st.sampled_from(["N", "K", "C", "Y", "X", "Y'", "X'", "R", "S"])
MAPS = st.one_of(
    st.builds(TemporalMap, sizes(), sizes(), DIMS), st.builds(SpatialMap, sizes(), sizes(), DIMS)
)
CLUSTERS = st.builds(Cluster, sizes(), st.sampled_from([None, "P", "L"]))
DATAFLOWS = st.lists(st.one_of(MAPS, CLUSTERS), min_size=1, max_size=8).map(
    lambda each: Dataflow(tuple(each))
)
LABELS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", fullmatch=True)
PAIRS = st.tuples(st.integers(1, 5), st.integers(1, 5))
LAYERS = st.builds(
    Layer, LABELS, st.sampled_from(TYPES), PAIRS, PAIRS, st.dictionaries(DIMS, sizes(), max_size=6), DATAFLOWS
)
NETWORKS = st.builds(Network, LABELS, st.lists(LAYERS, max_size=4).map(tuple))


@given(DATAFLOWS)
def test_a_printed_dataflow_reads_back(flow: Dataflow) -> None:
    assert parse_dataflow(str(flow)) == flow


@given(NETWORKS)
def test_a_printed_network_reads_back(network: Network) -> None:
    text = print_network(network)
    assert parse_network(text) == network
    assert print_network(parse_network(text)) == text


def test_the_files_that_circulate_read_back(reference: Path) -> None:
    for file in sorted((reference / "maestro" / "mapping").glob("*.m")):
        network = load(file)
        assert parse_network(print_network(network)) == network
