"""An analysis as a paper prints it: one report of rows with formulas, five ways to write it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from polymaestro.model.paper.grids import Grid, Grids, Loop, View
from polymaestro.model.paper.html import html
from polymaestro.model.paper.latex import latex
from polymaestro.model.paper.plain import json, markdown, text
from polymaestro.model.paper.report import Paper, paper_of, paper_with

WRITERS: Mapping[str, Callable[[Paper], str]] = MappingProxyType(
    {"text": text, "markdown": markdown, "latex": latex, "html": html, "json": json}
)

__all__ = [
    "WRITERS",
    "Grid",
    "Grids",
    "Loop",
    "Paper",
    "View",
    "html",
    "json",
    "latex",
    "markdown",
    "paper_of",
    "paper_with",
    "text",
]
