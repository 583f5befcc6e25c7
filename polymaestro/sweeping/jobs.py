"""The layers of every dataflow and number of PEs reduced, in one process or several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from polymaestro.errors import HardwareError
from polymaestro.sweeping.reducing import Reduced, Refused, reduce_layers


def run(arguments: list[tuple[Any, ...]], jobs: int) -> Iterator[list[Reduced | Refused]]:
    """Reduce here, or in so many processes by joblib (its `parallel_config` chooses another backend)."""
    if jobs == 1:
        return (reduce_layers(*each) for each in arguments)
    try:
        from joblib import Parallel, delayed  # noqa: PLC0415  an optional extra
    except ImportError:
        message = "more than one process needs joblib: pip install polymaestro[sweep]"
        raise HardwareError(message) from None
    found: Iterator[list[Reduced | Refused]] = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(reduce_layers)(*each) for each in arguments
    )
    return found
