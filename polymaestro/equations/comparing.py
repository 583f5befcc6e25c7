"""Two analyses of one operator: which counts change, by what factor, and where each needs less.

On each chamber the difference of two counts is a quasi-polynomial; `signs` cuts the chamber into parts
where it is negative, zero or positive. A part where that is not decided is said to be so, with what a
sample of its points shows, which proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import islpy as isl

from polymaestro.counting import QuasiPolynomial, Region
from polymaestro.equations.chambers import chambers_of_form
from polymaestro.equations.conditions import domain_of
from polymaestro.equations.search import Space
from polymaestro.equations.signs import Sign, signs_of, unite
from polymaestro.equations.zero import proof_of_zero
from polymaestro.errors import ClosedFormError, EquationError, did_you_mean
from polymaestro.model import Analysis
from polymaestro.model.table import reference_point
from polymaestro.relations.sets import coalesced, parameters
from polymaestro.showing import Shown
from polymaestro.symbolic import LARGE, ClosedForm, CommonCase, factored, point_near
from polymaestro.symbolic.regions import shown_region
from polymaestro.symbolic.written import quotient
from polymaestro.tiling import TiledAnalysis

SAMPLED = 300  # points of a region where no sign is proved


@dataclass(frozen=True, repr=False)
class Part(Shown):
    """A part of the region: "<" the first needs less, "=" as much, ">" more; "?" is not decided.

    Where it is not decided, `evidence` counts what a sample of points shows.
    """

    sign: Sign
    region: Region
    evidence: Mapping[str, int]

    def __str__(self) -> str:
        """Write the sign and the conditions."""
        where = "everywhere" if self.region.is_everywhere else f"where {self.region}"
        if self.sign != "?":
            return f"{self.sign}  {where}"
        seen = ", ".join(f"{sign} at {self.evidence.get(sign, 0)}" for sign in "<=>")
        return f"?  not decided {where} (of {sum(self.evidence.values())} points tried: {seen})"


@dataclass(frozen=True, repr=False)
class Change(Shown):
    """One quantity of two analyses, in the case that a point belongs to and in all."""

    name: str
    first: ClosedForm
    second: ClosedForm
    context: isl.Set
    case: isl.Set
    values: tuple[QuasiPolynomial, QuasiPolynomial]
    small: tuple[str, ...]

    def __str__(self) -> str:
        """Write both in the case shown, and their ratio."""
        first, second = map(factored, self.values)
        return f"{self.name}: {first} against {second}, ratio {self.ratio}"

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Where the first needs less, as much, and more than the second; together the whole region."""
        return tuple(_parts(self._differences(), self.context))

    @cached_property
    def here(self) -> Sign:
        """What is true in the case shown; "?" where it is not the same throughout, or not decided."""
        found = signs_of(self.values[0] - self.values[1], self.case)
        return found[0].sign if len(found) == 1 else "?"

    @property
    def is_equal(self) -> bool:
        """Whether the two are proved to be equal everywhere."""
        return all(proof_of_zero(value, domain) for domain, value in self._differences())

    @property
    def ratio(self) -> str:
        """The second over the first in the case shown, factors that both have cancelled."""
        if self.values[0] != self.values[1] and self.here == "=":
            return "1"  # written in two ways, as K/4 and ⌈K/4⌉ where 4 divides K
        return quotient(*reversed(self.values)).text

    @cached_property
    def leading(self) -> str:
        """What the ratio comes to when all symbols but the extents of filters grow together."""
        try:
            terms = [_leading(form, self.small) for form in (self.second, self.first)]
        except ClosedFormError:
            return "–"
        return quotient(*terms).text

    def ratio_at(self, point: Mapping[str, int]) -> Fraction | None:
        """Give the second over the first at a point; None where the first is 0."""
        one, two = (each.evaluate(point, {}) for each in (self.first, self.second))
        return Fraction(two, one) if one else None

    def _differences(self) -> Iterator[tuple[isl.Set, QuasiPolynomial]]:
        for one in chambers_of_form(self.first, self.context):
            for two in chambers_of_form(self.second, one.domain):
                yield two.domain, one.value.above - two.value.above


@dataclass(frozen=True, repr=False)
class Difference(Shown):
    """All changes between two analyses, and what only one of them has."""

    names: tuple[str, str]
    operator: str
    changes: tuple[Change, ...]
    only: tuple[tuple[str, ...], tuple[str, ...]]
    point: Mapping[str, int]
    region: Region

    def __getitem__(self, quantity: str) -> Change:
        """Give the change of one quantity, as in ``L2.I.parent_reads`` or ``steps``.

        Raises `EquationError` where the two do not both have it.
        """
        for change in self.changes:
            if change.name == quantity:
                return change
        message = f"no quantity {quantity!r} that both have"
        raise EquationError(message + did_you_mean(quantity, [each.name for each in self.changes]))

    @cached_property
    def is_equal(self) -> bool:
        """Whether every quantity that both have is proved to be equal everywhere, and neither has another."""
        if any(self.only) or any(each.values[0] != each.values[1] for each in self.changes):
            return False
        return all(each.is_equal for each in self.changes)

    def __str__(self) -> str:
        """Write what changes, in the case shown."""
        first, second = self.names
        lines = [f"{self.operator}: {first} against {second}"]
        if not self.region.is_everywhere:
            lines.append(f"in the case where {self.region}")
        same = [each.name for each in self.changes if each.values[0] == each.values[1]]
        for each in self.changes:
            if each.name not in same:
                shown = [factored(value) for value in each.values]
                lines += ["", f"{each.name}  ({_words(each.here, self.names)})"]
                lines += [f"  {first:<10} {shown[0]}", f"  {second:<10} {shown[1]}"]
                lines.append(f"  {'ratio':<10} {each.ratio}")
        if same:
            where = "everywhere" if self.is_equal else "here"
            lines += ["", f"equal {where}: {', '.join(same)}"]
        for name, only in zip(self.names, self.only, strict=True):
            lines += [f"only in {name}: {', '.join(only)}"] * bool(only)
        return "\n".join(lines)


