"""Mappings whose own sizes are symbols: tiles, windows, clusters, PEs; formulas over numbers of tiles."""

from polymaestro.tiling.analysis import TiledAnalysis, TiledBoundary, TiledTensor
from polymaestro.tiling.complete import CompleteForm, complete_from_json
from polymaestro.tiling.costs import DivisibleEnergy, TiledEnergy, TiledEnergyCase, TiledRoofline
from polymaestro.tiling.deriving import analyze_tiles
from polymaestro.tiling.divisible import DivisibleCase, Quotient, divisible, divisible_point
from polymaestro.tiling.forms import TiledCase, TiledForm
from polymaestro.tiling.lifting import Lifted, lifted
from polymaestro.tiling.search import Optimum, optimize
from polymaestro.tiling.timing import DivisibleTime, TiledRunTime, TiledTimeCase

__all__ = [
    "CompleteForm",
    "DivisibleCase",
    "DivisibleEnergy",
    "DivisibleTime",
    "Lifted",
    "Optimum",
    "Quotient",
    "TiledAnalysis",
    "TiledBoundary",
    "TiledCase",
    "TiledEnergy",
    "TiledEnergyCase",
    "TiledForm",
    "TiledRoofline",
    "TiledRunTime",
    "TiledTensor",
    "TiledTimeCase",
    "analyze_tiles",
    "complete_from_json",
    "divisible",
    "divisible_point",
    "lifted",
    "optimize",
]
