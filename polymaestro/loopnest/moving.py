"""What moves while a mapping runs, seen at one boundary, with plain Python sets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from polymaestro.loopnest.elements import Elements, Range, Touched
from polymaestro.loopnest.running import Execution, Step, Unit
from polymaestro.workload.operator import Operator, Tensor

END: Step = ((-1,),)
"""The key of what leaves after the last step; no step has a negative index."""

Steps = dict[Step, list[tuple[Range, ...]]]
"""The boxes that one unit executed during each of its active steps, in the order of time."""

History = dict[Unit, list[tuple[Step, Elements]]]
"""A_F(u, t): for each unit its tiles of one tensor, in the order of the steps at which it was active."""

Moves = dict[Step, list[Elements]]
"""What the units under one parent receive or give up, step by step; END comes after the last."""


def work_of(runs: Iterable[Execution], units: int, loops: int) -> dict[Unit, Steps]:
    """Gather the boxes by the units of the first `units` levels and the steps of the first `loops` levels."""
    work: defaultdict[Unit, Steps] = defaultdict(lambda: defaultdict(list))
    for unit, step, box in runs:
        work[unit[:units]][step[:loops]].append(box)
    return work


def families_of(operator: Operator, tensor: Tensor, work: dict[Unit, Steps]) -> dict[Unit, History]:
    """Give for each parent the tiles of one tensor that its units hold, step by step."""
    touched = Touched(operator, tensor.access)
    families: defaultdict[Unit, History] = defaultdict(dict)
    for unit, steps in work.items():
        tiles = [(step, union([touched.of(box) for box in boxes])) for step, boxes in steps.items()]
        families[unit[:-1]][unit] = tiles
    return families


def counts_of(operator: Operator, tensor: Tensor, work: dict[Unit, Steps]) -> dict[str, int]:
    """Count what one tensor moves, one parent and the units under it at a time."""
    families = families_of(operator, tensor, work)
    sizes = [len(tile) for family in families.values() for tiles in family.values() for _, tile in tiles]
    moves = _input_moves if tensor.role == "input" else _output_moves
    counts = Counter(tile_total=sum(sizes))
    for family in families.values() or [History()]:
        counts.update(moves(family))
    return {"occupancy": max(sizes, default=0), **counts}


def _input_moves(family: History) -> dict[str, int]:
    """Fills and parent reads of the units under one parent.

    fills        = Σ over u, t of |New(u, t)|
    parent_reads = Σ over t of |⋃ over u of New(u, t)|
    """
    new, _ = changes(family)
    return {"fills": _total(new), "parent_reads": _shared_total(new)}


def _output_moves(family: History) -> dict[str, int]:
    """Drains, parent updates, read-backs and final writes of the units under one parent.

    drains         = Σ over u, t and the end of |Gone(u, t)|
    parent_updates = Σ over t and the end of |⋃ over u of Gone(u, t)|
    read_backs     = Σ over t of |⋃ over u of New(u, t), as far as some unit drained it at a step ≤ t|
    final_writes   = |everything drained|
    """
    new, gone = changes(family)
    drained: set[int] = set()
    read_backs = 0
    for step in sorted(new):
        drained |= union(gone.get(step, []))
        read_backs += len(drained & union(new[step]))
    drained |= union(gone[END])
    return {
        "drains": _total(gone),
        "parent_updates": _shared_total(gone),
        "read_backs": read_backs,
        "final_writes": len(drained),
    }


def changes(family: History) -> tuple[Moves, Moves]:
    """Compare each tile with the one that the unit held before, of its last active step t⁻.

    New(u, t) = A(u, t) minus A(u, t⁻), all of it at first; Gone(u, t) = A(u, t⁻) minus A(u, t).
    """
    new: Moves = defaultdict(list)
    gone: Moves = defaultdict(list)
    for tiles in family.values():
        held: Elements = frozenset()
        for step, elements in tiles:
            if elements is not held:
                new[step].append(elements - held)
                gone[step].append(held - elements)
            held = elements
        gone[END].append(held)
    return new, gone


def _total(moves: Moves) -> int:
    return sum(len(elements) for sets in moves.values() for elements in sets)


def _shared_total(moves: Moves) -> int:
    return sum(len(union(sets)) for sets in moves.values())


def union(sets: list[Elements]) -> Elements:
    """Give the elements of any of the sets."""
    return sets[0] if len(sets) == 1 else frozenset().union(*sets)
