"""Tiles that divide: the conditions under which no tile is an edge tile and no fold is partial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from polymaestro.affine import Affine, Floor
from polymaestro.counting import Count


def divisibility(counts: Iterable[Count]) -> tuple[str, ...]:
    """Give the conditions "T divides D" of every ⌈D/T⌉ and ⌊D/T⌋ in some counts, nested ones too.

    Only floors of one dimension count: one of a sum, as in ⌊(Q + S)/16⌋, belongs to no tile. Neither does
    ⌊S/16⌋ beside ⌊Q/16⌋ in a count of several chambers: that is how far windows of S reach over Q's tiles.

    >>> from polymaestro.counting import Counter
    >>> import islpy as isl
    >>> counter = Counter(isl.Set("[C] -> { : C >= 1 }").params())
    >>> divisibility([counter.count(isl.Set("[C] -> { [t] : 0 <= 64t < C }"))])
    ('C % 64 = 0',)
    """
    counts = list(counts)
    certain = dict.fromkeys(f for count in counts if count.is_uniform for f in _floors(count))
    sure = {(name, floor.divisor) for floor in certain for name in floor.numerator.names()}
    conditions = dict.fromkeys(map(_condition, certain))
    for count in counts:
        names = frozenset[str]().union(*(value.names() for _, value in count.pieces))
        tiles = {divisor for name, divisor in sure if name in names}
        conditions |= dict.fromkeys(
            _condition(floor) for floor in _floors(count) if floor.divisor not in tiles
        )
    return tuple(sorted(conditions))


def _floors(count: Count) -> Iterator[Floor]:
    """Give the floors of one name in the polynomials of a count, innermost first."""
    for _, value in count.pieces:
        for atom in sorted(value.atoms(), key=str):
            if isinstance(atom, Floor):
                yield from _nested(atom)


def _nested(floor: Floor) -> Iterator[Floor]:
    for atom, _ in floor.numerator.terms:
        if isinstance(atom, Floor):
            yield from _nested(atom)
    if len(floor.numerator.terms) == 1:
        yield floor


def _condition(floor: Floor) -> str:
    """⌊(a·D + c)/T⌋ => T divides a·D."""
    return f"{Affine(floor.numerator.terms, 0).isl()} % {floor.divisor} = 0".replace("*", "·")
