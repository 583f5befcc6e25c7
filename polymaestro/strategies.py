"""Hypothesis strategies for operators and mappings: random problems to test cost models with.

Needs hypothesis, which ``pip install polymaestro[test]`` brings. Everything drawn is small enough for
`polymaestro.loopnest.interpreter` to run in some milliseconds:

    from hypothesis import given
    from polymaestro.loopnest.interpreter import interpret
    from polymaestro.strategies import mappings

    @given(mappings())
    def test_every_point_is_executed_once(drawn):
        assert interpret(drawn.operator, drawn.dataflow, drawn.num_pes).legal

`dataflows` draws legal dataflows, built so that every level partitions the tile that it gets:

* a map on a loop dimension has disjoint tiles (size = offset), or one tile that covers the dimension;
* a map on an input coordinate holds k whole windows and moves by k outputs, with offsets in input or in
  output rows; or it partitions the rows while the same level takes the filter one tap at a time;
* the row-stationary pair SpatialMap(1,δ) Y, SpatialMap(1,1) R stands where one output row is left;
* each level has one spatial map or one such pair, unless it has a single unit.

`wild_dataflows` draws anything that `bind` accepts, and `broken_mappings` a legal mapping with one directive
changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from hypothesis import strategies as st

from polymaestro.affine import Affine
from polymaestro.dataflow.directives import Cluster, Dataflow, Directive, Map, SpatialMap, TemporalMap
from polymaestro.errors import WorkloadError
from polymaestro.hardware import EnergyTable, Hardware, Link, Memory
from polymaestro.policies import OPTIONS, Policies
from polymaestro.workload import catalog, einsum
from polymaestro.workload.operator import Operator, Window

MOST_UNITS = 4
CONVOLUTIONS = ("conv2d", "depthwise_conv2d", "grouped_conv2d", "transposed_conv2d")
POOLS = ("max_pool2d", "average_pool2d")
PRODUCTS = ("gemm", "batched_gemm", "fully_connected", "lstm")
STATEMENTS = {
    "attention_scores": "S[b,i,j] += Q[b,i,d] * K[b,j,d]",
    "attention_values": "O[b,i,e] += P[b,i,j] * V[b,j,e]",
    "mttkrp": "D[i,j] += A[i,k,l] * B[k,j] * C[l,j]",
    "jacobi2d": "B[i,j] += A[i+u,j+v] * W[u,v]",
    "dilated_conv1d": "O[k,p] += I[c,2*p+3*r] * W[k,c,r]",
}
"""Operators without a name in the catalog, as einsum strings."""

DIAMOND = "1 <= u + v <= 3 and -1 <= u - v <= 1"
"""The five points of a Jacobi stencil in its 3 × 3 box."""

MASKS = ("j <= i", "j <= i + J - I", "i - j < 3", "j <= i and i - j < 2")
"""Causal attention, with as many queries as keys or with the last queries, and sliding windows."""

OPERATORS = (*PRODUCTS, *CONVOLUTIONS, *POOLS, *STATEMENTS)


class Drawn(NamedTuple):
    """An operator, a dataflow for it and the number of PEs to run it on."""

    operator: Operator
    dataflow: Dataflow
    num_pes: int


# --- Operators ---


@cache  # building the strategies takes longer than drawing from them
def operators(*names: str) -> st.SearchStrategy[Operator]:
    """Draw an operator of at most 2592 MACs: of the given names, or of any in `OPERATORS`.

    Strides are 1 to 3 and dilations 1 to 2, for each axis on its own. Attention may have a mask, and any
    operator may have up to two conditions on its domain, which is never empty.
    """
    drawn = st.one_of(*(_operators(name) for name in names or OPERATORS))
    return st.one_of(drawn, drawn, drawn, drawn.flatmap(constrained))


@st.composite
def constrained(draw: st.DrawFn, operator: Operator) -> Operator:
    """Draw one or two more conditions a·x + b·y + c ≥ 0 that a drawn point of the domain meets."""
    variables = [dim.variable for dim in operator.dims if dim.extent.constant > 1]
    inside = {d.variable: draw(st.integers(0, d.extent.constant - 1)) for d in operator.dims}
    if not variables or any(each.evaluate(inside) < 0 for each in operator.conditions):
        return operator
    conditions = list(operator.constraints)
    for _ in range(draw(st.integers(1, 2))):
        chosen = draw(st.lists(st.sampled_from(variables), min_size=1, max_size=2, unique=True))
        slope = Affine.combine({name: draw(st.sampled_from([-2, -1, 1, 2])) for name in chosen})
        conditions.append(slope - slope.evaluate(inside) + draw(st.integers(0, 2)))
    return replace(operator, constraints=tuple(conditions))


def _operators(name: str) -> st.SearchStrategy[Operator]:
    if name in STATEMENTS:
        return _statements(name)
    axis = {"P": 4, "Q": 4, "R": 3, "S": 3}
    most = {
        "gemm": {"M": 12, "N": 12, "K": 12},
        "batched_gemm": {"B": 3, "M": 8, "N": 8, "K": 8},
        "fully_connected": {"N": 6, "K": 12, "C": 12},
        "lstm": {"N": 3, "G": 4, "K": 6, "C": 10},
        "conv2d": {"N": 2, "K": 3, "C": 3, **axis},
        "depthwise_conv2d": {"N": 2, "C": 4, **axis},
        "grouped_conv2d": {"N": 2, "G": 2, "K": 2, "C": 2, **axis},
        "transposed_conv2d": {"N": 2, "K": 3, "C": 3, "Y": 4, "X": 4, "R": 3, "S": 3},
        "max_pool2d": {"N": 2, "C": 4, **axis},
        "average_pool2d": {"N": 2, "C": 4, **axis},
    }
    window = {
        "stride": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "dilation": st.tuples(st.integers(1, 2), st.integers(1, 2)),
    }
    options = window if name in CONVOLUTIONS + POOLS else {}
    return st.builds(getattr(catalog, name), **_extents(**most[name]), **options)


def _statements(name: str) -> st.SearchStrategy[Operator]:
    most = {
        "attention_scores": {"B": 2, "I": 9, "J": 9, "D": 6},
        "attention_values": {"B": 2, "I": 9, "J": 9, "E": 6},
        "mttkrp": {"I": 5, "J": 5, "K": 6, "L": 6},
        "jacobi2d": {"I": 9, "J": 9},
        "dilated_conv1d": {"K": 4, "P": 9, "C": 4, "R": 4},
    }
    where: st.SearchStrategy[str | tuple[str, ...]] = st.just(())
    fixed: dict[str, st.SearchStrategy[int]] = {}
    if name.startswith("attention"):
        where = st.just(()) | st.sampled_from(MASKS)
    elif name == "jacobi2d":
        where, fixed = st.just(DIAMOND), {"U": st.just(3), "V": st.just(3)}
    return st.builds(einsum, st.just(STATEMENTS[name]), where=where, **_extents(**most[name]), **fixed)


def _extents(**most: int) -> dict[str, st.SearchStrategy[int]]:
    return {name: st.integers(1, extent) for name, extent in most.items()}


# --- Legal mappings ---


@st.composite
def mappings(draw: st.DrawFn) -> Drawn:
    """Draw an operator, a legal dataflow and an array, at times with more PEs than work.

    Level 0 has no spatial map in some; these come with an array of a single unit at level 0.
    """
    operator = draw(operators())
    if draw(st.integers(0, 4)):
        dataflow = draw(dataflows(operator))
        return Drawn(operator, dataflow, draw(array_sizes(dataflow)))
    dataflow = _legal(draw, operator, level_0_is_spatial=False)
    clusters = _clusters(dataflow)
    return Drawn(operator, dataflow, draw(st.integers(clusters, 2 * clusters - 1)))


@st.composite
def dataflows(draw: st.DrawFn, operator: Operator) -> Dataflow:
    """Draw a dataflow of one to three levels that is legal on every array as large as its clusters.

    Raises `WorkloadError` for an operator with symbolic extents.
    """
    return _legal(draw, operator, level_0_is_spatial=True)


@st.composite
def array_sizes(draw: st.DrawFn, dataflow: Dataflow) -> int:
    """Draw a number of PEs that holds the clusters of a dataflow, at times with PEs left over."""
    clusters = _clusters(dataflow)
    units = draw(st.integers(1, MOST_UNITS) | st.integers(MOST_UNITS, 3 * MOST_UNITS))
    return units * clusters + draw(st.integers(0, clusters - 1))


def _clusters(dataflow: Dataflow) -> int:
    product = 1
    for level in dataflow.levels:
        if level.cluster:
            product *= level.cluster.size.constant
    return product


def _legal(draw: st.DrawFn, operator: Operator, *, level_0_is_spatial: bool) -> Dataflow:
    drawing = _Drawing(draw, operator)
    directives = drawing.level(spatial=level_0_is_spatial)
    for _ in range(draw(st.integers(0, 2))):
        units = draw(st.integers(1, MOST_UNITS))
        spatial = units > 1 or draw(st.booleans())
        directives += [Cluster(Affine.of(units)), *drawing.level(spatial=spatial)]
    return Dataflow(tuple(directives))


@dataclass
class _Part:
    """One map before it is known to be temporal or spatial."""

    dim: str
    size: int
    offset: int


@dataclass
class _Rows:
    """What the levels so far left of one window.

    `aligned`: the input rows begin at the first row under the output and the filter tile. `even`: all
    filter tiles have the same size. Where both hold, tiles of whole windows partition the outputs.
    `named`: the input coordinate was named after the output; if not, its rows follow from both tiles.
    """

    window: Window
    aligned: bool = True
    even: bool = True
    named: bool = True


class _Drawing:
    """Draws the levels of one legal dataflow, outermost first, and keeps the largest tile left."""

    def __init__(self, draw: st.DrawFn, operator: Operator) -> None:
        """Begin with the whole operator as the tile."""
        if operator.symbols:
            message = f"dataflows are drawn for numbers; give {', '.join(operator.symbols)} extents first"
            raise WorkloadError(message)
        self._draw = draw
        self._operator = operator
        self._left = {d.name: d.extent.constant for d in operator.dims}
        self._rows = [_Rows(window) for window in operator.windows]

    def level(self, *, spatial: bool) -> list[Directive]:
        """Draw the maps of one level in any order; one of them, or one pair, is spatial on demand."""
        pair = self._pair() if spatial else []
        parts: list[_Part] = []
        for rows in self._rows:
            if not any(part.dim == rows.window.input for part in pair):
                parts += self._window(rows)
        windowed = {dim for w in self._operator.windows for dim in (w.output, w.filter)}
        others = [dim for dim in self._left if dim not in windowed]
        parts += [self._plain(dim) for dim in others if self._chance()]
        if spatial and not pair:
            parts = parts or self._anything(others)
            pair = [self._draw(st.sampled_from(parts))]
        unordered = pair + [part for part in parts if part not in pair]
        return [
            self._directive(part, spatial=part in pair) for part in self._draw(st.permutations(unordered))
        ]

    def _chance(self) -> bool:
        return self._draw(st.booleans())

    def _plain(self, dim: str) -> _Part:
        """Cut a loop dimension into disjoint tiles, or cover it with one tile and any offset."""
        left = self._left[dim]
        size = self._draw(st.integers(1, left + 2))
        offset = size if size < left else self._draw(st.integers(1, size + 1))
        self._left[dim] = min(left, size)
        return _Part(dim, size, offset)

    def _anything(self, others: list[str]) -> list[_Part]:
        if others:
            return [self._plain(self._draw(st.sampled_from(others)))]
        return self._output_tiles(self._rows[0])

    def _pair(self) -> list[_Part]:
        """Draw the row-stationary pair for a window of which a single output row is left, or nothing.

        Then input row and tap advance together, δ rows to a tap: p = (y - δr)/σ is the same for all units.
        """
        ready = [
            rows
            for rows in self._rows
            if self._left[rows.window.output] == 1 and (rows.aligned or not rows.named)
        ]
        if not ready or not self._chance():
            return []
        rows = self._draw(st.sampled_from(ready))
        self._left[rows.window.filter] = 1
        rows.aligned = rows.even = rows.named = True
        return [_Part(rows.window.input, 1, rows.window.dilation), _Part(rows.window.filter, 1, 1)]

    def _window(self, rows: _Rows) -> list[_Part]:
        """Draw maps for the output or input coordinate of a window and for its filter."""
        aligned = rows.aligned or not rows.named
        ways = [self._untouched, self._output_tiles, self._all_rows, self._single_taps]
        if aligned and rows.even:
            ways += [self._whole_windows, self._whole_windows]
        return self._draw(st.sampled_from(ways))(rows)

    def _untouched(self, rows: _Rows) -> list[_Part]:
        """Leave the outputs alone."""
        return self._filter_tiles(rows)

    def _output_tiles(self, rows: _Rows) -> list[_Part]:
        """Cut the outputs by their own name; the input rows follow."""
        taps = self._filter_tiles(rows)
        rows.named = False
        return [self._plain(rows.window.output), *taps]

    def _all_rows(self, rows: _Rows) -> list[_Part]:
        """Cover all input rows with one tile."""
        self._name_input(rows)
        taps = self._filter_tiles(rows)
        extent = self._operator.extent(rows.window.input).constant
        size = extent + self._draw(st.integers(0, 2))
        return [_Part(rows.window.input, size, self._draw(st.integers(1, size))), *taps]

    def _single_taps(self, rows: _Rows) -> list[_Part]:
        """Cut the input rows in disjoint tiles of σk, one tap at a time: each row belongs to one output."""
        outputs = self._draw(st.integers(1, self._left[rows.window.output] + 1))
        self._shrink(rows.window.output, outputs)
        self._left[rows.window.filter] = 1
        rows.named = rows.even = True
        rows.aligned = False
        size = rows.window.stride * outputs
        return [_Part(rows.window.input, size, size), _Part(rows.window.filter, 1, 1)]

    def _whole_windows(self, rows: _Rows) -> list[_Part]:
        """Hold k whole windows and move by k outputs; up to σ - 1 rows more hold no further window."""
        window, taps = rows.window, self._left[rows.window.filter]
        outputs = self._draw(st.integers(1, self._left[window.output] + 1))
        span = window.span(Affine.of(outputs), Affine.of(taps)).constant
        size = span + self._draw(st.integers(0, window.stride - 1))
        offset = outputs * (1 if self._chance() else window.stride)
        self._name_input(rows)
        self._shrink(window.output, outputs)
        whole = [_Part(window.filter, taps, self._draw(st.integers(1, taps)))] if self._chance() else []
        return [_Part(window.input, size, offset), *whole]

    def _filter_tiles(self, rows: _Rows) -> list[_Part]:
        """Cut the filter by its own name, or leave it alone."""
        before = self._left[rows.window.filter]
        if not self._chance():
            return []
        part = self._plain(rows.window.filter)
        if part.size < before:
            rows.even = rows.even and before % part.size == 0
            rows.aligned = rows.aligned and not rows.named
        return [part]

    def _name_input(self, rows: _Rows) -> None:
        rows.aligned = rows.aligned or not rows.named
        rows.named = True

    def _shrink(self, dim: str, size: int) -> None:
        self._left[dim] = min(self._left[dim], size)

    def _directive(self, part: _Part, *, spatial: bool) -> Directive:
        """Write a map, at times with Y' for P and Sz() for a full extent."""
        kind = SpatialMap if spatial else TemporalMap
        primes = {dim: prime for prime, dim in self._operator.primes.items()}
        dim = primes[part.dim] if part.dim in primes and self._chance() else part.dim
        return kind(self._number(part.size, dim), self._number(part.offset, dim), dim)

    def _number(self, value: int, dim: str) -> Affine:
        """Write a number as Sz() of this dimension or of a filter where it is that extent."""
        primes = self._operator.primes
        names = [dim, *(w.filter for w in self._operator.windows)]
        equal = [n for n in names if self._operator.extent(primes.get(n, n)).constant == value]
        if equal and self._chance():
            return Affine.of(f"Sz({equal[0]})")
        return Affine.of(value)


