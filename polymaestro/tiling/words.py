"""The words of a single step as products over the groups: what each kind of step contributes to a term.

The terms are those of `polymaestro.movement.transfers`; here a group's factor is a number of elements, found
from the tiles that the units of one parent hold now and held before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from polymaestro.counting import QP
from polymaestro.movement.transfers import WordTerm
from polymaestro.policies import Policies
from polymaestro.tiling.factors import ANY_UNIT, Access
from polymaestro.tiling.families import Family, Held
from polymaestro.tiling.kinds import Kind
from polymaestro.tiling.lengths import Span
from polymaestro.tiling.run import Run
from polymaestro.tiling.shapes import Box, Shape, index_of, shapes_of

NOTHING = QP.of(0)


@dataclass(frozen=True)
class Words:
    """A tensor at one kind of step of a group; `kinds` by loop variable, `shared` goes to the units."""

    run: Run
    access: Access
    kinds: Mapping[str, Kind]
    shared: str | None

    def on_chip(self, term: WordTerm, policies: Policies, role: str) -> QP:
        """Give the factor of a term between two memories on the chip."""
        apart = policies.sharing == "unicast" if term.direction == "in" else policies.reduction == "none"
        apart = apart and not (term.direction == "in" and role == "output")
        if term.kind == "first":
            return self._union(Held.NOW) if self._others_are("first") else NOTHING
        if self.shared is None or apart:
            return self._each(term.kind)
        held = {
            "used": (Held.NOW, None),
            "held": (Held.NOW, Held.NEW),
            "before": (Held.BEFORE, None),
            "stays": (Held.BEFORE, Held.GONE),
            "last": (Held.BEFORE, None),
        }
        own, without = held[term.kind]
        whole = self._union(own)
        return whole if without is None else whole - self._union(without)

    def off_chip(self, term: WordTerm) -> QP:
        """Give the factor of a term between DRAM and L2, which holds what all units of level 0 hold."""
        now = {name: self.kinds[name].now for name in self._names}
        before = {name: self.kinds[name].before for name in self._names}
        if term.kind == "first":
            if not self._others_are("first"):
                return NOTHING
            return self._new(now) if term.resident else self._size(now)
        if term.kind == "just touched":
            return self._size(before) if self._others_are("last") else NOTHING
        if term.kind in ("held", "stays"):
            return self._meet(now, before)
        return self._size(now if term.kind == "used" else before)

    @property
    def _names(self) -> tuple[str, ...]:
        return index_of(self.access).variables

    def _others_are(self, which: str) -> bool:
        """Whether dimensions that the tensor does not have are at their first tile, or were at the last."""
        return all(getattr(kind, which) for name, kind in self.kinds.items() if name not in self._names)

    # --- The units of a parent ---

    def _union(self, held: Held) -> QP:
        others = [name for name in self._names if name != self.shared]
        now = {name: self.kinds[name].rows[0].now for name in others}
        before = {name: self.kinds[name].rows[0].before for name in others}
        spread = self.shared is not None and self.shared in self._names
        rows = self.kinds[self.shared].rows if self.shared is not None and spread else (ANY_UNIT,)
        variable = self.shared if self.shared is not None else ""
        return Family(self.run, index_of(self.access), variable, rows, now, before).union(held)

    def _each(self, kind: str) -> QP:
        """Σ over the units of what each of them holds."""
        total = NOTHING
        for count, now, before in self._units():
            if kind in ("held", "stays"):
                size = self._meet(now, before)
            else:
                size = self._size(now if kind == "used" else before)
            total = total + count * size
        return total

    def _units(self) -> Iterator[tuple[QP, Box, Box]]:
        rows = self.kinds[self.shared].rows if self.shared is not None else (ANY_UNIT,)
        for row in rows:
            held = {name: row if name == self.shared else self.kinds[name].rows[0] for name in self._names}
            now = {name: each.now for name, each in held.items()}
            yield row.count, now, {name: each.before for name, each in held.items()}

    # --- Shapes ---

    def _shapes(self, *boxes: Box) -> tuple[Shape, ...]:
        return shapes_of(self.run, index_of(self.access), boxes).shapes

    def _size(self, box: Box) -> QP:
        return self._shapes(box)[0].size()

    def _meet(self, now: Box, before: Box) -> QP:
        left, right = self._shapes(now, before)
        return left.meet(right).size()

    def _new(self, now: Box) -> QP:
        """Count what was in no tile before: all of it, but for what windows share with the earlier ones.

        Earlier are the tiles of the outer loop that lie before, with all of the inner dimension, and those of
        the inner loop that lie before, at the same tile of the outer one.
        """
        if len(self._names) < 2:  # noqa: PLR2004  no window
            return self._size(now)
        outer, inner = (name for name in self.kinds if name in self._names)
        earlier = []
        if not self.kinds[outer].first:
            ahead = Span(now[inner].low, self.kinds[inner].ahead)
            earlier.append({outer: self._past(outer, now), inner: ahead})
        if not self.kinds[inner].first:
            earlier.append({**now, inner: self._past(inner, now)})
        here, *others = self._shapes(now, *earlier)
        for each in others:
            here = here.minus(each)
        return here.size()

    def _past(self, name: str, now: Box) -> Span:
        past = self.kinds[name].past
        return Span(now[name].low - past, past)
