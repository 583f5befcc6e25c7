"""MAESTRO's own numbers beside the exact ones, and the reason for each difference.

The numbers of MAESTRO are what the public C++ tool prints for these small layers (its open source release,
under the MIT licence). Exact means: what its directives say, run step by step with plain loops. Where the
layer is small enough, the interpreter confirms each number here.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import polymaestro as pm


@dataclass(frozen=True)
class Case:
    """A layer, a dataflow, a quantity at the boundary below L2, and MAESTRO's number for it."""

    operator: pm.Operator
    dataflow: str
    num_pes: int
    quantity: str
    maestro: int
    exact: int
    reason: str


WHOLE_FILTER = "TemporalMap(Sz(R),Sz(R)) R; TemporalMap(Sz(S),Sz(S)) S;"
CASES = [
    Case(
        pm.gemm(M=4, N=8, K=16),
        "TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(1,1) K",
        4,
        "Z.parent_updates",
        512,
        32,
        "sums that stay in a PE while K advances are written once, not at every step",
    ),
    Case(
        pm.gemm(M=4, N=8, K=2),
        "TemporalMap(1,1) N; TemporalMap(1,1) K; SpatialMap(1,1) M",
        4,
        "A.parent_reads",
        36,
        64,
        "A does not depend on N, but K advanced in between: it is read again",
    ),
    Case(
        pm.conv2d(N=1, K=1, C=1, P=6, Q=6, R=3, S=3),
        "SpatialMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X;" + WHOLE_FILTER + "Cluster(3);"
        "SpatialMap(1,1) Y; SpatialMap(1,1) R; TemporalMap(Sz(S),Sz(S)) S",
        18,
        "I.parent_reads",
        144,
        64,
        "one input row serves a whole diagonal of the array",
    ),
    Case(
        pm.conv2d(N=1, K=1, C=4, P=8, Q=1, R=3, S=1),
        "SpatialMap(Sz(R),1) Y; TemporalMap(1,1) C;" + WHOLE_FILTER,
        8,
        "I.parent_reads",
        96,
        40,
        "neighbours share the rows of their halo",
    ),
    Case(
        pm.conv2d(N=1, K=4, C=65, P=4, Q=4, R=1, S=1),
        "SpatialMap(1,1) K; TemporalMap(64,64) C;" + WHOLE_FILTER + "TemporalMap(1,1) Y; TemporalMap(1,1) X;"
        "Cluster(64); SpatialMap(1,1) C",
        256,
        "W.parent_reads",
        512,
        260,
        "the second tile of C has one channel, not 64",
    ),
    Case(
        pm.conv2d(N=1, K=2, C=2, P=5, Q=5, R=3, S=3, stride=2),
        "TemporalMap(Sz(Y),Sz(Y)) Y; TemporalMap(Sz(X),Sz(X)) X;" + WHOLE_FILTER,
        1,
        "macs",
        2916,
        900,
        "a tile of 11 rows holds 5 windows of stride 2, not 9",
    ),
    Case(
        pm.conv2d(N=1, K=512, C=512, P=224, Q=224, R=3, S=3),
        "TemporalMap(1,1) K; TemporalMap(1,1) C; TemporalMap(1,1) Y'; TemporalMap(1,1) X';"
        "TemporalMap(1,1) R; TemporalMap(1,1) S",
        1,
        "macs",
        2415919104,
        118380036096,
        "the count does not fit 32 bits",
    ),
]
SMALL = 10**5


def counted(case: Case) -> int:
    """Derive the exact number; the interpreter must agree where it can run."""
    flow = pm.parse_dataflow(case.dataflow)
    report = pm.analyze(case.operator, flow, case.num_pes).at({})
    tensor, _, quantity = case.quantity.rpartition(".")
    found = report.boundaries[0].tensors[tensor][quantity] if tensor else report.macs
    if report.macs <= SMALL:
        seen = pm.interpret(case.operator, flow, case.num_pes)
        assert found == (seen.boundaries[0].tensors[tensor][quantity] if tensor else seen.macs)
    return found


for case in CASES:
    value = counted(case)
    assert value == case.exact
    sizes = " ".join(f"{dim.name}{dim.extent}" for dim in case.operator.dims)
    print(f"{case.operator.name} {sizes}, {case.num_pes} PEs")
    print(f"  {case.quantity:18} MAESTRO {case.maestro:>12}  exact {value:>12}")
    print(f"  {case.reason}")


def published(folder: Path) -> None:
    """Compare the files of MAESTRO, layer by layer, where they are at hand."""
    columns = {
        "maestro_input_l2_read": "exact_input_l2_reads",
        "maestro_filter_l2_read": "exact_filter_l2_reads",
        "maestro_output_l2_write": "exact_output_l2_writes",
    }
    with (folder / "maestro" / "level0_counts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    right = sum(all(row[theirs] == row[ours] for theirs, ours in columns.items()) for row in rows)
    print(f"layers of MAESTRO's own files with all three counts right: {right} of {len(rows)}")
    assert 0 < right < len(rows)


if "POLYMAESTRO_REFERENCE" in os.environ:
    published(Path(os.environ["POLYMAESTRO_REFERENCE"]))
