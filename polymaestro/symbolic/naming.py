"""Costs as a paper writes them: delays and numbers of tiles get names, which are explained below.

    (n_K - 1)·max(comp_1, in_1) + in_1      where in_1 = ⌈3·T/B⌉  (L2 → L1 in) …

Where a delay comes from decides its name: what a PE computes, what goes in or out over a link, or the steps
inside a step.

>>> from polymaestro.symbolic.costs import largest, total, transfer
>>> T = QuasiPolynomial.of("T")
>>> words = transfer(T * 3, rate="B", latency=Fraction(0))
>>> run = total([(T - 1, largest([Cost.of(T * T), words])), (ONE, words), (ONE, Cost.of(T * T))])
>>> for name, value, meaning in named(run, {words: {Origin("in", "L2 → L1 in"): None}}, ["T", "B"]).rows():
...     print(name, value.text, meaning, sep="; ")
; (T - 1)·max(comp_1, in_1) + comp_1 + in_1;
comp_1; T²; MACs of a PE
in_1; ⌈3·T/B⌉; L2 → L1 in
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from polymaestro.counting import QuasiPolynomial
from polymaestro.symbolic.costs import ONE, ZERO, Ceiling, Cost, Largest, decimal
from polymaestro.symbolic.notation import LATEX, MATHML, Notation
from polymaestro.symbolic.polynomials import quotient
from polymaestro.symbolic.setting import written_cost
from polymaestro.symbolic.written import Written

KINDS = ("step", "comp", "in", "out")
"""The first words of names, in the order in which a maximum has them."""

STEPS, MACS, LANES = "the steps inside", "MACs of a PE", "MACs of a PE by its lanes"


@dataclass(frozen=True)
class Origin:
    """What takes the time: a kind of `KINDS`, and what it is in words."""

    kind: str
    meaning: str


Origins = Mapping[Cost, Mapping[Origin, None]]
"""Where each delay comes from; equal delays may have several origins."""


@dataclass(frozen=True)
class Part:
    """A name, its value over symbols and the names of later parts, and its meaning."""

    name: str
    value: Cost
    meaning: str = ""


Row = tuple[str, Written, str]
"""A name, what it is, and its meaning."""


@dataclass(frozen=True)
class NamedCost:
    """A cost over symbols and names, and what each name is.

    With `apart`, the total is a sum of products that share nothing, as in 1.5·MACs + 325·DRAM.
    """

    total: Cost
    parts: tuple[Part, ...]
    apart: bool = False

    def names(self) -> frozenset[str]:
        """Give every name that stands in a formula."""
        return self.total.names().union(*(part.value.names() for part in self.parts))

    def rows(self) -> list[Row]:
        """Give the total, without a name, then each part."""
        total = self._apart() if self.apart else written_cost(self.total)
        return [
            ("", total, ""),
            *((part.name, written_cost(part.value), part.meaning) for part in self.parts),
        ]

    def _apart(self) -> Written:
        """Write each term as a number or symbol and a part, in the order of the parts."""
        terms = []
        for name in (part.name for part in self.parts):
            [(monomial, number)] = self.total.polynomial.coefficients(name)[1].terms
            terms.append((decimal(Fraction(number)) if number != 1 else "", *map(str, dict(monomial)), name))
        text = " + ".join("·".join(filter(None, term)) for term in terms)
        return Written(text, *(_sum_in(notation, terms) for notation in (LATEX, MATHML)))


def _sum_in(notation: Notation, terms: Iterable[tuple[str, ...]]) -> str:
    """Write a sum of products of a number, which may be missing, and names."""

    def product(number: str, *names: str) -> str:
        factors = [notation.number(number)] * bool(number)
        return notation.times.join([*factors, *(notation.write(QuasiPolynomial.of(name)) for name in names)])

    return notation.plus.join(product(*term) for term in terms)


def named(cost: Cost, origins: Origins, taken: Collection[str]) -> NamedCost:
    """Give a name that is not taken to every delay of a cost."""
    namer = _Namer(origins, taken)
    return NamedCost(namer.inside(cost), namer.parts())


class _Namer:
    """Names delays in the order in which they are met."""

    def __init__(self, origins: Origins, taken: Collection[str]) -> None:
        self.origins = origins
        self.taken = set(taken)
        self.names: dict[Cost, str] = {}
        self.found: dict[str, Part] = {}
        self.depths: dict[str, int] = {}

    def parts(self) -> tuple[Part, ...]:
        """Give what was named, what contains others before them, else by kind and number."""
        kind = {name: name.rpartition("_")[0] for name in self.found}
        order = sorted(self.found, key=lambda name: (-self.depths[name], KINDS.index(kind[name])))
        return tuple(self.found[name] for name in order)

    def inside(self, cost: Cost) -> Cost:
        """Put names in the place of the delays in a sum."""
        terms, polynomial = [], ZERO
        for atom, number in cost.terms:
            if isinstance(atom, Largest):
                entries = sorted(map(self.delay, atom.costs), key=_rank)
                terms.append((Largest(tuple(entries)), number))
            else:
                polynomial = polynomial + number * self.delay(Cost(ZERO, ((atom, ONE),))).polynomial
        return Cost(polynomial + self._computed(cost.polynomial), tuple(terms))

    def _computed(self, cycles: QuasiPolynomial) -> QuasiPolynomial:
        """Write cycles as a multiple of those that a maximum gave a name, if they are one."""
        if cycles.constant is None:
            for cost, name in self.names.items():
                number = None if cost.terms else quotient(cycles, cost.polynomial)
                if number is not None:
                    return number * QuasiPolynomial.of(name)
        return cycles

    def delay(self, cost: Cost) -> Cost:
        """Give the name of a delay; a number stays."""
        if cost.constant is not None:
            return cost
        if cost not in self.names:
            kind, meaning = self._origin(cost)
            name = self._free(kind)
            self.names[cost] = name
            value = self.inside(cost) if kind == "step" else cost
            self.found[name] = Part(name, value, meaning)
            inner = [self.depths[each] for each in value.names() if each in self.depths]
            self.depths[name] = 1 + max(inner) if inner else 0
        return Cost.of(QuasiPolynomial.of(self.names[cost]))

    def _origin(self, cost: Cost) -> tuple[str, str]:
        found = self.origins.get(cost)
        if found:
            return next(iter(found)).kind, "; ".join(each.meaning for each in found)
        if not cost.terms:
            return "comp", MACS
        return ("comp", LANES) if _is_ceiling(cost) else ("step", STEPS)

    def _free(self, kind: str) -> str:
        number = 1
        while (name := f"{kind}_{number}") in self.taken:
            number += 1
        self.taken.add(name)
        return name


def _is_ceiling(cost: Cost) -> bool:
    """Whether a cost is one quotient rounded up, and nothing else."""
    [(atom, number), *others] = cost.terms
    return cost.polynomial.is_zero and not others and number == ONE and isinstance(atom, Ceiling)


def _rank(delay: Cost) -> tuple[int, int]:
    """Order the entries of a maximum: by kind and number, then what has no name."""
    kind, _, number = str(delay).rpartition("_")
    return (KINDS.index(kind), int(number)) if kind in KINDS else (len(KINDS), 0)
