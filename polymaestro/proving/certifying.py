"""How each formula of an analysis is known: derived, proved, compared with the interpreter."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import islpy as isl

from polymaestro.counting import Count, Counts
from polymaestro.counting.summing import Sum
from polymaestro.dataflow import Dataflow
from polymaestro.loopnest.interpreter import interpret
from polymaestro.movement import Quantity
from polymaestro.proving.blocks import counts_all_points
from polymaestro.proving.defined import defined
from polymaestro.proving.functions import points_of
from polymaestro.proving.interpreted import counted_sets, differing, is_interpreted, small
from polymaestro.proving.largest import is_largest
from polymaestro.proving.verdicts import Certificate, Proof
from polymaestro.relations.sets import parameters, restricted
from polymaestro.symbolic import ClosedForms

MOST_MACS = 20_000

Word = Literal["proved", "sampled", "derived", "wrong"]


@dataclass(frozen=True)
class Standing:
    """How one formula is known.

    `defined`: the sets in it make up what the quantity is defined to be, from the loop nest on (`defined`).
    `counted`: each of them has its points counted right for all parameters, by the finite Ehrhart check; of a
    peak, that it is the largest tile. `samples`: at how many points the interpreter gave the same number;
    `wrong` says where it did not. `engine` names what counted the sets.
    """

    engine: str
    defined: bool
    counted: bool
    samples: int
    wrong: str = ""
    certificates: tuple[Certificate, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether the formula is shown to be what its definition says, for all parameters."""
        return self.defined and self.counted

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
        shown = [
            f"derived by {self.engine}",
            "its sets are what is defined"
            if self.defined
            else "its sets are not shown to be what is defined",
            "every one counted right for all extents"
            if self.counted
            else "not all shown to be counted right",
            f"equal to the interpreter at {self.samples} points",
        ]
        return f"{self.word}: {'; '.join(shown)}"


def standings(forms: ClosedForms, dataflow: Dataflow, samples: int) -> dict[str, Standing]:
    """Find out for each formula how it is known, under its name as in ``L2.I.parent_reads``."""
    counts = forms.counts
    checks = _Checks(counts)
    compared, wrong = _compared(forms, dataflow, samples)
    default = is_interpreted(counts.movement.policies)
    defining = {p.claim: p.verdict == "proved" for p in defined(counts.movement)} if default else {}
    found = {}
    for name, quantity, total in counted_sets(counts):
        proofs = list(checks.of(quantity, total))
        certificates = tuple({id(p.certificate): p.certificate for p in proofs if p.certificate}.values())
        counted = all(proof.verdict == "proved" for proof in proofs)
        # The largest tile is that of the sets whose sizes the total adds up.
        definition = f"{name.removesuffix('.occupancy')}.tile_total" if name.endswith(".occupancy") else name
        engine = checks.engines_of(total)
        found[name] = Standing(
            engine, defining.get(definition, False), counted, compared, wrong, certificates
        )
    return found


class _Checks:
    """The sets checked so far."""

    def __init__(self, counts: Counts) -> None:
        self.context, self.counter = counts.movement.relations.context, counts.counter
        self.sets: dict[tuple[isl.Set, Count], Proof] = {}
        self.tiles: dict[tuple[isl.Map, Count], Proof] = {}

    def of(self, quantity: Quantity, total: Sum) -> Iterator[Proof]:
        """Check every factor of a quantity."""
        for term, (_, counts) in zip(quantity.terms, total, strict=True):
            for factor, count in zip(term.factors, counts, strict=True):
                yield (self._peak if factor.kind == "peak" else self._set)(factor.relation, count)

    def _peak(self, tile: isl.Map, count: Count) -> Proof:
        if (tile, count) not in self.tiles:
            self.tiles[tile, count] = is_largest(str(tile), tile, count, self.context)
        return self.tiles[tile, count]

    def _set(self, relation: isl.Map, count: Count) -> Proof:
        domain = small(relation)
        if (domain, count) not in self.sets:
            own = restricted(self.context, parameters(domain))
            self.sets[domain, count] = counts_all_points(str(domain), domain, count, own)
        return self.sets[domain, count]

    def engines_of(self, total: Sum) -> str:
        """Name the engines that counted the sets of a quantity."""
        used = {name for _, counts in total for count in counts for name in self.counter.engines_of(count)}
        return " and ".join(sorted(used, reverse=True)) or "integer programming"


def _compared(forms: ClosedForms, dataflow: Dataflow, samples: int) -> tuple[int, str]:
    """Compare with the interpreter at small points; give how many agreed, and the first that did not."""
    nest = forms.counts.movement.relations.nest
    if not is_interpreted(forms.counts.movement.policies):
        return 0, ""
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
