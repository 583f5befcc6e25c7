# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---
# %% [markdown]
"""A one-dimensional convolution, from directives to a proof: run it, or open it as a notebook."""

# %% [markdown]
# P outputs, R taps, four PEs with one output each; every PE holds its whole window. How many inputs does
# the buffer send?

# %%
from itertools import product

import polymaestro as pm

conv = pm.einsum("O[p] += I[p+r] * W[r]")
flow = pm.parse_dataflow("SpatialMap(1,1) P;")
analysis = pm.analyze(conv, flow, num_pes=4)
print(analysis.loop_nest)
print(analysis.relations)

# %% [markdown]
# The formula has two cases.

# %%
reads = analysis["L2"]["I"].parent_reads
print(reads)
reads  # which a notebook shows as a formula

# %% [markdown]
# A textbook counts P + R - 1 inputs for each fold of four outputs: the outputs of all folds, and a halo of
# R - 1 for each. That is right where windows are short, and wrong where they are long, since a PE then
# still holds a part of the window that it needs in the next fold.

# %%
textbook = "P + (R - 1)*ceil(P/4)"
short = pm.check_equation(reads, textbook, assuming=["R <= 4"])
print(short)
assert short.equal

everywhere = pm.check_equation(reads, textbook)
print(everywhere)
assert everywhere.equal is False
assert everywhere.counterexample is not None
assert dict(everywhere.counterexample.point) == {"P": 5, "R": 5}

# %% [markdown]
# Nobody has to believe that: the interpreter runs the directives with plain loops and sets.

# %%
for p, r in product(range(1, 18), range(1, 10)):
    seen = pm.interpret(conv, flow, 4, {"P": p, "R": r})
    assert seen.boundaries[0].tensors["I"]["parent_reads"] == reads.at(P=p, R=r)
print("equal to the interpreter at", 17 * 9, "points")

# %% [markdown]
# And the dataflow computes a convolution.

# %%
taps, signal = [1, 10, 100], [3, 1, 4, 1, 5, 9, 2]
outputs = pm.execute(conv.with_extents({"P": 5, "R": 3}), flow, 4, {"I": signal, "W": taps})
print([outputs[(p,)] for p in range(5)])
assert [outputs[(p,)] for p in range(5)] == [
    sum(tap * signal[p + r] for r, tap in enumerate(taps)) for p in range(5)
]
