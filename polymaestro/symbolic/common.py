"""Common cases: several forms at once, around a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import islpy as isl

from polymaestro.counting import Count, QuasiPolynomial, Region, region_of, with_decided_floors
from polymaestro.symbolic.cases import meeting_of


class Cased(Protocol):
    """A form whose counts have pieces, each with a region."""

    @property
    def context(self) -> isl.Set:
        """Where the form holds."""
        ...

    @property
    def counts(self) -> tuple[Count, ...]:
        """Every different count in the form."""
        ...

    def value_near(self, point: Mapping[str, int]) -> QuasiPolynomial:
        """Give the quasi-polynomial of the chambers that a point lies in."""
        ...


@dataclass(frozen=True)
class CommonCase:
    """The region on which several forms each keep the quasi-polynomial that they have at a point."""

    region: Region
    point: Mapping[str, int]
    domain: isl.Set

    @staticmethod
    def of(forms: Sequence[Cased], point: Mapping[str, int]) -> CommonCase:
        """Intersect the chambers of all forms at a point."""
        counts = {id(c): c for form in forms for c in form.counts if not c.is_uniform}
        context = forms[0].context
        meeting = meeting_of(list(counts.values()), context, point)
        region = region_of(meeting.gist(context).remove_redundancies())
        return CommonCase(region, point, meeting)

    def value(self, form: Cased) -> QuasiPolynomial:
        """Give the quasi-polynomial of a form, the floors that the region decides evaluated."""
        return with_decided_floors(form.value_near(self.point), self.domain)
