"""Conservation: nothing is lost, and nothing is counted twice.

The definitions are taken literally here. With t⁻ the step before t at which the same unit was active, by
lexicographic order over all loops at once,

    New(u, t) = A(u, t) minus A(u, t⁻)        Gone(u, t) = A(u, t⁻) minus A(u, t)

and these sets are counted as they are. The library never builds them: it counts products over axis groups,
one case per loop that advances. That both give the same numbers is what makes the product form right.

Who relies on it: fills, drains, parent reads and parent updates of every analysis.
"""

from __future__ import annotations

from collections.abc import Iterator

import islpy as isl
from published import FLOWS, analysed, extents

import polymaestro as pm
from polymaestro.counting import Counter
from polymaestro.movement.steps import IN, GroupSteps
from polymaestro.proving import Function, Proof, equal, statement
from polymaestro.relations import joined
from polymaestro.workload import Tensor

TRUST = "isl, the counting engine"

SMALL = {
    "output-stationary GEMM": (
        pm.gemm(),
        "TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(1,1) K",
        4,
    ),
    "weight-stationary GEMM": (
        pm.gemm(),
        "TemporalMap(1,1) K; SpatialMap(1,1) N; TemporalMap(1,1) M",
        3,
    ),
    "GEMM in tiles of 2 × 3": (
        pm.gemm(),
        "TemporalMap(2,2) M; TemporalMap(3,3) N; SpatialMap(1,1) K",
        2,
    ),
    "two-level GEMM": (
        pm.gemm(),
        "SpatialMap(2,2) M; TemporalMap(1,1) K; Cluster(2); SpatialMap(1,1) M; TemporalMap(1,1) N",
        4,
    ),
    "rows of a 1-D convolution in space": (
        pm.einsum("O[k,p] += I[p+r] * W[k,r]", R=3),
        "TemporalMap(1,1) K; SpatialMap(1,1) P",
        2,
    ),
    "taps of a 1-D convolution in time": (
        pm.einsum("O[k,p] += I[p+r] * W[k,r]", R=3),
        "TemporalMap(2,2) P; TemporalMap(1,1) R; SpatialMap(1,1) K",
        2,
    ),
}


class Literal:
    """New and Gone of one tensor at one boundary, from the definition alone."""

    def __init__(self, analysis: pm.Analysis, depth: int, tensor: Tensor) -> None:
        """Build A(u, t) over all groups at once, and the step before each step."""
        steps = GroupSteps(joined(analysis.relations.groups), depth)
        self.context = analysis.relations.context
        self.counter = Counter(self.context)
        self.units = len(steps.units)
        self.tile = steps.tile(tensor)
        units = [f"u{i}" for i in range(self.units)]
        now = [f"t{i}" for i in range(len(steps.loops))]
        then = [f"s{i}" for i in range(len(steps.loops))]
        cases = []
        for index, (then_, now_) in enumerate(zip(then, now, strict=True)):
            same = [f"{s} = {t}" for s, t in zip(then[:index], now[:index], strict=True)]
            cases.append(" and ".join([*same, f"{then_} < {now_}"]))
        ends = f"[{', '.join(units + now)}] -> [{', '.join(units + then)}]"
        earlier = (
            isl.Map(f"{{ {ends} : {' or '.join(cases) or 'false'} }}")
            .intersect_domain(steps.active)
            .intersect_range(steps.active)
        )
        self.before = earlier.lexmax()
        held = self.before.apply_range(self.tile)
        self.new = self.tile.subtract(held)
        self.kept = self.tile.intersect(held)
        self.gone = held.subtract(self.tile)
        self.left = self.tile.intersect_domain(steps.active.subtract(self.before.range()))

    def count(self, relation: isl.Map, *, per_parent: bool = False, at_any_step: bool = False) -> Function:
        """Count (unit, step, element) triples; without the unit for what a parent sees."""
        if at_any_step:
            relation = relation.project_out(IN, self.units, relation.dim(IN) - self.units)
        if per_parent:
            relation = relation.project_out(IN, self.units - 1, 1)
        count = self.counter.count(relation.wrap().flatten())
        return Function(((1, (count,)),), self.context)


def literals() -> Iterator[tuple[str, pm.Analysis, str, Literal]]:
    """Give every tensor at every boundary of the small analyses."""
    for label, (operator, text, num_pes) in SMALL.items():
        analysis = pm.analyze(operator, pm.parse_dataflow(text), num_pes)
        for boundary in analysis.boundaries:
            for tensor in operator.tensors:
                name = f"{label}, {boundary.parent} {tensor.name}"
                yield name, analysis, boundary.parent, Literal(analysis, boundary.depth, tensor)


@statement(trusts=TRUST)
def macs_are_the_iteration_domain() -> Iterator[Proof]:
    """The MACs of all PEs are the product of the extents, for every published dataflow."""
    for name in FLOWS:
        analysis = analysed(name)
        yield equal(name, Function.of(analysis.macs), extents(analysis))


@statement(trusts=TRUST)
def what_is_used_is_new_or_kept() -> Iterator[Proof]:
    """Σ|A| = new + kept: every element of a tile arrives at that step or was held before it."""
    for name, analysis, memory, literal in literals():
        tensor = name.rsplit(" ", 1)[1]
        used = Function.of(analysis[memory][tensor].tile_total)
        yield equal(name, used, literal.count(literal.new) + literal.count(literal.kept))


@statement(trusts=TRUST)
def what_arrives_leaves() -> Iterator[Proof]:
    """Everything that units receive leaves them: new = gone + what is held at the end."""
    for name, _, _, literal in literals():
        gone = literal.count(literal.gone) + literal.count(literal.left)
        yield equal(name, literal.count(literal.new), gone)


@statement(trusts=TRUST)
def the_product_form_is_the_definition() -> Iterator[Proof]:
    """Fills and drains, parent reads and parent updates are what the definitions say, for all extents."""
    for name, analysis, memory, literal in literals():
        forms = analysis[memory][name.rsplit(" ", 1)[1]]
        if forms.role == "input":
            yield equal(f"{name} fills", Function.of(forms.fills), literal.count(literal.new))
            reads = literal.count(literal.new, per_parent=True)
            yield equal(f"{name} parent reads", Function.of(forms.parent_reads), reads)
        else:
            drained = literal.count(literal.gone) + literal.count(literal.left)
            yield equal(f"{name} drains", Function.of(forms.drains), drained)
            updates = literal.count(literal.gone, per_parent=True)
            updates += literal.count(literal.left, per_parent=True, at_any_step=True)
            yield equal(f"{name} parent updates", Function.of(forms.parent_updates), updates)
