"""A run: a derivation along the decisions that hold at one point, with the decisions kept as conditions.

Lengths are affine expressions; wherever the derivation asks which of two is longer, the point decides and
the answer becomes a condition. The result is exact wherever all these conditions hold, so a formula and the
region on which it is true come from the same run.

>>> run = Run({"T": 4, "X": 10})
>>> print(run.least(Affine.of("T"), Affine.of("X")), "if", *map(str, run.conditions))
T if X ≥ T
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping

from polymaestro.affine import Affine
from polymaestro.counting import Condition, QuasiPolynomial


class Run:
    """Decides at a point and remembers what was decided."""

    def __init__(self, point: Mapping[str, int]) -> None:
        """Take a value for each symbol, ties included."""
        self.point = point
        self._known: dict[Affine, bool] = {}
        self.conditions: dict[Condition, None] = {}

    def is_at_least(self, left: Affine, right: Affine) -> bool:
        """Whether left ≥ right."""
        difference = left - right
        if difference.is_constant:
            return difference.constant >= 0
        if difference not in self._known:
            self._known[difference] = self._decided(difference)
        return self._known[difference]

    def _decided(self, difference: Affine) -> bool:
        """Decide whether it is 0 or more, and note that."""
        holds = difference.evaluate(self.point) >= 0
        self.conditions[Condition(difference if holds else -difference - 1)] = None
        return holds

    def exceeds(self, left: Affine, right: Affine) -> bool:
        """Whether left > right."""
        return not self.is_at_least(right, left)

    def is_equal(self, left: Affine, right: Affine) -> bool:
        """Whether both are the same."""
        return self.is_at_least(left, right) and self.is_at_least(right, left)

    def least(self, left: Affine, right: Affine) -> Affine:
        """Give the smaller one."""
        return left if self.is_at_least(right, left) else right

    def greatest(self, left: Affine, right: Affine) -> Affine:
        """Give the larger one."""
        return left if self.is_at_least(left, right) else right

    def look_closer(self) -> None:
        """Make sure that a point takes this way, before much depends on it; at a point there is one."""

    def part(self, key: Hashable, derive: Callable[[Run], QuasiPolynomial]) -> QuasiPolynomial:  # noqa: ARG002  walks need it
        """Give a part of a count, which the key tells from others and which may be decided by itself."""
        return derive(self)
