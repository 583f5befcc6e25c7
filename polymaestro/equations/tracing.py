"""Reading a Python function as a formula: it is run on symbols, along every branch it can take.

Each comparison that the function branches on is decided both ways, in turn, so `min`, `max` and `if`
become cases. A function that loops over a symbol, or asks for its digits, cannot be read this way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NoReturn

from polymaestro.equations.formula import Formula, ceiling, floor

MAX_PATHS = 64
CONDITIONS = frozenset([">", ">=", "==", "not"])


class Untraceable(Exception):  # noqa: N818  never leaves this module
    """The function needs a number where there is a symbol."""


class _Path:
    """One run: the decisions that are given, then True for every further one."""

    def __init__(self, given: tuple[bool, ...]) -> None:
        self.given = given
        self.conditions: list[Formula] = []
        self.taken: list[bool] = []

    def decide(self, condition: Formula) -> bool:
        """Give the next decision, remembering its condition."""
        if len(self.taken) >= MAX_PATHS:
            raise Untraceable
        answer = self.given[len(self.taken)] if len(self.taken) < len(self.given) else True
        self.conditions.append(condition)
        self.taken.append(answer)
        return answer


def traced(function: Callable[..., Any], names: Mapping[str, str]) -> Formula | None:
    """Read a function whose arguments are symbols (by name); None where that is not possible."""
    try:
        return _explored(function, names, (), [MAX_PATHS])
    except Exception:  # noqa: BLE001  whatever the function raises, it cannot be read on symbols
        return None


def _explored(
    function: Callable[..., Any], names: Mapping[str, str], given: tuple[bool, ...], left: list[int]
) -> Formula:
    """Run with some decisions given; where it decides further, run both ways and join the two."""
    left[0] -= 1
    if left[0] < 0:
        raise Untraceable
    path = _Path(given)
    result = function(**{each: _Symbolic(Formula.name(name), path) for each, name in names.items()})
    if len(path.taken) < len(given):
        raise Untraceable  # it does not decide the same way twice
    formula = _lifted(result)
    for index in reversed(range(len(given), len(path.taken))):
        other = (*path.taken[:index], False)
        formula = Formula("if", (path.conditions[index], formula, _explored(function, names, other, left)))
    return formula


def _lifted(value: object) -> Formula:
    if isinstance(value, _Symbolic) and value.formula.kind not in CONDITIONS:
        return value.formula
    if isinstance(value, int | Fraction) and not isinstance(value, bool):
        return Formula.number(value)
    raise Untraceable


Operation = Callable[[Formula, Formula], Formula]


def _binary(operation: Operation) -> Callable[[_Symbolic, object], _Symbolic]:
    return lambda self, other: _Symbolic(operation(self.formula, _lifted(other)), self.path)


def _mirrored(operation: Operation) -> Callable[[_Symbolic, object], _Symbolic]:
    return lambda self, other: _Symbolic(operation(_lifted(other), self.formula), self.path)


def _unary(operation: Callable[[Formula], Formula]) -> Callable[[_Symbolic], _Symbolic]:
    return lambda self: _Symbolic(operation(self.formula), self.path)


def _comparison(kind: str) -> Operation:
    return lambda left, right: Formula(kind, (left, right))


def _refuse(*_: object) -> NoReturn:
    raise Untraceable


class _Symbolic:
    """A symbol, or what was computed from symbols, on one path; arithmetic as Python's, but exact."""

    def __init__(self, formula: Formula, path: _Path) -> None:
        self.formula = formula
        self.path = path

    __add__, __radd__ = _binary(Formula.__add__), _mirrored(Formula.__add__)
    __sub__, __rsub__ = _binary(Formula.__sub__), _mirrored(Formula.__sub__)
    __mul__, __rmul__ = _binary(Formula.__mul__), _mirrored(Formula.__mul__)
    __truediv__, __rtruediv__ = _binary(Formula.__truediv__), _mirrored(Formula.__truediv__)
    __floordiv__, __rfloordiv__ = _binary(Formula.__floordiv__), _mirrored(Formula.__floordiv__)
    __mod__, __rmod__ = _binary(Formula.__mod__), _mirrored(Formula.__mod__)
    __pow__, __rpow__ = _binary(Formula.__pow__), _mirrored(Formula.__pow__)
    __neg__, __pos__, __abs__ = _unary(Formula.__neg__), _unary(lambda f: f), _unary(abs)
    __ceil__, __floor__ = _unary(ceiling), _unary(floor)
    __gt__, __ge__ = _binary(_comparison(">")), _binary(_comparison(">="))
    __lt__ = _binary(lambda a, b: Formula(">", (b, a)))
    __le__ = _binary(lambda a, b: Formula(">=", (b, a)))
    __eq__ = _binary(_comparison("=="))  # type: ignore[assignment]  # a formula, not a truth
    __ne__ = _binary(lambda a, b: Formula("not", (Formula("==", (a, b)),)))  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]  # as equality is none
    __int__ = __index__ = __float__ = __round__ = __trunc__ = __divmod__ = __iter__ = _refuse

    def __bool__(self) -> bool:
        """Branch: a condition by itself, a number as "not 0"."""
        formula = self.formula
        if formula.kind in CONDITIONS:
            return self.path.decide(formula)
        return not self.path.decide(Formula("==", (formula, Formula.number(0))))