# --- Hardware ---


def hardware(num_pes: int | None = None) -> st.SearchStrategy[Hardware]:
    """Draw a machine, with this number of PEs or any; a limit that is None is none.

    Memories of few words and links of one word a cycle are drawn on purpose: they are what binds.
    """
    return st.builds(
        Hardware,
        num_pes=st.integers(1, 64) if num_pes is None else st.just(num_pes),
        l1_size=_limit(1, 1024),
        l2_size=_limit(1, 65536),
        noc_bw=_limit(1, 64),
        offchip_bw=_limit(1, 64),
        noc_hops=_limit(0, 4),
        simd_lanes=_limit(1, 8),
    )


def machines(num_pes: int, levels: int) -> st.SearchStrategy[Hardware]:
    """Draw a machine for a dataflow of so many levels, each memory and link on its own."""
    names = ["DRAM", "L2", *(f"cluster{level}" for level in range(1, levels)), "L1"]
    return st.builds(
        Hardware,
        num_pes=st.integers(num_pes, num_pes + 3),
        simd_lanes=_limit(1, 4),
        memories=st.tuples(*(_memory(name) for name in names)),
        energy=_energy,
        word_sizes=st.dictionaries(st.sampled_from("IWOABZ"), st.integers(1, 3), max_size=2),
    )


