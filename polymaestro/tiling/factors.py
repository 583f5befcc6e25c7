"""Factors: what one axis group contributes to a quantity of one boundary, as a number of elements.

The quantities are those of `polymaestro.movement.quantities`; here each factor is a sum over the kinds of
steps, number of steps × size of a shape. Seen from one advancing loop a group is in one mode: each of its
loops stays, advances or restarts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from polymaestro.affine import Affine
from polymaestro.counting import QP
from polymaestro.errors import CountingUnavailableError
from polymaestro.tiling.chains import Chain, Pair, Status
from polymaestro.tiling.distinct import Touched
from polymaestro.tiling.families import Family, Held
from polymaestro.tiling.lengths import Span
from polymaestro.tiling.levels import Cut
from polymaestro.tiling.rows import Row, Rows
from polymaestro.tiling.run import Run
from polymaestro.tiling.shapes import Box, index_of, shapes_of

Access = tuple[Affine, ...]
Factor = Callable[[Run], QP]

_POINT = Span(Affine.of(0), Affine.of(1))
ANY_UNIT = Row(QP.of(1), Affine.of(1), Affine.of(0), _POINT, (_POINT,))
"""Stands for all units where they hold the same."""


@dataclass(frozen=True)
class Group:
    """Dimensions that share a tensor index, with their loops above a boundary of this depth."""

    chains: tuple[Chain, ...]
    depth: int

    @cached_property
    def cuts(self) -> tuple[Cut, ...]:
        """The loops in their order."""
        found = (cut for chain in self.chains for cut in self._above(chain))
        return tuple(sorted(found, key=lambda cut: cut.position))

    @cached_property
    def shared(self) -> Chain | None:
        """The dimension whose tiles go to the units that share a parent."""
        for chain in self.chains:
            cuts = self._above(chain)
            if cuts and cuts[-1].units is not None and cuts[-1].level == self.depth - 1:
                return chain
        return None

    @property
    def variables(self) -> frozenset[str]:
        """The loop variables."""
        return frozenset(chain.variable for chain in self.chains)

    def _above(self, chain: Chain) -> tuple[Cut, ...]:
        return tuple(cut for cut in chain.cuts if cut.level < self.depth)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The symbols that extents, tiles and units of these dimensions are made of."""
        found = frozenset[str]()
        for chain in self.chains:
            found |= chain.extent.names()
            for cut in chain.cuts:
                found |= cut.size.names() | (cut.units.names() if cut.units else frozenset())
        return tuple(sorted(found))

    def mode(self, loop: Cut) -> tuple[Status, ...]:
        """Give what each loop does at the steps where some loop of any group advances."""
        return tuple(
            "stays" if cut.position < loop.position else "advances" if cut is loop else "restarts"
            for cut in self.cuts
        )

    @property
    def end(self) -> tuple[Status, ...]:
        """The mode in which every loop was at its last step before."""
        return tuple("restarts" for _ in self.cuts)

    # --- Factors: what a mode moves ---

    def total(self, access: Access) -> Factor:
        """Σ over units and steps of |A|."""
        return self.before(access, tuple("stays" for _ in self.cuts))

    def kept(self, access: Access, mode: tuple[Status, ...]) -> Factor:
        """Σ over units and the steps of a mode of |A ∩ B|."""

        def count(run: Run) -> QP:
            return _sum(
                weight * _meet(run, access, here, past)
                for weight, here, past in self._pairs(run, access, mode)
            )

        return count

    def before(self, access: Access, mode: tuple[Status, ...]) -> Factor:
        """Σ over units and the steps of a mode of |B|."""

        def count(run: Run) -> QP:
            pairs = self._pairs(run, access, mode)
            return _sum(weight * _size(run, access, past) for weight, _, past in pairs)

        return count

    def shared_now(self, access: Access) -> Factor:
        """Σ over steps of |⋃ A|."""
        mode: tuple[Status, ...] = tuple("stays" for _ in self.cuts)

        def count(run: Run) -> QP:
            return _sum(weight * units.union(Held.NOW) for weight, units in self._families(run, access, mode))

        return count

    def shared_before(self, access: Access, mode: tuple[Status, ...]) -> Factor:
        """Σ over the steps of a mode of |⋃ B|."""

        def count(run: Run) -> QP:
            families = self._families(run, access, mode)
            return _sum(weight * units.union(Held.BEFORE) for weight, units in families)

        return count

    def new_nowhere(self, access: Access, mode: tuple[Status, ...]) -> Factor:
        """Σ over the steps of a mode of |⋃ A| - |⋃ (A minus B)|."""

        def count(run: Run) -> QP:
            families = self._families(run, access, mode)
            return _sum(w * (units.union(Held.NOW) - units.union(Held.NEW)) for w, units in families)

        return count

    def gone_nowhere(self, access: Access, mode: tuple[Status, ...]) -> Factor:
        """Σ over the steps of a mode of |⋃ B| - |⋃ (B minus A)|."""

        def count(run: Run) -> QP:
            families = self._families(run, access, mode)
            return _sum(w * (units.union(Held.BEFORE) - units.union(Held.GONE)) for w, units in families)

        return count

    # --- Factors: all steps at once ---

    def peak(self, access: Access) -> Factor:
        """The largest |A|: no tile is larger than the first one."""

        def count(run: Run) -> QP:
            return self._largest(run, access, lambda chain: chain.first(run, self._above(chain)))

        return count

    def distinct(self, access: Access) -> Factor:
        """Σ over parents of |⋃ over units and steps of A|."""

        def count(run: Run) -> QP:
            return self._touched(run, access).count()

        return count

    def first_seen(self, access: Access) -> Factor:
        """Σ over steps of the elements of |⋃ New| that no unit of the parent gave up before.

        These are the distinct ones, as long as no unit gets what another one holds and keeps.
        """

        def count(run: Run) -> QP:
            touched = self._touched(run, access)
            if self.shared and self.shared.variable in _names(access) and not touched.is_one_to_one():
                message = (
                    f"units along {self.shared.dim} hold overlapping parts of the output, so that which of "
                    f"its partial sums come back depends on all units; map {self.shared.dim} over time"
                )
                raise CountingUnavailableError(message)
            return touched.count()

        return count

    def _touched(self, run: Run, access: Access) -> Touched:
        loops = {
            chain: tuple(cut for cut in self._above(chain) if cut.level < self.depth - 1)
            for chain in self.chains
        }
        return Touched(run, index_of(access), loops)

    def elements(self, access: Access) -> Factor:
        """|⋃ over all units and steps of A|."""

        def count(run: Run) -> QP:
            return self._largest(run, access, lambda chain: chain.extent)

        return count

    def _largest(self, run: Run, access: Access, length: Callable[[Chain], Affine]) -> QP:
        """Count what is accessed from as much of each dimension, from its beginning on."""
        box = {
            chain.variable: Span(Affine.of(0), length(chain))
            for chain in self.chains
            if chain.variable in _names(access)
        }
        return _size(run, access, box)

    def points(self) -> Factor:
        """The points of these dimensions."""

        def count(_: Run) -> QP:
            product = QP.of(1)
            for chain in self.chains:
                product = product * QP.of(chain.extent)
            return product

        return count

    def steps(self) -> Factor:
        """The steps at which some unit is active."""

        def count(run: Run) -> QP:
            product = QP.of(1)
            for chain in self.chains:
                product = product * chain.steps(run, self._above(chain))
            return product

        return count

    # --- Tiles now and before ---

    def _statuses(self, chain: Chain, mode: Sequence[Status]) -> list[Status]:
        return [status for cut, status in zip(self.cuts, mode, strict=True) if cut.dim == chain.dim]

    def _pairs(self, run: Run, access: Access, mode: Sequence[Status]) -> Iterator[tuple[QP, Box, Box]]:
        """Give weight, box now and box before, for all combinations of the dimensions."""
        return self._combined(run, access, mode, self.chains)

    def _combined(
        self, run: Run, access: Access, mode: Sequence[Status], chains: Sequence[Chain]
    ) -> Iterator[tuple[QP, Box, Box]]:
        """Combine the pairs of some dimensions; those that the tensor does not have only add weight."""
        weight = QP.of(1)
        choices: list[list[tuple[str, Pair]]] = []
        for chain in chains:
            cuts, statuses = self._above(chain), self._statuses(chain, mode)
            if chain.variable in _names(access):
                choices.append([(chain.variable, each) for each in chain.pairs(run, cuts, statuses)])
            else:
                weight = weight * chain.weight(run, cuts, statuses)
        for chosen in itertools.product(*choices):
            total = weight
            for _, each in chosen:
                total = total * each.weight
            if not total.is_zero:
                yield total, {n: each.now for n, each in chosen}, {n: each.before for n, each in chosen}

    def _families(self, run: Run, access: Access, mode: Sequence[Status]) -> Iterator[tuple[QP, Family]]:
        """Give weight and the units of a parent, for all combinations of the dimensions.

        Where the tensor does not have the dimension of the units, they all hold the same.
        """
        chain = self.shared
        if chain is None:
            message = "no dimension of this group goes to the units"
            raise CountingUnavailableError(message)
        others = [each for each in self.chains if each is not chain]
        cuts, statuses = self._above(chain), self._statuses(chain, mode)
        if chain.variable in _names(access):
            rows = chain.rows(run, cuts, statuses)
        else:
            rows = [Rows(chain.row_weight(run, cuts, statuses), (ANY_UNIT,))]
        for weight, here, before in self._combined(run, access, mode, others):
            for each in rows:
                total = weight * each.weight
                if not total.is_zero:
                    yield total, Family(run, index_of(access), chain.variable, each.rows, here, before)


def _names(access: Access) -> frozenset[str]:
    return frozenset[str]().union(*(index.names() for index in access))


def _meet(run: Run, access: Access, now: Box, then: Box) -> QP:
    left, right = shapes_of(run, index_of(access), [now, then]).shapes
    return left.meet(right).size()


def _size(run: Run, access: Access, box: Box) -> QP:
    return shapes_of(run, index_of(access), [box]).shapes[0].size()


def _sum(values: Iterator[QP]) -> QP:
    total = QP.of(0)
    for value in values:
        total = total + value
    return total
