"""HOW it is mapped: directives, their language, published dataflows."""

from polymaestro.dataflow.directives import Cluster, Dataflow, Level, SpatialMap, TemporalMap
from polymaestro.dataflow.language import load, parse_dataflow, parse_network
from polymaestro.dataflow.layers import Layer
from polymaestro.dataflow.network import Network
from polymaestro.dataflow.printer import print_network

__all__ = [
    "Cluster",
    "Dataflow",
    "Layer",
    "Level",
    "Network",
    "SpatialMap",
    "TemporalMap",
    "load",
    "parse_dataflow",
    "parse_network",
    "print_network",
]
