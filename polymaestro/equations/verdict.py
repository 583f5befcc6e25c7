"""The answer to whether a formula is right: equal, not equal with an example, or not decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polymaestro.equations.formula import Number
from polymaestro.errors import EquationError
from polymaestro.showing import Shown


@dataclass(frozen=True, repr=False)
class Counterexample(Shown):
    """A point where the two differ; `theirs` is None where the candidate has no value (division by 0)."""

    point: Mapping[str, int]
    ours: Number
    theirs: Number | None
    smallest: bool = True

    def __str__(self) -> str:
        """Write the point and both values."""
        where = ", ".join(f"{name} = {value}" for name, value in sorted(self.point.items()))
        theirs = "has no value" if self.theirs is None else f"is {self.theirs}"
        kind = "smallest counterexample" if self.smallest else "a counterexample, maybe not the smallest"
        at = f"at {where} the" if where else "the"
        return f"{at} exact count is {self.ours}, the candidate {theirs} ({kind})"


@dataclass(frozen=True, repr=False)
class Verdict(Shown):
    """The answer: `equal` is True (proved), False (there is a counterexample) or None (not decided).

    A counterexample is the smallest in the sum of all symbols, then lexicographic by symbol. As a truth
    value it is `equal`; one that is not decided raises `EquationError` rather than pass for either.
    """

    equal: bool | None
    how: str
    counterexample: Counterexample | None
    ours: str
    theirs: str
    region: str

    def __bool__(self) -> bool:
        """Whether equality was proved; raises where nothing was decided."""
        if self.equal is None:
            message = f"not decided: {self.how}"
            raise EquationError(message)
        return self.equal

    def __str__(self) -> str:
        """Write the answer first, then how it was found."""
        answer = {True: "equal", False: "not equal", None: "not decided"}[self.equal]
        lines = [answer + (f" wherever {self.region}" if self.equal else "")]
        lines += [f"  candidate  {self.theirs}", f"  exact      {self.ours}"]
        if self.counterexample is not None:
            lines.append(f"  {self.counterexample}")
        lines.append(f"  {self.how}")
        return "\n".join(lines)
