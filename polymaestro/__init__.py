"""polymaestro: exact, symbolic costs of DNN accelerator dataflows.

A layer and a dataflow in MAESTRO's directives go in; reuse, footprint, traffic and buffer needs come out
as formulas in the layer's dimensions, exact with halos, strides, edge tiles and idle units.
`polymaestro.movement` says what every count means, `polymaestro.loopnest.timing` every time and energy.
"""

from importlib.metadata import version

from polymaestro import networks
from polymaestro.batch import Network, load
from polymaestro.checking import Verdict, check
from polymaestro.dataflow import Dataflow, parse_dataflow, parse_network
from polymaestro.dataflow import catalog as dataflows
from polymaestro.equations import check_equation, diff
from polymaestro.errors import PolymaestroError
from polymaestro.hardware import Hardware, load_hardware
from polymaestro.loopnest.execution import execute
from polymaestro.loopnest.interpreter import interpret
from polymaestro.model import Analysis
from polymaestro.pipeline import analyze
from polymaestro.policies import Policies
from polymaestro.sweeping import sweep
from polymaestro.symbolic import ClosedForm
from polymaestro.tiling import TiledAnalysis, analyze_tiles, optimize
from polymaestro.workload import (
    Operator,
    average_pool2d,
    batched_gemm,
    conv2d,
    depthwise_conv2d,
    einsum,
    fully_connected,
    gemm,
    grouped_conv2d,
    lstm,
    max_pool2d,
    transposed_conv2d,
)

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
    "TiledAnalysis",
    "Verdict",
    "analyze",
    "analyze_tiles",
    "average_pool2d",
    "batched_gemm",
    "check",
    "check_equation",
    "conv2d",
    "dataflows",
    "depthwise_conv2d",
    "diff",
    "einsum",
    "execute",
    "fully_connected",
    "gemm",
    "grouped_conv2d",
    "interpret",
    "load",
    "load_hardware",
    "lstm",
    "max_pool2d",
    "networks",
    "optimize",
    "parse_dataflow",
    "parse_network",
    "sweep",
    "transposed_conv2d",
]
