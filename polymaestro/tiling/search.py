"""Search: the tiles and units that make a quantity smallest, exactly, over a finite space.

>>> import polymaestro as pm
>>> flow = pm.parse_dataflow("TemporalMap(T_M,T_M) M; SpatialMap(T_N,T_N) N; TemporalMap(T_K,T_K) K")
>>> analysis = pm.analyze_tiles(pm.gemm(), flow, 4)
>>> best = optimize(
...     analysis, minimize="L2.traffic", extents={"M": 12, "N": 12, "K": 12}, subject_to=["L1 <= 20"])
>>> print(best)
L2.traffic = 720 at T_K = 1, T_M = 4, T_N = 3; the least of 216 points
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from polymaestro.dataflow import Dataflow
from polymaestro.errors import SearchError
from polymaestro.relations import several
from polymaestro.showing import Shown
from polymaestro.tiling.analysis import TiledAnalysis


class Objective(Protocol):
    """What can be made smallest: anything that has a value at a point, such as a formula or a run time."""

    def at(self, **point: int) -> Any:  # noqa: ANN401  an integer, a fraction; anything that has an order
        """Evaluate at a point."""


@dataclass(frozen=True, repr=False)
class Optimum(Shown):
    """The best point of a space.

    `proved` says that no point is better: each was evaluated, or ruled out by a bound, or by another choice
    that costs no more whatever the other sizes are. `evaluated` counts the first kind. Of several best
    points this is the first: they are compared size by size in the order of `point`. `dataflow` is the
    mapping with all sizes as numbers.
    """

    quantity: str
    value: Any
    point: Mapping[str, int]
    dataflow: Dataflow
    space: int
    evaluated: int
    proved: bool

    def __str__(self) -> str:
        """Write value, point and how far the search went."""
        at = ", ".join(f"{name} = {value}" for name, value in sorted(self.point.items()))
        where = f" at {at}" if at else ""
        found = "the least of" if self.proved else "not proved to be the least of"
        of = f"{found} {self.space} points" if self.space > 1 else "the only point"
        return f"{self.quantity} = {self.value}{where}; {of}"


def optimize(  # noqa: PLR0913  a goal, its conditions, and a space
    analysis: TiledAnalysis,
    *,
    minimize: str | Objective,
    extents: Mapping[str, int],
    subject_to: str | Iterable[str] = (),
    choices: Mapping[str, int | Iterable[int]] | None = None,
    tiles: Literal["divisors", "all"] = "divisors",
    limit: int | None = None,
) -> Optimum:
    """Find the sizes of a mapping that make a quantity smallest, exactly, over a finite space.

    `minimize` is a formula by name (``"L2.I.parent_reads"``, ``"steps"``), ``"L2.traffic"`` for all that
    crosses the boundary below a memory, or a sum such as ``"L2.traffic + 2*cluster1.traffic"``. Anything else
    that has a value `at` a point will do, too: a formula or an energy of the analysis is searched like a sum.
    A run time of the analysis is evaluated point by point, the one with the lowest roofline first, until no
    roofline is below the best time; of others every point that the conditions leave is evaluated.

    `extents` gives numbers to symbols that are fixed; of the others, `choices` lists the values, and tile
    sizes run over the divisors of their dimension or over all its sizes.

    `subject_to` is a condition, or several, between such sums and symbols: ``"L1 <= 512"`` or
    ``"L1.occupancy <= 512"`` for the words that a memory needs, all its tensors' tiles added up;
    ``"2*L1 <= 512"`` where the memory is double-buffered; ``"2*L2 <= 65536"``, where what units share counts
    once; ``"L2.W.parent_reads <= 40000"``, ``"T_P0 == T_Q0"``.
    After `limit` evaluated points the search ends, and what it has found is not proved.

    Raises `SearchError` for unknown names, symbols without values, and a space where nothing fits.

    >>> import polymaestro as pm
    >>> layer, flow = pm.gemm(M=12, N=8, K=5), pm.parse_dataflow("TemporalMap(T,T) M; SpatialMap(1,1) N")
    >>> analysis = pm.analyze_tiles(layer, flow, num_pes=4)
    >>> best = pm.optimize(analysis, minimize="L2.B.parent_reads", extents={}, subject_to="L1 <= 30")
    >>> print(best)
    L2.B.parent_reads = 120 at T = 4; the least of 6 points
    >>> for tile in (3, 4, 6):  # the words of L1, and what is read
    ...     tensors = pm.interpret(layer, flow.substituted({"T": tile}), 4).boundaries[0].tensors
    ...     print(tile, sum(each["occupancy"] for each in tensors.values()), tensors["B"]["parent_reads"])
    3 23 160
    4 29 120
    6 41 80
    """
    if not isinstance(analysis, TiledAnalysis):
        message = (
            f"optimize chooses sizes that are symbols in a result of pm.analyze_tiles, and "
            f"{type(analysis).__name__} is none; write symbols for the sizes of the dataflow and give "
            f"pm.analyze_tiles(operator, dataflow, num_pes)"
        )
        raise SearchError(message)
    # NumPy costs a tenth of a second, which only a search has to pay.
    from polymaestro.tiling.searching.search import Search  # noqa: PLC0415  see above

    if limit is not None and limit < 1:
        message = f"limit is {limit}; it must be 1 or more"
        raise SearchError(message)
    search = Search.of(
        analysis, minimize, several(subject_to), extents, {} if choices is None else choices, tiles
    )
    best, proved = search.run(limit)
    free = {name: best.point[name] for name in search.free}
    flow = analysis.dataflow.substituted(best.point)
    return Optimum(
        search.name, search.value(best.value), free, flow, search.space.size, best.evaluated, proved
    )
