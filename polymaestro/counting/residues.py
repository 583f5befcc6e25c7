"""Residues: the way out when floors of several divisors meet in one dimension.

With v = L·z + ρ, where L is a common multiple of the divisors, every floor of v alone becomes affine in
z. A set is split into its L residue classes, each is counted by itself, and for a parameter z becomes
(v - ρ)/L again, so that classes with equal polynomials merge afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import islpy as isl

from polymaestro.affine import Affine, Floor, floor_div
from polymaestro.counting.quasipolynomial import Atom, QuasiPolynomial
from polymaestro.counting.reading import conditions_of
from polymaestro.relations.sets import PARAM, coalesced, dimensions, parameters

MAX_PERIOD = 24  # residue classes of one dimension


@dataclass(frozen=True)
class Residues:
    """A dimension or parameter and the period of the floors that hold it."""

    name: str
    period: int
    is_parameter: bool

    def classes(self, domain: isl.Set) -> Iterator[tuple[int, isl.Set]]:
        """Give each residue and its class, written over the quotient, which keeps the name."""
        for residue in range(self.period):
            if self.is_parameter:
                yield residue, self._of_parameter(domain, residue)
            else:
                dims = dimensions(domain)
                image = [f"({d} - {residue})/{self.period}" if d == self.name else d for d in dims]
                onto = isl.Map(
                    f"{{ [{', '.join(dims)}] -> [{', '.join(f'floor({i})' for i in image)}] : "
                    f"({self.name} - {residue}) mod {self.period} = 0 }}"
                )
                yield residue, coalesced(domain.apply(onto)).compute_divs()

    def _of_parameter(self, domain: isl.Set, residue: int) -> isl.Set:
        """Substitute name = period · quotient + residue for a parameter."""
        quotient = f"{self.name}_q"
        tie = isl.Set(
            f"[{self.name}, {quotient}] -> {{ : {self.name} = {self.period}*{quotient} + {residue} }}"
        )
        tied = domain.intersect_params(tie)
        tied = tied.project_out(PARAM, tied.find_dim_by_name(PARAM, self.name), 1)
        position = tied.find_dim_by_name(PARAM, quotient)
        return coalesced(tied.set_dim_name(PARAM, position, self.name)).compute_divs()

    def undo(self, residue: int, cell: isl.Set, value: QuasiPolynomial) -> tuple[isl.Set, QuasiPolynomial]:
        """Turn a cell and polynomial over the quotient of a parameter back."""
        if not self.is_parameter or self.name not in parameters(cell):
            return cell, value
        old = f"{self.name}_q"
        cell = cell.set_dim_name(PARAM, cell.find_dim_by_name(PARAM, self.name), old)
        tie = isl.Set(f"[{self.name}, {old}] -> {{ : {self.name} = {self.period}*{old} + {residue} }}")
        tied = cell.intersect(tie.params())
        tied = tied.project_out(PARAM, tied.find_dim_by_name(PARAM, old), 1)
        quotient = (QuasiPolynomial.of(self.name) - residue) * Fraction(1, self.period)
        known: dict[Atom, QuasiPolynomial] = {self.name: quotient}
        for atom in value.atoms():
            if isinstance(atom, Floor) and self.name in atom.numerator.names():
                known[atom] = QuasiPolynomial.of(self._floor(atom, residue))
        return coalesced(tied), value.replace(known)

    def _floor(self, floor: Floor, residue: int) -> Affine:
        """Write ⌊e/d⌋ over the quotient as ⌊period·e / (period·d)⌋ over the parameter."""
        total = Affine.of(floor.numerator.constant * self.period)
        for atom, factor in floor.numerator.terms:
            if atom == self.name:
                total = total + (Affine.of(self.name) - residue) * factor
            else:
                inner = self._floor(atom, residue) if isinstance(atom, Floor) else Affine.of(atom)
                total = total + inner * (factor * self.period)
        return floor_div(total, self.period * floor.divisor)


def find_residues(domain: isl.Set) -> Residues | None:
    """Find the dimension, or else the parameter, whose floors have the shortest common period."""
    dims = frozenset(dimensions(domain))
    periods: dict[str, int] = {}
    for piece in domain.get_basic_sets():
        for condition in conditions_of(piece):
            for floor, divisor in _floors(condition.expression):
                if floor.numerator.names() & dims:
                    for name in floor.numerator.names():
                        periods[name] = lcm(periods.get(name, 1), divisor)
    found = [Residues(n, period, n not in dims) for n, period in periods.items() if period <= MAX_PERIOD]
    return min(found, key=lambda r: (r.is_parameter, r.period, r.name), default=None)


def _floors(expression: Affine) -> Iterator[tuple[Floor, int]]:
    """Give each floor with the product of the divisors around it and its own."""
    for atom, _ in expression.terms:
        if isinstance(atom, Floor):
            yield atom, atom.divisor
            for inner, divisor in _floors(atom.numerator):
                yield inner, divisor * atom.divisor
