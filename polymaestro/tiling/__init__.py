"""Mappings whose own sizes are symbols: tiles, windows, clusters, PEs; formulas over numbers of tiles."""

from polymaestro.tiling.analysis import TiledAnalysis, TiledBoundary, TiledTensor, analyze_tiles
from polymaestro.tiling.complete import CompleteForm, complete_from_json
from polymaestro.tiling.divisible import DivisibleCase, Quotient, divisible, divisible_point
from polymaestro.tiling.forms import TiledCase, TiledForm
from polymaestro.tiling.lifting import Lifted, lifted
from polymaestro.tiling.search import Optimum, optimize

__all__ = [
    "CompleteForm",
    "DivisibleCase",
    "Lifted",
    "Optimum",
    "Quotient",
    "TiledAnalysis",
    "TiledBoundary",
    "TiledCase",
    "TiledForm",
    "TiledTensor",
    "analyze_tiles",
    "complete_from_json",
    "divisible",
    "divisible_point",
    "lifted",
    "optimize",
]
