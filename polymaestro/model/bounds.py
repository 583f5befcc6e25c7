"""Lower bounds on traffic: what no dataflow can go below, and how far above it this one is.

**Compulsory traffic.** Every element that is used crosses each boundary at least once, every result too.
Assumes nothing.

**Capacity.** Let the children of one parent hold at most S words together, and let V of the MACs be
executed by them. Then what the parent reads for them and takes back from them is at least

    2·V / √(ρ·S) - 2·S        words,

with ρ = 1 for a matrix product and ρ = ∏ ⌈R / (σ / gcd(σ, δ))⌉ over the windows of a convolution. Cut the
run into segments of T = 2·S words in or out, an output counted once for each stay. In a segment at most
S + T = 3·S elements i of the input, w of the weights and o of the output are at hand. For one tap (r, s)
the MACs are a set of points with three projections, so there are at most √(i_rs · w_rs · o_rs) of them
(Loomis and Whitney 1949). An input element lies under at most ρ taps and a weight under one, so by
Cauchy and Schwarz a segment has at most √(ρ·i·w·o) ≤ √ρ · S^(3/2) MACs. Hence the number of segments.

Assumes: every MAC executed once as a multiply-add, in any order; sums of several children that add up on
the way count as one; the S words are all that the children of a parent have. Here S is what this
dataflow itself occupies: the units below one parent times the sum of their tiles. So the bound is for
dataflows that need no more room, and a buffer that is larger has a lower one.

Sources: J. Hong and H. T. Kung, "I/O complexity: the red-blue pebble game", STOC 1981 (the order of
growth); D. Irony, S. Toledo, A. Tiskin, "Communication lower bounds for distributed-memory matrix
multiplication", JPDC 2004 (the constant 1/√8); T. M. Smith, B. Lowery, J. Langou, R. van de Geijn, "A
tight I/O lower bound for matrix multiplication", 2019 (the constant 2, by segments of 2·S); X. Chen,
Y. Han, Y. Wang, "Communication lower bound in convolution accelerators", HPCA 2020 (reuse R·S/σ² by the
windows, as an order of growth).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import gcd, isqrt, prod
from typing import Generic, Protocol, TypeVar

from polymaestro.affine import Affine, ceil_div
from polymaestro.counting import Counter, QuasiPolynomial, Summing
from polymaestro.counting.summing import Sum
from polymaestro.movement import elements_used
from polymaestro.showing import Row, Shown, Table, Tabled
from polymaestro.symbolic import BoundaryForms, ClosedForm, ClosedForms, CommonCase, factored
from polymaestro.symbolic.boundaries import Brief
from polymaestro.symbolic.closed_form import Product
from polymaestro.symbolic.written import under_root
from polymaestro.workload import Operator

PRECISION = 10**12
"""Square roots are rounded in this many parts, always so that the bound gets smaller."""

TENSORS = 3


class Counted(Brief, Protocol):
    """A formula that has a number at a point."""

    def evaluate(self, point: Mapping[str, int], values: dict[int, int] | None = None, /) -> int:
        """Evaluate at a point that was checked, where `values` are given."""
        ...


Form = TypeVar("Form", bound=Counted)


@dataclass(frozen=True, repr=False)
class CapacityAt(Generic[Form]):
    """The bound 2·MACs/√(ρ·S) - 2·S·parents on the words that cross one boundary.

    `reuse` is ρ; S is `units` · the sum of `occupancies`; `parents` says how many parents share the MACs.
    """

    macs: Form
    reuse: tuple[Affine, ...]
    units: Affine
    occupancies: tuple[Form, ...]
    parents: tuple[Affine, ...]

    def capacity_at(self, point: Mapping[str, int]) -> int:
        """How many words the units below one parent hold."""
        return self.units.evaluate(point) * sum(each.evaluate(point, {}) for each in self.occupancies)

    def at(self, point: Mapping[str, int]) -> Fraction:
        """The bound in words, rounded down in the last of many digits; 0 where it says nothing."""
        capacity = self.capacity_at(point)
        square = capacity * prod(each.evaluate(point) for each in self.reuse)
        root = Fraction(isqrt(square * PRECISION**2) + 1, PRECISION)
        parents = prod(each.evaluate(point) for each in self.parents)
        return max(Fraction(0), 2 * self.macs.evaluate(point, {}) / root - 2 * capacity * parents)


@dataclass(frozen=True, repr=False)
class CapacityBound(CapacityAt[ClosedForm], Shown):
    """The bound over closed forms."""

    def __str__(self) -> str:
        """Write the bound in the case of large symbols."""
        case = CommonCase.of([self.macs, *self.occupancies], self.macs.large_point())
        tiles = sum((case.value(form) for form in self.occupancies), QuasiPolynomial.of(0))
        held = tiles * QuasiPolynomial.of(self.units)
        reuse, parents = (
            prod(map(QuasiPolynomial.of, each), start=QuasiPolynomial.of(1))
            for each in (self.reuse, self.parents)
        )
        bound = under_root(2, case.value(self.macs), reuse * held, parents * held * 2)
        return bound.text + ("" if case.region.is_everywhere else f"  if {case.region}")


@dataclass(frozen=True, repr=False)
class BoundsAt(Generic[Form]):
    """What crosses a boundary, and the bounds on it.

    Each input has the elements that are used, the output those that are made: `compulsory`. `capacity` is
    None where its assumptions do not hold; `reason` then says which.
    """

    parent: str
    child: str
    traffic: tuple[Form, ...]
    read_backs: Form
    compulsory: Mapping[str, Form]
    capacity: CapacityAt[Form] | None
    reason: str
    macs: Form

    def words_at(self, point: Mapping[str, int]) -> int:
        """The parent's reads of inputs and the updates it takes: what the bounds are about."""
        return sum(each.evaluate(point, {}) for each in self.traffic)

    def intensity_at(self, point: Mapping[str, int]) -> Fraction:
        """MACs per word that crosses, partial sums that come back included."""
        return Fraction(
            self.macs.evaluate(point, {}), self.words_at(point) + self.read_backs.evaluate(point, {})
        )

    def compulsory_at(self, point: Mapping[str, int]) -> int:
        """All elements once."""
        return sum(each.evaluate(point, {}) for each in self.compulsory.values())

    def bound_at(self, point: Mapping[str, int]) -> Fraction:
        """The larger of the bounds, in words."""
        capacity = self.capacity.at(point) if self.capacity is not None else Fraction(0)
        return max(Fraction(self.compulsory_at(point)), capacity)

    def ratio_at(self, point: Mapping[str, int]) -> Fraction:
        """How many times the larger of the bounds this dataflow moves; 1 at best."""
        return self.words_at(point) / self.bound_at(point)


