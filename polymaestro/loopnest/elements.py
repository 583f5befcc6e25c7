"""The elements that boxes of iteration points touch, as plain sets: what the interpreter counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from operator import mul

from polymaestro.affine import Affine, comparison
from polymaestro.errors import WorkloadError
from polymaestro.workload.operator import Operator

Range = tuple[int, int]
"""The indices b, b+1, …, e-1 as (b, e)."""

Elements = frozenset[int]
"""Elements of one tensor, each as its row-major address."""


class Touched:
    """The elements that an access touches in boxes, at the points of the operator's domain.

    An element is its row-major address, which is affine in the loop variables: only those that the
    access or a condition uses are enumerated, and a box that came before is looked up.
    """

    def __init__(self, operator: Operator, access: tuple[Affine, ...]) -> None:
        """Work out the weight of each loop variable in the address."""
        weights = _address_weights(operator, access)
        needed = set(weights).union(*(condition.names() for condition in operator.conditions))
        used = [i for i, d in enumerate(operator.dims) if d.variable in needed]
        variables = [operator.dims[i].variable for i in used]
        self._weights = [weights.get(variable, 0) for variable in variables]
        self._conditions = [_factors(condition, variables) for condition in operator.conditions]
        self._used = used
        self._known: dict[tuple[Range, ...], Elements] = {}

    def of(self, box: tuple[Range, ...]) -> Elements:
        """Give the elements touched by the points of one box that lie in the domain."""
        ranges = tuple([box[i] for i in self._used])
        found = self._known.get(ranges)
        if found is None:
            found = self._known[ranges] = self._enumerated(ranges)
        return found

    def _enumerated(self, ranges: tuple[Range, ...]) -> Elements:
        if self._conditions:
            return frozenset(self._addresses_in_domain(ranges))
        addresses = [0]
        for (begin, end), weight in zip(ranges, self._weights, strict=True):
            addresses = [a + weight * v for a in addresses for v in range(begin, end)]
        return frozenset(addresses)

    def _addresses_in_domain(self, ranges: tuple[Range, ...]) -> Iterator[int]:
        for point in product(*(range(begin, end) for begin, end in ranges)):
            if all(constant + sum(map(mul, factors, point)) >= 0 for constant, factors in self._conditions):
                yield sum(map(mul, self._weights, point))


def _factors(condition: Affine, variables: list[str]) -> tuple[int, list[int]]:
    """Give the constant of a condition and the factor of each variable."""
    factors = dict(condition.terms)
    if not factors.keys() <= set(variables):
        message = f"the interpreter reads affine conditions only, not '{comparison(condition)}'"
        raise WorkloadError(message)
    return condition.constant, [factors.get(variable, 0) for variable in variables]


def _address_weights(operator: Operator, access: tuple[Affine, ...]) -> dict[str, int]:
    """Give the weight of each loop variable in the row-major address Σ index · pitch.

    The pitch of an axis is the number of values that the axes inside it can take together. Constants
    shift all addresses alike and are left out.
    """
    extents = {d.variable: d.extent.constant for d in operator.dims}
    weights: Counter[str] = Counter()
    pitch = 1
    for index in reversed(access):
        span = 0
        for atom, factor in index.terms:
            if not isinstance(atom, str):
                message = f"the interpreter reads affine accesses only, not '{index}'"
                raise WorkloadError(message)
            weights[atom] += factor * pitch
            span += abs(factor) * (extents[atom] - 1)
        pitch *= span + 1
    return dict(weights)
