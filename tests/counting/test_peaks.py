"""The largest tile where sizes are polynomials of the extents."""

import islpy as isl
import pytest

from polymaestro.counting.engine import Counter
from polymaestro.errors import CountingUnavailableError

TRIANGLE = "0 <= j <= i < N"
SQUARE = "0 <= i < N and 0 <= j < N"
STRIP = "0 <= i < N and 0 <= j < 2"


def peak(*tiles: str, context: str = "N >= 1") -> dict[int, int]:
    """Give the largest of some tiles, one a step, at a few N."""
    text = "; ".join(f"[{step}] -> [i, j] : {tile}" for step, tile in enumerate(tiles))
    held = isl.Set(f"[N] -> {{ : {context} }}").params()
    form = Counter(held, "faulhaber").peak(isl.Map(f"[N] -> {{ {text} }}").intersect_params(held))
    points = [
        n
        for n in (1, 2, 3, 4, 5, 9, 100)
        if not isl.Set(f"{{ : {context.replace('N', str(n))} }}").is_empty()
    ]
    return {n: form.at({"N": n}) for n in points}


@pytest.mark.parametrize("tiles", [(TRIANGLE, SQUARE), (SQUARE, TRIANGLE)])
def test_a_square_is_larger_than_its_triangle(tiles: tuple[str, str]) -> None:
    assert peak(*tiles) == {n: n * n for n in (1, 2, 3, 4, 5, 9, 100)}


@pytest.mark.parametrize("tiles", [(TRIANGLE, STRIP), (STRIP, TRIANGLE)])
def test_a_triangle_is_larger_than_a_strip_where_that_is_plain(tiles: tuple[str, str]) -> None:
    assert peak(*tiles, context="N >= 4") == {n: n * (n + 1) // 2 for n in (4, 5, 9, 100)}
    assert peak(*tiles, context="1 <= N <= 9") == {
        n: max(n * (n + 1) // 2, 2 * n) for n in (1, 2, 3, 4, 5, 9)
    }
    with pytest.raises(CountingUnavailableError, match="give N a number"):
        peak(*tiles)


def test_tiles_of_a_triangle_are_largest_off_its_edge() -> None:
    tiles = isl.Map("[N] -> { [s, t] -> [i, j] : 0 <= j <= i < N and 4s <= i < 4s + 4 and 4t <= j < 4t + 4 }")
    form = Counter(isl.Set("[N] -> { : N >= 1 }").params(), "faulhaber").peak(tiles)

    def size(n: int, s: int, t: int) -> int:
        return sum(j <= i < n for i in range(4 * s, 4 * s + 4) for j in range(4 * t, 4 * t + 4))

    for n in range(1, 30):
        assert form.at({"N": n}) == max(size(n, s, t) for s in range(8) for t in range(8))
