"""The second engine: barvinok, where a build of islpy with it is installed."""

from __future__ import annotations

from fractions import Fraction

import islpy as isl

from polymaestro.affine import Affine
from polymaestro.counting.quasipolynomial import QuasiPolynomial
from polymaestro.counting.reading import named_division

AVAILABLE = hasattr(isl.Set, "card")


def count_cells(domain: isl.Set) -> list[tuple[isl.Set, QuasiPolynomial]]:
    """Count the points of a set as disjoint cells of parameters, each with its polynomial."""
    cells: list[tuple[isl.Set, QuasiPolynomial]] = []

    def keep(cell: isl.Set, value: isl.QPolynomial) -> None:
        cells.append((cell.params(), _polynomial(value)))

    domain.card().foreach_piece(keep)  # type: ignore[attr-defined]  # only in the barvinok build
    return cells


def _polynomial(value: isl.QPolynomial) -> QuasiPolynomial:
    total = QuasiPolynomial(())
    space = value.get_domain_space()
    names = [str(space.get_dim_name(isl.dim_type.param, i)) for i in range(space.dim(isl.dim_type.param))]

    def add(term: isl.Term) -> None:
        nonlocal total
        product = QuasiPolynomial.of(Fraction(term.get_coefficient_val().to_str()))
        for index in range(term.dim(isl.dim_type.param)):
            product = product * QuasiPolynomial.of(names[index]) ** term.get_exp(isl.dim_type.param, index)
        for index in range(term.dim(isl.dim_type.div)):
            exponent = term.get_exp(isl.dim_type.div, index)
            if exponent:
                floor: Affine = named_division(term.get_div(index))
                product = product * QuasiPolynomial.of(floor) ** exponent
        total = total + product

    value.foreach_term(add)
    return total
