"""Formulas as a C99 header that reports overflow and never wraps."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod

from polymaestro.affine import Affine, Floor
from polymaestro.counting import Count, QuasiPolynomial, Region, Tie
from polymaestro.errors import ExportError
from polymaestro.export.c_text import COMMON, HEAD, TIED, WIDE
from polymaestro.export.deciding import decided, statements
from polymaestro.export.describing import cases, count_texts, description
from polymaestro.export.names import C, Names, identifier, numbered, symbol_names
from polymaestro.export.program import (
    Entry,
    Formula,
    Program,
    expressions_of,
    expressions_of_tie,
    floors_of,
    is_atom,
    is_plain,
    names_of,
)
from polymaestro.export.syntax import (
    Infix,
    Terms,
    affine,
    atom_of,
    named_atoms,
    over_common_denominator,
    polynomial,
    region,
)


class Plain(Infix):
    """C where nothing exceeds 128 bits."""

    AND, OR = "&&", "||"
    TRUE, FALSE = "1", "0"

    def number(self, value: int) -> str:
        """Write a literal of a type that holds it; raises `ExportError` beyond int64."""
        if value >= 1 << 63:
            message = f"the formula holds the number {value}, which no C literal holds"
            raise ExportError(message)
        return str(value) if value < 1 << 15 else f"INT64_C({value})"

    def floor(self, numerator: str, divisor: int) -> str:
        """Write a division that rounds down."""
        return f"polymaestro_floor({numerator}, {self.number(divisor)})"


class Checked(Plain):
    """C with a check of every step."""

    def total(self, terms: Terms, constant: int) -> str:
        """Write nested calls."""
        text = self._signed(constant) if constant or not terms else ""
        for factor, texts in terms:
            product = self._product([*([] if factor == 1 and texts else [self._signed(factor)]), *texts])
            text = f"polymaestro_add({text}, {product}, overflow)" if text else product
        return text

    def _product(self, texts: Sequence[str]) -> str:
        result, *others = [text for text in texts if text != "1"] or ["1"]
        for each in others:
            result = f"polymaestro_mul({result}, {each}, overflow)"
        return result

    def _signed(self, value: int) -> str:
        return f"-{self.number(-value)}" if value < 0 else self.number(value)


PLAIN, CHECKED = Plain(), Checked()


def to_c(forms: Mapping[str, Formula], prefix: str = "") -> str:
    """Write a header of ``static inline`` functions for C99 compilers that have ``__int128``.

    A formula becomes ``int NAME(int64_t *value, int64_t N, …)`` which returns a status, see the head of
    the text; symbols are in the order of the formula. The prefix goes before every name, so that several
    headers can be used together. Raises `ExportError` when a number in the formula exceeds int64.

    >>> import polymaestro as pm
    >>> analysis = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M;"), num_pes=4)
    >>> text = to_c({"macs": analysis.macs})
    >>> [line for line in text.splitlines() if "int macs(" in line]
    ['static inline int macs(int64_t *value, int64_t K, int64_t M, int64_t N)']
    """
    return _Header(Program.of(forms), prefix).text()


class _Header:
    def __init__(self, program: Program, prefix: str) -> None:
        self.program = program
        scope = Names(C)
        self.functions = {name: scope.take(prefix + name) for name in program.forms}
        stem = identifier(prefix) if prefix else f"{next(iter(self.functions.values()))}_"
        self.guard = f"POLYMAESTRO_{stem.upper().strip('_')}_H"
        words = ("c", "holds", "t")
        self.count, self.region, self.tie = (numbered(f"{stem}{word}", scope.taken) for word in words)
        floor = numbered("f", program.names)
        own = [f"{self.count}{number}" for number in range(len(program.counts))]
        own += [f"{self.region}{number}" for number in range(len(program.regions))]
        own += [f"{self.tie}{number}" for number in range(len(program.ties))]
        self.symbols = symbol_names(program.names, Names([*C, *scope.taken, *own]))
        self.floors = {each: f"{floor}{number}" for each, number in program.floors.items()}
        self.atoms = named_atoms(self.symbols, self.floors)
        self.texts = count_texts(program.counts, self.count)

    def text(self) -> str:
        """Write the header: what all headers share, regions, counts, formulas."""
        program = self.program
        parts = [
            HEAD,
            *([TIED] if program.ties else []),
            f"#ifndef {self.guard}\n#define {self.guard}\n\n#include <stdint.h>",
            COMMON,
        ]
        parts += [self._region(n, where) for n, where in enumerate(program.regions) if where.names()]
        parts += [self._tie_function(n, tie) for n, tie in enumerate(program.ties)]
        parts += [self._count(n, count) for n, count in enumerate(program.counts) if not _is_bare(count)]
        parts += [self._function(name, form) for name, form in program.forms.items()]
        return "\n\n".join([*parts, "#endif"]) + "\n"

    def _region(self, number: int, where: Region) -> str:
        expressions = [each.expression for piece in where.pieces for each in piece]
        lines = [f"static inline int {self.region}{number}({self._parameters(where.names())})", "{"]
        lines += [*self._floors(expressions), f"    return {region(where, PLAIN, self.atoms)};", "}"]
        return "\n".join(lines)

    def _count(self, number: int, count: Count) -> str:
        """Write a count as a function, with its cases in a comment."""
        head = f"static inline {WIDE} {self.count}{number}("
        parameters = [self._parameters(names_of(count))]
        if _overflows(count):
            parameters.append("int *overflow")
        lines = [_comment(cases(count)), head + ", ".join(parameters) + ")", "{"]
        lines += self._floors(expressions_of(count))
        found = statements(
            decided(count),
            lambda where: f"if ({region(where, PLAIN, self.atoms)}) {{",
            lambda value: f"return {self._polynomial(value)};",
            "}",
        )
        return "\n".join([*lines, *(f"    {line}" for line in found), "}"])

    def _polynomial(self, value: QuasiPolynomial) -> str:
        return polynomial(value, CHECKED if _exceeds(value) else PLAIN, self.atoms)

    def _function(self, name: str, form: Entry) -> str:
        """Write a formula: the check of its region, then its products added up."""
        given = ", ".join(f"int64_t {self.symbols[symbol]}" for symbol in form.symbols)
        head = f"static inline int {self.functions[name]}(int64_t *value{', ' if given else ''}{given})"
        lines = [_comment(description(name, form, self.texts)), head, "{"]
        used = frozenset[str]().union(*(names_of(self.program.counts[number]) for number in form.counts))
        used = used.union(*(each.names() for each in form.steps))
        lines += [f"    (void){self.symbols[symbol]};" for symbol in form.symbols if symbol not in used]
        early = list(itertools.takewhile(lambda each: isinstance(each, Region), form.steps))
        lines += self._steps(early)
        lines += ["    int flag = 0, *overflow = &flag;"]
        lines += self._steps(form.steps[len(early) :])
        lines += [f"    {WIDE} total = 0;"]
        for sign, numbers in form.products:
            # What may be 0 goes first, so that nothing overflows on its account.
            factors = sorted(numbers, key=lambda each: is_plain(self.program.counts[each]))
            product = CHECKED.total([(sign, [self._factor(each) for each in factors])], 0)
            lines.append(f"    total = polymaestro_add(total, {product}, overflow);")
        return "\n".join([*lines, "    return polymaestro_store(total, flag, value);", "}"])

    def _steps(self, steps: Iterable[Tie | Region]) -> Iterator[str]:
        for each in steps:
            yield from self._check(each) if isinstance(each, Region) else self._tie(each)

    def _check(self, where: Region) -> Iterator[str]:
        if where.names():
            number = self.program.regions.index(where)
            yield f"    if (!{self.region}{number}({self._arguments(where.names())}))"
            yield "        return POLYMAESTRO_OUTSIDE;"
        elif not where.is_everywhere:
            yield "    return POLYMAESTRO_OUTSIDE;"

    def _tie(self, tie: Tie) -> Iterator[str]:
        """Write what a name stands for; it has to fit 64 bits, so that what is made of it fits 128."""
        name, number = self.symbols[tie.name], self.program.ties.index(tie)
        given = f"{self._arguments(tie.names())}, overflow"
        yield f"    const {WIDE} {name} = {self.tie}{number}({given});"
        yield f"    if (flag || {name} > INT64_MAX || {name} < INT64_MIN)"
        yield "        return POLYMAESTRO_OVERFLOW;"

    def _tie_function(self, number: int, tie: Tie) -> str:
        """Write a tie as a function, whose arguments are as wide as its result."""
        above, *below = map(self._polynomial, tie.expressions)
        lines = [
            _comment([str(tie)]),
            f"static inline {WIDE} {self.tie}{number}({self._parameters(tie.names())}, int *overflow)",
            "{",
            *self._floors(expressions_of_tie(tie)),
            f"    const {WIDE} above = {above}, below = {below[0] if below else 1};",
            "    if (*overflow || below < 1) {",
            "        *overflow = 1;",
            "        return 0;",
            "    }",
        ]
        up = tie.rounded == "up"
        quotient = "-polymaestro_floor(-above, below)" if up else "polymaestro_floor(above, below)"
        return "\n".join([*lines, f"    return {quotient if below else 'above'};", "}"])

    def _factor(self, number: int) -> str:
        count = self.program.counts[number]
        if _is_bare(count):
            return self._polynomial(count.pieces[0][1]) if count.pieces else "0"
        arguments = [self._arguments(names_of(count))] + ["overflow"] * _overflows(count)
        return f"{self.count}{number}({', '.join(each for each in arguments if each)})"

    def _floors(self, expressions: Iterable[Affine]) -> list[str]:
        """Write the floors in some expressions, those inside others first."""
        lines = []
        for each in floors_of(expressions):
            value = PLAIN.floor(affine(each.numerator, PLAIN, self.atoms), each.divisor)
            lines.append(f"    const {WIDE} {self.floors[each]} = {value};")
        return lines

    def _ordered(self, names: Iterable[str]) -> list[str]:
        return [self.symbols[name] for name in self.program.ordered(names)]

    def _arguments(self, names: Iterable[str]) -> str:
        return ", ".join(self._ordered(names))

    def _parameters(self, names: Iterable[str]) -> str:
        return ", ".join(f"{WIDE} {name}" for name in self._ordered(names))


def _comment(lines: Iterable[str]) -> str:
    return "/* " + "\n   ".join(lines) + " */"


def _is_bare(count: Count) -> bool:
    """Whether a count is a symbol or a number."""
    return is_atom(count) and not floors_of(expressions_of(count))


def _overflows(count: Count) -> bool:
    return any(_exceeds(value) for _, value in count.pieces)


def _exceeds(value: QuasiPolynomial) -> bool:
    """Whether a polynomial of 64-bit symbols, or a step towards it, may exceed 128 bits."""
    terms, constant, _ = over_common_denominator(value)
    sizes = (abs(factor) * prod(map(_size, atoms)) for factor, atoms in terms)
    return sum(sizes, abs(constant)) >= 1 << 127


def _size(atom: str | Floor) -> int:
    """Bound the magnitude of an atom of 64-bit symbols; raises `ExportError` beyond 128 bits."""
    if isinstance(atom, str):
        return 1 << 63
    terms = atom.numerator.terms
    size = sum((abs(factor) * _size(atom_of(each)) for each, factor in terms), abs(atom.numerator.constant))
    if size >= 1 << 127:
        message = f"{atom} of 64-bit symbols may exceed 128 bits"
        raise ExportError(message)
    return size // atom.divisor + 1