def _memory(name: str) -> st.SearchStrategy[Memory]:
    rates = st.integers(1, 9) | st.fractions(Fraction(1, 4), 9, max_denominator=4)
    link = st.builds(
        Link, st.none() | rates, st.integers(0, 2), st.integers(0, 2), st.booleans(), st.booleans()
    )
    capacity = st.none() | st.integers(1, 300)
    return st.builds(Memory, st.just(name), capacity, st.booleans(), _limit(0, 9), _limit(0, 9), link)


_energy = st.builds(
    EnergyTable,
    *map(st.just, ("drawn", "pJ", "drawn")),
    *[st.integers(0, 20) | st.decimals(0, 20, places=2) for _ in range(6)],
)


def policies() -> st.SearchStrategy[Policies]:
    """Draw policies that every mapping can be counted under: edge tiles are not padded."""
    drawn = {name: st.sampled_from(options) for name, options in OPTIONS.items()}
    return st.builds(Policies, **drawn | {"edge_tiles": st.just("exact")})


def _limit(least: int, most: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(least, most)


# --- Anything that binds ---


@st.composite
def wild_mappings(draw: st.DrawFn) -> Drawn:
    """Draw an operator, a dataflow that may skip or repeat work, and an array that holds its clusters."""
    operator = draw(operators())
    dataflow = draw(wild_dataflows(operator))
    return Drawn(operator, dataflow, draw(array_sizes(dataflow)))


@st.composite
def wild_dataflows(draw: st.DrawFn, operator: Operator) -> Dataflow:
    """Draw a dataflow of one to three levels that `bind` accepts, legal or not.

    Tiles may overlap or leave gaps, levels may have no spatial map or several, windows may be cut in two.
    """
    directives = _wild_level(draw, operator)
    for _ in range(draw(st.integers(0, 2))):
        directives += [Cluster(Affine.of(draw(st.integers(1, 3)))), *_wild_level(draw, operator)]
    return Dataflow(tuple(directives))


def _wild_level(draw: st.DrawFn, operator: Operator) -> list[Directive]:
    hidden = [draw(st.sampled_from((w.input, w.output))) for w in operator.windows]
    names = [name for name in operator.coordinates if name not in hidden]
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=4))
    return [_wild_map(draw, operator, dim) for dim in chosen]


