"""Tiles, new data, sharing and reduction: still as relations, in product form."""

from polymaestro.movement.quantities import QUANTITIES, Factor, Quantity, Term
from polymaestro.movement.tracing import BoundaryMovement, Movement, elements_used, trace

__all__ = [
    "QUANTITIES",
    "BoundaryMovement",
    "Factor",
    "Movement",
    "Quantity",
    "Term",
    "elements_used",
    "trace",
]
