"""Closed forms and numbers, ready to read: analyses, reuse factors, reports."""

from polymaestro.model.analysis import Analysis
from polymaestro.model.policies import POLICIES
from polymaestro.model.report import LayerReport, NetworkReport
from polymaestro.model.reuse import Ratio, Reuse

__all__ = ["POLICIES", "Analysis", "LayerReport", "NetworkReport", "Ratio", "Reuse"]
