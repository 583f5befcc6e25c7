"""Programs: several formulas with what they share, the common source of every exporter.

Equal counts are one count, equal floors one floor, numbered in the order in which the formulas first
use them: ``f0``, ``c3`` mean the same thing in every function that an exporter writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from polymaestro.affine import Affine, Floor
from polymaestro.counting import Count, Region
from polymaestro.errors import ExportError


class Formula(Protocol):
    """What can be exported: Σ sign · ∏ counts over some symbols, true on a region; a `ClosedForm`."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters."""

    @property
    def valid_on(self) -> Region:
        """Where the formula is true."""

    @property
    def sums(self) -> list[tuple[int, tuple[Count, ...]]]:
        """The products as (sign, counts)."""


@dataclass(frozen=True)
class Entry:
    """One formula of a program: Σ sign · ∏ counts, these by their number in the program."""

    symbols: tuple[str, ...]
    region: Region
    products: tuple[tuple[int, tuple[int, ...]], ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """Every count in the formula, each once."""
        return tuple(dict.fromkeys(number for _, numbers in self.products for number in numbers))


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
            entries[name] = Entry(form.symbols, form.valid_on, products)
        return Program(tuple(numbers), entries)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of all formulas."""
        return tuple(dict.fromkeys(name for form in self.forms.values() for name in form.symbols))

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """The different regions of the formulas."""
        return tuple(dict.fromkeys(form.region for form in self.forms.values()))

    @cached_property
    def floors(self) -> dict[Floor, int]:
        """Every floor in a count or region with its number; those inside others come first."""
        found: dict[Floor, None] = {}
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