def _wild_map(draw: st.DrawFn, operator: Operator, dim: str) -> Directive:
    extent = operator.extent(dim).constant
    size = draw(st.integers(1, extent + 2))
    offset = draw(st.just(size) | st.integers(1, size + 1))
    kind = SpatialMap if draw(st.booleans()) else TemporalMap
    return kind(Affine.of(size), Affine.of(offset), dim)


# --- One directive broken ---


class Broken(NamedTuple):
    """A legal mapping after one change of one directive; it may be legal still."""

    operator: Operator
    dataflow: Dataflow
    num_pes: int
    change: str


@st.composite
def broken_mappings(draw: st.DrawFn) -> Broken:
    """Draw a legal mapping and break it in one directive; a dimension may end up mapped twice in a level."""
    legal = draw(mappings())
    directives = list(legal.dataflow.directives)
    places = [index for index, each in enumerate(directives) if not isinstance(each, Cluster)]
    if not places:
        return Broken(*legal, "nothing")
    index = draw(st.sampled_from(places))
    old = directives[index]
    change = draw(st.sampled_from(sorted(CHANGES)))
    if not isinstance(old, Cluster):
        directives[index : index + 1] = CHANGES[change](draw, legal.operator, old)
    return Broken(legal.operator, Dataflow(tuple(directives)), legal.num_pes, change)