@dataclass(frozen=True, repr=False)
class BoundaryBounds(BoundsAt[ClosedForm], Tabled):
    """The bounds over closed forms."""

    def tables(self) -> Iterator[Table]:
        """Give what crosses and what must cross, as formulas in the case of large symbols."""
        rows = [("words moved", _sum(self.traffic)), ("compulsory", _sum(self.compulsory.values()))]
        rows.append(("capacity", str(self.capacity) if self.capacity else f"no bound: {self.reason}"))
        title = f"{self.parent} → {self.child}"
        yield Table(("words", "formula"), tuple(map(Row, rows)), words=2, math=True, title=title)


@dataclass(frozen=True, repr=False)
class Bounds(Tabled):
    """The bounds of every boundary of an analysis."""

    forms: ClosedForms

    @cached_property
    def compulsory(self) -> Mapping[str, ClosedForm]:
        """The elements of each tensor that are used, as closed forms."""
        relations = self.forms.counts.movement.relations
        tensors = relations.nest.operator.tensors
        sums = Summing(relations, Counter(self.forms.macs.context)).of(
            lambda made: {each.name: elements_used(made, each) for each in tensors}
        )
        return {name: self._form(total) for name, total in sums.items()}

    def tables(self) -> Iterator[Table]:
        """Give the bounds boundary by boundary."""
        for boundary in self.forms.boundaries:
            yield from self[boundary.parent].tables()

    def __getitem__(self, memory: str) -> BoundaryBounds:
        """Give the bounds of the boundary below a memory."""
        boundary = self.forms[memory]
        relations = self.forms.counts.movement.relations
        operator = relations.nest.operator
        inputs = [boundary[t.name].parent_reads for t in operator.tensors if t.role == "input"]
        output = boundary[operator.output.name]
        reason = why_no_capacity_bound(operator)
        if relations.problems:
            reason = "some MACs are skipped or repeated"
        return BoundaryBounds(
            boundary.parent,
            boundary.child,
            (*inputs, output.parent_updates),
            output.read_backs,
            self.compulsory,
            None if reason else self._capacity(boundary, operator),
            reason,
            self.forms.macs,
        )

    def _capacity(self, boundary: BoundaryForms, operator: Operator) -> CapacityBound:
        units = self.forms.counts.movement.relations.nest.units
        return CapacityBound(
            self.forms.macs,
            tuple(taps_over_one_element(operator)),
            units[boundary.depth - 1].count,
            tuple(tensor.occupancy for tensor in boundary.tensors.values()),
            tuple(each.count for each in units[: boundary.depth - 1]),
        )

    def _form(self, total: Sum) -> ClosedForm:
        products = tuple(Product(sign, counts) for sign, counts in total)
        return replace(self.forms.macs, products=products)


