"""What a rule is, and what it finds where a mapping breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from polymaestro.dataflow.binding import Mapping
from polymaestro.dataflow.directives import Directive
from polymaestro.dataflow.repairs import Repair, Suggestion
from polymaestro.dataflow.tiles import Cut
from polymaestro.errors import Place
from polymaestro.showing import Shown

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, repr=False)
class Finding(Shown):
    """What a rule found: the directive, the reason, the loop dimensions whose work is concerned.

    `repairs` may mend it, the nearest first; `suggestion` is one of them that was shown to do so.
    """

    reason: str
    directive: Directive | None = None
    level: int | None = None
    dims: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = field(default=(), repr=False, compare=False)
    rule: str = ""
    severity: Severity = "error"
    suggestion: Suggestion | None = None
    at: Place | None = field(default=None, compare=False, repr=False)

    @property
    def place(self) -> Place | None:
        """Where the directive, or what else it is about, stands, if it was read from a text."""
        return self.at or (self.directive.place if self.directive else None)

    def line(self) -> str:
        """Say it in one line: place, reason, suggestion."""
        tail = ""
        if self.suggestion:
            helps = "" if self.suggestion.cures else " (that helps, but is not enough)"
            tail = f"; {self.suggestion}{helps}"
        start = f"{self.place}: " if self.place else ""
        return f"{start}{self.reason.splitlines()[0]}{tail}"

    def __str__(self) -> str:
        """Say it, with the line of the file where there is one."""
        excerpt = (
            self.place.excerpt()
            if self.place
            else "".join(f"\n{line}" for line in self.reason.splitlines()[1:])
        )
        return self.line() + excerpt


@dataclass(frozen=True)
class Rule:
    """A name, how bad it is, and the function that finds where a mapping breaks the rule."""

    name: str
    severity: Severity
    find: Callable[[Mapping], Iterator[Finding]]


def broken(mapping: Mapping, rules: tuple[Rule, ...]) -> Iterator[Finding]:
    """Give what each rule finds in a mapping."""
    for rule in rules:
        for finding in rule.find(mapping):
            yield replace(finding, rule=rule.name, severity=rule.severity)


def found_in(cut: Cut, reason: str, repairs: Iterator[Repair] | tuple[Repair, ...] = ()) -> Finding:
    """Give what a rule finds in one map."""
    return Finding(reason, cut.written, cut.level.index, cut.dims, tuple(repairs))
