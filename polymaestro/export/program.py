"""Programs: several formulas with what they share, the common source of every exporter.

Equal counts are one count, equal floors one floor, numbered in the order in which the formulas first
use them: ``f0``, ``c3`` mean the same thing in every function that an exporter writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from polymaestro.affine import Affine, Floor
from polymaestro.counting import Count, Region, Tie
from polymaestro.errors import ExportError


class Formula(Protocol):
    """What can be exported: Σ sign · ∏ counts over some symbols, true on a region.

    A `ClosedForm` is one, and a `CompleteForm`, whose mapping has symbols too.
    """

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters."""

    @property
    def ties(self) -> tuple[Tie, ...]:
        """Further names in counts and regions, which stand for numbers of tiles and the like."""

    @property
    def regions(self) -> tuple[Region, ...]:
        """Where the formula is true: where all of these hold."""

    @property
    def sums(self) -> list[tuple[int, tuple[Count, ...]]]:
        """The products as (sign, counts)."""


@dataclass(frozen=True)
class Entry:
    """One formula of a program: Σ sign · ∏ counts, these by their number in the program."""

    symbols: tuple[str, ...]
    regions: tuple[Region, ...]
    products: tuple[tuple[int, tuple[int, ...]], ...]
    ties: tuple[Tie, ...] = ()

    @property
    def counts(self) -> tuple[int, ...]:
        """Every count in the formula, each once."""
        return tuple(dict.fromkeys(number for _, numbers in self.products for number in numbers))

    @property
    def steps(self) -> tuple[Tie | Region, ...]:
        """What to compute and what to check, in an order in which no divisor is 0; see `in_order`."""
        return in_order(self.ties, self.regions)

    @property
    def where(self) -> str:
        """The regions as text."""
        texts = (f"({each})" if len(each.pieces) > 1 else str(each) for each in self.regions)
        return " and ".join(texts) if len(self.regions) > 1 else str(self.regions[0])


@dataclass(frozen=True)
class Program:
    """Formulas by name, and the different counts in them.

    >>> import polymaestro as pm
    >>> a = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N"), num_pes=4)
    >>> program = Program.of(dict(a.forms.named()))
    >>> sum(len(form.counts) for form in program.forms.values()), len(program.counts)
    (46, 10)
    """

    counts: tuple[Count, ...]
    forms: Mapping[str, Entry]

    @staticmethod
    def of(forms: Mapping[str, Formula]) -> Program:
        """Collect what formulas share. Raises `ExportError` when there is none."""
        if not forms:
            message = "no formula to export"
            raise ExportError(message)
        numbers: dict[Count, int] = {}
        entries = {}
        for name, form in forms.items():
            products = tuple(
                (sign, tuple(numbers.setdefault(count, len(numbers)) for count in counts))
                for sign, counts in form.sums
            )
            counts = [count for _, factors in form.sums for count in factors]
            used = frozenset[str]().union(*map(names_of, counts), *(each.names() for each in form.regions))
            entries[name] = Entry(form.symbols, form.regions, products, needed_ties(form.ties, used))
        return Program(tuple(numbers), entries)

    def __post_init__(self) -> None:
        """Refuse names that mean different things in different formulas."""
        for tie in self.ties:
            if self.names.count(tie.name) > 1:
                message = f"{tie.name} means different things in the formulas; export them one by one"
                raise ExportError(message)

    def ordered(self, names: Iterable[str]) -> list[str]:
        """Give some names in the order in which all functions take them."""
        wanted = set(names)
        return [name for name in self.names if name in wanted]

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of all formulas."""
        return tuple(dict.fromkeys(name for form in self.forms.values() for name in form.symbols))

    @cached_property
    def ties(self) -> tuple[Tie, ...]:
        """The ties of all formulas, each after those that it is made of."""
        return tuple(dict.fromkeys(tie for form in self.forms.values() for tie in form.ties))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every name that may stand in a count: the symbols, then the ties."""
        return (*self.symbols, *(tie.name for tie in self.ties))

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """The different regions of the formulas."""
        return tuple(dict.fromkeys(region for form in self.forms.values() for region in form.regions))

    @cached_property
    def floors(self) -> dict[Floor, int]:
        """Every floor in a count or region with its number; those inside others come first."""
        found = floors_of(each for tie in self.ties for each in expressions_of_tie(tie))
        for count in self.counts:
            found |= floors_of(expressions_of(count))
        for region in self.regions:
            found |= floors_of(each.expression for piece in region.pieces for each in piece)
        return {floor: number for number, floor in enumerate(found)}


def expressions_of(count: Count) -> Iterator[Affine]:
    """Give every affine expression in a count."""
    for region, value in count.pieces:
        for piece in region.pieces:
            yield from (each.expression for each in piece)
        for monomial, _ in value.terms:
            yield from (Affine.of(atom) for atom, _ in monomial)


def in_order(ties: Sequence[Tie], regions: Iterable[Region]) -> tuple[Tie | Region, ...]:
    """Put each region behind the last tie in it.

    What divides a later tie, such as the units of an array, is known to be positive then.
    """
    found: list[Tie | Region] = []
    left = dict.fromkeys(regions)
    unknown = [tie.name for tie in ties]
    for tie in (None, *ties):
        if tie is not None:
            found.append(tie)
            unknown.remove(tie.name)
        ready = [each for each in left if each.names().isdisjoint(unknown)]
        found += ready
        left = {each: None for each in left if each not in ready}
    return tuple(found)


def expressions_of_tie(tie: Tie) -> Iterator[Affine]:
    """Give every affine expression in a tie."""
    for value in tie.expressions:
        for monomial, _ in value.terms:
            yield from (Affine.of(atom) for atom, _ in monomial)


def needed_ties(ties: Iterable[Tie], used: Iterable[str]) -> tuple[Tie, ...]:
    """Give the ties that some names are, and before them those that these are made of, by name otherwise."""
    known = {tie.name: tie for tie in ties}
    depth: dict[str, int] = {}

    def measure(name: str) -> int:
        if name in known and name not in depth:
            depth[name] = 1 + max(map(measure, known[name].names()), default=0)
        return depth.get(name, 0)

    for name in used:
        measure(name)
    return tuple(known[name] for name in sorted(depth, key=lambda name: (depth[name], name)))


def floors_of(expressions: Iterable[Affine]) -> dict[Floor, None]:
    """Give every floor in some expressions, those inside others first."""
    found: dict[Floor, None] = {}
    for expression in expressions:
        for atom, _ in expression.terms:
            if isinstance(atom, Floor):
                found |= floors_of([atom.numerator])
                found[atom] = None
    return found


def names_of(count: Count) -> frozenset[str]:
    """Give every symbol that a count depends on."""
    return frozenset[str]().union(*(each.names() for each in expressions_of(count)))


def is_plain(count: Count) -> bool:
    """Whether a count has no cases."""
    return count.is_uniform or not count.pieces


def is_atom(count: Count) -> bool:
    """Whether a count is no more than a symbol, a floor or a number that is not negative."""
    if not count.pieces:
        return True
    value = count.pieces[0][1]
    if not count.is_uniform or len(value.terms) > 1:
        return False
    if value.constant is not None:
        return value.constant.denominator == 1 and value.constant >= 0
    [(monomial, factor)] = value.terms
    return factor == 1 and len(monomial) == 1 and monomial[0][1] == 1
