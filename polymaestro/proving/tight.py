"""Polytopes made tight: bounds with a common factor, without what rounding takes away.

In 256·z ≤ 256·n + r every whole z has z ≤ n + ⌊r/256⌋. Where the rest r lies between bounds, the set falls
into a few cases with ⌊r/256⌋ fixed, and in each the bound is z ≤ n + k: the same integers, and a vertex
without a denominator. Worked example: folds f with 64·f < 64·(n - 1) + e and 1 ≤ e ≤ 64 are f < n.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting import Condition
from polymaestro.counting.reading import conditions_of
from polymaestro.proving.polytopes import NotDecidedError, Polytope, polytope_of
from polymaestro.relations.sets import PARAM, SET, dimensions, named, parameters

MAX_CASES = 300


@dataclass(frozen=True)
class Case:
    """A part of a set, tight conditions for it, and how its points are points of the set."""

    domain: isl.Set
    conditions: tuple[Condition, ...]
    back: isl.Map

    @property
    def polytope(self) -> Polytope:
        """The part as a polytope, of the tight conditions alone."""
        return polytope_of(dimensions(self.domain), parameters(self.domain), self.conditions)

    @property
    def points(self) -> isl.Set:
        """The points of the set that the tight conditions hold, which isl reads again."""
        return as_set(self.domain, self.conditions).apply(self.back)


def tightened(part: isl.BasicSet) -> Iterator[Case]:
    """Give disjoint cases of a convex set, its existentials among the dimensions, with tight conditions.

    Raises `NotDecidedError` when there are too many cases.

    >>> text = "[n, e] -> { [f] : f >= 0 and 64f <= 64n - 65 + e and 1 <= e <= 64 and n >= 1 }"
    >>> [case] = tightened(isl.BasicSet(text))
    >>> sorted(str(each) for each in case.conditions)
    ['e ≤ 64', 'e ≥ 1', 'x0 < n', 'x0 ≥ 0']
    """
    whole = named(isl.Set.from_basic_set(part.lift().flatten()))
    kept = part.dim(SET)
    old = [f"x{index}" for index in range(whole.dim(SET))]
    waiting, cases = [(whole, isl.Map(f"{{ [{', '.join(old)}] -> [{', '.join(old[:kept])}] }}"))], 0
    while waiting:
        domain, back = waiting.pop()
        domain = named(domain.detect_equalities().remove_redundancies())
        if domain.is_empty():
            continue
        conditions = tuple(c for piece in domain.get_basic_sets() for c in conditions_of(piece))
        halves = _halves(domain, conditions)
        if halves:
            waiting += [(half, back) for half in halves]
            continue
        tight = _all_tight(domain, conditions)
        onto = _in_blocks(dimensions(domain), tight)
        if onto is not None:
            waiting.append((domain.apply(onto), onto.reverse().apply_range(back)))
            continue
        cases += 1
        if cases > MAX_CASES:
            message = f"more than {MAX_CASES} cases"
            raise NotDecidedError(message)
        yield Case(domain, tight, back)


def _in_blocks(dims: Sequence[str], conditions: Sequence[Condition]) -> isl.Map | None:
    """Write a dimension in blocks that keeps a bound of others from being tight; None without one."""
    for each in conditions:
        terms = each.expression.terms
        size = max((abs(f) for a, f in terms if a in dims), default=1)
        for atom, factor in terms:
            if size > 1 and atom in dims and factor % size:
                image = [f"block, {d} - {size}*block" if d == atom else d for d in dims]
                body = f"0 <= {atom} - {size}*block < {size}"
                return isl.Map(f"{{ [{', '.join(dims)}] -> [{', '.join(image)}] : {body} }}")
    return None


def _halves(case: isl.Set, conditions: Sequence[Condition]) -> list[isl.Set]:
    """Cut a case where the rest of some bound passes a multiple of its size."""
    for condition in conditions:
        for _, rest, size in _divided(condition):
            values = values_of(case, rest, size)
            if len(values) > 1:
                return cut(case, rest - values[1] * size)
    return []


def _all_tight(case: isl.Set, conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Round every condition whose rest allows it.

    A rest may have its bounds from conditions that are rounded themselves; where these are lost by that,
    its lower bound is stated, which with the rounded condition gives back the one that was rounded.
    """
    pairs = [_tight(case, each) for each in conditions]
    tight = tuple(condition for condition, _ in pairs)
    if as_set(case, tight).is_equal(case):
        return tight
    return (*tight, *(bound for _, bound in pairs if bound is not None))


def _tight(case: isl.Set, condition: Condition) -> tuple[Condition, Condition | None]:
    """Round a condition where the rest allows it, and give the lower bound of the rest that it relies on."""
    if not condition.equality:
        for whole, rest, size in _divided(condition):
            values = values_of(case, rest, size)
            if len(values) == 1:
                bound = None if rest.is_constant else Condition(rest - values[0] * size)
                return Condition(whole + values[0]), bound
    return condition, None


def as_set(case: isl.Set, conditions: Sequence[Condition]) -> isl.Set:
    """Give the points of a case's space for which conditions hold."""
    body = " and ".join(each.isl() for each in conditions) or "true"
    head = f"[{', '.join(parameters(case))}] -> {{ [{', '.join(dimensions(case))}]"
    return isl.Set(f"{head} : {body} }}")


def _divided(condition: Condition) -> Iterator[tuple[Affine, Affine, int]]:
    """Write a condition as size·whole + rest, for each size that divides some of its factors."""
    terms = condition.expression.terms
    for size in sorted({abs(factor) for _, factor in terms if abs(factor) > 1}, reverse=True):
        whole = Affine.combine({atom: factor // size for atom, factor in terms if factor % size == 0})
        yield whole, condition.expression - whole * size, size


def values_of(case: isl.Set, expression: Affine, divisor: int) -> range:
    """Give the values that ⌊expression / divisor⌋ takes between its bounds on a set; none without bounds."""
    names = ", ".join(parameters(case))
    if case.is_params():
        image = isl.Set(f"[{names}] -> {{ [z] : z = {expression.isl()} }}").intersect_params(case)
    else:
        dims = ", ".join(dimensions(case))
        image = case.apply(isl.Map(f"[{names}] -> {{ [{dims}] -> [z] : z = {expression.isl()} }}"))
    image = image.project_out(PARAM, 0, image.dim(PARAM))
    low, high = image.dim_min_val(0), image.dim_max_val(0)
    if not (low.is_int() and high.is_int()):
        return range(0)
    return range(low.to_python() // divisor, high.to_python() // divisor + 1)


def cut(case: isl.Set, expression: Affine) -> list[isl.Set]:
    """Cut a set where an expression becomes ≥ 0."""
    names, dims = ", ".join(parameters(case)), ", ".join(dimensions(case))
    head = f"[{names}] -> {{ " + ("" if case.is_params() else f"[{dims}] ") + f": {expression.isl()}"
    tests = [isl.Set(f"{head} {sign} 0 }}") for sign in (">=", "<")]
    return [case.intersect(each.params() if case.is_params() else each) for each in tests]
