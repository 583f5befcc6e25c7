"""The verdict on a dataflow: legal, illegal, or legal exactly when a condition holds; and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from polymaestro.checking.capacity import Need
from polymaestro.checking.measuring import Measured, Number, Part
from polymaestro.counting import Region, region_of
from polymaestro.dataflow import Dataflow
from polymaestro.dataflow.findings import Finding
from polymaestro.dataflow.legality import ADVICE
from polymaestro.dataflow.repairs import Change
from polymaestro.relations import Relations
from polymaestro.showing import Shown

Status = Literal["legal", "illegal", "conditional", "undecided"]

NOWHERE = Region(())
ADVISORY = frozenset(rule.name for rule in ADVICE)


@dataclass(frozen=True, repr=False)
class Verdict(Shown):
    """What is right and wrong with a dataflow on an operator and an array.

    `condition` is the region of the parameters where every point of the iteration domain is executed
    exactly once. `missing` and `repeated` are None where directives contradict each
    other, so that there is no loop nest; then `readings` has a verdict on each way to read them.
    `repaired` is a legal dataflow near this one, the suggestions made together, where one was found.

    >>> import polymaestro as pm
    >>> verdict = pm.check(pm.gemm(), pm.parse_dataflow("TemporalMap(2,3) K"), num_pes=1)
    >>> verdict.legal, verdict.status, verdict.condition_text
    (False, 'conditional', 'K ≤ 2')
    """

    status: Status
    findings: tuple[Finding, ...]
    condition: Region = NOWHERE
    relations: Relations | None = None
    measured: Measured | None = None
    readings: Mapping[str, Verdict] | None = None
    needs: tuple[Need, ...] = ()
    repaired: Dataflow | None = None

    @property
    def legal(self) -> bool:
        """Whether every point is executed exactly once, for all parameters."""
        return self.status == "legal"

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong: no finding is an error. A condition on symbols is no error."""
        return not any(finding.severity == "error" for finding in self.findings)

    @property
    def condition_text(self) -> str:
        """The condition as a conjunction over the groups of dimensions, each in its shorter form."""
        if self.status == "conditional" and self.relations:
            return conditions_of(self.relations)
        return str(self.condition)

    @property
    def missing(self) -> Part | None:
        """The points that are never executed."""
        return self.measured.missing if self.measured else None

    @property
    def repeated(self) -> Part | None:
        """The points that are executed more than once."""
        return self.measured.repeated if self.measured else None

    @property
    def executions(self) -> Number:
        """How many (unit, step, point) are executed; as many as points in a legal dataflow."""
        return self.measured.executions if self.measured else None

    def headline(self) -> str:
        """Say the verdict in one line, with the shares of work that is missing or repeated."""
        if self.status == "legal":
            return "legal"
        if self.status == "undecided":
            return "not decided"
        if self.status == "conditional":
            return f"legal exactly when {self.condition_text}"
        parts = [*wrong_parts(self)]
        for name, reading in (self.readings or {}).items():
            found = ", ".join(wrong_parts(reading)) or "every MAC is executed once"
            parts.append(f"{name}, {found}")
        return f"illegal: {'; '.join(parts)}" if parts else "illegal"

    def __str__(self) -> str:
        """Write the headline, then each finding."""
        lines = [self.headline()]
        lines += [f"{finding.severity} [{finding.rule}]: {finding}" for finding in self.findings]
        if self.repaired:
            lines.append(f"legal as {' '.join(f'{each};' for each in self.repaired.directives)}")
        return "\n".join(lines)

    def refusal(self) -> str:
        """Say in one line why `analyze` refuses: the shares or the condition, then each finding."""
        said = [finding.line() for finding in self.findings if finding.rule not in ADVISORY]
        if self.status == "conditional":
            return "; ".join([f"the dataflow is {self.headline()}; assume it, or give numbers", *said])
        return "; ".join([f"the dataflow is not legal: {', '.join(wrong_parts(self))}", *said])

    def to_json(self) -> dict[str, Any]:
        """Give the verdict as JSON data; counts are given where extents are numbers."""
        data: dict[str, Any] = {"legal": self.legal, "status": self.status}
        if self.status in ("legal", "conditional"):
            data["condition"] = self.condition_text
        if self.measured and not self.measured.has_symbols:
            data |= {
                "macs": self.measured.macs,
                "executions": self.measured.executions,
                "missing": _part(self.measured.missing),
                "repeated": _part(self.measured.repeated),
            }
        if self.readings:
            data["readings"] = {name: reading.to_json() for name, reading in self.readings.items()}
        data["findings"] = [_finding(finding) for finding in self.findings]
        data["memories"] = [need.to_json() for need in self.needs]
        if self.repaired:
            data["repaired"] = [str(each) for each in self.repaired.directives]
        return data


def wrong_parts(verdict: Verdict) -> list[str]:
    """Say which share of the MACs is missing and repeated, each with an example."""
    said = []
    for part, what in ((verdict.missing, "never executed"), (verdict.repeated, "executed more than once")):
        if part:
            said.append(f"{_amount(part)} {what}, e.g. {part.example}")
    return said


def _amount(part: Part) -> str:
    if part.share is None:
        return "some MACs are"
    if part.share == 1:
        return f"all {part.count} MACs are"
    return f"{share_text(part.share)} of the MACs ({part.count} of {part.measured.size}) are"


def share_text(share: Fraction) -> str:
    """Write a share in percent, so that all and nearly all look different.

    >>> [share_text(Fraction(n, 100_000)) for n in (100_000, 99_999, 40_000, 1, 0)]
    ['all', 'over 99.9%', '40%', 'under 0.1%', 'none']
    """
    if share in (0, 1):
        return "all" if share else "none"
    thousandths = round(1000 * share)
    if thousandths in (0, 1000):
        return "over 99.9%" if thousandths else "under 0.1%"
    return f"{thousandths / 10:g}%"


def conditions_of(relations: Relations) -> str:
    """Write where a dataflow is legal: one condition for each group of dimensions, or what it excludes.

    A condition of several cases stands in parentheses; the shorter of both ways to say it is taken.
    """
    context, said = relations.context, []
    for part in relations.coverage:
        if not part.is_exact:
            legal = part.exact_on(context)
            within, without = (region_of(each.gist(context)) for each in (legal, context.subtract(legal)))
            negative = len(without.pieces) < len(within.pieces)
            said.append((without if negative else within, negative))
    several = len(said) > 1
    texts = [
        f"not ({region})"
        if negative
        else f"({region})"
        if several and len(region.pieces) > 1
        else str(region)
        for region, negative in said
    ]
    return " and ".join(texts)


def _part(part: Part) -> dict[str, Any]:
    share = None if part.share is None else float(part.share)
    return {"points": part.count, "share": share, "example": dict(part.points.example)}


def _finding(finding: Finding) -> dict[str, Any]:
    place = finding.place
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "reason": finding.reason.splitlines()[0],
        "directive": str(finding.directive) if finding.directive else None,
        "place": {"file": place.file, "line": place.line, "column": place.column} if place else None,
        "suggestion": [_change(change) for change in finding.suggestion.changes]
        if finding.suggestion
        else None,
        "cures": finding.suggestion.cures if finding.suggestion else None,
    }


def _change(change: Change) -> dict[str, Any]:
    return {"replace": str(change.old) if change.old else None, "with": [str(each) for each in change.new]}
