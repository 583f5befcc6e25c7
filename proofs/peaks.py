"""Peaks: occupancy is the largest tile that any unit holds at any step, for all extents.

The tile of a tensor is the product over axis groups of what each group touches (``every-quantity-is-its-
definition`` shows it of the same sets: their products are the tiles of all units and steps). Units and steps
are a product as well, so some unit holds the largest part of every group at one step, and no tile is larger
than the product of the largest parts. What is left to show, group by group: the number given is the size of
a part at some step, and no part is larger.

Who relies on it: the buffer sizes of tables and reports, and every check that a tile fits.
"""

from __future__ import annotations

from collections.abc import Iterator

from published import ANALYSES, derived

from polymaestro.proving import Proof, equal_sets, is_largest, statement


@statement(trusts="isl; that a largest product of numbers ≥ 0 is the product of the largest")
def occupancy_is_the_largest_tile() -> Iterator[Proof]:
    """No unit holds more of a tensor at any step than the occupancy, and some unit holds as much."""
    for label in ANALYSES:
        analysis = derived(label)
        pairs = zip(analysis.movement.boundaries, analysis.counts.boundaries, strict=True)
        for boundary, counted in pairs:
            for tensor, quantities in boundary.tensors.items():
                [term], [(_, peaks)] = quantities["occupancy"].terms, counted.tensors[tensor]["occupancy"]
                [tiles] = quantities["tile_total"].terms
                groups = zip(analysis.relations.groups, term.factors, tiles.factors, peaks, strict=True)
                for group, factor, tile, peak in groups:
                    claim = f"{label}: {boundary.parent} {tensor} along {group.name}"
                    yield equal_sets(f"{claim}, tiles", factor.relation.wrap(), tile.relation.wrap())
                    yield is_largest(claim, tile.relation, peak, analysis.relations.context)
