"""HOW it is mapped: directives, their language, published dataflows."""

from polymaestro.dataflow.directives import Cluster, Dataflow, Level, SpatialMap, TemporalMap

__all__ = ["Cluster", "Dataflow", "Level", "SpatialMap", "TemporalMap"]
