"""Is a user's formula ours? A proof for all parameters, or a counterexample, or an honest "not decided"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import islpy as isl

from polymaestro.affine import Affine, Floor
from polymaestro.counting import QuasiPolynomial, region_of
from polymaestro.equations import chambers as regions
from polymaestro.equations.candidate import Candidate, candidate_for
from polymaestro.equations.chambers import Chamber
from polymaestro.equations.conditions import NoChambersError
from polymaestro.equations.formula import Number
from polymaestro.equations.search import Point, Space
from polymaestro.equations.verdict import Counterexample, Verdict
from polymaestro.equations.zero import proof_of_zero
from polymaestro.errors import ClosedFormError, EquationError
from polymaestro.model.reuse import Ratio
from polymaestro.relations import assumed, several
from polymaestro.relations.sets import parameters
from polymaestro.symbolic import ClosedForm
from polymaestro.symbolic.closed_form import Product

MAX_EXHAUSTIVE = 100_000
MAX_TRIED = 5_000
MAX_CALLS = 40


def check_equation(
    ours: ClosedForm | Ratio,
    candidate: str | Number | Callable[..., Any] | Any,  # noqa: ANN401  or a SymPy expression
    *,
    assuming: str | Iterable[str] = (),
) -> Verdict:
    """Decide whether a formula equals ours for all parameters of the region.

    `candidate` is text (``"K*C*ceil(P/4)"``, with ``//``, ``%``, ``**``, Min, Max, ``a if c else b``, or as
    polymaestro prints it), a number, a SymPy expression, or a Python function of the symbols, which is
    read by running it on symbols where that is possible. `assuming` narrows the region.

    Raises `EquationError` for a candidate that does not read or has other symbols, and for a formula in tile
    sizes, of which numbers for these make one that can be decided.

    >>> import polymaestro as pm
    >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M"), num_pes=4)
    >>> check_equation(a["L2"]["B"].parent_reads, "K*N").equal
    True
    >>> print(check_equation(a["L2"]["B"].parent_reads, "K*N*ceil(M/4)").counterexample)
    at K = 1, M = 5, N = 1 the exact count is 1, the candidate is 2 (smallest counterexample)
    """
    if not isinstance(ours, ClosedForm | Ratio):
        message = (
            f"no {type(ours).__name__} can be compared for all extents; where tiles are symbols, give "
            f"numbers for them with specialised(…)"
        )
        raise EquationError(message)
    form = ours if isinstance(ours, ClosedForm) else ours.numerator
    context = _narrowed(form, assuming)
    try:
        return _Question(ours, candidate_for(candidate, form), context).answer()
    except RecursionError:
        message = "the candidate is too deeply nested to compare; write it in parts"
        raise EquationError(message) from None


def _narrowed(form: ClosedForm, assuming: str | Iterable[str]) -> isl.Set:
    context = form.context
    for assumption in several(assuming):
        context = context.intersect(assumed(assumption, parameters(context)))
    if context.is_empty():
        message = "no extents satisfy the assumptions"
        raise EquationError(message)
    return context


@dataclass(frozen=True)
class _Question:
    ours: ClosedForm | Ratio
    candidate: Candidate
    context: isl.Set

    def answer(self) -> Verdict:
        """Prove, else find the smallest difference, else say what was tried."""
        differences, why = self._differences()
        if self.candidate.formula is not None and not self._agrees_when_called():
            return self._by_search("the function does not do what it did on symbols")
        if differences is None:
            return self._by_search(why)
        kinds: Counter[str] = Counter()
        open_: list[Chamber] = []
        for each in differences:
            kind = proof_of_zero(each.value.above, each.domain)
            if kind is None:
                open_.append(each)
            else:
                kinds[kind] += 1
        if not open_:
            return self._verdict(equal=True, how=_proof(kinds, traced=self.candidate.function is not None))
        return self._by_search(f"not shown equal in {len(open_)} of {len(differences)} cases", open_)

    def _differences(self) -> tuple[list[Chamber] | None, str]:
        """Give ours - theirs on disjoint chambers, or the reason why there are none.

        For a quotient, above - theirs · below: 0 there means equal wherever there is a quotient.
        """
        formula = self.candidate.formula
        if formula is None:
            return None, "the function cannot be read as a formula"
        above, below = _parts(self.ours)
        try:
            return [
                Chamber(theirs.domain, over.value - theirs.value * under.value)
                for over in regions.chambers_of_form(above, self.context)
                for under in regions.chambers_of_form(below, over.domain)
                for theirs in regions.chambers_of(formula, under.domain)
            ], ""
        except (NoChambersError, ClosedFormError) as error:
            return None, str(error)

    def _agrees_when_called(self) -> bool:
        """Whether a function that was read as a formula still gives what the formula gives."""
        if self.candidate.function is None or self.candidate.formula is None:
            return True
        direct = Candidate(self.candidate.text, None, self.candidate.function)
        for point in Space.of(self.context).walk(limit=MAX_CALLS):
            try:
                called = direct.at(point)
            except EquationError:
                continue  # a float, or no value: the exact reading stands
            if called != self.candidate.at(point):
                return False
        return True

    def _by_search(self, why: str, parts: list[Chamber] | None = None) -> Verdict:
        """Look for the smallest difference in order, then for any at points where formulas bend."""
        space = Space.of(self.context)
        if space.size is not None and space.size <= MAX_EXHAUSTIVE:
            return self._exhausted(space)
        domains = [each.domain for each in parts] if parts is not None else [self.context]
        best, tried = self._smallest(domains)
        for point in space.samples(self._breaks()) if best is None else ():
            tried += 1
            found = self._sampled(point)
            if found and (best is None or _order(found) < _order(best)):
                best = found
        if best is None:
            return self._verdict(equal=None, how=f"{why}; no counterexample among {_points(tried)}")
        return self._verdict(equal=False, how=f"found after comparing {_points(tried)}", counterexample=best)

    def _smallest(self, domains: list[isl.Set]) -> tuple[Counterexample | None, int]:
        """Walk through each region in order until the first difference; say whether it is the smallest."""
        best: Counterexample | None = None
        unfinished: list[int] = []
        tried = 0
        for domain in domains:
            walk = Space.of(domain).walk(None if best is None else _order(best)[0], MAX_TRIED)
            for point in walk:
                tried += 1
                found = self._difference(point)
                if found is not None:
                    best = found if best is None or _order(found) < _order(best) else best
                    break
            else:
                unfinished += [walk.total] if walk.is_cut_short else []
        if best is not None and any(total <= _order(best)[0] for total in unfinished):
            best = replace(best, smallest=False)
        return best, tried

    def _sampled(self, point: Point) -> Counterexample | None:
        try:
            found = self._difference(point)
        except EquationError:
            return None  # a power that is too high here; there are other points
        return None if found is None else replace(found, smallest=False)

    def _exhausted(self, space: Space) -> Verdict:
        """Compare at each point of a finite region: that is a proof too."""
        tried = 0
        for point in space.walk():
            tried += 1
            found = self._difference(point)
            if found is not None:
                return self._verdict(
                    equal=False, how=f"found after comparing {_points(tried)}", counterexample=found
                )
        return self._verdict(equal=True, how=_exhaustion(tried))

    def _difference(self, point: Point) -> Counterexample | None:
        above, below = (each.evaluate(point) for each in _parts(self.ours))
        if not below:
            return None  # nothing is moved, so there is no factor to compare
        ours = above // below if above % below == 0 else Fraction(above, below)
        theirs = self.candidate.at(point)
        return None if theirs == ours else Counterexample(point, ours, theirs)

    def _breaks(self) -> Iterator[int]:
        """Give the numbers around which floors and branches may change."""
        for count in (count for form in _parts(self.ours) for count in form.counts):
            for region, value in count.pieces:
                yield from _divisors(value)
                for piece in region.pieces:
                    yield from (abs(each.expression.constant) for each in piece)
        if self.candidate.formula is not None:
            for each in self.candidate.formula.walk():
                if each.kind == "number" and isinstance(each.leaf, int | Fraction):
                    yield from (abs(each.leaf.numerator), each.leaf.denominator)

    def _verdict(
        self, *, equal: bool | None, how: str, counterexample: Counterexample | None = None
    ) -> Verdict:
        region = str(region_of(self.context))
        ours = _shown(self.ours)
        return Verdict(equal, how, counterexample, ours, self.candidate.text, region)


def _parts(ours: ClosedForm | Ratio) -> tuple[ClosedForm, ClosedForm]:
    """Give what is above and below the line."""
    if isinstance(ours, ClosedForm):
        return ours, replace(ours, products=(Product(1, ()),))
    return ours.numerator, ours.denominator


def _shown(ours: ClosedForm | Ratio) -> str:
    """Write a form that has one case in full, of others the case of large symbols."""
    if isinstance(ours, Ratio):
        return " / ".join(f"({_shown(each).split('  if ')[0]})" for each in _parts(ours))
    try:
        only = [str(ours)] if len(ours.cases) <= 1 else []
    except ClosedFormError:
        only = []
    return only[0] if only else f"{ours.brief()}; there are other cases"


def _order(each: Counterexample) -> tuple[int, list[tuple[str, int]]]:
    return sum(each.point.values()), sorted(each.point.items())


def _divisors(value: QuasiPolynomial) -> Iterator[int]:
    for atom in value.atoms():
        if isinstance(atom, Floor):
            yield atom.divisor
            yield from _divisors(QuasiPolynomial.of(Affine.of(atom.numerator)))


def _proof(kinds: Counter[str], *, traced: bool) -> str:
    total = sum(kinds.values())
    cases = "the only case" if total == 1 else f"each of {total} cases"
    details = ", ".join(f"{kind}: {count}" for kind, count in sorted(kinds.items()))
    reading = "; the function was read by running it on symbols" if traced else ""
    return f"proved: the difference is 0 in {cases} ({details}){reading}"


def _exhaustion(tried: int) -> str:
    if tried == 1:
        return "compared at the only point of the region"
    return f"compared at each of the {tried} points of the region"


def _points(number: int) -> str:
    return f"{number} point{'s' * (number != 1)}"
