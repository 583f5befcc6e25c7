"""The designs of a sweep, evaluated block by block: every one, the best, the Pareto front."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from polymaestro.dataflow import Dataflow, Layer
from polymaestro.errors import ClosedFormError, DataflowError, HardwareError, did_you_mean
from polymaestro.policies import Policies
from polymaestro.showing import Shown
from polymaestro.sweeping.blocks import Block, Found, better, first_of
from polymaestro.sweeping.constraints import Constraints
from polymaestro.sweeping.designs import METRICS, Best, Design
from polymaestro.sweeping.grid import LARGEST, Grid
from polymaestro.sweeping.jobs import run
from polymaestro.sweeping.pareto import Front
from polymaestro.sweeping.reducing import Reduced, Refused
from polymaestro.sweeping.rows import columns_of, rows_of
from polymaestro.sweeping.terms import Array

CHUNK = 2**18
"""Points of a block; a handful of arrays of this size is all the memory that a sweep takes."""

Progress = Callable[[Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True, repr=False)
class Sweep(Shown):
    """Every dataflow on every layer on every machine of a grid; nothing is computed before it is asked for.

    `dataflows` are by name, None being each layer's own; `grids` has the machines of each number of PEs.
    """

    network: str
    layers: tuple[Layer, ...]
    dataflows: Mapping[str, Dataflow | None]
    grids: tuple[Grid, ...]
    policies: Policies
    constraints: Constraints
    jobs: int = 1
    chunk: int = CHUNK
    progress: Progress = field(default=iter, repr=False, compare=False)

    def __str__(self) -> str:
        """Say what is swept; nothing is computed for that."""
        machines = sum(grid.size for grid in self.grids)
        flows = ", ".join(self.dataflows)
        pes = ", ".join(str(grid.base.num_pes) for grid in self.grids)
        axes = (f"{name}: {len(values)} values" for name, values in self.grids[0].values.items())
        return (
            f"{self.network}: {self.size} designs\n  layers: {len(self.layers)}\n  dataflows: {flows}\n"
            f"  machines: {machines} ({'; '.join([f'PEs: {pes}', *axes])})"
        )

    @property
    def size(self) -> int:
        """How many designs there are: dataflow × layer × PEs × machines."""
        return len(self.layers) * len(self.dataflows) * sum(grid.size for grid in self.grids)

    def under(self, constraints: Constraints) -> Sweep:
        """Give the same sweep with other constraints; nothing is derived again."""
        other = replace(self, constraints=constraints)
        other.__dict__["derived"] = self.derived
        return other

    @property
    def parts(self) -> int:
        """How many parts the work has, as `progress` counts them."""
        blocks = sum(1 for grid in self.grids for _ in grid.blocks(self.chunk))
        return len(self.dataflows) * len(self.grids) + blocks

    @cached_property
    def derived(self) -> tuple[Mapping[str, list[Reduced | Refused]], ...]:
        """The layers of each dataflow, reduced to the constants of the machine, for each number of PEs."""
        tasks = [(grid, name) for grid in self.grids for name in self.dataflows]
        arguments = [(self._mapped(name), grid, self.policies) for grid, name in tasks]
        found = list(self.progress(run(arguments, self.jobs)))
        names, width = list(self.dataflows), len(self.dataflows)
        return tuple(
            dict(zip(names, found[start : start + width], strict=True))
            for start in range(0, len(found), width)
        )

    def _mapped(self, name: str) -> tuple[Layer, ...]:
        flow = self.dataflows[name]
        return self.layers if flow is None else tuple(replace(each, dataflow=flow) for each in self.layers)

    @property
    def refused(self) -> Iterator[tuple[int, str, str, str]]:
        """Give the PEs, dataflow, layer and reason of everything that cannot be timed."""
        for grid, found in zip(self.grids, self.derived, strict=True):
            for name, layers in found.items():
                for layer, each in zip(self.layers, layers, strict=True):
                    if isinstance(each, Refused):
                        yield grid.base.pes, name, layer.name, each.reason

    def blocks(self) -> Iterator[Block]:
        """Give the machines block by block."""
        derived = self.derived
        yield from self.progress(
            Block(part, grid, where, derived[part])
            for part, grid in enumerate(self.grids)
            for where in grid.blocks(self.chunk)
        )

    # --- Every design ---

    @property
    def columns(self) -> np.dtype[Any]:
        """The columns of `chunks`."""
        return columns_of(self.grids[0])

    def chunks(self) -> Iterator[Array]:
        """Give every design as structured arrays: layers and dataflows by position, all counts exact.

        ``energy`` is in parts of the unit, `Grid.energy_scale` of them; times in cycles, sizes in words.
        """
        for block in self.blocks():
            for (number, name), layer in product(enumerate(self.dataflows), range(len(self.layers))):
                costs = block.costs(name, layer)
                if costs is not None:
                    allowed = costs.allowed(self.constraints)
                    yield rows_of(block, costs, allowed, dataflow=number, layer=layer)

    def to_csv(self, path: str | Path) -> int:
        """Write one row a design and give their number; energy in its unit, as the nearest float."""
        from polymaestro.sweeping.writing import write_csv  # noqa: PLC0415  it reads this type

        return write_csv(self, path)

    def to_parquet(self, path: str | Path) -> int:
        """Write the rows of `to_csv` as Parquet, which needs pyarrow."""
        from polymaestro.sweeping.writing import write_parquet  # noqa: PLC0415  it reads this type

        return write_parquet(self, path)

    # --- The best ---

    def best(self, minimize: str = "runtime") -> Best:
        """Give the machine that is best for all layers, each under its best dataflow; and each layer's best.

        `minimize` is runtime, energy, buffer or traffic; of equals, the one with less energy (run time when
        `minimize` is energy), then the first. Only designs that keep the constraints count.
        """
        _check_metric(minimize)
        second = "runtime" if minimize == "energy" else "energy"
        layers: list[Found | None] = [None] * len(self.layers)
        total: Found | None = None
        for block in self.blocks():
            sums = [np.zeros(block.shape, dtype=np.int64) for _ in range(2)]
            possible, most = np.ones(block.shape, dtype=np.bool_), 0
            for layer in range(len(self.layers)):
                values, others, found = self._least(block, layer, (minimize, second))
                layers[layer] = better(layers[layer], found)
                possible &= values < LARGEST
                most += max(int(each.max(initial=0, where=values < LARGEST)) for each in (values, others))
                if most > LARGEST:
                    message = f"totals up to {most} exceed 64 bits; sweep fewer layers"
                    raise ClosedFormError(message)
                sums[0] += np.where(possible, values, 0)
                sums[1] += np.where(possible, others, 0)
            total = better(total, first_of(block, np.where(possible, sums[0], LARGEST), sums[1], ""))
        return Best(
            f"{self.network}: {self.size} design{'s' if self.size != 1 else ''}",
            tuple(layer.name for layer in self.layers),
            minimize,
            None if total is None else self._mixed(total, minimize, second),
            tuple(
                None if found is None else self._design(found.part, found.place, {layer: found.dataflow})
                for layer, found in enumerate(layers)
            ),
        )

    def _least(self, block: Block, layer: int, metrics: tuple[str, str]) -> tuple[Array, Array, Found | None]:
        """Give for each machine the least cost of a layer under any dataflow, and the best of them."""
        values = np.full(block.shape, LARGEST, dtype=np.int64)
        others, best = values.copy(), None
        for name in self.dataflows:
            costs = block.costs(name, layer)
            if costs is None:
                continue
            value, other = (np.broadcast_to(getattr(costs, each), block.shape) for each in metrics)
            value = np.where(costs.allowed(self.constraints), value, LARGEST)
            best = better(best, first_of(block, value, other, name))
            less = (value < values) | ((value == values) & (other < others))
            values, others = np.where(less, value, values), np.where(less, other, others)
        return values, others, best

    def _mixed(self, found: Found, minimize: str, second: str) -> Design:
        """Give the design of a machine with the best dataflow of each layer."""
        block = self._single(found.part, found.place)
        chosen: dict[int, str] = {}
        for layer in range(len(self.layers)):
            best = self._least(block, layer, (minimize, second))[2]
            if best is not None:
                chosen[layer] = best.dataflow
        return self._design(found.part, found.place, chosen)

    def _single(self, part: int, index: Sequence[int]) -> Block:
        where = tuple(slice(each, each + 1) for each in index)
        return Block(part, self.grids[part], where, self.derived[part])

    def _design(self, part: int, index: Sequence[int], dataflows: Mapping[int, str]) -> Design:
        """Give a machine with the dataflows of some layers, by their position."""
        block, grid = self._single(part, index), self.grids[part]
        found = [costs for layer, name in dataflows.items() if (costs := block.costs(name, layer))]
        hardware = grid.hardware(index)
        varied = {name: getattr(hardware, name) for name in ("num_pes", *grid.values)}
        return Design(
            tuple((self.layers[layer].name, name) for layer, name in dataflows.items()),
            hardware,
            varied,
            sum(int(each.runtime.item()) for each in found),
            Fraction(sum(int(each.energy.item()) for each in found), grid.energy_scale),
            max(int(each.buffer.item()) for each in found),
            sum(int(each.traffic.item()) for each in found),
            all(bool(each.fits.item()) for each in found),
        )

    # --- The front ---

    def pareto(
        self, objectives: Sequence[str] = ("runtime", "energy", "buffer"), *, layer: str | None = None
    ) -> list[Design]:
        """Give the designs that no other beats in every objective, by the first objective.

        A design is one dataflow for all layers on one machine, or for one layer; `buffer` is that of the
        layer that needs the most. Only designs that keep the constraints count.
        """
        for each in objectives:
            _check_metric(each)
        chosen = [i for i, each in enumerate(self.layers) if layer in {None, each.name}]
        if not chosen:
            names = [each.name for each in self.layers]
            message = f"network {self.network} has no layer {layer!r}" + did_you_mean(str(layer), names)
            raise DataflowError(message)
        front = Front()
        places: list[tuple[Block, str]] = []
        for block in self.blocks():
            for name in self.dataflows:
                points = self._points(block, name, chosen, objectives)
                if points is None:
                    continue
                allowed, rows = points
                start = len(places) * self.chunk
                places.append((block, name))
                front.add(rows[allowed], start + np.flatnonzero(allowed))
        return [self._labelled(label, places, chosen) for label in front.sorted_labels()]

    def _points(
        self, block: Block, name: str, layers: Sequence[int], objectives: Sequence[str]
    ) -> tuple[Array, Array] | None:
        """Give which machines are allowed, and the objectives of all, one row a machine."""
        sums = {each: np.zeros(block.shape, dtype=np.int64) for each in objectives}
        allowed, most = np.ones(block.shape, dtype=np.bool_), dict.fromkeys(objectives, 0)
        for layer in layers:
            costs = block.costs(name, layer)
            if costs is None:
                return None
            allowed &= costs.allowed(self.constraints)
            for each in objectives:
                values = getattr(costs, each)
                most[each] += int(values.max())
                if most[each] > LARGEST:
                    message = f"a total {each} of up to {most[each]} exceeds 64 bits; sweep fewer layers"
                    raise ClosedFormError(message)
                sums[each] = np.maximum(sums[each], values) if each == "buffer" else sums[each] + values
        return allowed.reshape(-1), np.stack([sums[each].reshape(-1) for each in objectives], axis=1)

    def _labelled(self, label: int, places: Sequence[tuple[Block, str]], layers: Sequence[int]) -> Design:
        (block, name), inner = places[label // self.chunk], label % self.chunk
        offsets = np.unravel_index(inner, block.shape)
        index = [int(offset) + each.start for offset, each in zip(offsets, block.where, strict=True)]
        return self._design(block.part, index, dict.fromkeys(layers, name))


def _check_metric(name: str) -> None:
    if name not in METRICS:
        message = f"a sweep has no cost {name!r}" + did_you_mean(name, METRICS)
        raise HardwareError(message)