def diff(
    first: Analysis,
    second: Analysis,
    *,
    at: Mapping[str, int] | None = None,
    names: tuple[str, str] = ("first", "second"),
) -> Difference:
    """Compare two analyses of one operator, quantity by quantity.

    `at` chooses the case that is shown: large symbols and 3-tap filters unless given. Raises
    `EquationError` when the operators differ, the regions do not meet, or either is no result of `analyze`.

    >>> import polymaestro as pm
    >>> flows = ("TemporalMap(1,1) N; SpatialMap(1,1) M", "TemporalMap(1,1) M; SpatialMap(1,1) N")
    >>> found = diff(*(pm.analyze(pm.gemm(), pm.parse_dataflow(flow), num_pes=4) for flow in flows))
    >>> change = found["L2.B.parent_reads"]
    >>> change.ratio, change.here
    ('M', '<')
    >>> for part in change.parts:
    ...     print(part)
    <  where M ≥ 2, N ≥ 5
    =  where M ≥ 2, N ≤ 4 or M = 1
    """
    _check_comparable(first, second)
    context = coalesced(first.macs.context.intersect(second.macs.context))
    if context.is_empty():
        message = f"no extents suit both: {first.macs.valid_on}, and {second.macs.valid_on}"
        raise EquationError(message)
    point = _point(first, parameters(context), context, at)
    forms = [analysis.forms.every() for analysis in (first, second)]
    case, values = context, []
    for analysis, named in zip((first, second), forms, strict=True):
        own = {name: point[name] for name in analysis.symbols}
        common = CommonCase.of(list(named.values()), own)
        case = domain_of(common.region, case)
        values.append({name: common.value(form) for name, form in named.items()})
    small = first.operator.filter_symbols
    changes = tuple(
        Change(name, form, forms[1][name], context, case, (values[0][name], values[1][name]), small)
        for name, form in forms[0].items()
        if name in forms[1]
    )
    only = tuple(tuple(n for n in forms[i] if n not in forms[1 - i]) for i in (0, 1))
    region = shown_region(coalesced(case.remove_redundancies()), context)
    return Difference(names, first.operator.name, changes, (only[0], only[1]), point, region)


def _check_comparable(first: Analysis, second: Analysis) -> None:
    """Refuse what is no analysis, and analyses of different operators."""
    for each in (first, second):
        if not isinstance(each, Analysis):
            message = f"diff compares two results of pm.analyze, and {type(each).__name__} is none"
            if isinstance(each, TiledAnalysis):
                message += (
                    "; give its sizes numbers, as in pm.analyze(operator, flow.substituted({'T': 4}), 64)"
                )
            raise EquationError(message)
    if first.operator != second.operator:
        message = (
            f"only analyses of one operator with the same extents compare, not\n{first.operator}\n"
            f"and\n{second.operator}"
        )
        raise EquationError(message)


def _point(
    analysis: Analysis, names: list[str], context: isl.Set, at: Mapping[str, int] | None
) -> dict[str, int]:
    """Give the point whose case is shown, inside the region that both have."""
    wished = reference_point(analysis.operator, tuple(sorted(names))) | dict(at or {})
    wished = {name: wished.get(name, LARGE) for name in names}
    return point_near(context, wished)


def _leading(form: ClosedForm, small: tuple[str, ...]) -> QuasiPolynomial:
    cases = form.asymptotic(small).cases
    if len(cases) != 1:
        message = "the leading term depends on the direction"
        raise ClosedFormError(message)
    return cases[0].value


def _parts(differences: Iterator[tuple[isl.Set, QuasiPolynomial]], context: isl.Set) -> Iterator[Part]:
    found: dict[Sign, isl.Set] = {}
    values: list[tuple[isl.Set, QuasiPolynomial]] = []
    for domain, value in differences:
        for part in signs_of(value, domain):
            unite(found, part.sign, part.domain)
            if part.sign == "?":
                values.append((part.domain, value))
    order: tuple[Sign, ...] = ("<", "=", ">", "?")
    for sign in order:
        if sign in found:
            evidence = _sampled(values) if sign == "?" else {}
            yield Part(sign, _shortest_region(sign, found, context), evidence)


def _shortest_region(sign: Sign, found: Mapping[Sign, isl.Set], context: isl.Set) -> Region:
    """Read a domain as it was put together, as isl joins it, or as what the others leave."""
    rest = context
    for other, domain in found.items():
        rest = rest if other == sign else rest.subtract(domain)
    own = found[sign]
    ways = (shown_region(each, context) for each in (own, coalesced(own), rest, coalesced(rest)))
    return min(ways, key=lambda region: len(str(region)))


def _sampled(values: list[tuple[isl.Set, QuasiPolynomial]]) -> dict[str, int]:
    """Count the signs at some points of the parts that are not decided."""
    seen: Counter[str] = Counter()
    for domain, value in values:
        space = Space.of(domain)
        points = [*space.walk(limit=SAMPLED), *space.samples((2, 8, 64))]
        for point in points[: 2 * SAMPLED]:
            number = value.evaluate(point)
            seen["<" if number < 0 else ">" if number > 0 else "="] += 1
    return dict(seen)


def _words(sign: Sign, names: tuple[str, str]) -> str:
    return {
        "<": f"{names[0]} needs less",
        ">": f"{names[1]} needs less",
        "=": "equal",
        "?": "which needs less is not decided here",
    }[sign]
