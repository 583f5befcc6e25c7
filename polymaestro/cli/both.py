"""``diff --hw``: what two dataflows cost on one machine, at the layer itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import polymaestro as pm
from polymaestro.cli.tables import tell
from polymaestro.equations import Difference
from polymaestro.errors import CountingUnavailableError, HardwareError
from polymaestro.model import Performance
from polymaestro.model.numbers import decimal
from polymaestro.showing import Row, Table


@dataclass(frozen=True)
class CostsOfBoth:
    """The costs of both sides."""

    names: tuple[str, str]
    both: tuple[Performance, Performance]

    @staticmethod
    def of(found: Difference, analyses: Sequence[pm.Analysis], hardware: pm.Hardware) -> CostsOfBoth | None:
        """Evaluate both at the point that is compared; None where that gives no numbers, which is said."""
        points = [{name: found.point[name] for name in each.symbols} for each in analyses]
        try:
            first, second = (a.on(hardware, **point).cost for a, point in zip(analyses, points, strict=True))
        except (CountingUnavailableError, HardwareError) as error:
            tell(f"note: no run time and energy: {error}")
            return None
        return CostsOfBoth(found.names, (first, second))

    def table(self) -> Table:
        """Give cycles, energy and words, with the second over the first, and what bounds each."""
        unit = self.both[0].energy_unit
        rows = [
            _row("run time, cycles", *(each.runtime_cycles for each in self.both)),
            _row("roofline, cycles", *(each.roofline_cycles for each in self.both)),
            _row(f"energy, {unit}", *(each.total_energy for each in self.both)),
        ]
        needs = [{each.memory: each.needed for each in side.buffers} for side in self.both]
        rows += [
            _row(f"words that {memory} needs", words, needs[1][memory])
            for memory, words in needs[0].items()
            if memory in needs[1]
        ]
        sides = list(zip(self.names, self.both, strict=True))
        notes = [f"{name} is bound by {side.bound_by}" for name, side in sides]
        notes += [f"{name}: {problem}" for name, side in sides for problem in side.problems]
        return Table(("cost", *self.names, "ratio"), tuple(rows), title="on the machine", notes=tuple(notes))

    def json(self) -> dict[str, Any]:
        """Give the costs of each side, as `analyze` does."""
        return {"costs": {"first": self.both[0].to_json(), "second": self.both[1].to_json()}}


def _row(name: str, first: Fraction | int, second: Fraction | int) -> Row:
    ratio = Fraction(second) / Fraction(first) if first else None
    return Row((name, decimal(Fraction(first)), decimal(Fraction(second)), decimal(ratio)))