def _resized(old: Map, *, size: int = 0, offset: int = 0) -> list[Directive]:
    new_size, new_offset = old.size + size, old.offset + offset
    possible = all(each.constant >= 1 for each in (new_size, new_offset))  # Sz(R) - 1 may be 0
    return [replace(old, size=new_size, offset=new_offset) if possible else old]


def _moved(draw: st.DrawFn, operator: Operator, old: Map) -> list[Directive]:
    return [replace(old, dim=draw(st.sampled_from(operator.coordinates)))]


def _flipped(old: Map) -> list[Directive]:
    kind = TemporalMap if isinstance(old, SpatialMap) else SpatialMap
    return [kind(old.size, old.offset, old.dim)]


def _joined(draw: st.DrawFn, operator: Operator, old: Map) -> list[Directive]:
    """Add a spatial map of any dimension beside a map."""
    dim = draw(st.sampled_from(operator.coordinates))
    size = draw(st.integers(1, 2))
    return [old, SpatialMap(Affine.of(size), Affine.of(size), dim)]


Breaking = Callable[[st.DrawFn, Operator, Map], list[Directive]]

CHANGES: dict[str, Breaking] = {
    "larger offset": lambda _, __, old: _resized(old, offset=1),
    "smaller offset": lambda _, __, old: _resized(old, offset=-1),
    "larger size": lambda _, __, old: _resized(old, size=1),
    "smaller size": lambda _, __, old: _resized(old, size=-1),
    "dropped": lambda _, __, ___: [],
    "doubled": lambda _, __, old: [old, old],
    "space for time": lambda _, __, old: _flipped(old),
    "another dimension": _moved,
    "another spatial map": _joined,
}
"""The ways in which `broken_mappings` changes a directive."""
