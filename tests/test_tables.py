"""The table that an analysis prints, for the published dataflows, every extent a symbol."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import polymaestro as pm

FLOWS = {
    "c_p": pm.dataflows.c_p(),
    "x_p": pm.dataflows.x_p(),
    "yx_p": pm.dataflows.yx_p(8),
    "yr_p": pm.dataflows.yr_p(64),
    "kc_p": pm.dataflows.kc_p(64),
}


@pytest.mark.parametrize("name", FLOWS)
def test_the_table_of_a_published_dataflow(name: str, golden: Callable[[str, str], None]) -> None:
    text = str(pm.analyze(pm.conv2d(), FLOWS[name], 256))
    assert all(len(line) <= 100 for line in text.splitlines() if "hold where" not in line)
    golden(f"table-{name}.txt", text + "\n")


def test_derive_of_vgg16_conv2_fits_a_page(golden: Callable[[str, str], None]) -> None:
    [layer] = pm.load("examples/vgg16_kc_p.m").named("CONV2")
    operator = layer.operator()
    lifted = operator.with_extents({dim.name: dim.name for dim in operator.dims})
    extents = {dim.name: dim.extent.constant for dim in operator.dims}
    text = pm.analyze(lifted, layer.mapping_dataflow(), 256).table(at=extents)
    assert len(text.splitlines()) <= 60
    assert max(map(len, text.splitlines())) <= 100
    golden("table-vgg16-conv2.txt", text + "\n")
