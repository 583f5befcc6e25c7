"""The oracle: a mapping run with plain Python loops and sets, as `model.md` §2 and §3 define it.

    Mapping ─ executed ▶ (unit, step, box)* ─ group by depth ▶ A_F(u, t) ─ compare in time ▶ Observation

Nothing here is symbolic and nothing is clever: every tile is a set of elements, every count the size
of a set. The counting side shares no code with this module, so that the two can check each other.

Worked example: a one-dimensional convolution with P = 3 outputs and R = 2 taps on two PEs, one tap
each. The PEs together read 2 + 4 elements of the input, because a tap slides over 3 of 4 inputs.

>>> from polymaestro.affine import Affine
>>> from polymaestro.dataflow.directives import Dataflow, SpatialMap, TemporalMap
>>> from polymaestro.workload import conv2d
>>> one = Affine.of(1)
>>> flow = Dataflow((SpatialMap(one, one, "R"), TemporalMap(one, one, "P")))
>>> seen = interpret(conv2d(N=1, K=1, C=1, P=3, Q=1, R=2, S=1), flow, 2)
>>> seen.macs, seen.steps, seen.active
(6, 3, 6)
>>> seen.boundaries[0].tensors["I"]
{'occupancy': 1, 'tile_total': 6, 'fills': 6, 'parent_reads': 6}
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Values
from dataclasses import dataclass, replace
from itertools import chain, product
from operator import itemgetter
from typing import NamedTuple

from polymaestro.affine import Affine
from polymaestro.dataflow.binding import BoundLevel, Mapping, bind
from polymaestro.dataflow.directives import Cluster, Dataflow, Directive, Map, SpatialMap
from polymaestro.errors import DataflowError, WorkloadError
from polymaestro.loopnest.elements import Elements, Range, Touched
from polymaestro.showing import Row, Table, Tabled
from polymaestro.workload.operator import Operator, Tensor, Window

Tile = dict[str, Range]
"""A range per loop dimension, and one per input coordinate that was named after its output."""

Unit = tuple[int, ...]
"""(u_0, …): one unit index per level."""

Step = tuple[tuple[int, ...], ...]
"""(t_0, …): per level the indices of its time loops, outermost first; compared lexicographically."""

END: Step = ((-1,),)
"""The key of what leaves after the last step; no step has a negative index."""


class Execution(NamedTuple):
    """One PE at one step: it executes the points of the box that lie in the operator's domain.

    The box has one range per dimension in order. It holds at least one point of the domain.
    """

    unit: Unit
    step: Step
    box: tuple[Range, ...]


@dataclass(frozen=True, repr=False)
class ObservedBoundary(Tabled):
    """What crossed the boundary whose child memories have this depth.

    `tensors` gives for each input its occupancy, tile_total, fills and parent_reads, and for the
    output its occupancy, tile_total, drains, parent_updates, read_backs and final_writes, in elements.
    """

    depth: int
    steps: int
    tensors: dict[str, dict[str, int]]

    def tables(self) -> Iterator[Table]:
        """Give each quantity by tensor."""
        quantities = dict.fromkeys(name for counts in self.tensors.values() for name in counts)
        rows = tuple(
            Row((name.replace("_", " "), *(str(each.get(name, "")) for each in self.tensors.values())))
            for name in quantities
        )
        title = f"boundary {self.depth}: {self.steps} steps"
        yield Table(("elements", *self.tensors), rows, title=title)


@dataclass(frozen=True, repr=False)
class Observation(Tabled):
    """What a run of a mapping showed.

    `macs` counts executions; `missing` and `repeated` count the points of the domain that were never
    executed and that were executed more than once. `steps` are the full time vectors at which some PE
    worked, `units` all PEs of the mapping, `active` the (PE, step) pairs that worked.
    """

    macs: int
    missing: int
    repeated: int
    steps: int
    units: int
    active: int
    boundaries: tuple[ObservedBoundary, ...]

    def tables(self) -> Iterator[Table]:
        """Give what was executed, then each boundary."""
        names = ("macs", "missing", "repeated", "steps", "units", "active")
        yield Table(("executed", "count"), tuple(Row((name, str(getattr(self, name)))) for name in names))
        for boundary in self.boundaries:
            yield from boundary.tables()

    @property
    def legal(self) -> bool:
        """Whether every point of the domain was executed exactly once."""
        return not self.missing and not self.repeated


def interpret(
    operator: Operator, dataflow: Dataflow, num_pes: int, extents: Values[str, int] | None = None
) -> Observation:
    """Run a dataflow and count what moved; `extents` gives every symbol a number.

    Raises `WorkloadError` or `DataflowError` for a symbol without a number, and what `bind` raises.

    Time and memory grow with the number of MACs: it is meant for small extents.

    >>> from polymaestro import gemm, parse_dataflow
    >>> flow = parse_dataflow("SpatialMap(1,1) M; TemporalMap(2,2) K")
    >>> seen = interpret(gemm(), flow, 4, {"M": 4, "N": 2, "K": 6})
    >>> seen.macs, seen.steps, seen.boundaries[0].tensors["A"]["parent_reads"]
    (48, 3, 24)
    """
    return observe(numeric(operator, dataflow, num_pes, extents or {}))


def numeric(operator: Operator, dataflow: Dataflow, num_pes: int, extents: Values[str, int]) -> Mapping:
    """Bind a dataflow after every symbol, in extents and in sizes, has become a number."""
    unknown = [name for name in operator.symbols if name not in extents]
    if unknown:
        message = f"the interpreter needs a number for {', '.join(unknown)} of {operator.name}"
        raise WorkloadError(message)
    numbers = {d.name: d.extent.evaluate(extents) for d in operator.dims}
    directives = tuple(_with_numbers(each, extents) for each in dataflow.directives)
    mapping = bind(operator.with_extents(numbers), Dataflow(directives), num_pes)
    for level in mapping.levels:
        for each in level.maps:
            left = each.size.names() | each.offset.names()
            if left:
                message = f"the interpreter needs a number for {', '.join(sorted(left))} in '{each}'"
                raise DataflowError(message)
    return mapping


def _with_numbers(directive: Directive, values: Values[str, int]) -> Directive:
    size = directive.size.substitute(values)
    if isinstance(directive, Cluster):
        return replace(directive, size=size)
    return replace(directive, size=size, offset=directive.offset.substitute(values))


def observe(mapping: Mapping) -> Observation:
    """Run a mapping whose sizes are all numbers and count what moved."""
    operator = mapping.operator
    runs = list(executed(mapping))
    points = Touched(operator, tuple(Affine.of(d.variable) for d in operator.dims))
    times = Counter(chain.from_iterable(points.of(run.box) for run in runs))
    return Observation(
        macs=sum(times.values()),
        missing=_domain_size(operator) - len(times),
        repeated=sum(1 for count in times.values() if count > 1),
        steps=len({run.step for run in runs}),
        units=_product(level.units.constant for level in mapping.levels),
        active=len(runs),
        boundaries=tuple(_boundary(operator, runs, depth + 1) for depth in range(len(mapping.levels))),
    )


# --- The loop nest: which PE executes which box at which step (model.md §2) ---


def executed(mapping: Mapping) -> Iterator[Execution]:
    """Yield every execution of a numeric mapping in order of time, at one step in order of units."""
    operator = mapping.operator
    whole: Tile = {name: (0, operator.extent(name).constant) for name in operator.coordinates}
    dims = [d.name for d in operator.dims]
    runs = [
        Execution(unit, step, tuple([tile[name] for name in dims]))
        for unit, step, tile in _descend(mapping, 0, whole)
    ]
    runs.sort(key=itemgetter(1, 0))
    worked = Touched(operator, ())
    yield from (run for run in runs if worked.of(run.box))


def _domain_size(operator: Operator) -> int:
    """Count the points of the domain.

    Raises `WorkloadError` when there are none.
    """
    whole = tuple((0, d.extent.constant) for d in operator.dims)
    bound = {name for condition in operator.conditions for name in condition.names()}
    chosen = Touched(operator, tuple(Affine.of(d.variable) for d in operator.dims if d.variable in bound))
    free = _product(d.extent.constant for d in operator.dims if d.variable not in bound)
    size = free * len(chosen.of(whole))
    if not size:
        message = f"{operator.name} has an empty domain: no point has {operator.domain}"
        raise WorkloadError(message)
    return size


def _descend(mapping: Mapping, index: int, parent: Tile) -> Iterator[tuple[Unit, Step, Tile]]:
    """Run the levels from `index` on inside one tile."""
    if index == len(mapping.levels):
        yield (), (), parent
        return
    for unit, step, tile in _run_level(mapping, index, parent):
        for units, steps, inner in _descend(mapping, index + 1, tile):
            yield (unit, *units), (step, *steps), inner


def _run_level(mapping: Mapping, index: int, parent: Tile) -> Iterator[tuple[int, tuple[int, ...], Tile]]:
    """Give every unit of a level, at each of its steps, a tile of the parent's; empty tiles are left out."""
    level = mapping.levels[index]
    parent = _with_input_rows(mapping.operator, level, parent)
    offsets = [_offset(mapping, index, each) for each in level.maps]
    windows = [w for w in mapping.operator.windows if level.map_of(w.input)]
    settled = [w.input for w in mapping.operator.windows if level.map_of(w.output)]
    for unit in range(level.units.constant):
        loops = [
            list(tiles_along(each, offset, parent[each.dim], unit, level.units.constant))
            for each, offset in zip(level.maps, offsets, strict=True)
        ]
        for chosen in product(*loops):
            tile = parent.copy()
            for _, dim, range_ in chosen:
                tile[dim] = range_
            for window in windows:
                tile[window.output] = _rows_computed(window, tile)
            for name in settled:
                tile.pop(name, None)
            if all(tile[w.output][0] < tile[w.output][1] for w in windows):
                yield unit, tuple([time for time, _, _ in chosen]), tile