def _sum(forms: Iterable[ClosedForm]) -> str:
    """Write a sum in the case of large symbols."""
    forms = list(forms)
    case = CommonCase.of(forms, forms[0].large_point())
    text = " + ".join(factored(case.value(form)) for form in forms)
    return text + ("" if case.region.is_everywhere else f"  if {case.region}")


def why_no_capacity_bound(operator: Operator) -> str:
    """Say which assumption of the capacity bound an operator does not meet; empty where it meets all.

    >>> from polymaestro.workload import conv2d, einsum
    >>> why_no_capacity_bound(conv2d())
    ''
    >>> why_no_capacity_bound(einsum("Z[i] += A[i,j] * B[j,k]"))
    'dimension K indexes only B'
    """
    if len(operator.tensors) != TENSORS:
        return f"{operator.name} has {len(operator.tensors)} tensors, not two inputs and an output"
    coordinates = [window.coordinate() for window in operator.windows]
    for tensor in operator.tensors:
        for index in tensor.access:
            single = len(index.terms) == 1 and index == Affine.of(next(iter(index.names())))
            if not single and index not in coordinates:
                return f"{tensor.name} is indexed by {index}"
    for dim in operator.dims:
        own = [t.name for t in operator.tensors if any(dim.variable in i.names() for i in t.access)]
        if len(own) < 2:  # noqa: PLR2004  a projection forgets what no second tensor has
            return f"dimension {dim.name} indexes only {', '.join(own) or 'nothing'}"
        direct = [t.name for t in operator.tensors if Affine.of(dim.variable) in t.access]
        if dim.name in operator.filters and (len(own) != 2 or len(direct) != 1):  # noqa: PLR2004
            return f"filter dimension {dim.name} must index one tensor by itself and one through its window"
    return ""


def taps_over_one_element(operator: Operator) -> list[Affine]:
    """Give, for each window, how many taps can lie over one element: those that differ by σ/gcd(σ, δ)."""
    return [
        ceil_div(operator.extent(window.filter), window.stride // gcd(window.stride, window.dilation))
        for window in operator.windows
    ]
