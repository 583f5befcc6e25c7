"""Sweeps: run time, energy and buffers of many dataflows on many machines, exact at every point.

`sweep` is the door; the work is in `polymaestro.sweeping.result`, which loads NumPy.
"""

from polymaestro.sweeping.constraints import Constraints
from polymaestro.sweeping.designs import METRICS, Best, Design
from polymaestro.sweeping.starting import sweep

__all__ = ["METRICS", "Best", "Constraints", "Design", "sweep"]
