"""Kind *SMT*: a claim written out as SMT-LIB 2 and decided by solvers that know nothing of this project.

Every symbol is plain and every assumption is written out; the claim is negated, so ``unsat`` means that it
holds everywhere and ``sat`` gives a counterexample. Floors are names of their own with
0 ≤ e - d·⌊e/d⌋ ≤ d - 1. Over the reals z3 decides polynomial claims (``QF_NRA``); a claim that the reals
refute is asked again over the integers, where the answer may be that it is not known.

z3 comes with ``pip install polymaestro[proofs]``; where cvc5 is installed its opinion is asked as well, and a
difference between the two is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib.util import find_spec

from polymaestro.errors import PolymaestroError
from polymaestro.proving.verdicts import Proof, Verdict

TIMEOUT = 3_000  # ms

Term = str


def script(symbols: Sequence[str], assumptions: Sequence[Term], claim: Term, sort: str = "Real") -> str:
    """Write the question whether a claim fails somewhere, as SMT-LIB 2 text.

    >>> print(script(["a", "b"], ["(> a 0)"], "(>= (* (+ a b) (+ a b)) (* 4 a b))"))
    (set-logic QF_NRA)
    (declare-const a Real)
    (declare-const b Real)
    (assert (> a 0))
    (assert (not (>= (* (+ a b) (+ a b)) (* 4 a b))))
    (check-sat)
    """
    lines = [f"(set-logic {'QF_NRA' if sort == 'Real' else 'QF_NIA'})"]
    lines += [f"(declare-const {name} {sort})" for name in symbols]
    lines += [f"(assert {each})" for each in assumptions]
    return "\n".join([*lines, f"(assert (not {claim}))", "(check-sat)"])


def decide(
    claim: str, symbols: Sequence[str], assumptions: Sequence[Term], goal: Term, *, integers: bool = False
) -> Proof:
    """Prove a claim over the reals, or find integers that refute it.

    With `integers` the reals are not asked: for claims that only integers make true.

    >>> decide("x² ≥ x", ["x"], [], "(>= (* x x) x)", integers=True).verdict
    'proved'
    >>> decide("x² ≥ 2x", ["x"], [], "(>= (* x x) (* 2 x))", integers=True).counterexample
    {'x': 1}
    """
    if find_spec("z3") is None:
        return Proof(claim, "SMT", "skipped", note="z3 is missing: pip install polymaestro[proofs]")
    certificate = {"kind": "smt", "claim": claim}
    if not integers:
        text = script(symbols, assumptions, goal)
        answer, _ = _z3(text)
        second = _cvc5(text)
        _compare(claim, answer, second)
        if answer == "proved":
            note = "z3 and cvc5, over the reals" if second == "proved" else "z3, over the reals"
            return Proof(claim, "SMT", "proved", certificate={**certificate, "script": text}, note=note)
    text = script(symbols, assumptions, goal, "Int")
    answer, model = _z3(text)
    second = _cvc5(text)
    _compare(claim, answer, second)
    note = "z3 and cvc5, over the integers" if second == answer else "z3, over the integers"
    return Proof(claim, "SMT", answer, model or None, {**certificate, "script": text}, note)


def _compare(claim: str, first: Verdict, second: Verdict) -> None:
    if {first, second} == {"proved", "false"}:
        message = f"z3 says {first} and cvc5 says {second} of: {claim}"
        raise PolymaestroError(message)


def _z3(text: str) -> tuple[Verdict, Mapping[str, int]]:
    import z3  # noqa: PLC0415  optional

    solver = z3.Solver()
    solver.set("timeout", TIMEOUT)
    solver.from_string(text)
    answer = solver.check()
    if answer == z3.unsat:
        return "proved", {}
    if answer != z3.sat:
        return "unknown", {}
    model = solver.model()
    values = {str(each.name()): model[each] for each in model.decls()}
    return "false", {name: value.as_long() for name, value in values.items() if z3.is_int_value(value)}


def _cvc5(text: str) -> Verdict:
    """Ask cvc5, where it is installed; ``skipped`` where not."""
    if find_spec("cvc5") is None:
        return "skipped"
    import cvc5  # noqa: PLC0415  optional

    solver = cvc5.Solver()
    solver.setOption("tlimit-per", str(TIMEOUT))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "claim")
    symbols = parser.getSymbolManager()
    answer = ""
    while True:
        command = parser.nextCommand()
        if command.isNull():
            break
        answer = command.invoke(solver, symbols).strip() or answer
    verdicts: dict[str, Verdict] = {"unsat": "proved", "sat": "false"}
    return verdicts.get(answer, "unknown")


def number(value: int | Fraction) -> Term:
    """Write a number: SMT-LIB has no negative literals and no fractions."""
    if value < 0:
        return f"(- {number(-value)})"
    if value.denominator != 1:
        return f"(/ {value.numerator} {value.denominator})"
    return str(value.numerator)
