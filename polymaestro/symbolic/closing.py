"""From counts to closed forms: the formulas of an analysis, by boundary and tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import islpy as isl

from polymaestro.counting import Counts, Region, region_of
from polymaestro.counting.off_chip import OffChipCounts
from polymaestro.counting.summing import Sum
from polymaestro.counting.tables import BoundaryCounts
from polymaestro.relations import Relations
from polymaestro.relations.sets import parameters
from polymaestro.showing import Row, Table, Tabled
from polymaestro.symbolic.boundaries import FormsOfBoundary, FormsOfTensor, boundary_below
from polymaestro.symbolic.closed_form import ClosedForm, Product
from polymaestro.symbolic.narrowing import narrowed
from polymaestro.symbolic.tiles import divisibility

TensorForms = FormsOfTensor[ClosedForm]
BoundaryForms = FormsOfBoundary[ClosedForm]


@dataclass(frozen=True, repr=False)
class ClosedForms(Tabled):
    """Every formula of an analysis."""

    counts: Counts
    boundaries: tuple[BoundaryForms, ...]
    macs: ClosedForm
    steps: ClosedForm
    active: ClosedForm

    def tables(self) -> Iterator[Table]:
        """Give every formula in the case of large symbols."""
        totals = (("MACs", self.macs), ("steps", self.steps), ("active PEs, summed", self.active))
        rows = tuple(Row((name, form.brief())) for name, form in totals)
        yield Table(("in all", "count"), rows, words=2, math=True)
        for boundary in self.boundaries:
            yield from boundary.tables()

    def __getitem__(self, memory: str) -> BoundaryForms:
        """Give a boundary by the name of its parent memory.

        Raises `ClosedFormError` for an unknown memory.
        """
        return boundary_below(self.boundaries, memory)

    def named(self) -> Iterator[tuple[str, ClosedForm]]:
        """Give every formula with its name, as in ``L2.I.parent_reads``."""
        for boundary in self.boundaries:
            yield from boundary.named()

    def every(self) -> dict[str, ClosedForm]:
        """Give every formula: ``macs``, ``steps``, ``active_units``, and those of `named`."""
        return {
            "macs": self.macs,
            "steps": self.steps,
            "active_units": self.active,
            **dict(self.named()),
        }

    def assuming(self, *assumptions: str) -> ClosedForms:
        """Give all formulas on the smaller region where conditions hold, as `ClosedForm.assuming` does."""
        return self._mapped(narrowed([self.macs], assumptions).form)

    def divisible(self, *assumptions: str) -> ClosedForms:
        """Give all formulas where every tile divides, as `ClosedForm.divisible` does for one."""
        counts = {id(count): count for form in self.every().values() for count in form.counts}
        return self.assuming(*assumptions, *divisibility(counts.values()))

    def _mapped(self, change: Callable[[ClosedForm], ClosedForm]) -> ClosedForms:
        boundaries = tuple(each.mapped(change) for each in self.boundaries)
        return ClosedForms(self.counts, boundaries, *map(change, (self.macs, self.steps, self.active)))


def close(counts: Counts) -> ClosedForms:
    """Turn counts into closed forms over all the parameters, valid on the context."""
    builder = FormBuilder.of(counts.movement.relations.context)
    return ClosedForms(
        counts,
        tuple(builder.boundary(counts, each) for each in counts.boundaries),
        *map(builder.form, (counts.macs, counts.steps, counts.active)),
    )


def close_off_chip(counts: OffChipCounts, relations: Relations) -> Mapping[str, TensorForms]:
    """Turn what crosses between DRAM and L2 into closed forms, by tensor."""
    builder = FormBuilder.of(relations.context)
    return {
        name: TensorForms(name, relations.nest.operator.tensor(name).role, builder.forms(sums))
        for name, sums in counts.tensors.items()
    }


@dataclass(frozen=True)
class FormBuilder:
    """Turns sums of counts that hold in one context into closed forms."""

    context: isl.Set
    symbols: tuple[str, ...]
    region: Region

    @staticmethod
    def of(context: isl.Set) -> FormBuilder:
        """Take the parameters and the region of a context."""
        return FormBuilder(context, tuple(parameters(context)), region_of(context))

    def form(self, total: Sum) -> ClosedForm:
        """Give Σ sign · ∏ counts as a closed form."""
        products = tuple(Product(sign, counts) for sign, counts in total)
        return ClosedForm(products, self.context, self.symbols, self.region)

    def forms(self, sums: Mapping[str, Sum]) -> dict[str, ClosedForm]:
        """Give sums as closed forms, by name."""
        return {key: self.form(total) for key, total in sums.items()}

    def boundary(self, counts: Counts, each: BoundaryCounts) -> BoundaryForms:
        """Give the formulas of one boundary."""
        operator = counts.movement.relations.nest.operator
        tensors = {
            name: TensorForms(name, operator.tensor(name).role, self.forms(sums))
            for name, sums in each.tensors.items()
        }
        return BoundaryForms(each.parent, each.child, each.depth, self.form(each.steps), tensors)
