"""Between DRAM and L2: L2 is one unit that holds what all units of level 0 hold in a step.

A dimension that goes to U units in tiles of T is then cut in tiles of U·T, one for each fold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from polymaestro.counting import Count, QuasiPolynomial
from polymaestro.counting.off_chip import OffChipCounts
from polymaestro.counting.region import EVERYWHERE
from polymaestro.symbolic.boundaries import FormsOfTensor
from polymaestro.tiling.chains import Chain
from polymaestro.tiling.factors import Group
from polymaestro.tiling.forms import TiledForm
from polymaestro.tiling.levels import Cut
from polymaestro.tiling.quantities import Flows, Sum
from polymaestro.tiling.sets import SetAxes
from polymaestro.tiling.ties import Ties
from polymaestro.workload import Tensor


@dataclass(frozen=True)
class OffChip:
    """What crosses between DRAM and L2, by tensor, and the largest tile that L2 holds of each."""

    tensors: Mapping[str, FormsOfTensor[TiledForm]]
    tiles: Mapping[str, TiledForm]

    def counts_at(self, values: Mapping[str, int]) -> OffChipCounts:
        """Give the sizes of tiles at a point that holds the ties, as the choice of residents reads them."""
        once = Count(((EVERYWHERE, QuasiPolynomial.of(1)),))
        sizes = {name: QuasiPolynomial.of(form.evaluate(values)) for name, form in self.tiles.items()}
        return OffChipCounts({}, {name: (((once, size),),) for name, size in sizes.items()})


def off_chip_of(
    groups: tuple[tuple[Chain, ...], ...],
    sets: tuple[SetAxes, ...],
    tensors: tuple[Tensor, ...],
    ties: Ties,
    form: Callable[[Sum], TiledForm],
) -> OffChip:
    """Count what crosses; `form` makes a formula of a sum of products."""
    cut = (Group(tuple(_whole(chain, ties) for chain in chains), 1) for chains in groups)
    flows = Flows((*cut, *(each.group(1, off_chip=True) for each in sets)))
    moved = {tensor.name: flows.tensor(tensor) for tensor in tensors}
    crossing = {tensor.name: _crossing(flows, tensor, moved[tensor.name]) for tensor in tensors}
    return OffChip(
        {
            tensor.name: FormsOfTensor(
                tensor.name,
                tensor.role,
                {name: form(total) for name, total in crossing[tensor.name].items()},
            )
            for tensor in tensors
        },
        {name: form(sums["occupancy"]) for name, sums in moved.items()},
    )


def _crossing(flows: Flows, tensor: Tensor, moved: Mapping[str, Sum]) -> dict[str, Sum]:
    elements = flows.elements(tensor)
    if tensor.role == "input":
        return {"streamed_in": moved["parent_reads"], "streamed_out": (), "elements": elements}
    return {
        "streamed_in": moved["read_backs"],
        "streamed_out": moved["parent_updates"],
        "elements": elements,
    }


def _whole(chain: Chain, ties: Ties) -> Chain:
    """Give a dimension as L2 sees it: its loop of level 0, where folds are tiles."""
    return Chain(
        chain.dim, chain.extent, [_joined(chain, cut, ties) for cut in chain.cuts[:1] if not cut.level], ties
    )


def _joined(chain: Chain, cut: Cut, ties: Ties) -> Cut:
    if cut.units is None:
        return cut
    width = ties.join_units(chain.dim, chain.extent, cut.size, cut.units)
    return replace(cut, size=width, units=None)
