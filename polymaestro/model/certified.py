"""An analysis and how each of its formulas is known."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polymaestro.errors import ClosedFormError, did_you_mean
from polymaestro.showing import Shown

if TYPE_CHECKING:
    from polymaestro.proving.certifying import Standing

WIDTH = 100


@dataclass(frozen=True, repr=False)
class Certified(Shown):
    """The standing of each formula under its name, as in ``L2.I.parent_reads``; printing says it in a word.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(2,2) K")
    >>> certified = pm.analyze(pm.gemm(), flow, num_pes=4).certify()
    >>> certified["L2.A.fills"].word, certified["L2.A.occupancy"].word, certified.samples
    ('proved', 'proved', 8)
    """

    table: str
    standings: Mapping[str, Standing]

    def __getitem__(self, name: str) -> Standing:
        """Give the standing of a formula by its name.

        Raises `ClosedFormError` for an unknown name.
        """
        if name not in self.standings:
            message = f"no formula {name!r}"
            raise ClosedFormError(message + did_you_mean(name, self.standings))
        return self.standings[name]

    @property
    def samples(self) -> int:
        """At how many points all formulas were compared with the interpreter."""
        return min(each.samples for each in self.standings.values())

    def __str__(self) -> str:
        """Print the table of formulas, then how they are known."""
        engines = ", ".join(dict.fromkeys(each.engine for each in self.standings.values()))
        lines = [self.table, "", f"derived by {engines}; equal to the interpreter at {self.samples} points"]
        words: dict[str, list[str]] = {}
        for name, each in self.standings.items():
            words.setdefault(each.word, []).append(name)
        for word, names in words.items():
            lines += textwrap.wrap(f"{word}: {', '.join(names)}", WIDTH, subsequent_indent="  ")
        return "\n".join(lines)
