"""Every chamber of a count: its derivation is walked down both ways of each decision.

A derivation asks which of two lengths is longer, and what it asks next depends on the answers. So the answers
form a tree, and its leaves are regions that cover everything and do not meet: complete by construction. A
branch is left out where no integers satisfy its conditions and what is known of extents, tiles and ties.
Not all of that is affine, so that a chamber may be kept that no point lies in; it does no harm. A chamber
where the derivation is refused is a gap, on which nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from polymaestro.affine import Affine
from polymaestro.counting import Condition, Count, QuasiPolynomial, Region
from polymaestro.errors import ClosedFormError, CountingError, CountingUnavailableError
from polymaestro.export.deciding import simplified
from polymaestro.tiling.factors import Factor
from polymaestro.tiling.known import Domain, Known, united
from polymaestro.tiling.run import Run

FEW = 100
"""A count with more chambers than this is decided part by part."""

MOST = 1000
"""A count with more chambers than this is refused: its code would be read by nobody."""

Conditions = tuple[Condition, ...]
Leaf = tuple[Conditions, QuasiPolynomial | str]


@dataclass(frozen=True)
class Explored:
    """A count on a whole region, Σ of products; the gaps are where its derivation is refused, and why."""

    products: tuple[tuple[Count, ...], ...]
    gaps: tuple[tuple[Conditions, str], ...]


class _UnreachableError(Exception):
    """No point takes this way."""


@dataclass(eq=False)
class _Node:
    """Where a derivation stands: what holds there, what was answered, and the two ways from there.

    A leaf has a formula, or the reason why there is none.
    """

    domain: Domain
    decided: frozenset[Condition]
    parent: _Node | None = None
    answers: dict[Affine, bool] = field(default_factory=dict)
    ways: tuple[tuple[Condition, _Node], ...] = ()
    value: QuasiPolynomial | str | None = None
    is_done: bool = False

    def finish(self) -> None:
        """Note that all ways from here have been taken, and so up the tree."""
        node: _Node | None = self
        while node is not None and all(way.is_done for _, way in node.ways):
            node.is_done = True
            node = node.parent


@dataclass
class _Part:
    """A part of a count that is decided by itself, and where it is needed."""

    name: str
    derive: Factor
    domains: list[Domain] = field(default_factory=list)
    decided: list[frozenset[Condition]] = field(default_factory=list)

    def root(self) -> _Node:
        """Begin where any of the ways that need it does."""
        return _Node(united(self.domains), frozenset.intersection(*self.decided))


class _Walk(Run):
    """A run without a point: it takes the first way at each fork that is not done.

    With `parts`, those of the count are noted there, and stand for themselves in what is derived.
    """

    def __init__(self, root: _Node, known: Known, parts: dict[Hashable, _Part] | None) -> None:
        super().__init__({})
        self.node = root
        self._facts = known
        self._parts = parts

    def part(self, key: Hashable, derive: Factor) -> QuasiPolynomial:
        """Give the name of a part, or derive it here."""
        if self._parts is None:
            return derive(self)
        found = self._parts.setdefault(key, _Part(f"{len(self._parts)}?", derive))
        found.domains.append(self.node.domain)
        found.decided.append(self.node.decided)
        return QuasiPolynomial.of(Affine.of(found.name))

    def _decided(self, difference: Affine) -> bool:
        """Decide it on this way."""
        node = self.node
        if difference in node.answers:
            return node.answers[difference]
        holds, fails = Condition(difference), Condition(-difference - 1)
        if not node.ways:
            found = [(each, self._next(each)) for each in (holds, fails)]
            node.ways = tuple((each, way) for each, way in found if not way.domain.is_empty())
            if not node.ways:
                raise _UnreachableError
            if len(node.ways) == 1:
                [(only, way)] = node.ways
                if way.decided != node.decided:  # else the domain implies the condition
                    node.domain, node.decided = way.domain, way.decided
                node.ways, node.answers[difference] = (), only == holds
                return only == holds
        condition, self.node = next((each, way) for each, way in node.ways if not way.is_done)
        return condition == holds

    def look_closer(self) -> None:
        """Give a way up that only facts with alternatives rule out; this takes time."""
        if not self._facts.is_possible(self.node.domain):
            raise _UnreachableError

    def _next(self, condition: Condition) -> _Node:
        node = self.node
        domain, decided = self._facts.narrowed(node.domain, node.decided, condition)
        return _Node(domain, decided, node)


def explored(factor: Factor, known: Known) -> Explored:
    """Derive a factor on every chamber of a region.

    Where these are many, its parts are decided one by one, and the factor is a sum of products of these.
    Raises `ClosedFormError` for more than MOST chambers even so.
    """
    return _reduced(_explored(factor, known), known)


def explored_whole(factor: Factor, known: Known) -> tuple[Count, tuple[Conditions, ...]]:
    """Derive a factor on every chamber, with none of its parts by itself; give the gaps too.

    Raises `ClosedFormError` for more than MOST chambers.
    """
    root = _Node(known.domain, frozenset())
    _all(factor, root, known, None)
    found = _reduced(_whole(root, known), known)
    ((count,),) = found.products
    return count, tuple(conditions for conditions, _ in found.gaps)


def _reduced(found: Explored, known: Known) -> Explored:
    """Write gaps with what is not known of them, each once."""
    gaps = dict.fromkeys((known.reduced(gap), why) for gap, why in found.gaps)
    return Explored(found.products, tuple(gaps))


def _explored(factor: Factor, known: Known) -> Explored:
    root = _Node(known.domain, frozenset())
    if _walked(factor, root, known, None, FEW):
        return _whole(root, known)
    parts: dict[Hashable, _Part] = {}
    root = _Node(known.domain, frozenset())
    _all(factor, root, known, parts)
    found = {}
    for each in parts.values():
        start = each.root()
        _all(each.derive, start, known, None)
        found[each.name] = _whole(start, known)
    return _joined(_whole(root, known), found, known)


def _all(factor: Factor, root: _Node, known: Known, parts: dict[Hashable, _Part] | None) -> None:
    if not _walked(factor, root, known, parts, MOST):
        shown = ", ".join(sorted(known.symbols))
        deciding = [str(each) for each, _ in root.ways if each.expression.names() <= known.symbols]
        such = f", such as {deciding[-1].replace('≥', '>=')}" if deciding else ""
        message = f"a count over {shown} has more than {MOST} cases; assume more of these{such}"
        raise ClosedFormError(message)


def _walked(
    factor: Factor, root: _Node, known: Known, parts: dict[Hashable, _Part] | None, most: int
) -> bool:
    """Derive a factor along every way; false where these are too many."""
    for _ in range(most):
        _take(factor, _Walk(root, known, parts))
        if root.is_done:
            return True
    return False


def _whole(root: _Node, known: Known) -> Explored:
    """Collect the leaves."""
    pieces: list[tuple[Region, QuasiPolynomial]] = []
    gaps: list[tuple[Conditions, str]] = []
    for conditions, value in _merged(root, known):
        if isinstance(value, str):
            gaps.append((conditions, value))
        else:
            pieces.append((Region((conditions,)), value))
    return Explored(((Count(tuple(pieces)),),), tuple(gaps))


def _joined(whole: Explored, parts: Mapping[str, Explored], known: Known) -> Explored:
    """Put parts in the place of their names."""
    ((rest,),) = whole.products
    pieces, gaps = rest.pieces, list(whole.gaps)
    products: list[tuple[Count, ...]] = []
    for name, part in parts.items():
        factors = [(region, value.coefficients(name)) for region, value in pieces]
        pieces = tuple((region, powers[0]) for region, powers in factors if 0 in powers)
        needed = tuple((region, powers[1]) for region, powers in factors if 1 in powers)
        if needed:
            [(count,)] = part.products
            products.append((simplified(Count(needed)), count))
            gaps += [
                ((*region.pieces[0], *gap), why)
                for gap, why in part.gaps
                for region, _ in needed
                if known.meets(region.pieces[0], gap)
            ]
    if pieces:
        products.append((simplified(Count(pieces)),))
    return Explored(tuple(products), tuple(gaps))


def _take(factor: Factor, walk: _Walk) -> None:
    """Derive along one way, down to a leaf."""
    try:
        value: QuasiPolynomial | str = factor(walk)
    except _UnreachableError:
        walk.node.finish()
        return
    except (CountingUnavailableError, CountingError) as error:
        value = str(error)
    walk.node.value = value
    walk.node.finish()


def _merged(node: _Node, known: Known) -> list[Leaf]:
    """Give the leaves below a node with the conditions since; two that say the same are one."""
    if node.value is not None:
        return [((), node.value)]
    found = [
        ((condition, *conditions), value)
        for condition, way in node.ways
        for conditions, value in _merged(way, known)
    ]
    if [len(conditions) for conditions, _ in found] == [1, 1]:
        values = [value for _, value in found if isinstance(value, QuasiPolynomial)]
        if len(values) == 2 and known.are_equal(*values):  # noqa: PLR2004  both are formulas
            return [((), min(*values, known.ties.expanded(values[0]), key=_length))]
    return found


def _length(value: QuasiPolynomial) -> int:
    return sum(1 + sum(power for _, power in monomial) for monomial, _ in value.terms)


def outside(gap: Conditions) -> Region:
    """Give where not all conditions hold."""
    found = []
    for each in gap:
        above = Condition(each.expression - 1)
        below = Condition(-each.expression - 1)
        found += [(below,), (above,)] if each.equality else [(below,)]
    return Region(tuple(found))
