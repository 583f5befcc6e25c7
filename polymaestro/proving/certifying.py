"""How each formula of an analysis is known: derived, proved, compared with the interpreter."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import islpy as isl

from polymaestro.counting import Count, barvinok
from polymaestro.dataflow import Dataflow
from polymaestro.loopnest.interpreter import interpret
from polymaestro.proving.ehrhart import counts_points
from polymaestro.proving.functions import points_of
from polymaestro.proving.interpreted import counted_sets, differing, factors_of
from polymaestro.proving.verdicts import Certificate
from polymaestro.relations.sets import parameters, restricted
from polymaestro.symbolic import ClosedForms

MOST_MACS = 20_000

Word = Literal["proved", "sampled", "derived", "wrong"]


@dataclass(frozen=True)
class Standing:
    """How one formula is known.

    `proved`: each set in it has its points counted right for all parameters, by the finite Ehrhart check.
    `samples`: at how many points the interpreter gave the same number; `wrong` says where it did not.
    """

    engine: str
    proved: bool
    samples: int
    wrong: str = ""
    certificates: tuple[Certificate, ...] = ()

    @property
    def word(self) -> Word:
        """The strongest that can be said, in a word."""
        if self.wrong:
            return "wrong"
        if self.proved:
            return "proved"
        return "sampled" if self.samples else "derived"

    def __str__(self) -> str:
        """Say it in a line."""
        if self.wrong:
            return f"wrong: {self.wrong}"
        proof = "every set counted right for all extents (Ehrhart)" if self.proved else "no proof"
        return f"{self.word}: {self.engine}; {proof}; equal to the interpreter at {self.samples} points"


def standings(forms: ClosedForms, dataflow: Dataflow, samples: int) -> dict[str, Standing]:
    """Find out for each formula how it is known, under its name as in ``L2.I.parent_reads``."""
    checks = _Checks(forms.counts.movement.relations.context)
    compared, wrong = _compared(forms, dataflow, samples)
    engine = "nested sums or barvinok" if barvinok.AVAILABLE else "nested sums"
    found = {}
    for name, quantity, total in counted_sets(forms.counts):
        whole = all(factor.kind == "count" for term in quantity.terms for factor in term.factors)
        proofs = [checks.of(*pair) for pairs in factors_of(quantity, total) for pair in pairs]
        certificates = tuple({id(c): c for _, c in proofs if c is not None}.values())
        proved = whole and all(verdict for verdict, _ in proofs)
        found[name] = Standing(engine, proved, compared, wrong, certificates)
    return found


class _Checks:
    """The sets checked so far; a set without parameters is counted."""

    def __init__(self, context: isl.Set) -> None:
        self.context = context
        self.known: dict[tuple[isl.Set, Count], tuple[bool, Certificate | None]] = {}

    def of(self, domain: isl.Set, count: Count) -> tuple[bool, Certificate | None]:
        key = (domain, count)
        if key not in self.known:
            own = restricted(self.context, parameters(domain))
            proof = counts_points(str(domain), domain, count, own)
            self.known[key] = (proof.verdict == "proved", proof.certificate)
        return self.known[key]


def _compared(forms: ClosedForms, dataflow: Dataflow, samples: int) -> tuple[int, str]:
    """Compare with the interpreter at small points; give how many agreed, and the first that did not."""
    nest = forms.counts.movement.relations.nest
    agreed = 0
    for point in itertools.islice(_small_points(forms), samples):
        seen = interpret(nest.operator, dataflow, nest.pes_at(point), point)
        wrong = differing(forms, seen, point)
        if wrong:
            return agreed, f"{wrong} at {dict(point)}"
        agreed += 1
    return agreed, ""


def _small_points(forms: ClosedForms) -> Iterator[Mapping[str, int]]:
    """Give points that the interpreter runs in some milliseconds, spread over the small ones."""
    context = forms.counts.movement.relations.context
    if not forms.macs.symbols:
        yield from [{}] if forms.macs.evaluate({}) <= MOST_MACS else []
        return
    every = list(dict.fromkeys(tuple(sorted(p.items())) for p in points_of(context)))
    for point in every[:: max(1, len(every) // 50)]:
        if forms.macs.evaluate(dict(point)) <= MOST_MACS:
            yield dict(point)
