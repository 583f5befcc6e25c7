"""What a design must keep to count among the best."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from polymaestro.errors import HardwareError
from polymaestro.hardware.values import exact


@dataclass(frozen=True)
class Constraints:
    """What a design must keep; None asks for nothing.

    fits       every memory is large enough
    power      energy / run time, in the unit of energy per microsecond (pJ/µs = µW); needs a clock
    bandwidth  words per cycle that cross between DRAM and L2 on the average of the run, both directions

    >>> Constraints(power=0)
    Traceback (most recent call last):
    polymaestro.errors.HardwareError: power is 0; it must be a number, above 0, or a name for a symbol
    """

    fits: bool = True
    power: float | Fraction | None = None
    bandwidth: float | Fraction | None = None

    def __post_init__(self) -> None:
        """Refuse limits that nothing can keep."""
        for name in ("power", "bandwidth"):
            value = getattr(self, name)
            if value is not None and isinstance(exact(value, name, open_end=True), str):
                message = f"{name} is {value!r}; it must be a number"
                raise HardwareError(message)

    def limit(self, name: str) -> Fraction | None:
        """Give a limit as an exact number."""
        value = getattr(self, name)
        return None if value is None else Fraction(str(value))
