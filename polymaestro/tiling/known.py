"""What is known of the symbols of some dimensions: a region of them, and what their ties mean, for isl."""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property, lru_cache, reduce

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting import Condition, QuasiPolynomial, Region, region_of
from polymaestro.tiling.ties import Ties

Decided = frozenset[Condition]
Domain = isl.Set
MANY = 8  # basic sets after which a hull has to do


class Known:
    """Facts about some symbols and the ties that are made of them only."""

    def __init__(self, ties: Ties, symbols: Iterable[str], given: Region) -> None:
        """Take the symbols, and a region, of which what is about these symbols and ties is used."""
        self.ties = ties
        self.symbols = frozenset(symbols)
        names = set(self.symbols)
        for tie in ties.ties:
            if tie.names() <= names:
                names.add(tie.name)
        self.names = frozenset(names)
        self._given = Region(tuple(_about(piece, self.names) for piece in given.pieces))
        self._sets: dict[tuple[Condition, ...], isl.Set] = {}
        self._facts: dict[Decided, isl.Set] = {}
        self._rng = random.Random(0)  # noqa: S311  no secret

    @cached_property
    def domain(self) -> isl.Set:
        """All that holds before anything is decided."""
        alternatives = [self._set(piece) for piece in self._given.pieces]
        domain = reduce(isl.Set.union, alternatives).coalesce()
        return domain.intersect(self._implied(frozenset(in_common(self._given)))).remove_redundancies()

    def of_symbols(self) -> isl.Set:
        """Give what is said of the symbols themselves, as a set of these alone."""
        plain = Region(tuple(_about(piece, self.symbols) for piece in self._given.pieces))
        return isl.Set(f"[{', '.join(sorted(self.symbols))}] -> {{ : {plain.isl()} }}").params()

    def narrowed(self, domain: isl.Set, decided: Decided, condition: Condition) -> tuple[isl.Set, Decided]:
        """Add a condition to a domain, and what follows from it by the meaning of the ties."""
        domain = domain.intersect(self._set([condition]))
        if condition not in self._telling:
            return domain, decided
        decided = decided | {condition}
        return domain.intersect(self._implied(decided)), decided

    def are_equal(self, left: QuasiPolynomial, right: QuasiPolynomial) -> bool:
        """Whether two formulas are the same by the meaning of the ties; most differ at the first point."""
        difference = left - right
        for name in sorted(difference.names() - self._sample.keys()):
            self._sample[name] = self._rng.randrange(1, 2**30)
        return not difference.evaluate(self._sample) and self.ties.expanded(difference).is_zero

    @cached_property
    def _sample(self) -> dict[str, int]:
        """A point with the values of the ties."""
        point = {name: self._rng.randrange(1, 2**30) for name in sorted(self.symbols)}
        values = dict(point)
        for tie in self.ties.ties:
            if tie.name in self.names - values.keys():
                values[tie.name] = tie.value(values)
        return values

    def reduced(self, conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        """Give the conditions that are left of some where what is known is not said again."""
        left = self._set(conditions).gist(self.domain).remove_redundancies()
        pieces = region_of(left).pieces
        return pieces[0] if len(pieces) == 1 else conditions

    def meets(self, *conditions: Iterable[Condition]) -> bool:
        """Whether some point may satisfy all of some conditions."""
        return self.is_possible(
            self.domain.intersect(self._set(each for some in conditions for each in some))
        )

    def is_possible(self, domain: isl.Set) -> bool:
        """Whether some point may lie in a domain, multiples of one tile being equal or a tile apart."""
        return self._has_way(domain, tuple(self._steps))

    def _has_way(self, domain: isl.Set, steps: tuple[tuple[Affine, Affine, Affine], ...]) -> bool:
        if domain.is_empty():
            return False
        if not steps:
            return True
        (first, second, tile), *others = steps
        ways = (
            Condition(first - second, equality=True),
            Condition(first - second - tile),
            Condition(second - first - tile),
        )
        return any(self._has_way(domain.intersect(self._set([each])), tuple(others)) for each in ways)

    @cached_property
    def _telling(self) -> frozenset[Condition]:
        """The conditions from which other facts follow."""
        found = set(self.ties.decisions())
        for first, second, _ in self._steps:
            found |= {Condition(first - second - 1), Condition(second - first - 1)}
        return frozenset(found)

    def _implied(self, decided: Decided) -> isl.Set:
        """Give what follows from some conditions."""
        if decided not in self._facts:
            facts = [*self.ties.facts(decided), *self._apart(decided)]
            about = [Condition(each) for each in facts if each.names() <= self.names]
            self._facts[decided] = self._set(about).remove_redundancies()
        return self._facts[decided]

    def _apart(self, decided: Collection[Condition]) -> Iterator[Affine]:
        """Different multiples of T are T apart at least, and X - E is the larger, the larger X is."""
        for first, second, tile in self._steps:
            for left, right in ((first, second), (second, first)):
                if Condition(left - right - 1) in decided:
                    yield left - right - tile
        longer = {(each, rest) for whole, part, rest in self._cuts for each in (whole, part)}
        for (whole, tile, edge), (other, same, last) in itertools.permutations(self._cuts, 2):
            if tile == same and ((whole, other) in longer or Condition(whole - other - 1) in decided):
                yield (whole - edge) - (other - last)

    @cached_property
    def _steps(self) -> list[tuple[Affine, Affine, Affine]]:
        """Pairs of lengths that are multiples of one tile, and the tile."""
        multiples: dict[Affine, list[Affine]] = {}
        for whole, tile, edge in self._cuts:
            rests = [rest for of, into, rest in self.ties.folds() if (of, into) == (whole, tile)]
            multiples.setdefault(tile, [Affine.of(0), tile]).extend(each - edge for each in (whole, *rests))
        return [
            (*pair, tile)
            for tile, lengths in multiples.items()
            for pair in itertools.combinations(dict.fromkeys(lengths), 2)
        ]

    @cached_property
    def _cuts(self) -> list[tuple[Affine, Affine, Affine]]:
        """Each length of these symbols that is cut, into what, and the rest."""
        return [each for each in self.ties.cuts() if all(part.names() <= self.names for part in each)]

    def _set(self, conditions: Iterable[Condition]) -> isl.Set:
        key = tuple(dict.fromkeys(conditions))
        if key not in self._sets:
            several = [self._set([each]) for each in key] if len(key) > 1 else map(self._one, key)
            self._sets[key] = reduce(isl.Set.intersect, several, self._everything)
        return self._sets[key]

    def _one(self, condition: Condition) -> isl.Set:
        """Build the set of one condition, from numbers rather than from text: that is 30 times faster."""
        places = {name: place for place, name in enumerate(sorted(self.names))}
        terms = condition.expression.terms
        if not all(isinstance(atom, str) for atom, _ in terms):
            return isl.Set(f"[{', '.join(places)}] -> {{ : {condition.isl()} }}").params()
        space = isl.LocalSpace.from_space(self._everything.get_space())
        new = isl.Constraint.alloc_equality if condition.equality else isl.Constraint.alloc_inequality
        constraint = new(space).set_constant_val(condition.expression.constant)
        for atom, factor in terms:
            constraint = constraint.set_coefficient_val(isl.dim_type.param, places[str(atom)], factor)
        return isl.BasicSet.from_constraint(constraint).to_set()

    @cached_property
    def _everything(self) -> isl.Set:
        return isl.Set(f"[{', '.join(sorted(self.names))}] -> {{ : }}").params()


def united(domains: Iterable[Domain]) -> Domain:
    """Give a domain that holds several; a convex one where they are many."""
    domain = reduce(isl.Set.union, domains).coalesce()
    return domain.simple_hull().to_set() if domain.n_basic_set() > MANY else domain


@lru_cache(maxsize=64)
def known_about(ties: Ties, symbols: tuple[str, ...], given: Region) -> Known:
    """Make one for all counts over the same symbols."""
    return Known(ties, symbols, given)


def in_common(region: Region) -> tuple[Condition, ...]:
    """Give the conditions that every alternative of a region has."""
    first, *others = region.pieces
    return tuple(each for each in dict.fromkeys(first) if all(each in piece for piece in others))


def _about(piece: Iterable[Condition], names: frozenset[str]) -> tuple[Condition, ...]:
    return tuple(each for each in piece if each.expression.names() <= names)
