"""Decisions: the cases of a count as questions, each asked once, in the order in which they decide.

A count with symbolic tiles has the cases that its derivation came to, each with all answers on the way. So
most cases begin with the same conditions, and code that asks one after the other asks few of them:

>>> from polymaestro.affine import Affine
>>> M, N, K = (Affine.of(name) for name in "MNK")
>>> large, small = Condition(M - N), Condition(N - M - 1)
>>> more, less = Condition(K - M), Condition(M - K - 1)
>>> pieces = [((large, more), 1), ((large, less), 2), ((small,), 3)]
>>> count = Count(tuple((Region((where,)), QuasiPolynomial.of(n)) for where, n in pieces))
>>> print(decided(count))
M ≥ N ? (K ≥ M ? 1 : 2) : 3
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from polymaestro.counting import Condition, Count, QuasiPolynomial, Region

Case = tuple[Region, QuasiPolynomial]
NOTHING = QuasiPolynomial.of(0)


@dataclass(frozen=True)
class Fork:
    """A question, what holds where the answer is yes, and what holds where it is no."""

    where: Region
    yes: Decision
    no: Decision

    @cached_property
    def size(self) -> int:
        """How many questions there are."""
        return 1 + sum(each.size for each in (self.yes, self.no) if isinstance(each, Fork))

    def short_first(self) -> Fork:
        """Ask the opposite where the answer yes leads to more questions."""
        is_one = len(self.where.pieces) == 1 and len(self.where.pieces[0]) == 1
        if not is_one or self.where.pieces[0][0].equality or not isinstance(self.yes, Fork):
            return self
        if isinstance(self.no, Fork) and self.no.size >= self.yes.size:
            return self
        return Fork(Region(((_opposite(self.where.pieces[0][0]),),)), self.no, self.yes)

    def __str__(self) -> str:
        """Write as a conditional."""
        yes, no = (f"({each})" if isinstance(each, Fork) else str(each) for each in (self.yes, self.no))
        return f"{self.where} ? {yes} : {no}"


Decision = Fork | QuasiPolynomial


def decided(count: Count) -> Decision:
    """Give the decisions of a count: the first case that holds, and 0 where none does."""
    return _decided(count.pieces)


def simplified(count: Count) -> Count:
    """Give an explored count without the questions that change nothing, and without cases of 0.

    >>> from polymaestro.affine import Affine
    >>> N, large = QuasiPolynomial.of("N"), Condition(Affine.of("M") - 4)
    >>> small = Condition(3 - Affine.of("M"))
    >>> print(simplified(Count(((Region(((large,),)), N), (Region(((small,),)), N)))))
    N
    """
    return Count(tuple(_cases(decided(count), ())))


def _cases(decision: Decision, asked: tuple[Condition, ...]) -> Iterator[Case]:
    decision = _without_idle(decision)
    if isinstance(decision, Fork):
        ((first,),) = decision.where.pieces
        yield from _cases(decision.yes, (*asked, first))
        yield from _cases(decision.no, (*asked, _opposite(first)))
    elif not decision.is_zero:
        yield Region((asked,)), decision


def _without_idle(decision: Decision) -> Decision:
    if not isinstance(decision, Fork):
        return decision
    yes, no = _without_idle(decision.yes), _without_idle(decision.no)
    return yes if yes == no else Fork(decision.where, yes, no)


def _decided(cases: Sequence[Case]) -> Decision:
    if not cases:
        return NOTHING
    (where, value), *others = cases
    if where.is_everywhere:
        return value
    if len(where.pieces) == 1:
        first = where.pieces[0][0]
        yes = list(_after(first, cases))
        no = [] if first.equality else list(_after(_opposite(first), cases))
        if len(yes) + len(no) == len(cases):
            return Fork(Region(((first,),)), _decided(yes), _decided(no))
    return Fork(where, value, _decided(others))


def _after(first: Condition, cases: Sequence[Case]) -> Iterator[Case]:
    """Give the cases that begin with a condition, without it."""
    for where, value in cases:
        if len(where.pieces) == 1 and where.pieces[0][:1] == (first,):
            yield Region((where.pieces[0][1:],)), value


def _opposite(condition: Condition) -> Condition:
    return Condition(-condition.expression - 1)


def statements(
    decision: Decision, ask: Callable[[Region], str], give: Callable[[QuasiPolynomial], str], end: str = ""
) -> Iterator[str]:
    """Write decisions as statements that return; `end` closes what a question opens.

    The way with fewer questions comes first, so that few statements stand inside each other.
    """
    while isinstance(decision, Fork):
        here = decision.short_first()
        yield ask(here.where)
        yield from (f"    {line}" for line in statements(here.yes, ask, give, end))
        yield from [end] * bool(end)
        decision = here.no
    yield give(decision)
