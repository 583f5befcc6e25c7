"""The affine loop nest: lowered from directives, printed as loops; and the interpreter, the oracle."""

from polymaestro.loopnest.lowering import lower, nest_of
from polymaestro.loopnest.nest import Loop, LoopNest, Tile, Units

__all__ = ["Loop", "LoopNest", "Tile", "Units", "lower", "nest_of"]
