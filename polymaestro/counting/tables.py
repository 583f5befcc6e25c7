"""From movement to counts: every factor of every quantity counted, equal sets once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polymaestro.counting.engine import Count, Counter, Engine
from polymaestro.counting.summing import Sum, Summing
from polymaestro.movement import Movement, Quantity, trace
from polymaestro.relations import Relations
from polymaestro.showing import Shown

Key = tuple[int, str, str]

TOTALS = ("macs", "steps", "active")


@dataclass(frozen=True)
class BoundaryCounts:
    """The counted quantities at one boundary; each is Σ sign · ∏ counts."""

    parent: str
    child: str
    depth: int
    steps: Sum
    tensors: Mapping[str, Mapping[str, Sum]]


@dataclass(frozen=True, repr=False)
class Counts(Shown):
    """Every quantity of an analysis as a sum of products of counts; the counter remembers all of them."""

    movement: Movement
    counter: Counter
    boundaries: tuple[BoundaryCounts, ...]
    macs: Sum
    steps: Sum
    active: Sum

    def __str__(self) -> str:
        """Write every quantity as a sum of products of counts, each of these once, with its cases."""
        names: dict[int, str] = {}
        counts: list[Count] = []

        def written(total: Sum) -> str:
            for _, factors in total:
                for each in factors:
                    if id(each) not in names:
                        counts.append(each)
                        names[id(each)] = f"n{len(counts)}"
            terms = (
                f"{'-' if sign < 0 else '+'} {'·'.join(names[id(each)] for each in factors)}"
                for sign, factors in total
            )
            return " ".join(terms).removeprefix("+ ") or "0"

        totals = (("MACs", self.macs), ("steps", self.steps), ("active PEs, summed", self.active))
        lines = ["in all", *(f"  {name} = {written(total)}" for name, total in totals)]
        for boundary in self.boundaries:
            lines += ["", f"{boundary.parent} → {boundary.child}", f"  steps = {written(boundary.steps)}"]
            for tensor, sums in boundary.tensors.items():
                lines += [f"  {tensor} {key.replace('_', ' ')} = {written(s)}" for key, s in sums.items()]
        lines += ["", "where"]
        lines += [f"  {names[id(each)]} = {'; '.join(str(each).splitlines())}" for each in counts]
        return "\n".join(lines)


def count(movement: Movement, engine: Engine = "auto", counter: Counter | None = None) -> Counts:
    """Count every set of a movement, with a counter of the same context that knows some of them already.

    Raises `CountingUnavailableError` when the engine cannot count one of them exactly.
    """
    relations = movement.relations
    counter = counter or Counter(relations.context, engine)

    def made(other: Relations) -> dict[Key, Quantity]:
        return _quantities(movement if other is relations else trace(other, movement.policies))

    sums = Summing(relations, counter).of(made)
    boundaries = tuple(
        BoundaryCounts(
            each.parent,
            each.child,
            each.depth,
            sums[each.depth, "", "steps"],
            {
                tensor: {name: sums[each.depth, tensor, name] for name in quantities}
                for tensor, quantities in each.tensors.items()
            },
        )
        for each in movement.boundaries
    )
    return Counts(movement, counter, boundaries, *(sums[0, "", name] for name in TOTALS))


def _quantities(movement: Movement) -> dict[Key, Quantity]:
    """Give every quantity by the depth of its boundary (0: of the whole), its tensor and its name."""
    found: dict[Key, Quantity] = {}
    for each in movement.boundaries:
        found[each.depth, "", "steps"] = each.steps
        for tensor, quantities in each.tensors.items():
            found |= {(each.depth, tensor, name): quantity for name, quantity in quantities.items()}
    totals = zip(TOTALS, (movement.macs, movement.steps, movement.active), strict=True)
    return found | {(0, "", name): quantity for name, quantity in totals}
