"""Peaks and the steps at which they occur, against sets gone through in Python."""

from __future__ import annotations

from collections import Counter as Tally

import islpy as isl
import pytest

from polymaestro.counting import Counter

TILES = {
    "one index": "{ [t, u] -> [i] : 0 <= t < 4 and 0 <= u < 3 and 5t + u <= i < 5t + u + 4 and i < 15 }",
    "one index with holes": "{ [t] -> [i] : 0 <= t < 6 and i < 14 and exists a : i = 2t + 3a and 0 <= a < 3}",
    "two indices": "{ [t, u] -> [i, j] : 0 <= t < 4 and 0 <= u < 3 and 0 <= i < 3 and 4t <= j < 4t + 4 "
    "and j < 14 and i + u < 4 }",
    "two indices in one": "{ [t] -> [i, j] : 0 <= t < 5 and 3t <= i < 3t + 3 and i < 13 and j = i + t }",
    "no index": "{ [t, u] -> [] : 0 <= t < 3 and t <= u < 3 }",
}


@pytest.mark.parametrize("name", TILES)
def test_the_steps_of_the_peak_are_those_with_the_most_elements(name: str) -> None:
    tile = isl.Map(TILES[name])
    sizes: Tally[tuple[int, ...]] = Tally()
    steps = tile.dim(isl.dim_type.in_)

    def take(point: isl.Point) -> None:
        values = [point.get_coordinate_val(isl.dim_type.set, i).to_python() for i in range(steps)]
        sizes[tuple(values)] += 1

    tile.wrap().flatten().foreach_point(take)
    counter = Counter(isl.Set("{ : }").params())
    peak = counter.peak(tile).at({})
    assert peak == max(sizes.values())
    found: set[tuple[int, ...]] = set()
    counter.steps_of_peak(tile, peak).foreach_point(
        lambda point: found.add(
            tuple(point.get_coordinate_val(isl.dim_type.set, i).to_python() for i in range(steps))
        )
    )
    assert found == {step for step, size in sizes.items() if size == peak}
    assert len(found) < len(sizes) or name == "no index"
