"""Sets with as many points and fewer dimensions.

Dimensions that the others determine drop out, which does not change the number of points, and a pair like
fold and unit becomes one index.
"""

from __future__ import annotations

import islpy as isl

from polymaestro.counting.reading import conditions_of
from polymaestro.counting.turns import with_turns_joined
from polymaestro.relations.sets import (
    SET,
    coalesced,
    integer,
    named,
)


def compacted(domain: isl.Set) -> isl.Set:
    """Give a set with as many points and fewer dimensions, named x0, x1 and so on."""
    domain = named(_without_determined(with_turns_joined(domain))).compute_divs()
    while True:
        mixed = _mixed_radix(domain)
        if mixed is None:
            return domain
        domain = named(mixed).compute_divs()


def _without_determined(domain: isl.Set, index: int = 0) -> isl.Set:
    """Project out each dimension, from one on, that the others determine."""
    while index < domain.dim(SET):
        if _is_determined(domain, index):
            domain = coalesced(domain.project_out(SET, index, 1))
        else:
            index += 1
    return domain


def _is_determined(domain: isl.Set, index: int) -> bool:
    """Whether the other dimensions leave one value at most to this one."""
    rest = isl.Map.from_range(domain)
    rest = rest.move_dims(isl.dim_type.in_, 0, isl.dim_type.out, 0, index)
    rest = rest.move_dims(isl.dim_type.in_, index, isl.dim_type.out, 1, domain.dim(SET) - index - 1)
    return bool(rest.is_single_valued())


def _mixed_radix(domain: isl.Set) -> isl.Set | None:
    """Join two dimensions a·f + u that one index z = a·f + u determines, as fold and unit are.

    Where bounds tell the two apart, floors of z would have to take their place; then they stay.
    """
    tried = set[tuple[str, str, int]]()
    for piece in domain.get_basic_sets():
        for condition in conditions_of(piece):
            factors = {a: f for a, f in condition.expression.terms if isinstance(a, str) and a[0] == "x"}
            for slow, factor in factors.items():
                for fast, other in factors.items():
                    if abs(factor) > 1 and abs(other) == 1 and (slow, fast, factor * other) not in tried:
                        tried.add((slow, fast, factor * other))
                        joined = _joined(domain, int(slow[1:]), int(fast[1:]), factor * other)
                        if joined is not None:
                            return joined
    return None


def _joined(domain: isl.Set, slow: int, fast: int, factor: int) -> isl.Set | None:
    size = domain.dim(SET)
    wider = domain.add_dims(SET, 1)
    space = isl.LocalSpace.from_space(wider.get_space())
    tie = isl.Constraint.equality_alloc(space)
    tie = tie.set_coefficient_val(SET, size, isl.Val(-1))
    tie = tie.set_coefficient_val(SET, slow, integer(factor))
    tie = tie.set_coefficient_val(SET, fast, isl.Val(1))
    # No dimension is determined by the others. With z beside them one of the two is, and the other where z
    # determines both; only then there are fewer than before.
    first, second = sorted((slow, fast))
    smaller = coalesced(wider.add_constraint(tie).project_out(SET, first, 1))
    if not _is_determined(smaller, second - 1):
        return None
    smaller = _without_determined(smaller, second - 1)
    return smaller if _floors(smaller) <= _floors(domain) else None


def _floors(domain: isl.Set) -> int:
    """Count the integer divisions, of which each makes the sums harder."""
    return sum(piece.dim(isl.dim_type.div) for piece in domain.compute_divs().get_basic_sets())
