"""Layers whose extents become symbols: filters that the mapping suits with one size only keep theirs."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

import polymaestro as pm
from polymaestro.cli import main
from polymaestro.cli.lifting import fixed_filters, lifted
from polymaestro.loopnest.interpreter import interpret

LAYER = """Network N { Layer C { Type: CONV Dimensions { K: 4, C: 6, R: 3, S: 3, Y: 8, X: 7 } Dataflow {
  %s } } }"""
ROWS = """TemporalMap(1,1) K; SpatialMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X; %s;
  SpatialMap(1,1) Y; SpatialMap(1,1) R;"""
COLUMNS = "TemporalMap(Sz(S),1) X; SpatialMap(1,1) K;"
FLOWS = {
    "window and filter as long as the filter": ("TemporalMap(Sz(R),1) Y; " + COLUMNS, set()),
    "a window in numbers": ("TemporalMap(3,1) Y; " + COLUMNS, {"R"}),
    "a filter in numbers": ("TemporalMap(Sz(R),1) Y; TemporalMap(3,3) R; " + COLUMNS, {"R"}),
    "one row and one tap a unit": (ROWS % "Cluster(3)", set()),
    "channels as many as columns of the filter": (
        "TemporalMap(Sz(R),1) Y; TemporalMap(3,Sz(S)) C; " + COLUMNS,
        {"S"},
    ),
    "a cluster as large as the filter": (ROWS % "Cluster(Sz(R))", {"R"}),
}


@pytest.mark.parametrize("name", FLOWS)
def test_filters_that_one_size_suits_keep_it(name: str) -> None:
    text, fixed = FLOWS[name]
    [layer] = pm.parse_network(LAYER % text).layers
    assert fixed_filters(layer) == fixed
    found = lifted(layer, 12, "", ())
    assert found.fixed == tuple(sorted(fixed))
    assert set(found.analysis.symbols) == set("NKCPQRS") - fixed
    for size in {"N": 2, "K": 5, "C": 3, "P": 4, "Q": 2}, dict(found.point()):
        point = {symbol: size.get(symbol, 3) for symbol in found.analysis.symbols}
        seen = interpret(found.analysis.operator, layer.mapping_dataflow(), 12, point)
        assert found.analysis.macs.at(**point) == seen.macs
        tensors = seen.boundaries[0].tensors
        for tensor, forms in found.analysis["L2"].tensors.items():
            for quantity, form in forms.forms.items():
                assert form.at(**point) == tensors[tensor][quantity], (tensor, quantity, point)


def test_the_reader_is_told_which_filters_keep_their_size() -> None:
    text, _ = FLOWS["a window in numbers"]
    result = CliRunner().invoke(
        main, ["derive", "-", "--num-pes", "12", "--exact", "macs"], input=LAYER % text
    )
    assert (result.exit_code, result.stdout) == (0, "3·C·K·N·P·Q·S\n")
    assert result.stderr == "note: R kept as in --keep: the dataflow suits its number only\n"
