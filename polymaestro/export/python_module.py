"""Formulas as Python source: exact at any size, without imports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from polymaestro.affine import Affine
from polymaestro.counting import Count, Region, Tie
from polymaestro.counting.ties import written
from polymaestro.export.deciding import decided, statements
from polymaestro.export.describing import MANY, cases, count_texts, description
from polymaestro.export.names import PYTHON, Names, numbered, symbol_names
from polymaestro.export.program import (
    Entry,
    Formula,
    Program,
    expressions_of,
    expressions_of_tie,
    floors_of,
    in_order,
    is_atom,
    is_plain,
    names_of,
)
from polymaestro.export.syntax import Infix, affine, named_atoms, polynomial, region

SYNTAX = Infix()
HEAD = '''"""Exact counts with Python integers of any size.

Symbols are given by keyword. A point outside the region of a formula is a ValueError, unless check
is False; then the number means nothing.
"""'''


def to_python(forms: Mapping[str, Formula]) -> str:
    """Write a module with one function per formula; of several, ``evaluate`` gives all as a dictionary.

    Symbols and formulas keep their names where Python allows it, see `names`. All arithmetic is on
    integers; each division is a floor or leaves no remainder.

    >>> import polymaestro as pm
    >>> analysis = pm.analyze(pm.gemm(M=8, N=8), pm.parse_dataflow("SpatialMap(1,1) K;"), num_pes=4)
    >>> text = to_python(dict(analysis.forms.named()))
    >>> space = {}
    >>> exec(text, space)
    >>> space["L2_A_fills"](K=10**30) == analysis["L2"]["A"].fills.at(K=10**30)
    True
    """
    return _Module(Program.of(forms)).text()


def compiled(form: Formula) -> Callable[..., int]:
    """Compile the function of one formula; its keywords are the symbols (and ``check``).

    >>> import polymaestro as pm
    >>> macs = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), num_pes=4).macs
    >>> compiled(macs)(M=3, N=4, K=10**20)
    1200000000000000000000
    """
    space: dict[str, Any] = {}
    exec(compile(to_python({"formula": form}), "<formula>", "exec"), space)  # noqa: S102  our own text
    function: Callable[..., int] = space["formula"]
    return function


class _Module:
    def __init__(self, program: Program) -> None:
        self.program = program
        f, self.c = (numbered(letter, program.names) for letter in "fc")
        own = [f"_{self.c}{number}" for number in range(len(program.counts))]
        own += [f"_check{number}" for number in range(len(program.regions))]
        self.scope = Names([*PYTHON, *own])
        self.functions = {name: self.scope.take(name) for name in program.forms}
        self.symbols = symbol_names(program.names, Names(PYTHON))
        self.floors = {floor: f"{f}{number}" for floor, number in program.floors.items()}
        self.atoms = named_atoms(self.symbols, self.floors)
        self.texts = count_texts(program.counts, f"_{self.c}")

    def text(self) -> str:
        parts = [HEAD]
        regions = enumerate(self.program.regions)
        parts += [self._region(n, where) for n, where in regions if not where.is_everywhere]
        parts += [self._cases(n, c) for n, c in enumerate(self.program.counts) if not is_plain(c)]
        parts += [self._function(name, form) for name, form in self.program.forms.items()]
        if len(self.program.forms) > 1:
            parts.append(self._evaluate())
        return "\n\n\n".join(parts) + "\n"

    def _cases(self, number: int, count: Count) -> str:
        """Write a count with cases as a function."""
        lines = [f"def _{self.c}{number}({self._given(names_of(count))}):", '    """One factor:']
        lines += [*(f"    {line}" for line in cases(count)), '    """', *self._floors(expressions_of(count))]
        found = statements(
            decided(count),
            lambda where: f"if {region(where, SYNTAX, self.atoms)}:",
            lambda value: f"return {polynomial(value, SYNTAX, self.atoms)}",
        )
        return "\n".join([*lines, *(f"    {line}" for line in found)])

    def _function(self, name: str, form: Entry) -> str:
        head = f"def {self.functions[name]}({self._signature(form.symbols)}):"
        about, *others = description(name, form, self.texts)
        lines = [head, f'    """{about}', *(f"    {line}" for line in others), '    """']
        lines += [*self._steps(form.steps), *self._counts(form.counts)]
        lines.append(f"    return {self._value(form)}")
        return "\n".join(lines)

    def _evaluate(self) -> str:
        """Write the function of all formulas, which computes each count once."""
        program = self.program
        lines = [f"def evaluate({self._signature(program.symbols)}):", '    """All formulas, by name."""']
        lines += self._steps(in_order(program.ties, program.regions))
        used = dict.fromkeys(number for form in program.forms.values() for number in form.counts)
        lines += [*self._counts(used), "    return {"]
        lines += [f"        {name!r}: {self._value(form)}," for name, form in program.forms.items()]
        return "\n".join([*lines, "    }"])

    def _signature(self, symbols: Iterable[str]) -> str:
        return ", ".join(["*", *(self.symbols[symbol] for symbol in symbols), "check=True"])

    def _given(self, names: Iterable[str]) -> str:
        return ", ".join(self.symbols[symbol] for symbol in self.program.ordered(names))

    def _region(self, number: int, where: Region) -> str:
        """Write the refusal of points outside a region as a function."""
        shown = ", ".join(
            f"{symbol} = {{{self.symbols[symbol]}}}" for symbol in self.program.ordered(where.names())
        )
        lines = [
            f"def _check{number}({self._given(where.names())}):",
            f'    """Refuse a point unless {written(str(where), self.program.ties)}."""',
        ]
        text = written(str(where), self.program.ties)
        lines += self._floors(each.expression for piece in where.pieces for each in piece)
        lines += [f"    if not {region(where, SYNTAX, self.atoms)}:"]
        lines += [f'        message = f"the formula does not hold at {shown}; "']
        lines += [f'        raise ValueError(message + "it holds where {text}")']
        return "\n".join(lines)

    def _steps(self, steps: Iterable[Tie | Region]) -> list[str]:
        """Write the ties and the checks."""
        lines = []
        for each in steps:
            if isinstance(each, Region):
                lines += self._check(each)
            else:
                lines += self._floors(expressions_of_tie(each))
                lines.append(f"    {self.symbols[each.name]} = {self._tie(each)}")
        return lines

    def _tie(self, tie: Tie) -> str:
        above, *below = (polynomial(each, SYNTAX, self.atoms) for each in tie.expressions)
        if not below:
            return above
        return f"-(-({above})//({below[0]}))" if tie.rounded == "up" else f"({above})//({below[0]})"

    def _check(self, where: Region) -> list[str]:
        """Write the call that refuses points outside a region."""
        if where.is_everywhere:
            return []
        number = self.program.regions.index(where)
        return ["    if check:", f"        _check{number}({self._given(where.names())})"]

    def _floors(self, expressions: Iterable[Affine]) -> list[str]:
        """Write the floors in some expressions, those inside others first."""
        return [
            f"    {self.floors[floor]} = "
            + SYNTAX.floor(affine(floor.numerator, SYNTAX, self.atoms), floor.divisor)
            for floor in floors_of(expressions)
        ]

    def _counts(self, numbers: Iterable[int]) -> list[str]:
        """Write the counts that are no mere symbol or number, and the floors in them."""
        counts = {number: self.program.counts[number] for number in numbers}
        lines = self._floors(
            each for count in counts.values() if is_plain(count) for each in expressions_of(count)
        )
        for number, count in counts.items():
            if not is_plain(count):
                lines.append(f"    {self.c}{number} = _{self.c}{number}({self._given(names_of(count))})")
            elif not is_atom(count):
                value = polynomial(count.pieces[0][1], SYNTAX, self.atoms)
                lines.append(f"    {self.c}{number} = {value}")
        return lines

    def _value(self, form: Entry) -> str:
        """Write the sum of products, many of them a line each."""
        products = [(sign, [self._factor(number) for number in numbers]) for sign, numbers in form.products]
        if len(products) <= MANY:
            return SYNTAX.total(products, 0)
        texts = (SYNTAX.total([each], 0) for each in products)
        lines = (f"- {text[1:]}" if text.startswith("-") else f"+ {text}" for text in texts)
        return "\n        ".join(["(", *lines, ")"])

    def _factor(self, number: int) -> str:
        count = self.program.counts[number]
        if not is_atom(count):
            return f"{self.c}{number}"
        return polynomial(count.pieces[0][1], SYNTAX, self.atoms) if count.pieces else "0"
