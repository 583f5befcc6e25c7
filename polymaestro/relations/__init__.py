"""Integer sets and relations: the space-time map, accesses, axis groups, coverage."""

from polymaestro.relations.assumptions import assumed, several
from polymaestro.relations.coverage import Coverage
from polymaestro.relations.digits import Digits, in_digits
from polymaestro.relations.extraction import Relations, extract
from polymaestro.relations.groups import AxisGroup, axis_groups, joined

__all__ = [
    "AxisGroup",
    "Coverage",
    "Digits",
    "Relations",
    "assumed",
    "axis_groups",
    "extract",
    "in_digits",
    "joined",
    "several",
]
