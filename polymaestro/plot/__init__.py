"""Pictures of reports and sweeps; they need matplotlib (the extra ``plots``).

Each function gives a matplotlib figure; `save` writes it as PNG, SVG or PDF.
"""

from polymaestro.plot.drawing import save
from polymaestro.plot.front import pareto
from polymaestro.plot.roofs import roofline, summary
from polymaestro.plot.stacks import energy, reuse
from polymaestro.plot.times import against

__all__ = ["against", "energy", "pareto", "reuse", "roofline", "save", "summary"]
