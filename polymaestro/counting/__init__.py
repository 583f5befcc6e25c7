"""Relations to quasi-polynomials with the region where they hold."""

from polymaestro.counting.engine import Count, Counter, Engine
from polymaestro.counting.merging import merged
from polymaestro.counting.quasipolynomial import QP, QuasiPolynomial
from polymaestro.counting.reading import region_of
from polymaestro.counting.reducing import with_decided_floors
from polymaestro.counting.region import Condition, Region
from polymaestro.counting.summing import Summing
from polymaestro.counting.tables import BoundaryCounts, Counts, count
from polymaestro.counting.ties import Tie

__all__ = [
    "QP",
    "BoundaryCounts",
    "Condition",
    "Count",
    "Counter",
    "Counts",
    "Engine",
    "QuasiPolynomial",
    "Region",
    "Summing",
    "Tie",
    "count",
    "merged",
    "region_of",
    "with_decided_floors",
]
