"""Formulas on arrays of integers: exact at any size, in int64 where that suffices.

Every intermediate array comes with a bound on its magnitude, a Python integer from the magnitudes of its
operands. Where the bound of a result exceeds int64, its magnitude is estimated for each point, and the
points at which it may not fit are distrusted: whatever int64 gives there is thrown away, and these
points alone are computed again with Python integers. So an overflow costs time, never a wrong number.

This module needs nothing but NumPy, since exported text holds a copy of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

LIMIT = 2**63 - 1
SAFE = 2.0**63 * (1 - 2.0**-40)  # a magnitude estimated below this is surely below 2^63
CHUNK = 8192  # points at a time: an array of these fits the first caches
FEW = 3  # a polynomial of so many terms costs less at all points than at picked ones

Array = NDArray[Any]
Mask = NDArray[np.bool_]
Terms = tuple[tuple[int, tuple[int, ...]], ...]  # Σ factor · ∏ atoms, atoms by number
Polynomial = tuple[Terms, int, int]  # (terms + constant) / denominator, rounded down
Quotient = tuple[Polynomial, Polynomial | None, bool]  # over the second, if any; rounded up?
Where = tuple[tuple[int, ...], ...]  # a union of conjunctions, conditions by number


@dataclass(frozen=True)
class Plan:
    """What to compute, as plain data. Atoms are the symbols, then the floors, then the ties."""

    symbols: tuple[str, ...]
    floors: tuple[Polynomial, ...]
    ties: tuple[Quotient, ...]
    conditions: tuple[tuple[Terms, str, int], ...]  # terms, relation, constant
    counts: tuple[tuple[tuple[Where, Polynomial], ...], ...]  # polynomials and where they hold
    products: tuple[tuple[int, int], ...]  # a product before (or -1) times a count
    forms: Mapping[str, Terms]  # Σ sign · product
    regions: tuple[Where, ...]  # all of these hold
    wide: bool = False  # whether some number in the plan itself exceeds int64


@dataclass(frozen=True)
class Value:
    """An integer for all points, or one for each, and a bound on the magnitude where it is trusted."""

    data: int | Array
    bound: int


ZERO, ONE = Value(0, 0), Value(1, 1)


class Points:
    """Some points, and everything that is computed of them, each thing once.

    With `exact`, arrays hold Python integers and no bound matters.
    """

    def __init__(self, plan: Plan, symbols: Sequence[int | Array], size: int, *, exact: bool) -> None:
        """Take a number or an array for each symbol."""
        self.plan, self.size, self.exact = plan, size, exact
        self.distrusted: Mask | None = None
        self._limit = float("inf") if exact else LIMIT
        self._symbols = symbols
        self._atoms: dict[int, Value] = {}
        self._monomials: dict[tuple[int, ...], Value] = {(): ONE}
        self._conditions: dict[int, bool | Mask] = {}
        self._counts: dict[int, Value] = {}
        self._products: dict[int, Value] = {-1: ONE}

    def form(self, name: str) -> Value:
        """Compute a formula."""
        terms = [(sign, self._product(number)) for sign, (number,) in self.plan.forms[name]]
        return self._total(terms, 0)

    def inside(self) -> bool | Mask:
        """Decide which points lie in the regions of all formulas."""
        return _both(self._where(region) for region in self.plan.regions)

    def picked(self, mask: Mask, *, exact: bool = False) -> Points:
        """Take some of the points."""
        kind = object if exact else None
        symbols = [
            each if isinstance(each, int) else each[mask].astype(kind or each.dtype) for each in self._symbols
        ]
        return Points(self.plan, symbols, int(np.count_nonzero(mask)), exact=exact or self.exact)

    def distrust(self, mask: Mask) -> Mask:
        """Have some points computed again with Python integers; give all that are."""
        self.distrusted = mask if self.distrusted is None else self.distrusted | mask
        return self.distrusted

    def _product(self, number: int) -> Value:
        if number not in self._products:
            before, count = self.plan.products[number]
            left = self._product(before)
            self._products[number] = self._times(left, self._count(count)) if left.bound else ZERO
        return self._products[number]

    def _count(self, number: int) -> Value:
        if number not in self._counts:
            self._counts[number] = self._selected(self.plan.counts[number])
        return self._counts[number]

    def _selected(self, pieces: Sequence[tuple[Where, Polynomial]]) -> Value:
        """Compute each piece where it holds; the pieces are disjoint, and 0 is outside of all."""
        result: Array | None = None
        bound = 0
        for where, polynomial in pieces:
            mask = self._where(where)
            if mask is True:
                return self._polynomial(*polynomial)
            if mask is False:
                continue
            if result is None:
                result = np.zeros(self.size, object if self.exact else np.int64)
            bound = max(bound, self._put(result, mask, polynomial))
        return ZERO if result is None else Value(result, bound)

    def _put(self, result: Array, mask: Mask, polynomial: Polynomial) -> int:
        """Compute a polynomial at some of the points, and give its bound."""
        if len(polynomial[0]) <= FEW:
            value = self._polynomial(*polynomial)
            np.copyto(result, self._storable(value, mask), where=mask)
            return value.bound
        inside = self.picked(mask)
        value = inside._polynomial(*polynomial)  # noqa: SLF001  one of its own kind
        result[mask] = inside._storable(value, np.ones(inside.size, bool))  # noqa: SLF001  one of its own kind
        if inside.distrusted is not None:
            again = np.zeros(self.size, bool)
            again[mask] = inside.distrusted
            self.distrust(again)
        return value.bound

    def _storable(self, value: Value, mask: Mask) -> int | Array:
        """Distrust points that get a number beyond int64."""
        if isinstance(value.data, int) and abs(value.data) > self._limit:
            self.distrust(mask)
            return 0
        return value.data

    def _polynomial(self, terms: Terms, constant: int, denominator: int) -> Value:
        numerator = self._total([(factor, self._monomial(atoms)) for factor, atoms in terms], constant)
        return numerator if denominator == 1 else _divided(numerator, denominator)

    def _monomial(self, atoms: tuple[int, ...]) -> Value:
        if atoms not in self._monomials:
            *before, last = atoms
            self._monomials[atoms] = self._times(self._monomial(tuple(before)), self._atom(last))
        return self._monomials[atoms]

    def _atom(self, number: int) -> Value:
        if number not in self._atoms:
            floor = number - len(self._symbols)
            tie = floor - len(self.plan.floors)
            if floor < 0:
                value = _measured(self._symbols[number])
            elif tie < 0:
                value = self._polynomial(*self.plan.floors[floor])
            else:
                value = self._tie(*self.plan.ties[tie])
            self._atoms[number] = value
        return self._atoms[number]

    def _tie(self, numerator: Polynomial, divisor: Polynomial | None, up: bool) -> Value:  # noqa: FBT001  a plan is plain data
        """Divide by a number that is positive wherever the formulas hold; the bound is as small as can be."""
        everywhere = np.ones(self.size, bool)
        above = self._storable(self._polynomial(*numerator), everywhere)
        if divisor is None:
            return _measured(above)
        below: Any = self._storable(self._polynomial(*divisor), everywhere)
        below = max(below, 1) if isinstance(below, int) else np.maximum(below, 1)
        return _measured(-(-above // below) if up else above // below)

    def _where(self, where: Where) -> bool | Mask:
        result: bool | Mask = False
        for piece in where:
            holds = _both(map(self._condition, piece))
            if holds is True:
                return True
            if holds is not False:
                result = holds if result is False else _settled(result | holds)
                if result is True:
                    return True
        return result

    def _condition(self, number: int) -> bool | Mask:
        if number not in self._conditions:
            terms, relation, right = self.plan.conditions[number]
            left = self._polynomial(terms, 0, 1).data
            holds = left == right if relation == "=" else left >= right if relation == ">=" else left <= right
            self._conditions[number] = holds if isinstance(holds, bool) else _settled(holds)
        return self._conditions[number]

    def _times(self, left: Value, right: Value) -> Value:
        if left is ONE or right is ONE:
            return right if left is ONE else left
        bound = left.bound * right.bound
        if not bound:
            return ZERO
        if bound <= self._limit or (isinstance(left.data, int) and isinstance(right.data, int)):
            return Value(left.data * right.data, bound)
        bound = self._bounded(_magnitude(left) * _magnitude(right))
        return Value(self._clipped(left.data) * self._clipped(right.data), bound)

    def _total(self, terms: Sequence[tuple[int, Value]], constant: int) -> Value:
        """Compute Σ factor · value + constant."""
        arrays = []
        for factor, value in terms:
            if isinstance(value.data, int):
                constant += factor * value.data
            else:
                arrays.append((factor, value))
        if not arrays:
            return Value(constant, abs(constant))
        bound = abs(constant) + sum(abs(factor) * value.bound for factor, value in arrays)
        if bound > self._limit:
            sizes = (abs(factor) * _magnitude(value) for factor, value in arrays)
            bound = self._bounded(sum(sizes, _magnitude(Value(constant, 0))))
        constant = self._clipped(constant)
        return Value(_added([(f, v.data) for f, v in arrays if not isinstance(v.data, int)], constant), bound)

    def _bounded(self, magnitude: float | Array) -> int:
        """Distrust the points where a magnitude may exceed int64, and bound it at the others."""
        sizes = np.broadcast_to(magnitude, (self.size,))
        trusted = sizes[~self.distrust(sizes >= SAFE)]
        return min(int(trusted.max(initial=0) * (1 + 2.0**-40)) + 1, LIMIT)

    def _clipped(self, data: Any) -> Any:  # noqa: ANN401  an integer or an array, as it came
        """Put 0 in the place of a number beyond int64: its points are distrusted."""
        return 0 if isinstance(data, int) and abs(data) > self._limit else data


def _added(terms: Sequence[tuple[int, Array]], constant: int) -> Array:
    """Add up arrays, in place where the sum is no operand."""
    (factor, total), *others = terms
    owned = factor != 1
    if owned:
        total = total * factor
    for factor, data in others:
        into = total if owned else None
        if factor == 1:
            total = np.add(total, data, out=into)
        elif factor == -1:
            total = np.subtract(total, data, out=into)
        else:
            scaled = data * factor
            total = np.add(total, scaled, out=scaled)
        owned = True
    return np.add(total, constant, out=total if owned else None) if constant else total


def _divided(value: Value, divisor: int) -> Value:
    return Value(value.data // divisor, value.bound // divisor + 1)


def _measured(data: int | Array) -> Value:
    """Bound the magnitude of what is given."""
    if isinstance(data, int):
        return Value(data, abs(data))
    return Value(data, max(abs(int(data.max())), abs(int(data.min()))) if data.size else 0)


def _magnitude(value: Value) -> Any:  # noqa: ANN401  a float or an array of floats
    """Estimate sizes; 2^64 stands for all that is larger."""
    if isinstance(value.data, int):
        return float(min(abs(value.data), 2**64))
    return np.abs(value.data.astype(np.float64))


def _both(masks: Iterator[bool | Mask]) -> bool | Mask:
    result: bool | Mask = True
    for mask in masks:
        if mask is False:
            return False
        if mask is not True:
            result = mask if result is True else result & mask
    return result if isinstance(result, bool) else _settled(result)


def _settled(mask: Any) -> bool | Mask:  # noqa: ANN401  an array of truths, of one kind or another
    """Write a mask that is the same at all points as one truth."""
    if mask.all():
        return True
    return np.asarray(mask, bool) if mask.any() else False


@dataclass(frozen=True)
class Evaluated:
    """A chunk of points: where it lies in the flattened arrays, and the formulas there."""

    where: slice
    values: Mapping[str, Array]


class OutsideError(ValueError):
    """A point lies outside the region of a formula."""


class TooLargeError(OverflowError):
    """A number exceeds int64, and Python integers were not wanted."""


def evaluate(
    plan: Plan,
    extents: Mapping[str, ArrayLike],
    names: Sequence[str] = (),
    **options: Any,  # noqa: ANN401  those of `chunks`
) -> dict[str, Array]:
    """Compute formulas (all unless named) at arrays of points, with the shape that these broadcast to.

    Results are int64 arrays, or arrays of Python integers where some number exceeds int64. Options and
    errors are those of `chunks`.
    """
    _, shape = prepared(plan, extents)
    names = tuple(names or plan.forms)
    results = {name: np.zeros(_size(shape), np.int64) for name in names}
    for chunk in chunks(plan, extents, names, **options):
        for name, values in chunk.values.items():
            if values.dtype == object and results[name].dtype != object:
                results[name] = results[name].astype(object)
            results[name][chunk.where] = values
    return {name: values.reshape(shape) for name, values in results.items()}


def chunks(  # noqa: PLR0913  what, where, and three ways to do it
    plan: Plan,
    extents: Mapping[str, ArrayLike],
    names: Sequence[str],
    *,
    check: bool = True,
    refuse: bool = False,
    size: int = CHUNK,
) -> Iterator[Evaluated]:
    """Compute formulas chunk by chunk of the flattened points.

    Raises `OutsideError` for a point outside the region unless `check` is false, `TooLargeError` for a
    number beyond int64 if `refuse` is true, and the errors of `prepared`.
    """
    for where, parts in _sliced(*prepared(plan, extents), size):
        with np.errstate(over="ignore"):
            values = _chunk(plan, parts, where.stop - where.start, names, check=check)
        if refuse:
            _refuse(plan, parts, values)
        yield Evaluated(where, values)


def holds(plan: Plan, extents: Mapping[str, ArrayLike]) -> Mask:
    """Decide which points lie in the regions of all formulas."""
    arrays, shape = prepared(plan, extents)
    result = np.zeros(_size(shape), bool)
    for where, parts in _sliced(arrays, shape, CHUNK):
        with np.errstate(over="ignore"):
            points, exact = _both_kinds(plan, parts, where.stop - where.start)
            inside = points.inside()
            result[where] = inside
            if points.distrusted is not None and points.distrusted.any():
                result[where][points.distrusted] = exact.picked(points.distrusted, exact=True).inside()
    return result.reshape(shape)


def _sliced(
    arrays: Sequence[int | Array], shape: tuple[int, ...], size: int
) -> Iterator[tuple[slice, list[int | Array]]]:
    total = _size(shape)
    for start in range(0, total, size):
        where = slice(start, min(start + size, total))
        yield where, [each if isinstance(each, int) else each[where] for each in arrays]


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=object))


def _chunk(
    plan: Plan, parts: Sequence[int | Array], size: int, names: Sequence[str], *, check: bool
) -> dict[str, Array]:
    """Compute in int64 first, then the distrusted points with Python integers."""
    points, exact = _both_kinds(plan, parts, size)
    inside = points.inside() if check else True
    values = {name: points.form(name) for name in names}
    results = {name: _filled(value, size) for name, value in values.items()}
    again = points.distrusted
    if again is not None and again.any():
        some = exact.picked(again, exact=True)
        if check:
            inside = np.array(np.broadcast_to(inside, (size,)))
            inside[again] = some.inside()
        for name in names:
            results[name] = _mended(results[name], again, _filled(some.form(name), some.size))
    inside = inside if isinstance(inside, bool) else _settled(inside)
    if inside is not True:
        first = int(np.argmin(np.broadcast_to(inside, (size,))))
        message = f"the formulas do not hold at {_shown(plan, parts, first)}"
        raise OutsideError(message)
    return results


def _refuse(plan: Plan, parts: Sequence[int | Array], values: Mapping[str, Array]) -> None:
    """Raise for the first number beyond int64."""
    for name, result in values.items():
        if result.dtype == object:
            first = int(np.argmin(_fits(result)))
            message = f"{name} is {result[first]} at {_shown(plan, parts, first)}, beyond int64"
            raise TooLargeError(message)


def _both_kinds(plan: Plan, parts: Sequence[int | Array], size: int) -> tuple[Points, Points]:
    """Give the points for int64, those that it cannot hold distrusted, and as they came."""
    points = Points(plan, [_narrow(each) for each in parts], size, exact=False)
    if plan.wide:
        points = Points(plan, [1] * len(parts), size, exact=False)
        points.distrust(np.ones(size, bool))
    for each in parts:
        if not isinstance(each, int) and each.dtype == object:
            points.distrust(~_fits(each))
    return points, Points(plan, parts, size, exact=True)


def _narrow(data: int | Array) -> int | Array:
    """Put 1 in the place of numbers beyond int64."""
    if isinstance(data, int) or data.dtype != object:
        return data
    return np.where(_fits(data), data, 1).astype(np.int64)


def _fits(data: Array) -> Mask:
    return np.asarray((data >= -LIMIT - 1) & (data <= LIMIT), bool)


def _filled(value: Value, size: int) -> Array:
    """Give one number for each point, in int64 where that holds them."""
    if isinstance(value.data, int):
        return np.full(size, value.data, np.int64 if -LIMIT - 1 <= value.data <= LIMIT else object)
    return (
        value.data.astype(np.int64) if value.data.dtype == object and _fits(value.data).all() else value.data
    )


def _mended(result: Array, again: Mask, values: Array) -> Array:
    """Put in the points that were computed again."""
    mended = result.astype(object) if object in (result.dtype, values.dtype) else result.copy()
    mended[again] = values
    return mended if mended.dtype != object or not _fits(mended).all() else mended.astype(np.int64)


def prepared(plan: Plan, extents: Mapping[str, ArrayLike]) -> tuple[list[int | Array], tuple[int, ...]]:
    """Check the arrays, and give a number or a flat array for each symbol, and their common shape.

    Raises `ValueError` for a symbol too many or too few, `TypeError` for what are no integers.
    """
    if extents.keys() != set(plan.symbols):
        message = f"the formulas need {', '.join(plan.symbols)}, not {', '.join(extents) or 'nothing'}"
        raise ValueError(message)
    given = [_integers(name, extents[name]) for name in plan.symbols]
    shape = np.broadcast_shapes(*(each.shape for each in given))
    return [
        int(each.reshape(-1)[0]) if each.size == 1 else np.broadcast_to(each, shape).reshape(-1)
        for each in given
    ], shape


def _integers(name: str, data: ArrayLike) -> Array:
    array = np.asarray(data)
    if array.dtype.kind == "f" and array.ndim and not hasattr(data, "dtype"):
        array = np.asarray(data, object)  # NumPy makes floats of [2**63, -1]
    if array.dtype == object and all(type(each) is int for each in array.flat):
        return array
    if array.dtype.kind not in "iu":
        message = f"{name} must hold integers, not {array.dtype}"
        raise TypeError(message)
    return array.astype(np.int64 if array.dtype != np.uint64 else object)


def _shown(plan: Plan, parts: Sequence[int | Array], index: int) -> str:
    values = (each if isinstance(each, int) else each[index] for each in parts)
    return ", ".join(f"{name} = {value}" for name, value in zip(plan.symbols, values, strict=True))
