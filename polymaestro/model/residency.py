"""Which tensors stay in L2 for the whole run, and what crosses between DRAM and L2.

Of the sets of tensors that fit into L2, the one with the least DRAM traffic; of equals the one with the
most tensors, then the one with the fewest words. A tensor that does not stay is streamed: L2 holds the
tile of a level-0 step, twice where transfers overlap the steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from polymaestro.counting.off_chip import OffChipCounts
from polymaestro.errors import HardwareError, WorkloadError, did_you_mean
from polymaestro.model.links import Form
from polymaestro.model.machine import Machine
from polymaestro.symbolic.boundaries import FormsOfTensor
from polymaestro.workload import Operator


@dataclass(frozen=True)
class Residency:
    """What stays in L2, the words that L2 needs, whether it has them, and what crosses: words in and out."""

    resident: frozenset[str]
    needed: int
    fits: bool
    crossing: Mapping[str, tuple[int, int]]

    @property
    def traffic(self) -> int:
        """All words that cross between DRAM and L2."""
        return sum(map(sum, self.crossing.values()))


def residency_of(
    counts: OffChipCounts,
    forms: Mapping[str, FormsOfTensor[Form]],
    machine: Machine,
    point: Mapping[str, int],
) -> Residency:
    """Choose the tensors that stay in L2 at a point."""
    return kept(ranked_choices(counts, forms, machine, point))


def ranked_choices(
    counts: OffChipCounts,
    forms: Mapping[str, FormsOfTensor[Form]],
    machine: Machine,
    point: Mapping[str, int],
) -> list[Residency]:
    """Give every set of tensors that could stay, the best first, whatever the capacity is."""
    words = {name: _Words.of(counts, tensor, machine, point) for name, tensor in forms.items()}
    capacity = machine.memories[1].capacity
    choices = [_with(words, frozenset(chosen), capacity) for chosen in _subsets(list(words))]
    return sorted(choices, key=lambda e: (e.traffic, -len(e.resident), e.needed, sorted(e.resident)))


def kept(ranked: list[Residency]) -> Residency:
    """Give the first that fits; where none does, nothing stays."""
    nothing = next(choice for choice in ranked if not choice.resident)
    return next((choice for choice in ranked if choice.fits), nothing)


def staying(operator: Operator, machine: Machine, resident: Iterable[str] | None) -> frozenset[str] | None:
    """Give the tensors that are said to stay, or all where L2 has no limit; None where it depends.

    Raises `WorkloadError` for a name that is no tensor.
    """
    names = [tensor.name for tensor in operator.tensors]
    if resident is not None:
        chosen = frozenset(resident)
        for name in sorted(chosen - set(names)):
            message = f"{operator.name} has no tensor {name!r}" + did_you_mean(name, names)
            raise WorkloadError(message)
        return chosen
    return frozenset(names) if machine.memories[1].capacity is None else None


def undecided(operator: Operator, machine: Machine) -> HardwareError:
    """Say that what stays depends on the symbols."""
    names = ", ".join(tensor.name for tensor in operator.tensors)
    message = (
        f"what stays in L2 ({machine.memories[1].capacity} words) depends on the extents; "
        f"say which of {names} does: resident=(…)"
    )
    return HardwareError(message)


@dataclass(frozen=True)
class _Words:
    """One tensor at a point, in words: all of it, what L2 holds of it in a step, and what crosses."""

    whole: int
    tile: int
    staying: tuple[int, int]
    streamed: tuple[int, int]

    @staticmethod
    def of(
        counts: OffChipCounts, tensor: FormsOfTensor[Form], machine: Machine, point: Mapping[str, int]
    ) -> _Words:
        width = machine.width(tensor.name)
        elements, into, out = (
            width * tensor.forms[name].evaluate(point, {})
            for name in ("elements", "streamed_in", "streamed_out")
        )
        tile = width
        for sizes in counts.tiles[tensor.name]:
            tile *= max(int(size.evaluate(point)) for number, size in sizes if number.at(point))
        is_input = tensor.role == "input"
        counted = machine.policies.first_partial_sum_read == "counted"
        staying = (elements if is_input or counted else 0, 0 if is_input else elements)
        return _Words(elements, tile if machine.is_serial(0) else 2 * tile, staying, (into, out))


def _with(words: Mapping[str, _Words], resident: frozenset[str], capacity: int | None) -> Residency:
    needed = sum(each.whole if name in resident else each.tile for name, each in words.items())
    crossing = {name: each.staying if name in resident else each.streamed for name, each in words.items()}
    return Residency(resident, needed, capacity is None or needed <= capacity, crossing)


def _subsets(names: list[str]) -> Iterator[tuple[str, ...]]:
    for size in range(len(names) + 1):
        yield from combinations(names, size)
