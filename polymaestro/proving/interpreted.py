"""A whole analysis against the interpreter, for all extents: the Ehrhart check with several groups at once.

Every quantity is a sum of products of counts, one count per axis group, so as a function of all extents it
lies in the product of the groups' function spaces. The shapes of these (cells, degrees, periods) come from
the polytopes of all sets of a group together; the values come from running the loop nest. On the product of
the groups' points the monomials have full rank, because a Kronecker product of matrices of full rank has
full rank. So formulas that agree with the interpreter there agree with it everywhere.

What is taken from the algebra is the shape only: that the quantities are sums of products over the groups
with no cells but those of their sets. A wrong count, sign, edge or floor shows as a wrong value.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import prod

import islpy as isl

from polymaestro.counting import Count, Counts
from polymaestro.counting.compacting import compacted
from polymaestro.counting.summing import Sum
from polymaestro.dataflow import Dataflow
from polymaestro.loopnest.interpreter import Observation, interpret
from polymaestro.movement import Quantity
from polymaestro.policies import Policies
from polymaestro.proving.ehrhart import cut_by, shaped
from polymaestro.proving.polytopes import Cell, NotDecidedError, Polytope, polytopes_of
from polymaestro.proving.samples import samples_of
from polymaestro.proving.verdicts import Proof
from polymaestro.relations.components import components
from polymaestro.relations.sets import coalesced, parameters, restricted, without_unused_parameters
from polymaestro.symbolic import ClosedForms

MAX_RUNS = 4000  # runs of the interpreter


def same_as_interpreted(claim: str, forms: ClosedForms, dataflow: Dataflow, num_pes: int) -> Proof:
    """Prove that every count of an analysis equals the interpreter's, for all extents.

    Peaks (occupancy) are no numbers of points: they are compared at the same points, not proved. An
    analysis with counts over several groups together, or with long periods, comes out ``unknown``.
    """
    if not is_interpreted(forms.counts.movement.policies):
        return Proof(claim, "Ehrhart", "unknown", note="the interpreter counts under the default policies")
    try:
        groups = [list(_points(group)) for group in groups_of(forms.counts)]
    except NotDecidedError as error:
        return Proof(claim, "Ehrhart", "unknown", note=str(error))
    runs = prod(len(points) for points in groups)
    if runs > MAX_RUNS:
        return Proof(claim, "Ehrhart", "unknown", note=f"{runs} runs of the interpreter")
    operator = forms.counts.movement.relations.nest.operator
    for parts in itertools.product(*groups):
        point = {name: value for part in parts for name, value in part.items()}
        seen = interpret(operator, dataflow, num_pes, point)
        wrong = differing(forms, seen, point)
        if wrong:
            return Proof(claim, "Ehrhart", "false", point, note=wrong)
    return Proof(claim, "Ehrhart", "proved", note=f"{runs} runs")


def is_interpreted(policies: Policies) -> bool:
    """Whether the interpreter counts under these policies: the defaults; overlap is a matter of time."""
    return replace(policies, overlap=Policies().overlap) == Policies()


def differing(forms: ClosedForms, seen: Observation, point: Mapping[str, int]) -> str:
    """Name a count that is not the interpreter's at a point, with both numbers; empty when all agree."""
    values: dict[int, int] = {}
    pairs = [("MACs", forms.macs, seen.macs), ("steps", forms.steps, seen.steps)]
    pairs.append(("active PEs", forms.active, seen.active))
    for boundary, observed in zip(forms.boundaries, seen.boundaries, strict=True):
        for tensor in boundary.tensors.values():
            pairs += [
                (f"{boundary.parent}.{tensor.name}.{name}", form, observed.tensors[tensor.name][name])
                for name, form in tensor.forms.items()
            ]
    for name, form, expected in pairs:
        value = form.evaluate(point, values)
        if value != expected:
            return f"{name}: {value}, the interpreter counts {expected}"
    return ""


# --- Groups: the parameters that share a set, and all sets over them ---


def counted_sets(counts: Counts) -> Iterator[tuple[str, Quantity, Sum]]:
    """Give every quantity with its sets and their counts."""
    movement = counts.movement
    for boundary, counted in zip(movement.boundaries, counts.boundaries, strict=True):
        for tensor, quantities in boundary.tensors.items():
            for name, quantity in quantities.items():
                yield f"{boundary.parent}.{tensor}.{name}", quantity, counted.tensors[tensor][name]
        yield f"{boundary.parent}.steps", boundary.steps, counted.steps
    yield "macs", movement.macs, counts.macs
    yield "steps", movement.steps, counts.steps
    yield "active", movement.active, counts.active


def factors_of(quantity: Quantity, total: Sum) -> Iterator[list[tuple[isl.Set, Count]]]:
    """Give for each product its sets, made small without changing how many points they have."""
    for term, (_, counts) in zip(quantity.terms, total, strict=True):
        yield [
            (small(factor.relation), count)
            for factor, count in zip(term.factors, counts, strict=True)
            if factor.kind == "count"
        ]


def small(relation: isl.Map) -> isl.Set:
    """Give a set with as many points as a relation, without what determines nothing."""
    return compacted(coalesced(without_unused_parameters(relation.wrap().flatten())))


class Group:
    """The parameters of one component, its cells so far, and the largest degree of a product."""

    def __init__(self, context: isl.Set) -> None:
        """Begin with the whole context and no set."""
        self.context = context
        self.polytopes: list[Polytope] = []
        self.counts: list[Count] = []
        self.degree = 0

    def cells(self) -> Iterator[Cell]:
        """Cut the context at every set and every formula of the group."""
        cells = shaped(list(dict.fromkeys(self.polytopes)), None, self.context)
        for count in dict.fromkeys(self.counts):
            cells = [part for cell in cells for part in cut_by(cell, count)]
        return (replace(cell, degree=max(cell.degree, self.degree)) for cell in cells)


def groups_of(counts: Counts) -> list[Group]:
    """Split the parameters into those that share a set, and collect the polytopes of each part."""
    context = counts.movement.relations.context
    products = [
        factors for _, quantity, total in counted_sets(counts) for factors in factors_of(quantity, total)
    ]
    together = (parameters(domain) for factors in products for domain, _ in factors)
    parts = [sorted(part) for part in components(parameters(context), together)]
    groups = {name: group for part in parts for group in [Group(restricted(context, part))] for name in part}
    for factors in products:
        degrees: dict[Group, int] = {}
        for domain, count in factors:
            names = parameters(domain)
            if names:
                group = groups[names[0]]
                polytopes = polytopes_of(domain)
                group.polytopes += polytopes
                group.counts.append(count)
                degrees[group] = degrees.get(group, 0) + max((p.degree for p in polytopes), default=0)
        for group, degree in degrees.items():
            group.degree = max(group.degree, degree)
    whole = context
    for group in dict.fromkeys(groups.values()):
        whole = whole.intersect(group.context)
    if not whole.is_subset(context):
        message = "conditions tie parameters of several groups"
        raise NotDecidedError(message)
    return list(dict.fromkeys(groups.values()))


def _points(group: Group) -> Iterable[Mapping[str, int]]:
    """Give the points that decide every function of a group's shape."""
    points = [p for cell in group.cells() for sample in samples_of(cell) for p in sample.points]
    return [dict(each) for each in dict.fromkeys(tuple(sorted(point.items())) for point in points)]
