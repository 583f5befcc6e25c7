"""polymaestro: exact, symbolic costs of DNN accelerator dataflows.

A layer and a dataflow in MAESTRO's directives go in; reuse, footprint, traffic and buffer needs come out
as formulas in the layer's dimensions, exact with halos, strides, edge tiles and idle units.
"""

from importlib.metadata import version

from polymaestro.batch import Network, load
from polymaestro.dataflow import Dataflow, parse_dataflow, parse_network
from polymaestro.dataflow import catalog as dataflows
from polymaestro.errors import PolymaestroError
from polymaestro.hardware import Hardware, load_hardware
from polymaestro.loopnest.interpreter import interpret
from polymaestro.model import Analysis
from polymaestro.pipeline import analyze
from polymaestro.policies import Policies
from polymaestro.symbolic import ClosedForm
from polymaestro.workload import Operator, conv2d, depthwise_conv2d, einsum, gemm, grouped_conv2d

__version__ = version("polymaestro")

__all__ = [
    "Analysis",
    "ClosedForm",
    "Dataflow",
    "Hardware",
    "Network",
    "Operator",
    "Policies",
    "PolymaestroError",
    "analyze",
    "conv2d",
    "dataflows",
    "depthwise_conv2d",
    "einsum",
    "gemm",
    "grouped_conv2d",
    "interpret",
    "load",
    "load_hardware",
    "parse_dataflow",
    "parse_network",
]
