"""What is printed: the text of tables and formulas, read back, is the formula that was derived.

A formula is a sum of products of counts with cases; what people read is text that was factored, merged,
written with ⌈ ⌉, min and max, and holds where a line above or beside it says. Here the text is read again by
the reader of ``pm.check_equation`` and compared with the sum, for all extents for which the text speaks; and
the cases of a formula together are all of its region.

Who relies on it: whoever copies a formula from a table into a paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import islpy as isl
from published import ANALYSES, derived

import polymaestro as pm
from polymaestro.counting import Count, QuasiPolynomial, region_of
from polymaestro.counting.region import EVERYWHERE
from polymaestro.proving import Proof, equal_sets, statement
from polymaestro.relations import assumed
from polymaestro.relations.sets import coalesced
from polymaestro.symbolic.closed_form import Product

TRUST = "isl; the reader of formulas and the decisions of pm.check_equation"
LABELS = {"MACs": "macs", "active PEs, summed": "active_units"}
HOLD = "the formulas below hold where "


def said(claim: str, form: pm.ClosedForm, text: str, where: list[str]) -> Proof:
    """Prove that a formula is what a text says, under conditions."""
    verdict = pm.check_equation(form, text, assuming=where)
    if verdict.equal:
        return Proof(claim, "polynomials", "proved", note=verdict.how)
    point = None if verdict.counterexample is None else dict(verdict.counterexample.point)
    return Proof(claim, "polynomials", "unknown" if point is None else "false", point, note=verdict.how)


# --- Tables ---


def rows(table: str) -> Iterator[tuple[str, str]]:
    """Give name and text of each formula in a table."""
    memory = tensor = ""
    for line in table.splitlines():
        boundary = re.fullmatch(r"(\w+) → \w+", line)
        if boundary:
            memory = boundary[1]
        elif line.startswith("policies"):
            return
        elif memory and line:
            tensor = line[2:5].strip() or tensor
            yield f"{memory}.{tensor}.{line[6:25].strip().replace(' ', '_')}", line[25:]
        elif not memory and line[:18].strip() in ("steps", *LABELS):
            label = line[:18].strip()
            yield LABELS.get(label, label), line[19:]


@statement(trusts=TRUST)
def tables_print_what_was_derived() -> Iterator[Proof]:
    """Each line of each printed table is the formula, for all extents for which the table speaks."""
    for label in ANALYSES:
        analysis = derived(label)
        table, forms = str(analysis), analysis.forms.every()
        where = next((line[len(HOLD) :] for line in table.splitlines() if line.startswith(HOLD)), "")
        found = dict(rows(table))
        for name, form in forms.items():
            if name in found:
                yield said(
                    f"{label}: {name}", form, found[name], read_floors(where).split(", ") if where else []
                )
            else:
                yield Proof(f"{label}: {name}", "polynomials", "unknown", note="not in the table")


# --- Formulas with cases ---


def read_floors(condition: str) -> str:
    """Write the floors of a condition as isl reads them."""
    while re.search("[⌈⌊]", condition):
        condition = re.sub(r"⌈([^⌈⌉⌊⌋]*)/(\d+)⌉", r"(-floor(-(\1)/\2))", condition)
        condition = re.sub(r"⌊([^⌈⌉⌊⌋]*)/(\d+)⌋", r"floor((\1)/\2)", condition)
    return condition.replace("(-floor", "(-1*floor")


@dataclass(frozen=True)
class Shown:
    """What is printed of a formula: a line for each case, and the lines of each name that stands in it."""

    lines: list[str]
    names: dict[str, list[str]]

    @staticmethod
    def of(form: pm.ClosedForm) -> Shown:
        """Take the text apart, with ⌈K/2⌉ in the place of a name for it."""
        shown, short = Shown([], {}), {}
        for line in str(form).splitlines():
            found = re.fullmatch(r"  where (\w+) = (.*)", line)
            if found is not None and found[2][0] in "⌈⌊" and "  " not in found[2]:
                short[found[1]] = found[2]
            elif found is not None:
                shown.names[found[1]] = [found[2]]
            elif line.startswith("   "):
                list(shown.names.values())[-1].append(line.strip())
            else:
                shown.lines.append(line)
        for lines in (shown.lines, *shown.names.values()):
            for name, text in short.items():
                lines[:] = [re.sub(rf"\b{name}\b", text, line) for line in lines]
        return shown


def cases(lines: Iterable[str], form: pm.ClosedForm) -> Iterator[tuple[str, list[str], isl.Set]]:
    """Give the text of each printed case, conditions under which it is said to hold, and these as a set."""
    rest = form.context
    for line in lines:
        text, _, condition = line.partition("  ")
        if condition.startswith("if "):
            ways = [each.split(", ") for each in read_floors(condition.removeprefix("if ")).split(" or ")]
        else:
            ways = [[each.isl() for each in piece] for piece in region_of(coalesced(rest)).pieces]
        for way in ways:
            here = form.context
            for each in way:
                here = here.intersect(assumed(each, form.symbols))
            rest = rest.subtract(here)
            yield text, way, here


def in_cases(claim: str, form: pm.ClosedForm, lines: Iterable[str]) -> Iterator[Proof]:
    """Prove each printed case, and that together they are all of the region."""
    covered = form.context.subtract(form.context)
    for text, way, here in cases(lines, form):
        if not here.is_empty():
            covered = covered.union(here)
            yield said(f"{claim} = {text} if {', '.join(way)}", form, text, way)
    yield equal_sets(f"{claim}: all cases", covered, form.context)


def in_names(claim: str, form: pm.ClosedForm, shown: Shown) -> Iterator[Proof]:
    """Prove that each name is a factor of the formula, and that the sum over the names is the formula."""
    alike: dict[object, list[Count]] = {}
    for count in form.counts:
        pieces = form.folded_counts[id(count)].pieces
        if len(pieces) > 1 or not pieces[0][0].is_everywhere:
            alike.setdefault(pieces, []).append(count)
    named: dict[int, Count] = {}
    for (name, lines), counts in zip(shown.names.items(), alike.values(), strict=True):
        for count in counts:
            named[id(count)] = Count(((EVERYWHERE, QuasiPolynomial.of(name)),))
            factor = replace(form, products=(Product(1, (count,)),))
            yield from in_cases(f"{claim}, {name}", factor, lines)
    products = tuple(
        Product(each.sign, tuple(named.get(id(count), count) for count in each.counts))
        for each in form.products
    )
    names = isl.Set(f"[{', '.join(shown.names)}] -> {{ : }}").params()
    whole = replace(
        form,
        products=products,
        context=form.context.intersect(names),
        symbols=(*form.symbols, *shown.names),
    )
    [total] = shown.lines
    yield said(f"{claim} = {total}", whole, total, [])


@statement(trusts=TRUST)
def cases_of_a_formula_are_the_formula() -> Iterator[Proof]:
    """A formula printed in cases is right in each, and the cases are all there are; so are those of names."""
    for label in ANALYSES:
        for name, form in derived(label).forms.every().items():
            shown = Shown.of(form)
            claim = f"{label}: {name}"
            named = in_names(claim, form, shown) if shown.names else in_cases(claim, form, shown.lines)
            yield from named
