"""From a loop nest to relations: the space-time map by axis groups, and what it covers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import islpy as isl

from polymaestro.errors import LegalityError, PolymaestroError, WorkloadError
from polymaestro.loopnest import LoopNest
from polymaestro.relations.assumptions import assumed, several
from polymaestro.relations.coverage import Coverage, coverage_of, executed_again, never_executed
from polymaestro.relations.groups import AxisGroup, axis_groups
from polymaestro.relations.points import Points
from polymaestro.relations.sets import coalesced, parameters
from polymaestro.showing import Shown

MAX_LEGAL_PARTS = 4  # basic sets of a condition that can be said in words


@dataclass(frozen=True, repr=False)
class Relations(Shown):
    """The axis groups of a nest, what each covers, and what is assumed of the parameters.

    `context` holds for every number derived from here: all extents ≥ 1, and the caller's assumptions.
    """

    nest: LoopNest
    context: isl.Set
    groups: tuple[AxisGroup, ...]
    coverage: tuple[Coverage, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What keeps the dataflow from being legal; empty when every point is executed once."""
        return tuple(problem for each in self.coverage for problem in each.problems())

    @property
    def legal_on(self) -> isl.Set:
        """The parameters for which every point is executed exactly once."""
        region = self.context
        for each in self.coverage:
            region = each.exact_on(region)
        return region

    @property
    def variables(self) -> tuple[str, ...]:
        """The iteration variables in the order of the operator's dimensions."""
        return tuple(variable for variable, _ in self.nest.tiles)

    @cached_property
    def missing(self) -> Points:
        """The points of the iteration domain that are never executed."""
        return never_executed(self.coverage, self.variables)

    @cached_property
    def repeated(self) -> Points:
        """The points of the iteration domain that are executed more than once."""
        return executed_again(self.coverage, self.variables)

    def advice(self, symbols: Sequence[str]) -> str:
        """Say what to assume of symbols whose sets are too hard; without symbols, what to change."""
        if not symbols:
            return "let more tiles divide what they cut, or write fewer levels"
        filters = self.nest.operator.filter_symbols
        example = next(name for name in (*filters, *symbols) if name in symbols)
        return f"assume a bound, as in '{example} <= 7', or give a number for {', '.join(symbols)}"

    def __str__(self) -> str:
        """Print the space-time map group by group, and the accesses."""
        lines = [f"context: {self.context}"] if parameters(self.context) else []
        lines += [f"θ of {group.name}: {group.space_time}" for group in self.groups]
        lines += [
            f"access {tensor.name}: [{', '.join(map(str, tensor.access))}]"
            for tensor in self.nest.operator.tensors
        ]
        return "\n".join(lines)


def extract(
    nest: LoopNest, assumptions: str | Iterable[str] = (), *, allow_illegal: bool = False
) -> Relations:
    """Build the relations of a nest.

    `assumptions` are conditions on the parameters as isl reads them: ``"C mod 64 = 0"``, ``"P >= R"``.

    Raises `LegalityError` when some point is not executed exactly once, unless `allow_illegal`; when
    that depends on the parameters, the context shrinks to where the dataflow is legal. Raises
    `WorkloadError` when the conditions of the operator leave no point.
    """
    context = _context(nest, several(assumptions))
    groups = axis_groups(nest, context)
    _check_domain(nest, groups)
    relations = Relations(nest, context, groups, tuple(coverage_of(group) for group in groups))
    if allow_illegal or not relations.problems:
        return relations
    legal = _legal_part(relations)
    groups = axis_groups(nest, legal)
    return Relations(nest, legal, groups, tuple(coverage_of(group) for group in groups))


def _check_domain(nest: LoopNest, groups: Iterable[AxisGroup]) -> None:
    """Refuse an operator without points; conditions that contradict each other show only here."""
    if nest.operator.conditions and any(group.whole.is_empty() for group in groups):
        message = f"{nest.operator.name} has an empty domain: no point has {nest.operator.domain}"
        raise WorkloadError(message)


def _legal_part(relations: Relations) -> isl.Set:
    """Give the part of the context where the dataflow is legal; refuse an empty or a scattered one."""
    legal = relations.legal_on
    problems = "; ".join(relations.problems)
    if legal.is_empty():
        message = f"the dataflow is not legal: {problems}"
        raise LegalityError(message)
    if legal.n_basic_set() > MAX_LEGAL_PARTS:
        involved = sorted(
            {
                n
                for each in relations.coverage
                for wrong in (each.missing, each.repeated)
                if not wrong.is_empty()
                for n in parameters(wrong)
            }
        )
        message = (
            f"the dataflow is legal for some {', '.join(involved)} only: {problems}; give numbers for some"
        )
        raise LegalityError(message)
    return legal


def _context(nest: LoopNest, assumptions: tuple[str, ...]) -> isl.Set:
    symbols = sorted(nest.symbols)
    extents = [f"{dim.extent.isl()} >= 1" for dim in nest.operator.dims]
    units = [f"{each.count.isl()} >= 1" for each in nest.units]
    context = isl.Set(f"[{', '.join(symbols)}] -> {{ : {' and '.join(extents + units)} }}").params()
    for assumption in assumptions:
        context = context.intersect(assumed(assumption, symbols))
    if context.is_empty():
        message = f"no extents satisfy the assumptions: {', '.join(assumptions)}"
        raise PolymaestroError(message)
    return coalesced(context)
