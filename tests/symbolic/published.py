"""The five published dataflows with every extent a symbol, and what divides where their tiles divide."""

from __future__ import annotations

from functools import cache

import polymaestro as pm
from polymaestro.model.table import reference_point

# Cluster(Sz(R)) makes ⌊256/R⌋ clusters, which is no affine bound, so R is a number there.
OPERATORS = {"yr_p": pm.conv2d(R=3)}
FLOWS = {
    "c_p": pm.dataflows.c_p(),
    "x_p": pm.dataflows.x_p(),
    "yx_p": pm.dataflows.yx_p(8),
    "yr_p": pm.dataflows.yr_p(),
    "kc_p": pm.dataflows.kc_p(64),
}
# By hand from the directives and 256 PEs: tile sizes, and the number of units in a fold.
TILES = {
    "c_p": {"C": 256},
    "x_p": {"Q": 256},
    "yx_p": {"P": 32, "Q": 8},
    "yr_p": {"C": 2, "K": 2, "P": 85},
    "kc_p": {"C": 64, "K": 4},
}
# Two tiles at least of a dimension, where that changes a formula.
SEVERAL = {"c_p": {"C": 512}, "x_p": {}, "yx_p": {}, "yr_p": {"P": 170}, "kc_p": {}}


@cache
def analysis(name: str) -> pm.Analysis:
    """Derive once for all tests."""
    return pm.analyze(OPERATORS.get(name, pm.conv2d()), FLOWS[name], 256)


def common(name: str) -> list[str]:
    """The assumptions of the common case beside tiles that divide."""
    rows = "P >= R" if "R" in analysis(name).symbols else "P >= 3"
    return [rows, "Q >= S", *(f"{symbol} >= 2" for symbol in analysis(name).symbols)]


@cache
def divisible(name: str) -> pm.Analysis:
    """The view of the common case."""
    return analysis(name).divisible(*common(name))


def reference(name: str) -> dict[str, int]:
    """The point whose case is generic: 3-tap filters, everything else large."""
    return reference_point(analysis(name).operator, analysis(name).symbols)
