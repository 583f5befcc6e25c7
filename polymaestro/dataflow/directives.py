"""Directives and dataflows: HOW an operator is mapped.

The directives are those of MAESTRO (Kwon et al., "Understanding Reuse, Performance, and Hardware Cost of DNN
Dataflows", MICRO 2019), where sizes and offsets may be symbols.

    dataflow  := directive*                          outermost first; Cluster cuts it into levels
    directive := TemporalMap(size, offset) dim       a time loop over tiles of dim
               | SpatialMap(size, offset) dim        tiles of dim over the units, folded in time
               | Cluster(size)                       the next level: size units inside each unit
    size      := an affine expression over Sz(dim), symbols and integers

A level gets one tile of every dimension from above, level 0 the whole of it, and gives each of its units
one tile at each of its steps. The order of the maps is that of their time loops. A dimension without a map
keeps the tile from above. `loopnest.running` runs just that, map by map.

A size or offset is an `Affine` whose names are symbols or ``Sz(D)``, the full extent of D.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from polymaestro.affine import Affine
from polymaestro.errors import DataflowError, Place
from polymaestro.names import no_symbol
from polymaestro.showing import Shown

SIZE_OF = re.compile(r"Sz\((?P<dim>[^()]+)\)")


@dataclass(frozen=True)
class _Map:
    """A map is a `TemporalMap` or a `SpatialMap`: equal maps are of one kind."""

    size: Affine
    offset: Affine
    dim: str
    place: Place | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse numbers below 1."""
        _check_sizes(self, self.place, size=self.size, offset=self.offset)

    def __str__(self) -> str:
        """Print as the directive language writes it."""
        return f"{type(self).__name__}({size_text(self.size)},{size_text(self.offset)}) {self.dim}"


class TemporalMap(_Map):
    """At step t every unit holds indices [offset·t, offset·t + size) of dim, within its parent's tile."""


class SpatialMap(_Map):
    """Unit u of n holds [offset·i, offset·i + size) of dim with i = n·fold + u."""


@dataclass(frozen=True)
class Cluster:
    """Cut: what follows maps onto `size` units inside each unit of the level above.

    The kind, P (physical) or L (logical), is kept for printing; the counts do not depend on it.
    """

    size: Affine
    kind: Literal["P", "L"] | None = None
    place: Place | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse numbers below 1."""
        _check_sizes(self, self.place, size=self.size)

    def __str__(self) -> str:
        """Print as the directive language writes it."""
        tail = f",{self.kind}" if self.kind else ""
        return f"Cluster({size_text(self.size)}{tail})"


Map = TemporalMap | SpatialMap
Directive = TemporalMap | SpatialMap | Cluster


@dataclass(frozen=True)
class Level:
    """The maps of one level, outermost first, and the directive that opened it (none at level 0)."""

    index: int
    maps: tuple[Map, ...]
    cluster: Cluster | None


@dataclass(frozen=True, repr=False)
class Dataflow(Shown):
    """A list of directives, outermost first.

    >>> from polymaestro.affine import Affine
    >>> from polymaestro.names import no_symbol
    >>> one = Affine.of(1)
    >>> flow = Dataflow((SpatialMap(one, one, "K"), Cluster(Affine.of(8)), SpatialMap(one, one, "C")))
    >>> [len(level.maps) for level in flow.levels]
    [1, 1]
    >>> print(flow)
    SpatialMap(1,1) K;
    Cluster(8);
    SpatialMap(1,1) C;
    """

    directives: tuple[Directive, ...]

    @property
    def levels(self) -> tuple[Level, ...]:
        """The directives cut at each `Cluster`, level 0 first."""
        cuts: list[tuple[Cluster | None, list[Map]]] = [(None, [])]
        for directive in self.directives:
            if isinstance(directive, Cluster):
                cuts.append((directive, []))
            else:
                cuts[-1][1].append(directive)
        return tuple(Level(i, tuple(maps), cluster) for i, (cluster, maps) in enumerate(cuts))

    def substituted(self, values: Mapping[str, int]) -> Dataflow:
        """Put numbers in the place of symbols; ``Sz()`` stays.

        >>> import polymaestro as pm
        >>> print(pm.parse_dataflow("TemporalMap(T,T) K; SpatialMap(2*T,T) C").substituted({"T": 8}))
        TemporalMap(8,8) K;
        SpatialMap(16,8) C;
        """
        return Dataflow(tuple(substituted(each, values) for each in self.directives))

    def __str__(self) -> str:
        """Print one directive a line, as the directive language writes it."""
        return "\n".join(f"{directive};" for directive in self.directives)


def substituted(directive: Directive, values: Mapping[str, int]) -> Directive:
    """Put numbers in the place of symbols in one directive."""
    if isinstance(directive, Cluster):
        return replace(directive, size=directive.size.substitute(values))
    size, offset = directive.size.substitute(values), directive.offset.substitute(values)
    return replace(directive, size=size, offset=offset)


def size_text(expression: Affine) -> str:
    """Write a size as the directive language reads it back: ``8+Sz(S)-1`` has no blanks.

    >>> size_text(Affine.of("Sz(S)") * 2 + 7)
    '2*Sz(S)+7'
    """
    return expression.isl().replace(" ", "")


def located(message: str, place: Place | None) -> str:
    """Put the place before a message, and the line itself after it, where they are known."""
    return f"{place}: {message}{place.excerpt()}" if place else message


def _check_sizes(directive: object, place: Place | None, **sizes: Affine) -> None:
    for name, value in sizes.items():
        for symbol in value.names():
            reason = "" if SIZE_OF.fullmatch(symbol) else no_symbol(symbol)
            if reason:
                message = f"{name} of '{directive}': {reason}"
                raise DataflowError(located(message, place))
        if value.is_constant and value.constant < 1:
            message = f"{name} {value.constant} in '{directive}': it must be 1 or more"
            raise DataflowError(located(message, place))
