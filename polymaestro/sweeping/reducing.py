"""One layer under one dataflow, reduced to what depends on the constants of the machine alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np

from polymaestro.batch import Batch
from polymaestro.dataflow import Layer
from polymaestro.errors import ClosedFormError, CountingUnavailableError, PolymaestroError
from polymaestro.model import Analysis
from polymaestro.model.clock import Clock
from polymaestro.model.integers import levels_at
from polymaestro.model.machine import Machine
from polymaestro.model.performance import tiles_needed
from polymaestro.model.residency import Residency, kept, ranked_choices
from polymaestro.policies import Policies
from polymaestro.sweeping.grid import AXES, LARGEST, Grid, along
from polymaestro.sweeping.terms import Array, Rates, Terms


@dataclass(frozen=True)
class Choice:
    """What L2 keeps: the words that it needs and that cross from and to DRAM, the run time, the energy.

    `time` is a position among the terms; `energy` varies along the axis of hops, in parts of the unit.
    """

    resident: tuple[str, ...]
    needed: int
    crossing: int
    time: int
    energy: Array


@dataclass(frozen=True)
class Reduced:
    """A layer whose extents are numbers; `needs` are the words of each memory below L2 with its instances.

    `chosen` has for each size of L2 the position of what it keeps.
    """

    macs: int
    terms: Terms
    rates: Rates
    choices: tuple[Choice, ...]
    chosen: Array
    needs: Mapping[str, tuple[int, int]]
    fits_above: bool


@dataclass(frozen=True)
class Refused:
    """A layer that cannot be timed under a dataflow, and why."""

    reason: str


def reduce_layers(layers: tuple[Layer, ...], grid: Grid, policies: Policies) -> list[Reduced | Refused]:
    """Derive what layers share once, and reduce each; all have the PEs of the grid's base machine."""
    batch = Batch(grid.base, policies, allow_illegal=False)
    batch.expect(layers)
    return [_layer(batch, layer, grid) for layer in layers]


def _layer(batch: Batch, layer: Layer, grid: Grid) -> Reduced | Refused:
    try:
        operator, flow = layer.operator(), layer.mapping_dataflow()
        if operator.symbols:
            return Refused(f"{', '.join(operator.symbols)} have no numbers")
        refusal: PolymaestroError | None = None
        for analysis, point in batch.analyses(operator, flow):
            try:
                return reduced(analysis, point, grid)
            except CountingUnavailableError as error:
                refusal = error
        return Refused(str(refusal))
    except ClosedFormError:
        raise
    except PolymaestroError as error:
        return Refused(str(error))


def reduced(analysis: Analysis, point: Mapping[str, int], grid: Grid) -> Reduced:
    """Reduce a layer at the extents of a point; raises `CountingUnavailableError` without step classes."""
    depth, policies = analysis.loop_nest.depth, analysis.policies
    machine = analysis.machine(grid.base)
    classes = analysis.classes(machine)
    if classes.entangled:
        message = f"the run time has no step classes, because {classes.entangled}"
        raise CountingUnavailableError(message)
    sizes = [each.memories[1].capacity for each in grid.machines("l2_size", depth, policies)]
    ranked = ranked_choices(*analysis.off_chip, machine, point)
    picked = [kept([_sized(each, size) for each in ranked]).resident for size in sizes]
    used = [each for each in ranked if each.resident in picked]
    levels, terms = levels_at(classes, point), Terms()
    hops = grid.machines("noc_hops", depth, policies)
    choices = tuple(
        Choice(
            tuple(sorted(each.resident)),
            each.needed,
            each.traffic,
            Clock(levels, machine, each.resident, terms).runtime(),
            _energies(analysis, each, hops, point, grid.energy_scale),
        )
        for each in used
    )
    positions = {each.resident: position for position, each in enumerate(used)}
    needs = _needs(analysis, machine, point)
    below = sum(needed * instances for needed, instances in needs.values())
    _check_size(below + max(max(each.needed, each.traffic) for each in used), "a buffer")
    inner = {memory.name: memory.capacity for memory in machine.memories[2:-1]}
    rates = _checked(terms, choices, grid.rates(depth, policies))
    return Reduced(
        analysis.macs.evaluate(point, {}),
        terms,
        rates,
        choices,
        np.array([positions[each] for each in picked]).reshape(along("l2_size")),
        needs,
        all(size is None or needs[name][0] <= size for name, size in inner.items()),
    )


def _needs(analysis: Analysis, machine: Machine, point: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Give for each memory below L2 the words that it needs, and how many of it there are."""
    units = [each.count.evaluate(point) for each in analysis.loop_nest.units]
    memories = zip(machine.memories[2:], tiles_needed(analysis.forms, machine, point), strict=True)
    return {memory.name: (needed, prod(units[:level])) for level, (memory, needed) in enumerate(memories, 1)}


def _sized(choice: Residency, capacity: int | None) -> Residency:
    return Residency(
        choice.resident, choice.needed, capacity is None or choice.needed <= capacity, choice.crossing
    )


def _energies(
    analysis: Analysis, choice: Residency, machines: list[Machine], point: Mapping[str, int], scale: int
) -> Array:
    values = []
    for machine in machines:
        energy = analysis.energy(machine.hardware, resident=choice.resident).at(**point) * scale
        values.append(int(energy))
    _check_size(max(values), "an energy")
    return np.array(values).reshape(along("noc_hops"))


def _checked(terms: Terms, choices: tuple[Choice, ...], rates: Rates) -> Rates:
    """Give the rates as 64-bit integers, when nothing on the way to any run time exceeds these.

    Times are sums and maxima of what is not negative, so no part is larger than the whole, and the
    slowest machine has the largest whole; it is timed with Python integers.
    """
    slowest = terms.values([each.time for each in choices], _slowest(rates))
    words = max((node[1] for node in terms.nodes if node[0] == "words"), default=0)
    spread = max(int(each.max()) for arrays in (rates.above, rates.below) for each in arrays)
    numbers = [int(each.max()) for each in (rates.lanes, *rates.latency)]
    most = max(*(int(each.max()) for each in slowest), terms.largest_number, words * spread, *numbers)
    _check_size(most, "a run time")
    return Rates(
        rates.lanes.astype(np.int64),
        *(
            tuple(each.astype(np.int64) for each in arrays)
            for arrays in (rates.above, rates.below, rates.latency)
        ),
    )


def _check_size(most: int, what: str) -> None:
    if most > LARGEST:
        message = f"{what} takes numbers up to {most}, which exceeds 64 bits; analyse this layer by itself"
        raise ClosedFormError(message)


def _slowest(rates: Rates) -> Rates:
    """Give the machine with the least of everything; no machine of the grid is slower."""
    above, below = [], []
    for wide, narrow in zip(rates.above, rates.below, strict=True):
        each_word = max(map(Fraction, narrow.ravel(), wide.ravel()))  # cycles
        above.append(_single(each_word.denominator))
        below.append(_single(each_word.numerator))
    latency = tuple(_single(each.max()) for each in rates.latency)
    return Rates(_single(rates.lanes.min()), tuple(above), tuple(below), latency)


def _single(value: int) -> Array:
    return np.array(value, dtype=object).reshape((1,) * len(AXES))
