"""The words of a single step, in product form: what time is made of.

At a step every unit of a parent comes from its step before in one of a few *cases*: this is its first
step, or loop l advanced. In each case the words of a tensor are a sum of products, one set per axis
group, as in `quantities`, but of this step alone:

    |⋃ New|   =  ∏ |used|  -  ∏ |held|         used: what some unit touches; held: what all that use it had
    |⋃ Gone|  =  ∏ |before|  -  ∏ |stays|      before: what some unit had; stays: what none of them gives up
    read-backs  =  |⋃ New|  -  ∏ |first|       first: what no unit of the parent touched earlier

A group sees a case as a *mode*: first, own loop j advances, or another group's loop with the first k own
loops outside it. Each set is a relation from (parent, step) of one group in one mode.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import islpy as isl

from polymaestro.loopnest import Loop
from polymaestro.movement.steps import GroupSteps
from polymaestro.policies import Policies
from polymaestro.relations.sets import coalesced
from polymaestro.workload import Operator, Tensor


class Mode(NamedTuple):
    """How one group sees a case; `loop` is its own loop j, or how many own loops are outside."""

    kind: Literal["first", "own", "other", "end"]
    loop: int = 0


FIRST, END = Mode("first"), Mode("end")


class WordTerm(NamedTuple):
    """sign · ∏ over groups of |set|: words of a tensor that cross in a direction at each step.

    `resident` tells the terms of a tensor that stays in L2 from those of one that is streamed.
    """

    tensor: str
    direction: Literal["in", "out"]
    sign: int
    kind: str
    resident: bool = False


@dataclass(frozen=True)
class Crossing:
    """The steps of all groups at one boundary, and what crosses it in each case."""

    depth: int
    groups: tuple[GroupSteps, ...]
    operator: Operator
    policies: Policies

    @property
    def cases(self) -> tuple[Loop | None, ...]:
        """None for the first step of a unit, and each loop above the boundary."""
        loops = sorted((each for g in self.groups for each in g.loops), key=lambda each: each.position)
        return (None, *loops)

    def mode(self, group: GroupSteps, case: Loop | None) -> Mode:
        """Say how a group sees a case."""
        if case is None:
            return FIRST
        own = [each.name for each in group.loops]
        if case.name in own:
            return Mode("own", own.index(case.name))
        return Mode("other", sum(each.position < case.position for each in group.loops))

    def modes(self, group: GroupSteps) -> tuple[Mode, ...]:
        """Give every mode in which some case puts a group."""
        return tuple(dict.fromkeys(self.mode(group, case) for case in self.cases))

    def terms(self, mode: Mode) -> tuple[WordTerm, ...]:
        """Give what crosses at the first step, at any other (one list for all modes), or at the end."""
        off_chip = self.depth == 0
        given = (
            _off_chip_terms(each, self.policies, mode.kind)
            if off_chip
            else _terms(each, self.policies, mode.kind)
            for each in self.operator.tensors
        )
        return tuple(term for terms in given for term in terms)

    def steps(self, group: GroupSteps, mode: Mode) -> isl.Set:
        """Give the (parent, step) of a group in a mode."""
        return group.spread(isl.Map.from_domain(_domain(group, mode))).domain()

    def relation(self, group: GroupSteps, mode: Mode, term: WordTerm) -> isl.Map:
        """Give the set of a term: from (parent, step) of a group in a mode to elements."""
        tensor = self.operator.tensor(term.tensor)
        apart = {"in": self.policies.sharing == "unicast", "out": self.policies.reduction == "none"}
        shared = not apart[term.direction] or (term.direction == "in" and tensor.role == "output")
        alike = self.policies.sharing == "identical-tiles" and tensor.role == "input"
        return coalesced(_Sets(group, mode, tensor, shared=shared, alike=alike).of(term.kind))


def _terms(tensor: Tensor, policies: Policies, when: str) -> list[WordTerm]:
    """Give the terms of a tensor between two memories on the chip."""
    name, retention = tensor.name, policies.retention
    if when == "end":
        kind = "ever" if retention == "resident" else "last"
        return [WordTerm(name, "out", 1, kind)] if tensor.role == "output" else []
    arrives = [WordTerm(name, "in", 1, "owned" if retention == "resident" else "used")]
    if retention == "one-tile" and when != "first":
        arrives.append(WordTerm(name, "in", -1, "held"))
    if tensor.role == "input":
        return arrives
    if policies.first_partial_sum_read == "elided":
        # Nothing comes back at the first step, nor to units that keep what they ever held.
        silent = when == "first" or retention == "resident"
        arrives = [] if silent else [*arrives, WordTerm(name, "in", -1, "first")]
    if when == "first" or retention == "resident":
        return arrives
    leaves = [WordTerm(name, "out", 1, "before")]
    if retention == "one-tile":
        leaves.append(WordTerm(name, "out", -1, "stays"))
    return arrives + leaves


OFF_CHIP = {each: Policies(first_partial_sum_read=each) for each in ("elided", "counted")}
"""L2 keeps one tile, or the whole tensor; of the policies only that of first reads applies to it."""


def _off_chip_terms(tensor: Tensor, policies: Policies, when: str) -> list[WordTerm]:
    """Give the terms of a tensor that is streamed through L2, and of one that is resident."""
    streamed = _terms(tensor, OFF_CHIP[policies.first_partial_sum_read], when)
    name, counted = tensor.name, policies.first_partial_sum_read == "counted"
    resident: list[WordTerm] = []
    if when == "end":
        resident = [WordTerm(name, "out", 1, "last touched", resident=True)] * (tensor.role == "output")
    else:
        if tensor.role == "input" or counted:
            resident.append(WordTerm(name, "in", 1, "first", resident=True))
        if tensor.role == "output" and when != "first":
            resident.append(WordTerm(name, "out", 1, "just touched", resident=True))
    return streamed + resident


def _domain(group: GroupSteps, mode: Mode) -> isl.Set:
    if mode.kind == "first":
        return group.first()
    if mode.kind == "end":
        return group.last()
    return _before(group, mode).domain()


def _before(group: GroupSteps, mode: Mode) -> isl.Map:
    """Relate each step in a mode to the step before."""
    return group.own_advances(mode.loop) if mode.kind == "own" else group.other_advances(mode.loop)


class _Sets:
    """The sets of one tensor in one group and mode: all units of a parent share, those alike, or none."""

    def __init__(
        self, group: GroupSteps, mode: Mode, tensor: Tensor, *, shared: bool, alike: bool = False
    ) -> None:
        self.group = group
        self.mode = mode
        self.tile = group.tile(tensor)
        self.join: Callable[[isl.Map], isl.Map] = group.spread if shared else group.apart
        if alike:
            self.join = lambda relation: group.apart(group.join_alike(relation, tensor))
        self.shared = shared

    def of(self, kind: str) -> isl.Map:
        """Give the set of a kind."""
        return KINDS[kind](self)

    def now(self) -> isl.Map:
        """Give what each unit touches at the step."""
        return self.tile.intersect_domain(_domain(self.group, self.mode))

    def then(self) -> isl.Map:
        """Give what each unit touched at the step before."""
        return coalesced(_before(self.group, self.mode).apply_range(self.tile))

    def used(self) -> isl.Map:
        """What some unit touches."""
        return self.join(self.now())

    def before(self) -> isl.Map:
        """What some unit touched at the step before."""
        return self.join(self.then())

    def held(self) -> isl.Map:
        """What all units that use it had before."""
        return self._kept(self.now(), self.then())

    def stays(self) -> isl.Map:
        """What no unit that had it gives up."""
        return self._kept(self.then(), self.now())

    def _kept(self, these: isl.Map, others: isl.Map) -> isl.Map:
        """Give what is in these, and in the others of every unit that has it in these."""
        if not (self.shared and self.group.spreads):
            return self.join(these.intersect(others))
        return self.join(these).subtract(self.join(these.subtract(others)))

    def first(self) -> isl.Map:
        """What no unit of the parent touched earlier, at the steps of the mode."""
        touched = self.group.touched(self.group.spread(self.tile), latest=False)
        steps = isl.Map.from_domain(_domain(self.group, self.mode))
        return touched.intersect_domain(self.group.spread(steps).domain())

    def owned(self) -> isl.Map:
        """What the unit itself did not touch earlier."""
        firsts = self.group.touched(self.tile, latest=False)
        return self.join(firsts.intersect_domain(_domain(self.group, self.mode)))

    def last(self) -> isl.Map:
        """What some unit touches at its last step."""
        return self.group.without_steps(self.join(self.now()))

    def ever(self) -> isl.Map:
        """What some unit touches at any step."""
        return self.group.without_steps(self.join(self.tile))

    def just_touched(self) -> isl.Map:
        """What was touched at the step before for the last time."""
        return _before(self.group, self.mode).apply_range(self.group.touched(self.tile, latest=True))

    def last_touched(self) -> isl.Map:
        """What is touched at the last step."""
        touched = self.group.touched(self.tile, latest=True)
        return self.group.without_steps(touched.intersect_domain(self.group.last()))


KINDS: Mapping[str, Callable[[_Sets], isl.Map]] = {
    "used": _Sets.used,
    "held": _Sets.held,
    "before": _Sets.before,
    "stays": _Sets.stays,
    "first": _Sets.first,
    "owned": _Sets.owned,
    "last": _Sets.last,
    "ever": _Sets.ever,
    "just touched": _Sets.just_touched,
    "last touched": _Sets.last_touched,
}
