"""Traffic: the order of the counts, the least traffic there can be, and when it is reached.

    Σ|A| ≥ fills ≥ parent reads ≥ |tensor|              drains ≥ parent updates ≥ final writes = |output|

The right end is compulsory traffic: every element crosses at least once. The conditions under which it is
reached say when a dataflow is perfect for a tensor. Partial sums come back no more often than they were
written too early; for the published dataflows exactly as often. In general that is false: see
``read-backs-are-bounded-by-early-writes`` in false.py. It holds where no unit fetches a sum that another unit
of the same parent still holds. Then the times at which units hold a sum fall apart into periods, each begins
with all its units fetching it at one step, and ends with at least one update; all but the first fetch are
read-backs. Where the units of a period also give the sum up at one step, the two sides are equal. (A random
test checks that argument against the interpreter: tests/proving/test_read_backs.py.)

Who relies on it: reuse factors, roofline bounds, and every claim that a dataflow keeps a tensor in place.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from published import FLOWS, analysed, sizes

from polymaestro.proving import Function, Proof, asked_at_least, at_least, equal, statement

TRUST = "isl, the counting engine; proofs/replay.py multiplies the certificates out"

# A fold over 256 or 32 units makes counts cubic in two symbols; there the filter is 3 × 3.
FILTERS = {"C-P": None, "X-P": 3, "YX-P": 3, "YR-P": 3, "KC-P": None}

# Where the traffic below L2 is no more than the tensor.
PERFECT = {
    ("C-P", "O"): "true",
    ("C-P", "W"): "C <= 256 or (P = 1 and Q = 1)",
    ("X-P", "W"): "true",
    ("X-P", "O"): "C = 1 or (P = 1 and Q <= 256)",
    ("YX-P", "O"): "true",
    ("YR-P", "W"): "true",
    ("YR-P", "O"): "C <= 2 or (K <= 2 and P <= 4 and Q = 1)",
    ("KC-P", "W"): "true",
    ("KC-P", "O"): "C <= 64 or (P = 1 and Q = 1)",
    ("KC-P", "I"): "(K <= 4 and (P = 1 or R = 1 or Q = 1)) or (C <= 64 and P = 1 and Q = 1)",
}


@statement(trusts=TRUST)
def traffic_is_ordered() -> Iterator[Proof]:
    """Σ|A| ≥ fills ≥ parent reads and Σ|A| ≥ drains ≥ parent updates ≥ final writes, at every boundary."""
    for name in FLOWS:
        for boundary in analysed(name, FILTERS[name]).boundaries:
            for tensor in boundary.tensors.values():
                chain = ["tile_total", "fills", "parent_reads"]
                if tensor.role == "output":
                    chain = ["tile_total", "drains", "parent_updates", "final_writes"]
                for more, less in itertools.pairwise(chain):
                    claim = f"{name} {boundary.parent} {tensor.name} {more} ≥ {less}".replace("_", " ")
                    forms = Function.of(tensor.forms[more]), Function.of(tensor.forms[less])
                    yield at_least(claim, *forms)


@statement(trusts=TRUST)
def traffic_is_never_below_compulsory() -> Iterator[Proof]:
    """Below L2 every element of a tensor crosses at least once; final writes are the output, once."""
    for name in FLOWS:
        analysis = analysed(name, FILTERS[name])
        for tensor, size in sizes(analysis).items():
            forms = analysis["L2"][tensor]
            if forms.role == "input":
                yield at_least(f"{name} reads of {tensor}", Function.of(forms.parent_reads), size)
            else:
                yield equal(f"{name} final writes", Function.of(forms.final_writes), size)


@statement(trusts="isl, the counting engine, z3")
def solvers_agree_on_compulsory_traffic() -> Iterator[Proof]:
    """The same as traffic-is-never-below-compulsory, for 3 × 3 filters, decided by SMT solvers."""
    for name in FLOWS:
        analysis = analysed(name, 3)
        for tensor, size in sizes(analysis).items():
            forms = analysis["L2"][tensor]
            moved = forms.parent_reads if forms.role == "input" else forms.parent_updates
            yield asked_at_least(f"{name} traffic of {tensor}", Function.of(moved), size)


@statement(trusts=TRUST)
def when_traffic_is_compulsory() -> Iterator[Proof]:
    """Traffic below L2 is the tensor, once, exactly under the condition given, and more elsewhere."""
    for (name, tensor), condition in PERFECT.items():
        analysis = analysed(name, FILTERS[name])
        forms, size = analysis["L2"][tensor], sizes(analysis)[tensor]
        moved = Function.of(forms.parent_reads if forms.role == "input" else forms.parent_updates)
        yield equal(f"{name} {tensor} once where {condition}", moved.where(condition), size.where(condition))
        if condition != "true":
            elsewhere = f"not ({condition})"
            claim = f"{name} {tensor} more than once elsewhere"
            yield at_least(claim, moved.where(elsewhere), size.where(elsewhere), margin=1)


@statement(trusts=TRUST)
def partial_sums_come_back_as_often_as_written_early() -> Iterator[Proof]:
    """Read-backs = parent updates - final writes, for the published dataflows at every boundary."""
    for name in FLOWS:
        for boundary in analysed(name, FILTERS[name]).boundaries:
            for tensor in boundary.tensors.values():
                if tensor.role == "output":
                    early = Function.of(tensor.parent_updates) - Function.of(tensor.final_writes)
                    yield equal(f"{name} {boundary.parent}", Function.of(tensor.read_backs), early)
