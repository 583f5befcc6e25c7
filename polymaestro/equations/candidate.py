"""What a user offers as a formula: text, a number, a SymPy expression or a Python function."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, SupportsIndex

from polymaestro.equations.formula import Formula, Number
from polymaestro.equations.reading import from_sympy, read
from polymaestro.equations.tracing import traced
from polymaestro.errors import EquationError, PolymaestroError, did_you_mean
from polymaestro.symbolic import ClosedForm


@dataclass(frozen=True)
class Candidate:
    """A formula, or a function that can only be called; with its text."""

    text: str
    formula: Formula | None
    function: Callable[..., Any] | None = None

    def at(self, point: Mapping[str, int]) -> Number | None:
        """Evaluate exactly; None where it divides by 0."""
        try:
            if self.formula is not None:
                return self.formula.evaluate(point)
            return self._called(point)
        except ZeroDivisionError:
            return None

    def _called(self, point: Mapping[str, int]) -> Number:
        if self.function is None:
            message = "a candidate is a formula or a function"
            raise EquationError(message)
        names = _arguments(self.function, tuple(point))
        try:
            value = self.function(**{name: point[name] for name in names})
        except (ZeroDivisionError, PolymaestroError):
            raise
        except Exception as error:
            message = f"{self.text} failed at {point}: {error!r}"
            raise EquationError(message) from error
        if isinstance(value, float):
            message = f"{self.text} gave the float {value!r} at {point}; use // or fractions.Fraction"
            raise EquationError(message)
        if isinstance(value, SupportsIndex) and not isinstance(value, bool):
            return operator.index(value)
        if isinstance(value, Fraction):
            return value
        message = f"{self.text} gave {value!r} at {point}, which is no number"
        raise EquationError(message)


def candidate_for(given: Any, form: ClosedForm) -> Candidate:  # noqa: ANN401  whatever a user has
    """Read a candidate and check that it speaks of the symbols of a form only."""
    if isinstance(given, str):
        found = Candidate(given, read(given))
    elif isinstance(given, int | Fraction) and not isinstance(given, bool):
        found = Candidate(str(given), Formula.number(given))
    elif hasattr(given, "free_symbols"):
        found = Candidate(str(given), from_sympy(given))
    elif callable(given):
        names = _arguments(given, form.symbols)
        formula = traced(given, {name: name for name in names})
        text = getattr(given, "__name__", type(given).__name__)
        found = Candidate(f"{text}({', '.join(names)})", formula, given)
    else:
        message = f"expected a formula as text, SymPy expression or function, not {type(given).__name__}"
        raise EquationError(message)
    unknown = sorted((found.formula.names() if found.formula else frozenset()) - set(form.symbols))
    if unknown:
        message = f"the candidate has a symbol {unknown[0]!r} that the formula has not"
        raise EquationError(message + did_you_mean(unknown[0], form.symbols))
    return found


def _arguments(function: Callable[..., Any], symbols: tuple[str, ...]) -> tuple[str, ...]:
    """Give the symbols that a function takes."""
    try:
        known = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        message = f"cannot see which arguments {function!r} takes; wrap it in a lambda"
        raise EquationError(message) from None
    if any(each.kind is each.VAR_KEYWORD for each in known):
        return symbols
    names = []
    for each in known:
        if each.name in symbols and each.kind is not each.POSITIONAL_ONLY:
            names.append(each.name)
        elif each.default is each.empty:
            message = f"the function takes {each.name!r}, which is no symbol of the formula"
            raise EquationError(message + did_you_mean(each.name, symbols))
    return tuple(names)
