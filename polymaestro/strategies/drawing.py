"""How a legal dataflow is drawn: level by level, each a partition of the tile that it gets."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from polymaestro.affine import Affine
from polymaestro.dataflow.directives import Directive, SpatialMap, TemporalMap
from polymaestro.errors import WorkloadError
from polymaestro.workload.operator import Operator, Window


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


class Drawing:
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
