"""Closed forms and numbers, ready to read: analyses, reuse factors, reports."""

from polymaestro.model.analysis import Analysis
from polymaestro.model.certified import Certified
from polymaestro.model.energy import Energy
from polymaestro.model.performance import BufferReport, LinkReport, Performance
from polymaestro.model.report import LayerReport, NetworkReport
from polymaestro.model.reuse import Ratio, Reuse
from polymaestro.model.roofline import Roofline
from polymaestro.model.runtime import RunTime

__all__ = [
    "Analysis",
    "BufferReport",
    "Certified",
    "Energy",
    "LayerReport",
    "LinkReport",
    "NetworkReport",
    "Performance",
    "Ratio",
    "Reuse",
    "Roofline",
    "RunTime",
]
