"""Capacity: what a dataflow keeps in a memory against the size of that memory.

L1, in each PE, holds one tile of every tensor, as does the memory of each cluster; L2 holds what all units
of level 0 hold together at one step. Each needs the largest that ever occurs, tensor by tensor, and twice
that when double-buffered; where the whole tensor is no more than that, L2 keeps it, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from polymaestro.checking.measuring import Number
from polymaestro.counting import Counter
from polymaestro.dataflow.findings import Finding
from polymaestro.errors import CountingUnavailableError
from polymaestro.hardware import Hardware
from polymaestro.movement.steps import GroupSteps
from polymaestro.movement.tracing import memory_names
from polymaestro.relations import Relations
from polymaestro.symbolic import ClosedForm, FormBuilder
from polymaestro.workload import Tensor


@dataclass(frozen=True)
class TensorNeed:
    """The largest tile of a tensor, in words, and the first step (and the unit) at which it is so large.

    Both are empty where extents are symbols; the words are None where no engine counts them. `whole` is
    there where the memory can keep all of the tensor, in so many words.
    """

    name: str
    words: Number
    step: Mapping[str, int]
    unit: Mapping[str, int]
    whole: int | None = None

    def keeps(self, buffers: int) -> int | None:
        """Give the words of the whole tensor where they are no more than those of its tiles."""
        tiles = buffers * self.words if isinstance(self.words, int) else 0
        return self.whole if self.whole is not None and self.whole <= tiles else None

    def __str__(self) -> str:
        """Write the words and where they are first needed, but for what is 0 there."""
        first = [f"{name} = {value}" for name, value in {**self.step, **self.unit}.items() if value]
        return f"{self.name} {self.words}" + (f" (first at {', '.join(first)})" if first else "")


@dataclass(frozen=True)
class Need:
    """What a memory of `size` words has to hold; `buffers` is 2 when it is double-buffered."""

    memory: str
    size: int
    buffers: int
    tensors: tuple[TensorNeed, ...]

    @property
    def words(self) -> int | None:
        """The words of all tensors and buffers; None where extents are symbols."""
        known = [each.words for each in self.tensors if isinstance(each.words, int)]
        if len(known) < len(self.tensors):
            return None
        whole = [each.keeps(self.buffers) for each in self.tensors]
        return sum(
            self.buffers * tile if kept is None else kept for tile, kept in zip(known, whole, strict=True)
        )

    @property
    def excess(self) -> int:
        """By how many words the memory is too small; 0 where it is not, or where that is not known."""
        return max(0, (self.words or 0) - self.size)

    @property
    def fits(self) -> bool:
        """Whether the memory is known to be large enough."""
        return self.words is not None and not self.excess

    def __str__(self) -> str:
        """Say what is needed, of which tensors."""
        kept = {each.name: each.keeps(self.buffers) for each in self.tensors}
        tiles = ", ".join(str(each) for each in self.tensors if kept[each.name] is None)
        whole = [f"all of {name} {words}" for name, words in kept.items() if words is not None]
        times = f"{self.buffers} × " if self.buffers > 1 else ""
        needs = f" of {self.words} needed" if self.words is not None else ""
        shown = ", ".join([*([f"{times}({tiles})"] if tiles else []), *whole])
        return f"{self.memory} has {self.size} words{needs}: {shown}"

    def to_json(self) -> dict[str, Any]:
        """Give the need as JSON data."""
        return {
            "memory": self.memory,
            "size": self.size,
            "words": self.words,
            "excess": self.excess,
            "buffers": self.buffers,
            "tensors": {
                each.name: {
                    "words": str(each.words) if isinstance(each.words, ClosedForm) else each.words,
                    "whole": each.keeps(self.buffers),
                    "step": dict(each.step),
                    "unit": dict(each.unit),
                }
                for each in self.tensors
            },
        }


def needs_of(relations: Relations, hardware: Hardware, *, double_buffered: bool) -> tuple[Need, ...]:
    """Give what each memory of the hardware that has a size must hold, in words."""
    needs = []
    for place, name in enumerate(memory_names(relations.nest.depth)):
        memory = hardware.memory(name)
        if memory.capacity is not None:
            tensors = _tensors(relations, max(place, 1), hardware.word_sizes, together=not place)
            buffers = 2 if double_buffered and memory.double_buffered else 1
            needs.append(Need(name, memory.capacity, buffers, tensors))
    return tuple(needs)


def capacity_findings(needs: Sequence[Need]) -> Iterator[Finding]:
    """Give an error for each memory that is too small, and a warning where that cannot be counted."""
    for need in needs:
        unknown = [tensor.name for tensor in need.tensors if tensor.words is None]
        if unknown:
            reason = (
                f"whether {need.size} words of {need.memory} suffice is not known: "
                f"no engine counts the largest tile of {', '.join(unknown)}"
            )
            yield Finding(reason, rule="capacity", severity="warning")
        if need.excess:
            yield Finding(f"{need}; {need.excess} words too many", rule="capacity")


def _tensors(
    relations: Relations, depth: int, widths: Mapping[str, int], *, together: bool
) -> tuple[TensorNeed, ...]:
    groups = [GroupSteps(group, depth) for group in relations.groups]
    counter = Counter(relations.context)
    builder = FormBuilder.of(relations.context)
    largest = _Largest(groups, counter, builder, widths, together=together)
    return tuple(largest.of(tensor) for tensor in relations.nest.operator.tensors)


@dataclass(frozen=True)
class _Largest:
    """Finds largest tiles: the product of those of the groups, whose steps are free of each other."""

    groups: Sequence[GroupSteps]
    counter: Counter
    builder: FormBuilder
    widths: Mapping[str, int]
    together: bool

    def of(self, tensor: Tensor) -> TensorNeed:
        """Give the largest tile of a tensor; with `together`, of all units at once."""
        try:
            return self._counted(tensor)
        except CountingUnavailableError:
            return TensorNeed(tensor.name, None, {}, {})

    def _counted(self, tensor: Tensor) -> TensorNeed:
        tiles = {g: g.spread(g.tile(tensor)) if self.together else g.tile(tensor) for g in self.groups}
        if any(tile.is_empty() for tile in tiles.values()):
            return TensorNeed(tensor.name, 0, {}, {})
        counts = {group: self.counter.peak(tile) for group, tile in tiles.items()}
        width = self.widths.get(tensor.name, 1)
        form = self.builder.form(((width, tuple(counts.values())),))
        if form.symbols:
            return TensorNeed(tensor.name, form, {}, {})
        sizes = {group: count.at({}) for group, count in counts.items()}
        found: dict[str, int] = {}
        for group, tile in tiles.items():
            found |= group.first_in_time(self.counter.steps_of_peak(tile, sizes[group]))
        loops = sorted((loop for g in self.groups for loop in g.loops), key=lambda each: each.position)
        names = sorted(found.keys() - {loop.name for loop in loops})
        return TensorNeed(
            tensor.name,
            width * prod(sizes.values()),
            {loop.name: found[loop.name] for loop in loops},
            {name: found[name] for name in names},
            self._whole(tensor, width) if self.together else None,
        )

    def _whole(self, tensor: Tensor, width: int) -> int | None:
        """Give the words of all elements that are used; None where no engine counts them."""
        try:
            used = [self.counter.peak(each.elements(each.tile(tensor))) for each in self.groups]
        except CountingUnavailableError:
            return None
        return width * prod(count.at({}) for count in used)