def tiles_along(
    each: Map, offset: int, parent: Range, unit: int, units: int
) -> Iterator[tuple[int, str, Range]]:
    """Yield the time index, the dimension and the tile of one map in one unit; empty tiles are left out.

    TemporalMap(m, o): time index i = 0 … last. SpatialMap(m, o): fold f with i = units · f + unit ≤ last.
    Tile i of a parent [b, e) is [b + o·i, min(b + o·i + m, e)).
    last = 0 if one tile covers the parent, else ⌈(e - b - m)/o⌉.
    """
    begin, end = parent
    size = each.size.constant
    last = 0 if size >= end - begin else -((size - (end - begin)) // offset)
    first, stride = (unit, units) if isinstance(each, SpatialMap) else (0, 1)
    for time, i in enumerate(range(first, last + 1, stride)):
        low = begin + offset * i
        if low < end:
            yield time, each.dim, (low, min(low + size, end))


# --- Windows: input rows, and the output rows that they allow ---


def _with_input_rows(operator: Operator, level: BoundLevel, parent: Tile) -> Tile:
    """Add the rows of each input coordinate that this level names.

    When the output was named after the input coordinate, they are the rows under the parent's outputs
    and taps: from σ·p + δ·r at the first of both to σ·p + δ·r at the last of both.
    """
    tile = dict(parent)
    for w in operator.windows:
        if level.map_of(w.input) and w.input not in tile:
            (p0, p1), (r0, r1) = tile[w.output], tile[w.filter]
            low, high = w.stride * p0 + w.dilation * r0, w.stride * (p1 - 1) + w.dilation * (r1 - 1)
            tile[w.input] = (low, high + 1)
    return tile


def _rows_computed(window: Window, tile: Tile) -> Range:
    """Give the outputs p of the parent's tile with σp + δr in the input rows for all r of the filter tile."""
    (p0, p1), (r0, r1), (y0, y1) = tile[window.output], tile[window.filter], tile[window.input]
    first = -((window.dilation * r0 - y0) // window.stride)
    last = (y1 - 1 - window.dilation * (r1 - 1)) // window.stride
    return max(p0, first), min(p1, last + 1)


def _offset(mapping: Mapping, index: int, each: Map) -> int:
    """Give the offset of a map in its own coordinate: σ · offset where it counts output rows."""
    window = next((w for w in mapping.operator.windows if w.input == each.dim), None)
    if window and counts_output_rows(mapping, index, window):
        return window.stride * each.offset.constant
    return each.offset.constant


def counts_output_rows(mapping: Mapping, index: int, window: Window) -> bool:
    """Decide whether the offset of a level's map on an input coordinate counts output rows.

    Only with a stride σ ≠ 1, where the level does not cut the filter, and where the offset is the very
    number of outputs that one tile holds: ⌊(m - δ(w - 1) - 1)/σ⌋ + 1 with w filter rows.
    """
    each = mapping.levels[index].map_of(window.input)
    taps = nominal_taps(mapping, window, index)
    if each is None or window.stride == 1 or nominal_taps(mapping, window, index + 1) < taps:
        return False
    held = (each.size.constant - window.dilation * (taps - 1) - 1) // window.stride + 1
    return each.offset.constant == held


def nominal_taps(mapping: Mapping, window: Window, depth: int) -> int:
    """Give the filter rows of a tile after the first `depth` levels, edges apart: the least of all sizes."""
    maps = [level.map_of(window.filter) for level in mapping.levels[:depth]]
    sizes = [each.size.constant for each in maps if each]
    return min([mapping.operator.extent(window.filter).constant, *sizes])


# --- Movement: what each boundary sees (model.md §3) ---

Steps = dict[Step, list[tuple[Range, ...]]]
"""The boxes that one unit executed during each of its active steps, in the order of time."""

History = dict[Unit, list[tuple[Step, Elements]]]
"""A_F(u, t): for each unit its tiles of one tensor, in the order of the steps at which it was active."""

Moves = dict[Step, list[Elements]]
"""What the units under one parent receive or give up, step by step; END comes after the last."""


def _boundary(operator: Operator, runs: list[Execution], depth: int) -> ObservedBoundary:
    """Count what crosses the boundary above the units of the first `depth` levels.

    Their steps are the time loops of these levels; the loops and units further inside are one step's work.
    """
    work = work_of(runs, depth, depth)
    tensors = {tensor.name: _counts(operator, tensor, work) for tensor in operator.tensors}
    return ObservedBoundary(depth, len({step for steps in work.values() for step in steps}), tensors)


def work_of(runs: Iterable[Execution], units: int, loops: int) -> dict[Unit, Steps]:
    """Gather the boxes by the units of the first `units` levels and the steps of the first `loops` levels."""
    work: defaultdict[Unit, Steps] = defaultdict(lambda: defaultdict(list))
    for unit, step, box in runs:
        work[unit[:units]][step[:loops]].append(box)
    return work


def families_of(operator: Operator, tensor: Tensor, work: dict[Unit, Steps]) -> dict[Unit, History]:
    """Give for each parent the tiles of one tensor that its units hold, step by step."""
    touched = Touched(operator, tensor.access)
    families: defaultdict[Unit, History] = defaultdict(dict)
    for unit, steps in work.items():
        tiles = [(step, union([touched.of(box) for box in boxes])) for step, boxes in steps.items()]
        families[unit[:-1]][unit] = tiles
    return families


def _counts(operator: Operator, tensor: Tensor, work: dict[Unit, Steps]) -> dict[str, int]:
    """Count what one tensor moves, one parent and the units under it at a time."""
    families = families_of(operator, tensor, work)
    sizes = [len(tile) for family in families.values() for tiles in family.values() for _, tile in tiles]
    moves = _input_moves if tensor.role == "input" else _output_moves
    counts = Counter(tile_total=sum(sizes))
    for family in families.values() or [History()]:
        counts.update(moves(family))
    return {"occupancy": max(sizes, default=0), **counts}


def _input_moves(family: History) -> dict[str, int]:
    """Fills and parent reads of the units under one parent.

    fills        = Σ over u, t of |New(u, t)|
    parent_reads = Σ over t of |⋃ over u of New(u, t)|
    """
    new, _ = changes(family)
    return {"fills": _total(new), "parent_reads": _shared_total(new)}


def _output_moves(family: History) -> dict[str, int]:
    """Drains, parent updates, read-backs and final writes of the units under one parent.

    drains         = Σ over u, t and the end of |Gone(u, t)|
    parent_updates = Σ over t and the end of |⋃ over u of Gone(u, t)|
    read_backs     = Σ over t of |⋃ over u of New(u, t), as far as some unit drained it at a step ≤ t|
    final_writes   = |everything drained|
    """
    new, gone = changes(family)
    drained: set[int] = set()
    read_backs = 0
    for step in sorted(new):
        drained |= union(gone.get(step, []))
        read_backs += len(drained & union(new[step]))
    drained |= union(gone[END])
    return {
        "drains": _total(gone),
        "parent_updates": _shared_total(gone),
        "read_backs": read_backs,
        "final_writes": len(drained),
    }


def changes(family: History) -> tuple[Moves, Moves]:
    """Compare each tile with the one that the unit held before, of its last active step t⁻.

    New(u, t) = A(u, t) minus A(u, t⁻), all of it at first; Gone(u, t) = A(u, t⁻) minus A(u, t).
    """
    new: Moves = defaultdict(list)
    gone: Moves = defaultdict(list)
    for tiles in family.values():
        held: Elements = frozenset()
        for step, elements in tiles:
            if elements is not held:
                new[step].append(elements - held)
                gone[step].append(held - elements)
            held = elements
        gone[END].append(held)
    return new, gone


def _total(moves: Moves) -> int:
    return sum(len(elements) for sets in moves.values() for elements in sets)


def _shared_total(moves: Moves) -> int:
    return sum(len(union(sets)) for sets in moves.values())


def union(sets: list[Elements]) -> Elements:
    """Give the elements of any of the sets."""
    return sets[0] if len(sets) == 1 else frozenset().union(*sets)


def _product(factors: Iterable[int]) -> int:
    total = 1
    for factor in factors:
        total *= factor
    return total
