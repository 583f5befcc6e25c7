"""Reading formulas: Python notation, the notation that polymaestro prints, SymPy expressions, numbers.

>>> read("K*C*ceil(P/4)").evaluate({"K": 2, "C": 3, "P": 5})
12
>>> read("2·K²·⌈P/4⌉") == read("2*K**2*ceil(P/4)")
True
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

from polymaestro.equations.formula import Formula, ceiling, floor
from polymaestro.errors import EquationError, did_you_mean

SIGNS = str.maketrans({"·": "*", "×": "*", "−": "-", "⌈": " ceil(", "⌉": ")", "⌊": " floor(", "⌋": ")"})
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
MAX_LENGTH = 20_000

Operation = Callable[[Formula, Formula], Formula]

OPERATORS: dict[type[ast.operator], Operation] = {
    ast.Add: Formula.__add__,
    ast.Sub: Formula.__sub__,
    ast.Mult: Formula.__mul__,
    ast.Div: Formula.__truediv__,
    ast.FloorDiv: Formula.__floordiv__,
    ast.Mod: Formula.__mod__,
    ast.Pow: Formula.__pow__,
}
COMPARISONS: dict[type[ast.cmpop], Operation] = {
    ast.GtE: lambda a, b: Formula(">=", (a, b)),
    ast.Gt: lambda a, b: Formula(">", (a, b)),
    ast.LtE: lambda a, b: Formula(">=", (b, a)),
    ast.Lt: lambda a, b: Formula(">", (b, a)),
    ast.Eq: lambda a, b: Formula("==", (a, b)),
    ast.NotEq: lambda a, b: Formula("not", (Formula("==", (a, b)),)),
}
FUNCTIONS: dict[str, Callable[..., Formula]] = {
    "floor": floor,
    "ceil": ceiling,
    "ceiling": ceiling,
    "abs": abs,
    "Abs": abs,
    "Mod": Formula.__mod__,
    "min": lambda *a: Formula("min", a),
    "Min": lambda *a: Formula("min", a),
    "max": lambda *a: Formula("max", a),
    "Max": lambda *a: Formula("max", a),
}
VARIADIC = frozenset(["min", "Min", "max", "Max"])
ARITY = {"Mod": 2}

RELATIONS = {
    "GreaterThan": ast.GtE,
    "StrictGreaterThan": ast.Gt,
    "LessThan": ast.LtE,
    "StrictLessThan": ast.Lt,
    "Equality": ast.Eq,
    "Unequality": ast.NotEq,
}


def read(text: str) -> Formula:
    """Read a formula in Python's notation, with floor, ceil, Min and Max, or as polymaestro prints it.

    Raises `EquationError` that quotes what it cannot read.
    """
    source = text.translate(SIGNS)
    source = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: f"**{found[0].translate(SUPERSCRIPTS)}", source)
    if not source.strip() or len(source) > MAX_LENGTH:
        message = f"expected a formula such as 'K*C*ceil(P/4)', not {text[:40]!r}"
        raise EquationError(message)
    try:
        tree = ast.parse(source.strip(), mode="eval")
        return _formula(tree.body, source.strip())
    except (SyntaxError, ValueError):
        message = f"cannot read the formula {text!r}; write it as in 'K*C*ceil(P/4)*(Q + S - 1)'"
        raise EquationError(message) from None
    except (RecursionError, MemoryError):
        message = f"the formula {text[:40]!r}… is too deeply nested to read"
        raise EquationError(message) from None


def _formula(node: ast.expr, source: str) -> Formula:
    match node:
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            value = _formula(operand, source)
            return -value if isinstance(sign, ast.USub) else value
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
            return OPERATORS[type(operator)](_formula(left, source), _formula(right, source))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _called(_known(name), [_formula(each, source) for each in arguments])
        case ast.IfExp(test=test, body=body, orelse=other):
            parts = (_condition(test, source), _formula(body, source), _formula(other, source))
            return Formula("if", parts)
    return _leaf(node, source)


def _leaf(node: ast.expr, source: str) -> Formula:
    match node:
        case ast.Name(id=name):
            return Formula.name(name)
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return Formula.number(value)
        case ast.Constant(value=float()):
            return Formula.number(Fraction(ast.get_source_segment(source, node) or ""))
    raise EquationError(_refusal(node, source))


def _condition(node: ast.expr, source: str) -> Formula:
    match node:
        case ast.Compare(left=left, ops=operators, comparators=others):
            sides = [_formula(each, source) for each in (left, *others)]
            if all(type(each) in COMPARISONS for each in operators):
                pairs = zip(operators, sides, sides[1:], strict=False)
                parts = tuple(COMPARISONS[type(op)](a, b) for op, a, b in pairs)
                return parts[0] if len(parts) == 1 else Formula("and", parts)
        case ast.BoolOp(op=operator, values=values):
            kind = "and" if isinstance(operator, ast.And) else "or"
            return Formula(kind, tuple(_condition(each, source) for each in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Formula("not", (_condition(operand, source),))
    raise EquationError(_refusal(node, source))


def _refusal(node: ast.expr, source: str) -> str:
    part = ast.get_source_segment(source, node)
    hint = "; a power is written **" if isinstance(node, ast.BinOp) else ""
    return f"cannot read {part!r} as part of a formula{hint}"


def _known(name: str) -> str:
    if name not in FUNCTIONS:
        message = f"unknown function {name!r}"
        raise EquationError(message + did_you_mean(name, FUNCTIONS))
    return name


def _called(name: str, arguments: Sequence[Formula]) -> Formula:
    wanted = ARITY.get(name, 1)
    if not arguments or (name not in VARIADIC and len(arguments) != wanted):
        least = "at least " if name in VARIADIC else ""
        message = f"{name} takes {least}{wanted} argument{'s' * (wanted > 1)}, not {len(arguments)}"
        raise EquationError(message)
    return FUNCTIONS[name](*arguments)


def from_sympy(expression: Any) -> Formula:  # noqa: ANN401  SymPy has no types, and is not imported here
    """Read a SymPy expression; floats are refused, since a count is exact.

    >>> import sympy
    >>> from_sympy(sympy.ceiling(sympy.Symbol("K") / 4)).evaluate({"K": 9})
    3
    """
    if getattr(expression, "is_Rational", False):
        return Formula.number(Fraction(int(expression.p), int(expression.q)))
    if getattr(expression, "is_Symbol", False):
        return Formula.name(str(expression))
    kind = type(expression).__name__
    if kind == "Piecewise":
        return _pieces(expression)
    arguments = [from_sympy(each) for each in expression.args]
    if kind in ("Add", "Mul", "Pow"):
        operation = {"Add": Formula.__add__, "Mul": Formula.__mul__, "Pow": Formula.__pow__}[kind]
        return reduce(operation, arguments)
    if kind in FUNCTIONS:
        return _called(kind, arguments)
    message = f"cannot read {str(expression)[:60]!r} ({kind}) as part of a formula"
    raise EquationError(message)


def _pieces(expression: Any) -> Formula:  # noqa: ANN401  SymPy has no types
    """Read the branches in turn; where none applies there is no value, as after a division by 0."""
    result = Formula.number(1) / Formula.number(0)
    for branch in reversed(expression.args):
        value, condition = branch.args
        if str(condition) == "True":
            result = from_sympy(value)
        else:
            result = Formula("if", (_relation(condition), from_sympy(value), result))
    return result


def _relation(condition: Any) -> Formula:  # noqa: ANN401  SymPy has no types
    kind = type(condition).__name__
    if kind in RELATIONS:
        return COMPARISONS[RELATIONS[kind]](*(from_sympy(each) for each in condition.args))
    if kind in ("And", "Or", "Not"):
        return Formula(kind.lower(), tuple(_relation(each) for each in condition.args))
    message = f"cannot read the condition {str(condition)[:60]!r}"
    raise EquationError(message)
