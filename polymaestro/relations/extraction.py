"""From a loop nest to relations: the space-time map by axis groups, and what it covers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import islpy as isl

from polymaestro.errors import LegalityError, PolymaestroError
from polymaestro.loopnest import LoopNest
from polymaestro.relations.coverage import Coverage, coverage_of
from polymaestro.relations.groups import AxisGroup, axis_groups
from polymaestro.relations.sets import coalesced, parameters

MAX_LEGAL_PARTS = 4


@dataclass(frozen=True)
class Relations:
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
            for wrong in (each.missing, each.repeated):
                region = region.subtract(wrong.params())
        return coalesced(region)

    def __str__(self) -> str:
        """Print the space-time map group by group, and the accesses."""
        lines = [f"context: {self.context}"]
        lines += [f"θ of {group.name}: {group.space_time}" for group in self.groups]
        lines += [
            f"access {tensor.name}: [{', '.join(map(str, tensor.access))}]"
            for tensor in self.nest.operator.tensors
        ]
        return "\n".join(lines)


def extract(nest: LoopNest, assumptions: Iterable[str] = (), *, allow_illegal: bool = False) -> Relations:
    """Build the relations of a nest.

    `assumptions` are conditions on the parameters as isl reads them: ``"C mod 64 = 0"``, ``"P >= R"``.

    Raises `LegalityError` when some point is not executed exactly once, unless `allow_illegal`; when
    that depends on the parameters, the context shrinks to where the dataflow is legal.
    """
    context = _context(nest, tuple(assumptions))
    groups = axis_groups(nest, context)
    relations = Relations(nest, context, groups, tuple(coverage_of(group) for group in groups))
    if allow_illegal or not relations.problems:
        return relations
    legal = _legal_part(relations)
    groups = axis_groups(nest, legal)
    return Relations(nest, legal, groups, tuple(coverage_of(group) for group in groups))


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
        context = context.intersect(_assumed(assumption, symbols))
    if context.is_empty():
        message = f"no extents satisfy the assumptions: {', '.join(assumptions)}"
        raise PolymaestroError(message)
    return coalesced(context)


def _assumed(assumption: str, symbols: list[str]) -> isl.Set:
    """Read an assumption; ``%`` and ``==`` are accepted beside isl's own ``mod`` and ``=``."""
    text = assumption.replace("==", "=").replace("%", " mod ")
    message = f"cannot read the assumption {assumption!r}; write e.g. 'C % 64 == 0' or 'P >= R'"
    if not text.strip() or set(text) & set("{}[]:;#"):
        raise PolymaestroError(message)
    try:
        return isl.Set(f"[{', '.join(symbols)}] -> {{ : {text} }}").params()
    except isl.Error:
        raise PolymaestroError(message) from None
