"""Formulas as SMT-LIB 2 definitions over the integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from polymaestro.counting import Tie
from polymaestro.export.deciding import Decision, Fork, decided
from polymaestro.export.describing import cases, count_texts, description
from polymaestro.export.names import SMTLIB, Names, numbered, symbol_names
from polymaestro.export.program import Entry, Formula, Program, is_atom, names_of, needed_ties
from polymaestro.export.syntax import Terms, affine, named_atoms, polynomial, region

HEAD = """\
; Exact counts over the integers; definitions only. holdsN says where formulas are true: assert it of their
; arguments. Every divisor is a positive constant, for which div rounds down."""
TIED = """\
; Exact counts over the integers; definitions only. holdsN say where formulas are true: assert them of their
; arguments. Every divisor is positive there, so that div rounds down."""


class Prefix:
    """The notation of SMT-LIB.

    >>> Prefix().total([(3, ["P", "R"]), (-1, ["P"])], 2)
    '(+ (* 3 P R) (* (- 1) P) 2)'
    """

    def total(self, terms: Terms, constant: int) -> str:
        """Write Σ factor · ∏ texts + constant."""
        parts = []
        for factor, texts in terms:
            factors = [*([] if factor == 1 and texts else [_number(factor)]), *texts]
            parts.append(_applied("*", [each for each in factors if each != "1"] or ["1"]))
        if constant or not parts:
            parts.append(_number(constant))
        return _applied("+", parts)

    def floor(self, numerator: str, divisor: int) -> str:
        """Write a division that rounds down."""
        return f"(div {numerator} {divisor})"

    def compare(self, left: str, relation: str, right: int) -> str:
        """Write a comparison."""
        return f"({relation} {left} {_number(right)})"

    def every(self, conditions: Sequence[str]) -> str:
        """Write a conjunction."""
        return f"(and {' '.join(conditions)})"

    def some(self, conditions: Sequence[str]) -> str:
        """Write a disjunction."""
        return f"(or {' '.join(conditions)})"

    def truth(self, *, value: bool) -> str:
        """Write true or false."""
        return "true" if value else "false"


SYNTAX = Prefix()


def to_smtlib(forms: Mapping[str, Formula]) -> str:
    """Write ``define-fun`` of each floor, each count, each region (``holds0`` …) and each formula.

    A formula takes its symbols in its own order; its name may hold dots, as in ``L2.I.fills``. Names that
    SMT-LIB or solvers have for themselves get an underscore at their end.

    >>> import polymaestro as pm
    >>> analysis = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M;"), num_pes=4)
    >>> print(to_smtlib({"macs": analysis.macs}).splitlines()[-1])
    (define-fun macs ((K Int) (M Int) (N Int)) Int (* M N K))
    """
    return _Script(Program.of(forms)).text()


class _Script:
    def __init__(self, program: Program) -> None:
        self.program = program
        scope = Names(SMTLIB)
        self.functions = {name: scope.take(name, dots=True) for name in program.forms}
        taken = {*program.names, *self.functions.values()}
        floor, self.count, self.holds = (numbered(letter, taken) for letter in ("f", "c", "holds"))
        self.symbols = symbol_names(program.names, Names([*SMTLIB, *self.functions.values()]))
        self.names = {each: f"{floor}{number}" for each, number in program.floors.items()}
        calls = {each: self._call(name, each.numerator.names()) for each, name in self.names.items()}
        self.atoms = named_atoms(self.symbols, calls)
        self.texts = count_texts(program.counts, self.count)

    def text(self) -> str:
        """Write the definitions: floors, counts, regions, formulas."""
        program = self.program
        lines = [TIED if program.ties else HEAD]
        for floor, name in self.names.items():
            body = SYNTAX.floor(affine(floor.numerator, SYNTAX, self.atoms), floor.divisor)
            lines += [f"; {floor}", self._define(name, floor.numerator.names(), "Int", body)]
        for number, count in enumerate(program.counts):
            if not is_atom(count):
                lines += [f"; {line}" for line in cases(count)]
                lines.append(
                    self._define(f"{self.count}{number}", names_of(count), "Int", self._cases(decided(count)))
                )
        for number, where in enumerate(program.regions):
            body = self._tied(where.names(), region(where, SYNTAX, self.atoms))
            names = self._own(where.names())
            lines += [f"; {where}", self._define(f"{self.holds}{number}", names, "Bool", body)]
        for name, form in program.forms.items():
            lines += [f"; {line}" for line in description(name, form, self.texts)]
            lines.append(self._define(self.functions[name], form.symbols, "Int", self._body(form)))
        return "\n".join(lines) + "\n"

    def _cases(self, decision: Decision) -> str:
        if not isinstance(decision, Fork):
            return polynomial(decision, SYNTAX, self.atoms)
        where = region(decision.where, SYNTAX, self.atoms)
        return f"(ite {where} {self._cases(decision.yes)} {self._cases(decision.no)})"

    def _body(self, form: Entry) -> str:
        return self._tied((tie.name for tie in form.ties), self._value(form))

    def _tied(self, names: Iterable[str], body: str) -> str:
        """Put what ties stand for around an expression, those that others are made of outermost."""
        for tie in reversed(self._ties(names)):
            body = f"(let (({self.symbols[tie.name]} {self._quotient(tie)})) {body})"
        return body

    def _ties(self, names: Iterable[str]) -> tuple[Tie, ...]:
        return needed_ties(self.program.ties, names)

    def _own(self, names: Iterable[str]) -> frozenset[str]:
        """Give the symbols that some names are or are made of."""
        names = frozenset(names)
        found = names.union(*(tie.names() for tie in self._ties(names)))
        return found & frozenset(self.program.symbols)

    def _quotient(self, tie: Tie) -> str:
        above, *below = (polynomial(each, SYNTAX, self.atoms) for each in tie.expressions)
        if not below:
            return above
        return f"(- (div (- {above}) {below[0]}))" if tie.rounded == "up" else f"(div {above} {below[0]})"

    def _value(self, form: Entry) -> str:
        return SYNTAX.total(
            [(sign, [self._factor(n) for n in numbers]) for sign, numbers in form.products], 0
        )

    def _factor(self, number: int) -> str:
        count = self.program.counts[number]
        if is_atom(count):
            return self._cases(decided(count))
        return self._call(f"{self.count}{number}", names_of(count))

    def _ordered(self, names: Iterable[str]) -> list[str]:
        return [self.symbols[name] for name in self.program.ordered(names)]

    def _call(self, name: str, arguments: Iterable[str]) -> str:
        given = self._ordered(arguments)
        return _applied(name, given) if given else name

    def _define(self, name: str, arguments: Iterable[str], sort: str, body: str) -> str:
        given = " ".join(f"({each} Int)" for each in self._ordered(arguments))
        return f"(define-fun {name} ({given}) {sort} {body})"


def _number(value: int) -> str:
    return str(value) if value >= 0 else f"(- {-value})"


def _applied(name: str, arguments: Sequence[str]) -> str:
    """Apply an operator or function; a sum or product of one is that one."""
    if name in {"+", "*"} and len(arguments) == 1:
        return arguments[0]
    return f"({name} {' '.join(arguments)})"
