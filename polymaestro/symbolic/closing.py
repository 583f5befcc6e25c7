"""From counts to closed forms: the formulas of an analysis, by boundary and tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import islpy as isl

from polymaestro.counting import Counts, Region, region_of
from polymaestro.counting.off_chip import OffChipCounts
from polymaestro.counting.tables import BoundaryCounts, Sum
from polymaestro.errors import ClosedFormError, did_you_mean
from polymaestro.relations import Relations
from polymaestro.relations.sets import parameters, sample_of
from polymaestro.symbolic.closed_form import ClosedForm, Product


@dataclass(frozen=True)
class TensorForms:
    """The formulas of one tensor at one boundary; each is an attribute, in elements.

    Inputs have ``fills`` and ``parent_reads``, the output ``drains``, ``parent_updates``, ``read_backs``
    and ``final_writes``; both have ``occupancy`` and ``tile_total``.
    """

    name: str
    role: str
    forms: Mapping[str, ClosedForm]

    def __getattr__(self, name: str) -> ClosedForm:
        """Give a quantity by its name."""
        forms: Mapping[str, ClosedForm] = self.__dict__["forms"]
        if name in forms:
            return forms[name]
        message = f"tensor {self.__dict__['name']} has no quantity {name!r}"
        raise AttributeError(message + did_you_mean(name, forms))


@dataclass(frozen=True)
class BoundaryForms:
    """The formulas of all tensors at the boundary between two memories."""

    parent: str
    child: str
    depth: int
    steps: ClosedForm
    tensors: Mapping[str, TensorForms]

    def __getitem__(self, tensor: str) -> TensorForms:
        """Give the formulas of a tensor by its name."""
        if tensor not in self.tensors:
            message = f"no tensor {tensor!r} at {self.parent} → {self.child}"
            raise ClosedFormError(message + did_you_mean(tensor, self.tensors))
        return self.tensors[tensor]


@dataclass(frozen=True)
class ClosedForms:
    """Every formula of an analysis."""

    counts: Counts
    boundaries: tuple[BoundaryForms, ...]
    macs: ClosedForm
    steps: ClosedForm
    active: ClosedForm

    def __getitem__(self, memory: str) -> BoundaryForms:
        """Give a boundary by the name of its parent memory."""
        for boundary in self.boundaries:
            if boundary.parent == memory:
                return boundary
        known = [boundary.parent for boundary in self.boundaries]
        message = f"no boundary below memory {memory!r}"
        raise ClosedFormError(message + did_you_mean(memory, known))

    def named(self) -> Iterator[tuple[str, ClosedForm]]:
        """Give every formula with its name, as in ``L2.I.parent_reads``."""
        for boundary in self.boundaries:
            for tensor in boundary.tensors.values():
                for name, form in tensor.forms.items():
                    yield f"{boundary.parent}.{tensor.name}.{name}", form

    def sample(self) -> dict[str, int]:
        """Give some point of the region on which the formulas hold."""
        return sample_of(self.counts.movement.relations.context)


def close(counts: Counts) -> ClosedForms:
    """Turn counts into closed forms over all the parameters, valid on the context."""
    context = counts.movement.relations.context
    symbols = tuple(parameters(context))
    builder = _Builder(context, symbols, region_of(context))
    return ClosedForms(
        counts,
        tuple(builder.boundary(counts, each) for each in counts.boundaries),
        *map(builder.form, (counts.macs, counts.steps, counts.active)),
    )


def close_off_chip(counts: OffChipCounts, relations: Relations) -> Mapping[str, TensorForms]:
    """Turn what crosses between DRAM and L2 into closed forms, by tensor."""
    context = relations.context
    builder = _Builder(context, tuple(parameters(context)), region_of(context))
    return {
        name: TensorForms(name, relations.nest.operator.tensor(name).role, builder.forms(sums))
        for name, sums in counts.tensors.items()
    }


@dataclass(frozen=True)
class _Builder:
    context: isl.Set
    symbols: tuple[str, ...]
    region: Region

    def form(self, total: Sum) -> ClosedForm:
        products = tuple(Product(sign, counts) for sign, counts in total)
        return ClosedForm(products, self.context, self.symbols, self.region)

    def forms(self, sums: Mapping[str, Sum]) -> dict[str, ClosedForm]:
        return {key: self.form(total) for key, total in sums.items()}

    def boundary(self, counts: Counts, each: BoundaryCounts) -> BoundaryForms:
        operator = counts.movement.relations.nest.operator
        tensors = {
            name: TensorForms(name, operator.tensor(name).role, self.forms(sums))
            for name, sums in each.tensors.items()
        }
        return BoundaryForms(each.parent, each.child, each.depth, self.form(each.steps), tensors)
