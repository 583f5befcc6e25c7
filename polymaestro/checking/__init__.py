"""Verdicts: is every point executed exactly once, what is wrong, what mends it, and does it fit."""

from polymaestro.checking.capacity import Need, TensorNeed
from polymaestro.checking.deciding import check
from polymaestro.checking.layers import LayerVerdict, check_layer
from polymaestro.checking.measuring import Part
from polymaestro.checking.verdict import Verdict

__all__ = ["LayerVerdict", "Need", "Part", "TensorNeed", "Verdict", "check", "check_layer"]
