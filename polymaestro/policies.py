"""Policies: the points on which cost models disagree, each a named option.

The first option of each is the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType

from polymaestro.errors import PolymaestroError, did_you_mean

OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "retention": ("one-tile", "whole-step", "resident"),
        "sharing": ("ideal-multicast", "unicast", "identical-tiles"),
        "reduction": ("ideal", "none"),
        "first_partial_sum_read": ("elided", "counted"),
        "edge_tiles": ("exact", "padded"),
        "predecessor": ("own-last-active-step",),
        "overlap": ("double-buffered", "none"),
    }
)


@dataclass(frozen=True)
class Policies:
    """What every number of an analysis assumes.

    retention               what a unit keeps: its tile of the step before, nothing ("whole-step": every
                            tile is sent again), or all that it ever held ("resident", until the end,
                            which is then what it needs room for)
    sharing                 whether a word for several units of a parent crosses once, or once each, or
                            once for those whose whole tiles of the tensor are identical at that step
    reduction               whether partial sums of several units are added up before they reach the parent
    first_partial_sum_read  whether an output that is all zero yet is read all the same, by its unit and by
                            the first MAC
    edge_tiles              whether tiles at an edge hold what is there, or work, steps and traffic are those
                            of extents rounded up to whole tiles at every level
    predecessor             the step before is the one at which this unit was last active
    overlap                 whether transfers hide behind the compute time of the step

    >>> print(Policies(sharing="unicast"))
    retention: one-tile; sharing: unicast; reduction: ideal; first partial sum read: elided; \
edge tiles: exact; predecessor: own-last-active-step; overlap: double-buffered
    >>> Policies(sharing="multicast")
    Traceback (most recent call last):
    polymaestro.errors.PolymaestroError: no option 'multicast' of the policy sharing; \
did you mean 'unicast'? Known: ideal-multicast, identical-tiles, unicast
    """

    retention: str = "one-tile"
    sharing: str = "ideal-multicast"
    reduction: str = "ideal"
    first_partial_sum_read: str = "elided"
    edge_tiles: str = "exact"
    predecessor: str = "own-last-active-step"
    overlap: str = "double-buffered"

    def __post_init__(self) -> None:
        """Refuse options that do not exist."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value not in OPTIONS[field.name]:
                message = f"no option {value!r} of the policy {field.name}"
                raise PolymaestroError(message + did_you_mean(str(value), OPTIONS[field.name]))

    def to_json(self) -> dict[str, str]:
        """Give the policies by name."""
        return asdict(self)

    def __str__(self) -> str:
        """Write them in one line."""
        return "; ".join(f"{key.replace('_', ' ')}: {value}" for key, value in self.to_json().items())
