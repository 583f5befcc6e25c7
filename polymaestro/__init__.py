"""polymaestro: exact, symbolic costs of DNN accelerator dataflows.

A layer and a dataflow in MAESTRO's directives go in; reuse, footprint, traffic and buffer needs come out
as formulas in the layer's dimensions, exact with halos, strides, edge tiles and idle units.
`polymaestro.movement` says what every count means, `polymaestro.loopnest.timing` every time and energy.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
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

_HOMES = {
    "batch": "Network load",
    "checking": "Verdict check",
    "dataflow": "Dataflow parse_dataflow parse_network",
    "equations": "check_equation diff",
    "errors": "PolymaestroError",
    "hardware": "Hardware load_hardware",
    "loopnest.execution": "execute",
    "loopnest.interpreter": "interpret",
    "model": "Analysis",
    "pipeline": "analyze",
    "policies": "Policies",
    "sweeping": "sweep",
    "symbolic": "ClosedForm",
    "tiling": "TiledAnalysis analyze_tiles optimize",
    "workload": """
        Operator average_pool2d batched_gemm conv2d depthwise_conv2d einsum
        fully_connected gemm grouped_conv2d lstm max_pool2d transposed_conv2d
    """,
}
"""Where the public names are from: half a second of imports, in which the program can be ended."""


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a public name, or a module of the package, when it is first asked for."""
        if name == "dataflows":
            found: object = import_module("polymaestro.dataflow.catalog")
        elif name == "__version__":
            found = import_module("importlib.metadata").version("polymaestro")
        elif name in __all__ and name != "networks":
            home = next(home for home, names in _HOMES.items() if name in names.split())
            found = getattr(import_module(f"polymaestro.{home}"), name)
        elif not name.startswith("_") and find_spec(f"polymaestro.{name}"):
            return import_module(f"polymaestro.{name}")
        else:
            message = f"module 'polymaestro' has no attribute {name!r}"
            raise AttributeError(message)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        """Give the public names too, before they are imported."""
        return sorted({*globals(), *__all__})
