"""AlexNet on Eyeriss: a row-stationary mapping of CONV1-5 beside what the chip was measured to do.

Source: Y.-H. Chen, T. Krishna, J. Emer, V. Sze, "Eyeriss: An Energy-Efficient Reconfigurable Accelerator for
Deep Convolutional Neural Networks", JSSC 52(1), 2017, Table V: batch 4, 12 x 14 PEs at 200 MHz.

A PE keeps one filter row; R PEs add up one output row; `rows` such columns make a set that works on
neighbouring output rows, and `sets` of them take different filters. MACs and active PEs come out as in the
paper. The time here is that of the MACs alone, since no bandwidth is limited: 84 to 96 % of the measured
processing latency. The chip also loads filters and fills its pipelines between passes, which this model
overlaps with the MACs; it skips no time for zeros. Energy and DRAM traffic are not compared: the chip gates
PEs on zeros and compresses what it sends to DRAM, and this model counts every word.
"""

import polymaestro as pm
from polymaestro.hardware import PRESETS

PES = PRESETS["eyeriss"].num_pes
MEGAHERTZ = 200
LEAST, MOST = 0.84, 0.96  # of the measured time

# Layer: K, C, P = Q, R = S, stride, groups; rows and sets of the mapping; GMACs, active PEs and ms published.
LAYERS = {
    "CONV1": ((96, 3, 55, 11, 4, 1), (7, 2), (0.42, 154, 16.5)),
    "CONV2": ((128, 48, 27, 5, 1, 2), (27, 1), (0.90, 135, 39.2)),
    "CONV3": ((384, 256, 13, 3, 1, 1), (13, 4), (0.60, 156, 21.8)),
    "CONV4": ((192, 192, 13, 3, 1, 2), (13, 4), (0.45, 156, 16.0)),
    "CONV5": ((128, 192, 13, 3, 1, 2), (13, 4), (0.30, 156, 10.0)),
}


def row_stationary(taps: int, rows: int, stride: int) -> pm.Dataflow:
    """Filters over sets of rows x taps PEs, output rows over the columns of a set, filter rows inside."""
    window, step = taps + (rows - 1) * stride, rows * stride
    return pm.parse_dataflow(
        f"SpatialMap(1,1) K; TemporalMap({window},{step}) Y; TemporalMap(1,1) C; TemporalMap(Sz(S),1) X;"
        f"TemporalMap(Sz(R),Sz(R)) R; TemporalMap(Sz(S),Sz(S)) S; Cluster({rows});"
        f"SpatialMap(Sz(R),{stride}) Y; Cluster({taps}); SpatialMap(1,1) Y; SpatialMap(1,1) R;"
    )


print("layer  GMACs  published  PEs  published     ms  measured  share")
for name, ((k, c, p, r, stride, groups), (rows, sets), published) in LAYERS.items():
    layer = pm.conv2d(N=4, K=k, C=c, P=p, Q=p, R=r, S=r, stride=stride)
    report = pm.analyze(layer, row_stationary(r, rows, stride), PES).on(pm.Hardware(PES))
    macs, milliseconds = groups * report.macs / 1e9, groups * report.runtime_cycles / (1000 * MEGAHERTZ)
    assert round(macs, 2) == published[0]
    assert report.units == rows * sets * r == published[1]
    assert milliseconds < published[2]
    share = milliseconds / published[2]
    assert LEAST <= round(share, 2) <= MOST
    print(
        f"{name} {macs:6.2f} {published[0]:10.2f} {report.units:4} {published[1]:10} "
        f"{milliseconds:6.1f} {published[2]:9.1f} {share:6.0%}"
    )
