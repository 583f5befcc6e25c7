"""The costs of one layer over a block of machines: arrays that broadcast to the shape of the block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from polymaestro.errors import HardwareError
from polymaestro.sweeping.constraints import Constraints
from polymaestro.sweeping.grid import LARGEST, Grid, Slices, along, cut
from polymaestro.sweeping.reducing import Reduced
from polymaestro.sweeping.terms import Array, Rates


@dataclass(frozen=True)
class Costs:
    """One layer on a block of machines; energies in parts of the unit, `buffer` in words of all memories."""

    reduced: Reduced
    grid: Grid
    where: Slices

    @cached_property
    def _chosen(self) -> Array:
        return cut(self.reduced.chosen, self.where)

    def _by_choice(self, values: list[Array]) -> Array:
        """Give for each size of L2 the value of what it keeps; the sizes are the last axis."""
        if len(values) == 1:
            return values[0]
        full = np.broadcast_shapes(*(each.shape for each in values))
        stacked = np.concatenate([np.broadcast_to(each, full) for each in values], axis=-1)
        return stacked[..., self._chosen.ravel()]

    @cached_property
    def runtime(self) -> Array:
        """Cycles."""
        rates, choices = self.reduced.rates, self.reduced.choices
        present = sorted(set(self._chosen.ravel().tolist()))
        part = Rates(
            cut(rates.lanes, self.where),
            *(
                tuple(cut(each, self.where) for each in arrays)
                for arrays in (rates.above, rates.below, rates.latency)
            ),
        )
        times = iter(self.reduced.terms.values([choices[each].time for each in present], part))
        missing = np.zeros((1,) * self._chosen.ndim, dtype=np.int64)
        return self._by_choice([next(times) if each in present else missing for each in range(len(choices))])

    @cached_property
    def energy(self) -> Array:
        """Energy, in parts of the unit."""
        return self._by_choice([cut(each.energy, self.where) for each in self.reduced.choices])

    @cached_property
    def traffic(self) -> Array:
        """Words that cross between DRAM and L2."""
        return self._scalars([each.crossing for each in self.reduced.choices])

    @cached_property
    def l2_needed(self) -> Array:
        """Words that L2 needs for what it keeps."""
        return self._scalars([each.needed for each in self.reduced.choices])

    @property
    def l1_needed(self) -> int:
        """Words that the memory of one PE needs."""
        return self.reduced.needs["L1"][0]

    @cached_property
    def buffer(self) -> Array:
        """Words that all memories on the chip need together."""
        inner = sum(needed * instances for needed, instances in self.reduced.needs.values())
        return self.l2_needed + np.int64(inner)

    @cached_property
    def fits(self) -> Array:
        """Whether every memory is large enough."""
        l2, l1 = self._capacities("l2_size", "L2"), self._capacities("l1_size", "L1")
        inner = np.array(self.reduced.fits_above)
        result: Array = (self.l2_needed <= l2) & (self.l1_needed <= l1) & inner
        return result

    def _scalars(self, values: list[int]) -> Array:
        return np.array(values, dtype=np.int64)[self._chosen]

    def _capacities(self, axis: str, memory: str) -> Array:
        index = [0] * self._chosen.ndim
        sizes = []
        for position, _ in enumerate(self.grid.along(axis)):
            index[-1 if axis == "l2_size" else -2] = position
            size = self.grid.hardware(index).memory(memory).capacity
            sizes.append(LARGEST if size is None else min(size, LARGEST))
        return cut(np.array(sizes, dtype=np.int64).reshape(along(axis)), self.where)

    def allowed(self, constraints: Constraints) -> Array:
        """Decide which machines keep the constraints."""
        kept: Array = self.fits if constraints.fits else np.ones((1,) * self._chosen.ndim, dtype=np.bool_)
        for check in self._quotients(constraints):
            kept = kept & check
        return kept

    def _quotients(self, constraints: Constraints) -> Iterator[Array]:
        power, bandwidth = constraints.limit("power"), constraints.limit("bandwidth")
        if power is not None:
            clock = self.grid.base.megahertz
            if clock is None:
                message = "a limit on power needs clock_mhz of the machine"
                raise HardwareError(message)
            yield _at_most(self.energy, self.runtime, power * self.grid.energy_scale / clock)
        if bandwidth is not None:
            yield _at_most(self.traffic, self.runtime, bandwidth)


def _at_most(amount: Array, cycles: Array, limit: Fraction) -> Array:
    """Decide amount / cycles ≤ limit, exactly: amount ≤ ⌊cycles · limit⌋."""
    if int(amount.max()) * limit.denominator <= LARGEST and int(cycles.max()) * limit.numerator <= LARGEST:
        return amount * limit.denominator <= cycles * limit.numerator
    exactly: Array = amount.astype(object) * limit.denominator <= cycles.astype(object) * limit.numerator
    return exactly.astype(bool)
