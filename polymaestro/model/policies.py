"""The policies in force (`model.md` §5): what every number here assumes, printed in every report."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

POLICIES: Mapping[str, str] = MappingProxyType(
    {
        "retention": "one-tile",
        "sharing": "ideal-multicast",
        "reduction": "ideal",
        "first_partial_sum_read": "elided",
        "edge_tiles": "exact",
        "predecessor": "own-last-active-step",
    }
)
