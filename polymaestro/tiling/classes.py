"""Step classes of a mapping with symbols: the structure that the clock reads, derived in a run.

    Part of a unit ─ KindMaker ▶ kinds of steps ─ Words ▶ Entry (number, sizes, profiles inside)
         ▲                                                              │
         └────────────── one level further in ──────────────────────────┘

A step of a parent puts its group in a mode; the units of that step have profiles, each of which says how
many sub-steps of which class the unit has in the same mode (its first one) and in those of the loops inside.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from polymaestro.counting import QP
from polymaestro.model.clock import Entry
from polymaestro.movement.transfers import END, Mode
from polymaestro.tiling.kinds import Kind, Part
from polymaestro.tiling.lengths import ZERO, Span
from polymaestro.tiling.run import Run
from polymaestro.tiling.schedule import TiledGroup
from polymaestro.tiling.stepping import KindMaker
from polymaestro.tiling.words import Words

ONE = QP.of(1)

Parts = tuple[Part, ...]
Step = tuple[Kind, ...]
Classes = Mapping[Mode, Mapping[int, Entry]]


@dataclass(frozen=True)
class GroupLevel:
    """One group at one boundary: its classes by mode, and its profiles."""

    classes: Classes
    profiles: Mapping[int, Any]


def levels_of(group: TiledGroup, run: Run) -> tuple[GroupLevel, ...]:
    """Classify the steps of a group at every boundary, from L2 on, along the decisions of a run."""
    return _Builder(group, run).levels()


@dataclass
class _Registry:
    """Numbers things as they are met."""

    known: dict[Any, int] = field(default_factory=dict)

    def index(self, thing: Any) -> int:  # noqa: ANN401  sizes or profiles
        return self.known.setdefault(thing, len(self.known))


class _Builder:
    """Derives one group in one run."""

    def __init__(self, group: TiledGroup, run: Run) -> None:
        self.group = group
        self.run = run
        self.depth = group.schedule.cuts.depth
        self._steps: dict[tuple[int, Parts, Mode], list[tuple[QP, Step]]] = {}
        self._indices: dict[tuple[int, Mode, Step], int] = {}
        self._profiles: dict[tuple[int, Mode, Parts], int] = {}
        self.profiles = [_Registry() for _ in range(self.depth + 1)]
        self.classes: list[dict[Mode, _Registry]] = [{} for _ in range(self.depth + 1)]

    def levels(self) -> tuple[GroupLevel, ...]:
        """Number every class from the outermost boundary on."""
        numbers: list[dict[Mode, dict[int, QP]]] = [{} for _ in range(self.depth + 1)]
        for depth in range(1, self.depth + 1):
            for mode in self.group.modes(depth):
                table = numbers[depth].setdefault(mode, {})
                for step, number in self._all(depth, mode).items():
                    index = self._class(depth, mode, step)
                    table[index] = table.get(index, QP.of(0)) + number
        return tuple(self._level(depth, numbers[depth]) for depth in range(1, self.depth + 1))

    def _level(self, depth: int, numbers: Mapping[Mode, Mapping[int, QP]]) -> GroupLevel:
        classes = {
            mode: {
                index: Entry(numbers[mode].get(index, QP.of(0)), *key)
                for key, index in registry.known.items()
            }
            for mode, registry in self.classes[depth].items()
        }
        return GroupLevel(
            {mode: classes.get(mode, {}) for mode in self.group.modes(depth)},
            {index: _unfrozen(key) for key, index in self.profiles[depth].known.items()},
        )

    def _all(self, depth: int, mode: Mode) -> dict[Step, QP]:
        """Give every step of a mode, over all parents."""
        found: dict[Step, QP] = {}
        if depth == 1:
            parents = [(ONE, self._root())]
        else:
            outer = self._all(depth - 1, self.group.outer_mode(depth, mode))
            parents = [
                (number * count, parts) for step, number in outer.items() for count, parts in _units(step)
            ]
        for count, parts in parents:
            for number, step in self._made(depth, parts, mode):
                found[step] = found.get(step, QP.of(0)) + count * number
        return found

    def _root(self) -> Parts:
        spans = (Span(ZERO, chain.extent) for chain in self.group.chains)
        return tuple(Part(span, (span,)) for span in spans)

    # --- Steps of one parent ---

    def _made(self, depth: int, parts: Parts, mode: Mode) -> list[tuple[QP, Step]]:
        """Give the kinds of steps of a parent in a mode, with their numbers."""
        key = (depth, parts, mode)
        if key not in self._steps:
            own = self.group.cuts(depth)
            choices = []
            for chain, part in zip(self.group.chains, parts, strict=True):
                cut = next((c for c in chain.cuts if c.level == depth - 1), None)
                status = self.group.status(mode, own.index(cut)) if cut else "stays"
                marked, reach = self.group.is_marked(chain.dim), self.group.reach(depth, chain)
                maker = KindMaker(self.run, chain, cut, marked, reach)
                choices.append(list(maker.kinds(part, status)))
            self._steps[key] = [
                (_product(number for number, _ in chosen), tuple(kind for _, kind in chosen))
                for chosen in itertools.product(*choices)
                if not any(number.is_zero for number, _ in chosen)
            ]
        return self._steps[key]

    def _class(self, depth: int, mode: Mode, step: Step) -> int:
        """Give the number of the class that a step belongs to."""
        key = (depth, mode, step)
        if key not in self._indices:
            inside: tuple[int, ...] = ()
            if mode != END:
                profiles = (self._profile(depth, mode, parts) for _, parts in _units(step))
                inside = tuple(sorted(set(profiles)))
            registry = self.classes[depth].setdefault(mode, _Registry())
            self._indices[key] = registry.index((tuple(self._sizes(depth, mode, step)), inside))
        return self._indices[key]

    def _sizes(self, depth: int, mode: Mode, step: Step) -> Iterator[QP]:
        schedule = self.group.schedule
        shared = self.group.groups[depth - 1].shared
        by_name = {chain.variable: kind for chain, kind in zip(self.group.chains, step, strict=True)}
        kinds = {name: by_name[name] for name in self.group.order}
        for boundary in (depth, 0) if depth == 1 else (depth,):
            for term in schedule.terms(boundary, mode):
                tensor = schedule.cuts.operator.tensor(term.tensor)
                access = tuple(index for index in tensor.access if index.names() & kinds.keys())
                words = Words(self.run, access, kinds, shared.variable if shared else None)
                if boundary:
                    yield words.on_chip(term, schedule.policies[boundary], tensor.role)
                else:
                    yield words.off_chip(term)

    def _profile(self, depth: int, mode: Mode, parts: Parts) -> int:
        """Give the number of the profile of a unit: its MACs, or its sub-steps by mode and class."""
        key = (depth, mode, parts)
        if key not in self._profiles:
            if depth == self.depth:
                content: Any = _product(QP.of(part.now.size) for part in parts)
            else:
                kept = tuple(part.kept() for part in parts)
                inner = [(mode, parts), *((each, kept) for each in self.group.inner_modes(depth + 1))]
                content = tuple(
                    (each, self._substeps(depth + 1, held, each)) for each, held in dict(inner).items()
                )
            self._profiles[key] = self.profiles[depth].index(content)
        return self._profiles[key]

    def _substeps(self, depth: int, parts: Parts, mode: Mode) -> tuple[tuple[int, QP], ...]:
        found: dict[int, QP] = {}
        for number, step in self._made(depth, parts, mode):
            index = self._class(depth, mode, step)
            found[index] = found.get(index, QP.of(0)) + number
        return tuple(found.items())


def _units(step: Step) -> Iterator[tuple[QP, Parts]]:
    """Give what the units of a step hold, and how many hold it."""
    for chosen in itertools.product(*(kind.parts() for kind in step)):
        yield _product(count for count, _ in chosen), tuple(part for _, part in chosen)


def _product(values: Iterator[QP] | Sequence[QP]) -> QP:
    product = ONE
    for value in values:
        product = product * value
    return product


def _unfrozen(content: Any) -> Any:  # noqa: ANN401  see `polymaestro.model.clock.Level`
    return dict(content) if isinstance(content, tuple) else content
