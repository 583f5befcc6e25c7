"""Programs to plans: what `arrays` computes, names replaced by numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polymaestro.affine import Floor
from polymaestro.counting import Condition, Count, QuasiPolynomial, Region, Tie
from polymaestro.export.arrays import LIMIT, Plan, Polynomial, Quotient, Terms, Where
from polymaestro.export.program import Program
from polymaestro.export.syntax import atom_of, over_common_denominator, separated


def plan_of(program: Program) -> Plan:
    """Number atoms, conditions, counts and products; products with a common beginning share it."""
    return _Planner(program).plan()


class _Planner:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.symbols = {name: number for number, name in enumerate(program.symbols)}
        before = len(program.symbols) + len(program.floors)
        self.ties = {tie.name: before + number for number, tie in enumerate(program.ties)}
        self.conditions: dict[Condition, int] = {}
        self.products: dict[tuple[int, int], int] = {}
        uses = [n for form in program.forms.values() for _, numbers in form.products for n in numbers]
        # The counts that most products hold come first, so that long beginnings are shared.
        self.rank = {number: (-uses.count(number), number) for number in set(uses)}

    def plan(self) -> Plan:
        """Give all parts as plain data."""
        counts = tuple(self._count(count) for count in self.program.counts)
        regions = tuple(self._where(region) for region in self.program.regions)
        forms = {
            name: tuple((sign, (self._product(numbers),)) for sign, numbers in form.products)
            for name, form in self.program.forms.items()
        }
        floors = tuple(
            (
                self._terms((factor, [atom]) for atom, factor in floor.numerator.terms),
                floor.numerator.constant,
                floor.divisor,
            )
            for floor in self.program.floors
        )
        conditions = tuple(map(self._condition, self.conditions))
        ties = tuple(map(self._tie, self.program.ties))
        plain = (floors, ties, conditions, counts)
        wide = max((abs(number) for number in _numbers(plain)), default=0) > LIMIT
        return Plan(
            self.program.symbols,
            floors,
            ties,
            conditions,
            counts,
            tuple(self.products),
            forms,
            regions,
            wide,
        )

    def _product(self, numbers: Sequence[int]) -> int:
        """Give the number of a product, made of a shorter one and a count."""
        before = -1
        for number in sorted(numbers, key=self.rank.__getitem__):
            before = self.products.setdefault((before, number), len(self.products))
        return before

    def _count(self, count: Count) -> tuple[tuple[Where, Polynomial], ...]:
        return tuple((self._where(region), self._polynomial(value)) for region, value in count.pieces)

    def _tie(self, tie: Tie) -> Quotient:
        numerator, *divisor = map(self._polynomial, tie.expressions)
        return numerator, divisor[0] if divisor else None, tie.rounded == "up"

    def _polynomial(self, value: QuasiPolynomial) -> Polynomial:
        terms, constant, denominator = over_common_denominator(value)
        return self._terms(terms), constant, denominator

    def _where(self, region: Region) -> Where:
        known = self.conditions
        return tuple(tuple(known.setdefault(each, len(known)) for each in piece) for piece in region.pieces)

    def _condition(self, each: Condition) -> tuple[Terms, str, int]:
        terms, relation, right = separated(each)
        return self._terms((factor, [atom]) for factor, atom in terms), relation, right

    def _terms(self, terms: Iterable[tuple[int, Sequence[object]]]) -> Terms:
        return tuple((factor, tuple(sorted(map(self._atom, atoms)))) for factor, atoms in terms)

    def _atom(self, atom: object) -> int:
        known = atom_of(atom)
        if isinstance(known, Floor):
            return len(self.symbols) + self.program.floors[known]
        return self.ties[known] if known in self.ties else self.symbols[known]


def _numbers(data: object) -> Iterable[int]:
    """Give every integer in nested tuples."""
    if isinstance(data, int):
        yield data
    elif isinstance(data, tuple):
        for part in data:
            yield from _numbers(part)
