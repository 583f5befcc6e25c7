"""A published formula derived, and its edge cases found: the traffic of a tiled convolution.

C. Zhang, P. Li, G. Sun, Y. Guan, B. Xiao, J. Cong, "Optimizing FPGA-based Accelerator Design for Deep
Convolutional Neural Networks", FPGA 2015, section 3: with tiles of Tr × Tc outputs, Tm output and Tn input
channels, a convolution reads α·B inputs: B = Tn·(Tr + R - 1)·(Tc + S - 1) for one tile, as often as there are
tiles, α = (K/Tm)·(C/Tn)·(P/Tr)·(Q/Tc). Here Tr = Tc = 4, Tm = 8, Tn = 4, and 3×3 filters.
"""

from __future__ import annotations

import polymaestro as pm

ORDER = "TemporalMap(4,4) P; TemporalMap(4,4) Q; TemporalMap(8,8) K; TemporalMap(4,4) C"
PUBLISHED = "4*(4 + 2)*(4 + 2) * (K/8)*(C/4)*(P/4)*(Q/4)"

layer = pm.conv2d(N=1, R=3, S=3)
analysis = pm.analyze(layer, pm.parse_dataflow(ORDER), num_pes=1)
reads = analysis["L2"]["I"].parent_reads

# The paper's setting: whole tiles, and more than one tile of input channels.
whole = ["K % 8 == 0", "C % 4 == 0", "P % 4 == 0", "Q % 4 == 0"]
proof = pm.check_equation(reads, PUBLISHED, assuming=[*whole, "C >= 8"])
print("whole tiles, several of input channels:", proof, sep="\n")
assert proof.equal

# One tile of input channels: it stays while the output channels advance, and tiles share a halo.
kept = pm.check_equation(reads, PUBLISHED, assuming=whole)
print("\nwhole tiles, any number of them:", kept, sep="\n")
assert kept.equal is False
assert kept.counterexample is not None
assert dict(kept.counterexample.point) == {"C": 4, "K": 8, "P": 4, "Q": 8}

# Tiles at the edge are smaller, which rounding up does not know.
rounded = PUBLISHED.replace("(K/8)*(C/4)*(P/4)*(Q/4)", "ceil(K/8)*ceil(C/4)*ceil(P/4)*ceil(Q/4)")
edge = pm.check_equation(reads, rounded, assuming=["C >= 8"])
print("\nany tiles, rounded up:", edge, sep="\n")
assert edge.equal is False

# What is right wherever the input channels take several tiles: halos per tile, and channels as they are.
right = "C*ceil(K/8)*(P + 2*ceil(P/4))*(Q + 2*ceil(Q/4))"
exact = pm.check_equation(reads, right, assuming=["C >= 5"])
print("\nwith the tiles at the edge:", exact, sep="\n")
assert exact.equal

# How far off is the published formula on a layer whose sizes do not divide?
sizes = {"K": 60, "C": 30, "P": 13, "Q": 13}
theirs = 4 * 6 * 6 * 8 * 8 * 4 * 4
print(f"\n{sizes}: exact {reads.at(**sizes)}, published and rounded up {theirs}")
seen = pm.interpret(layer, analysis.dataflow, 1, {"K": 12, "C": 7, "P": 6, "Q": 5})
assert seen.boundaries[0].tensors["I"]["parent_reads"] == reads.at(K=12, C=7, P=6, Q=5)
assert theirs > reads.at(**sizes)
