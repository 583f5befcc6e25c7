"""How a form is shown: as few cases as there are, with min and max, and repeated floors named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from polymaestro.affine import Floor
from polymaestro.counting import Count, QuasiPolynomial, Region
from polymaestro.counting.merging import Piece
from polymaestro.counting.quasipolynomial import Atom, single
from polymaestro.counting.region import EVERYWHERE
from polymaestro.relations.sets import coalesced, restricted
from polymaestro.symbolic.cases import Case, cases_of
from polymaestro.symbolic.factoring import factored
from polymaestro.symbolic.folding import folded
from polymaestro.symbolic.regions import domain_of, shown_region
from polymaestro.symbolic.to_sympy import latex_of, latex_of_region

if TYPE_CHECKING:
    import islpy as isl

    from polymaestro.symbolic.closed_form import ClosedForm

LONG = 40
"""A condition with more characters is left out of the last case, which then holds otherwise."""


def shown_cases(form: ClosedForm) -> tuple[Case, ...]:
    """Give the cases of a form with min and max: of its counts, or of the whole, whichever are fewer."""
    if form.is_long:
        return form.cases
    cases = _folded(form.cases, form.context)
    if len(cases) < 2 or all(form.folded_counts[id(count)] is count for count in form.counts):  # noqa: PLR2004  one is in one
        return cases
    products = [(p.sign, tuple(form.folded_counts[id(count)] for count in p.counts)) for p in form.products]
    others = _folded(cases_of(products, form.context), form.context)
    return min(cases, others, key=lambda each: (len(each), sum(len(factored(c.value)) for c in each)))


def _folded(cases: Sequence[Case], context: isl.Set) -> tuple[Case, ...]:
    pieces = [(context.intersect(domain_of(case.region, context)), case.value) for case in cases]
    if len(pieces) == 1 and cases[0].region.is_everywhere:
        return tuple(cases)
    return tuple(Case(shown_region(d, context), value) for d, value in folded(pieces, context))


def in_one(count: Count, context: isl.Set) -> Count:
    """Give a count with its pieces folded, where that leaves one."""
    if count.is_uniform:
        return count
    own = own_context(count, context)
    pieces = [(own.intersect(domain_of(region, own)), value) for region, value in count.pieces]
    found = folded(pieces, own)
    if len(found) == 1 and own.is_subset(found[0][0]):
        return Count(((EVERYWHERE, found[0][1]),))
    return count


def own_context(count: Count, context: isl.Set) -> isl.Set:
    """Project a context onto the parameters of a count."""
    names = [value.names() | region.names() for region, value in count.pieces]
    return restricted(context, frozenset[str]().union(*names))


@dataclass(frozen=True)
class Line:
    """A formula and its condition; none where it holds everywhere, or in all other cases."""

    value: QuasiPolynomial
    region: Region | None
    otherwise: bool = False


def lines_of(cases: Sequence[Case], context: isl.Set, *, short: bool = True) -> list[Line]:
    """Give the lines of a case distinction, 0 included; if short, a long condition is "otherwise"."""
    pieces: list[Piece] = [(domain_of(case.region, context), case.value) for case in cases]
    rest = context
    for domain, _ in pieces:
        rest = rest.subtract(domain)
    lines = [Line(case.value, case.region) for case in cases]
    if not rest.is_empty():
        lines.append(Line(QuasiPolynomial.of(0), shown_region(coalesced(rest), context)))
    if len(lines) == 1:
        return [replace(lines[0], region=None)]
    last = max(lines, key=lambda line: len(str(line.region)))
    if short and len(str(last.region)) > LONG:
        lines = [line for line in lines if line is not last] + [Line(last.value, None, otherwise=True)]
    return lines


def text_of(lines: Sequence[Line]) -> str:
    """Write each case on a line: the factored formula, then its condition; then the names it uses."""
    names = abbreviations(line.value for line in lines)
    texts = [factored(line.value.replace(names)) + condition_of(line) for line in lines]
    texts += [f"  where {name} = {floor}" for floor, name in names.items()]
    return "\n".join(texts)


def latex_of_lines(lines: Sequence[Line]) -> str:
    """Write the case distinction as LaTeX, without dollar signs."""
    names = abbreviations(line.value for line in lines)
    shown = [(latex_of(line.value.replace(names)), line) for line in lines]
    where = "".join(rf" \quad \text{{where }} {name} = {latex_of(single(a))}" for a, name in names.items())
    if len(shown) == 1 and lines[0].region is None:
        return shown[0][0] + where
    rows = [
        rf"{text} & \text{{{'otherwise}' if line.region is None else 'if } ' + latex_of_region(line.region)}"
        for text, line in shown
    ]
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}" + where


def condition_of(line: Line) -> str:
    """Write the condition behind a formula."""
    if line.otherwise:
        return "  otherwise"
    return "" if line.region is None or line.region.is_everywhere else f"  if {line.region}"


def abbreviations(values: Iterable[QuasiPolynomial]) -> dict[Atom, QuasiPolynomial]:
    """Name the floors of one symbol that occur so often that a name is shorter: n_K = ⌈K/64⌉."""
    values = list(values)
    text = "".join(map(factored, values))
    taken = frozenset[str]().union(*(value.names() for value in values))
    names: dict[Atom, QuasiPolynomial] = {}
    used: set[str] = set()
    for floor in sorted({a for value in values for a in value.atoms() if isinstance(a, Floor)}, key=str):
        own = floor.numerator.names()
        name = f"n_{next(iter(own))}"
        long, short = len(str(floor)), len(name)
        worth = text.count(str(floor)) * (long - short) > long + short + len("  where  = ")
        if len(own) == 1 and worth and name not in taken | used:
            names[floor] = single(name)
            used.add(name)
    return names
