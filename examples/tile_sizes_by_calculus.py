"""Tile sizes by calculus: a matrix product with the tile of results kept, and the square-root law.

Z[m,n] += A[m,k]·B[k,n] on one PE that keeps a tile of tm × tn results while k advances. How large should tm
and tn be when S words of results fit?
"""

from __future__ import annotations

from math import isqrt

import sympy

import polymaestro as pm

K, M, N, S = sympy.symbols("K M N S", positive=True)
tm, tn = sympy.symbols("tm tn", positive=True)


def analysis(rows: int, columns: int) -> pm.Analysis:
    """Derive the product with a tile of results of so many rows and columns."""
    flow = f"TemporalMap({rows},{rows}) M; TemporalMap({columns},{columns}) N; TemporalMap(1,1) K"
    return pm.analyze(pm.gemm(), pm.parse_dataflow(flow), num_pes=1)


def reads(found: pm.Analysis) -> tuple[pm.ClosedForm, pm.ClosedForm]:
    """Give what L2 sends of A and of B."""
    return found["L2"]["A"].parent_reads, found["L2"]["B"].parent_reads


# The exact counts for several tiles, each proved for all extents but those with one step of K, or of N:
# there, what was read for one tile is still held for the next.
TILES = [(1, 1), (2, 3), (4, 4), (8, 2), (16, 16)]
for rows, columns in TILES:
    of_a, of_b = reads(analysis(rows, columns))
    assert pm.check_equation(of_a, f"M*K*ceil(N/{columns})", assuming=["K >= 2"]).equal
    assert pm.check_equation(of_b, f"N*K*ceil(M/{rows})", assuming=["K >= 2"]).equal
print("A:", of_a)
print("B:", of_b)

# Where tiles divide, that is M·K·N/tn and N·K·M/tm.
cost = M * K * N / tn + N * K * M / tm
for rows, columns in TILES:
    divisible = sum(form.divisible("K >= 2").expr for form in reads(analysis(rows, columns)))
    named = {symbol: sympy.Symbol(symbol.name, positive=True) for symbol in divisible.free_symbols}
    assert sympy.simplify(divisible.subs(named) - cost.subs({tm: rows, tn: columns})) == 0

# Minimise over tm with tn = S/tm.
along = cost.subs(tn, S / tm)
[best] = sympy.solve(sympy.diff(along, tm), tm)
least = sympy.simplify(along.subs(tm, best))
print(f"best tile: tm = tn = {best}, traffic {least}")
assert best == sympy.sqrt(S)
assert sympy.simplify(least - 2 * M * N * K / sympy.sqrt(S)) == 0
assert sympy.simplify(sympy.diff(along, tm, 2).subs(tm, best)).is_positive

# The law holds of the exact counts: among all tiles of 256 results in a product of 960 × 960 × 960, none
# moves less than 2·M·N·K/√S, and 16 × 16 moves just that.
SIZE, WORDS, CLOSE = 960, 256, 1.1
tiles = [(rows, WORDS // rows) for rows in (4, 8, 16, 32, 64)]
measured = {}
for tile in tiles:
    measured[tile] = sum(form.at(M=SIZE, N=SIZE, K=SIZE) for form in reads(analysis(*tile)))
    print(f"{tile[0]:3} × {tile[1]:3}: {measured[tile]:12} words of A and B")
law = 2 * SIZE**3 // isqrt(WORDS)
assert min(measured.values()) == measured[16, 16] == law

# Nor can any other order of the work do much better in the words that this tile and its inputs take.
bounds = analysis(16, 16).bounds["L2"]
ratio = bounds.ratio_at({"M": SIZE, "N": SIZE, "K": SIZE})
print(f"{float(ratio):.3f} times what any dataflow must move that holds {WORDS + 2 * isqrt(WORDS)} words")
assert 1 <= ratio < CLOSE
