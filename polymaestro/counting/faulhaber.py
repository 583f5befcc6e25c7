"""The first engine: nested sums by Faulhaber's formula, on plain isl.

One variable after another is summed out between its bounds; the bounds split the other variables into
cells, so in the end each cell of parameter space has one quasi-polynomial. Integer divisions that hold
variables become variables of their own first (q = ⌊e/d⌋ is 0 ≤ e - d·q < d), so a bound never holds a
floor of something that is still to be summed.

Worked example, |{(i, j) : 0 ≤ j ≤ i < n}|: j runs from 0 to i, which leaves Σ_i (i + 1) = n(n+1)/2.

>>> import islpy as isl
>>> triangle = isl.BasicSet("[n] -> { [i, j] : 0 <= j <= i < n }")
>>> [(cell, value)] = count_cells(triangle)
>>> str(value), str(cell)
('1/2·n² + 1/2·n', '[n] -> {  : n > 0 }')
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import islpy as isl

from polymaestro.affine import Affine, Extremum, Floor, ceil_div, floor_div
from polymaestro.counting.quasipolynomial import QuasiPolynomial, sum_over
from polymaestro.counting.ranges import Range, fixed_floors
from polymaestro.counting.reading import conditions_of
from polymaestro.counting.region import Condition
from polymaestro.errors import CountingError, CountingUnavailableError
from polymaestro.relations.sets import dimensions
from polymaestro.relations.sets import parameters as parameters_of

MAX_CELLS = 200  # cells that a sum may take
MAX_GROWTH = 4
"""So many quotients more than at first, and each sum only adds others."""
MAX_TERMS = 300
"""Each sum between bounds of several terms makes a summand many times as long."""


@dataclass(frozen=True)
class Cell:
    """A conjunction over parameters and the variables still to be summed, and the summand."""

    conditions: tuple[Condition, ...]
    variables: tuple[str, ...]
    summand: QuasiPolynomial


def count_cells(
    piece: isl.BasicSet, ranges: Mapping[str, Range] | None = None
) -> list[tuple[isl.Set, QuasiPolynomial]]:
    """Count the points of a basic set as disjoint cells of parameters, each with its polynomial.

    `ranges` says between which values parameters lie, so that floors of them may vanish.
    The set's dimensions must have names that differ from its parameters'. Raises
    `CountingUnavailableError` when no order of summation stays quasi-polynomial, `CountingError` when
    the set is unbounded.
    """
    parameters = parameters_of(piece)
    work = [_with_divisions_lifted(Cell(conditions_of(piece), dimensions(piece), QuasiPolynomial.of(1)))]
    most = len(work[0].variables) + MAX_GROWTH
    done: list[tuple[isl.Set, QuasiPolynomial]] = []
    for _ in range(MAX_CELLS):
        if not work:
            return done
        cell = _without_equalities(work.pop())
        if len(cell.variables) > most or len(cell.summand.terms) > MAX_TERMS:
            break
        if cell.variables:
            work.extend(_sum_one(cell, parameters, ranges or {}))
        else:
            domain = isl.Set(_text(cell.conditions, parameters, ())).params()
            if not domain.is_empty():
                done.append((domain, cell.summand))
    message = f"no short order of summation stays quasi-polynomial for {piece}"
    raise CountingUnavailableError(message + "; install islpy-barvinok, which can count it")


def _with_divisions_lifted(cell: Cell) -> Cell:
    """Give every floor that holds a variable a variable of its own."""
    conditions, variables = cell.conditions, cell.variables
    while True:
        found = next(_liftable(conditions, frozenset(variables)), None)
        if found is None:
            return Cell(conditions, variables, cell.summand)
        name = _new_name(variables)
        remainder = found.numerator - Affine.of(name) * found.divisor
        conditions = (
            *(Condition(_renamed(each.expression, found, name), each.equality) for each in conditions),
            Condition(remainder),
            Condition(found.divisor - 1 - remainder),
        )
        variables = (*variables, name)


def _new_name(variables: Collection[str]) -> str:
    """Name one more variable; some of the first may have been summed out, so their number is not enough."""
    name = f"q{len(variables)}"
    while name in variables:
        name += "_"
    return name


def _liftable(conditions: tuple[Condition, ...], variables: frozenset[str]) -> Iterator[Floor]:
    for condition in conditions:
        for floor in _floors(condition.expression):
            if floor.numerator.names() & variables:
                yield floor


def _floors(expression: Affine) -> Iterator[Floor]:
    """Give the floors of an expression, the innermost first."""
    for atom, _ in expression.terms:
        if isinstance(atom, Floor):
            yield from _floors(atom.numerator)
            yield atom


def _renamed(expression: Affine, floor: Floor, name: str) -> Affine:
    terms: dict[str | Floor | Extremum, int] = {}
    extra = Affine.of(0)
    for atom, factor in expression.terms:
        if atom == floor:
            terms[name] = terms.get(name, 0) + factor
        elif isinstance(atom, Floor):
            extra = extra + floor_div(_renamed(atom.numerator, floor, name), atom.divisor) * factor
        else:
            terms[atom] = terms.get(atom, 0) + factor
    return Affine.combine(terms, expression.constant) + extra


def _without_equalities(cell: Cell) -> Cell:
    """Solve equalities for variables until none holds one."""
    while True:
        equation = next(
            (e for e in cell.conditions if e.equality and _factors(e.expression, cell.variables)), None
        )
        if equation is None:
            return cell
        cell = _solved(cell, equation)


def _factors(expression: Affine, variables: tuple[str, ...]) -> dict[str, int]:
    return {a: f for a, f in expression.terms if isinstance(a, str) and a in variables}


def _solved(cell: Cell, equation: Condition) -> Cell:
    """Eliminate one variable of an equality, or bring its coefficients nearer to 1 (Euclid)."""
    factors = _factors(equation.expression, cell.variables)
    name = min(factors, key=lambda variable: abs(factors[variable]))
    factor = factors[name]
    rest = equation.expression - Affine.of(name) * factor
    if abs(factor) == 1:
        return _replaced(cell, name, rest * -factor, without=equation)
    if len(factors) == 1:
        value = floor_div(rest * (-1 if factor > 0 else 1), abs(factor))
        divides = Condition(rest + value * factor, equality=True)
        return _replaced(cell, name, value, without=equation, extra=(divides,))
    shift = sum((Affine.of(v) * (f // factor) for v, f in factors.items() if v != name), Affine.of(0))
    return _replaced(cell, name, Affine.of(name) - shift)


def _replaced(
    cell: Cell,
    name: str,
    value: Affine,
    *,
    without: Condition | None = None,
    extra: tuple[Condition, ...] = (),
) -> Cell:
    kept = tuple(
        Condition(each.expression.substitute({name: value}), each.equality)
        for each in cell.conditions
        if each is not without
    )
    variables = cell.variables if name in value.names() else tuple(v for v in cell.variables if v != name)
    return Cell(kept + extra, variables, cell.summand.substitute({name: value}))


def _sum_one(cell: Cell, parameters: list[str], ranges: Mapping[str, Range]) -> Iterator[Cell]:
    """Sum out the variable that splits the least; give the feasible cells that are left."""
    name = _easiest(cell)
    bounds = [_bound(each.expression, name) for each in cell.conditions]
    if any(_is_coupled(bound, cell.variables) for bound in bounds):
        yield _decoupled(cell, name)
        return
    lowers, uppers = _limits(name, bounds, ranges)
    kept = tuple(each for each, bound in zip(cell.conditions, bounds, strict=True) if bound is None)
    variables = tuple(variable for variable in cell.variables if variable != name)
    for lower, upper in itertools.product(range(len(lowers)), range(len(uppers))):
        low, high = lowers[lower], uppers[upper]
        ordered = [
            *(Condition(low - other - int(k < lower)) for k, other in enumerate(lowers) if k != lower),
            *(Condition(other - high - int(k < upper)) for k, other in enumerate(uppers) if k != upper),
            Condition(high - low),
        ]
        conditions = _tidied((*kept, *ordered), parameters, variables)
        if conditions is not None:
            summed = sum_over(cell.summand, name, QuasiPolynomial.of(low), QuasiPolynomial.of(high))
            yield _with_divisions_lifted(Cell(conditions, variables, summed))


def _limits(
    name: str, bounds: Iterable[tuple[int, Affine] | None], ranges: Mapping[str, Range]
) -> tuple[list[Affine], list[Affine]]:
    """Give what a variable is at least and at most, each once."""
    known = [bound for bound in bounds if bound is not None]
    lowers = [ceil_div(-rest, factor) for factor, rest in known if factor > 0]
    uppers = [floor_div(rest, -factor) for factor, rest in known if factor < 0]
    if not lowers or not uppers:
        message = f"{name} has no {'upper' if lowers else 'lower'} bound, so the set is infinite"
        raise CountingError(message)
    return _fixed(lowers, ranges), _fixed(uppers, ranges)


def _fixed(limits: Iterable[Affine], ranges: Mapping[str, Range]) -> list[Affine]:
    return list(dict.fromkeys(fixed_floors(each, ranges) for each in limits))


def _easiest(cell: Cell) -> str:
    def cost(name: str) -> tuple[int, int]:
        factors = [bound[0] for each in cell.conditions if (bound := _bound(each.expression, name))]
        coupled = sum(_is_coupled(_bound(each.expression, name), cell.variables) for each in cell.conditions)
        return coupled, sum(f > 0 for f in factors) * sum(f < 0 for f in factors)

    return min(cell.variables, key=cost)


def _bound(expression: Affine, name: str) -> tuple[int, Affine] | None:
    factor = dict(expression.terms).get(name, 0)
    return (factor, expression - Affine.of(name) * factor) if factor else None


def _is_coupled(bound: tuple[int, Affine] | None, variables: tuple[str, ...]) -> bool:
    """Whether a bound a·x ≤ e leaves a floor of other variables: in ⌊e/a⌋, multiples of a stand outside."""
    if bound is None or abs(bound[0]) == 1:
        return False
    factor, rest = bound
    return any(
        (times % factor != 0 or not isinstance(atom, str)) and Affine.of(atom).names() & set(variables)
        for atom, times in rest.terms
    )


def _decoupled(cell: Cell, name: str) -> Cell:
    """Replace a·x ≤ e, with variables in e, by x ≤ q and q = ⌊e/a⌋; the same from below."""
    conditions: list[Condition] = []
    variables = list(cell.variables)
    for each in cell.conditions:
        bound = _bound(each.expression, name)
        if bound is None or not _is_coupled(bound, cell.variables):
            conditions.append(each)
            continue
        factor, rest = bound
        quotient = _new_name(variables)
        variables.append(quotient)
        remainder = rest - Affine.of(quotient) * abs(factor)
        sign = 1 if factor > 0 else -1
        conditions += [
            Condition(Affine.of(name) * sign + quotient),
            Condition(remainder),
            Condition(abs(factor) - 1 - remainder),
        ]
    return Cell(tuple(conditions), tuple(variables), cell.summand)


def _tidied(
    conditions: tuple[Condition, ...], parameters: list[str], variables: tuple[str, ...]
) -> tuple[Condition, ...] | None:
    """Drop redundant conditions; None when they contradict each other."""
    if any(each.expression.is_constant and not each.holds({}) for each in conditions):
        return None
    domain = isl.Set(_text(conditions, parameters, variables))
    if domain.is_empty():
        return None
    pieces = domain.remove_redundancies().get_basic_sets()
    return conditions_of(pieces[0]) if len(pieces) == 1 else conditions


def _text(conditions: tuple[Condition, ...], parameters: list[str], variables: tuple[str, ...]) -> str:
    body = " and ".join(each.isl() for each in conditions) or "true"
    return f"[{', '.join(parameters)}] -> {{ [{', '.join(variables)}] : {body} }}"
