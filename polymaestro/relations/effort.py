"""Effort: isl counts its steps, so what does not end is refused after so many of them.

A step is a pivot of a tableau or the like. The same set takes the same number of steps on every machine, so
what is refused does not depend on how fast that is or how busy: some millions take a second or a few.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import islpy as isl

from polymaestro.errors import CountingUnavailableError


class EffortError(CountingUnavailableError):
    """What was refused for the number of its steps; with more of them it might end."""


@contextmanager
def limited(steps: int, refusal: str) -> Iterator[None]:
    """Let isl take so many steps, then raise `EffortError`; a limit around this one stays.

    >>> with limited(10, "two points are too many"):
    ...     isl.Set("[n] -> { [i] : 0 <= i <= n < 2 }").lexmin()
    Traceback (most recent call last):
    polymaestro.relations.effort.EffortError: two points are too many
    """
    context = isl.DEFAULT_CONTEXT
    if context.get_max_operations():
        yield
        return
    context.reset_operations()
    context.set_max_operations(steps)
    spent = False
    try:
        yield
        spent = _is_spent()
    except Exception:
        # isl reports it in several ways: as such, as a syntax error in what it reads, or as nothing at all.
        spent = _is_spent()
        if not spent:
            raise
    finally:
        context.set_max_operations(0)
        context.reset_operations()
    if spent:
        raise EffortError(refusal)


def _is_spent() -> bool:
    """Whether isl has no steps left; then none of the results since can be trusted."""
    try:
        _probe().lexmin().is_empty()
    except isl.Error:
        return True
    return False


@cache
def _probe() -> isl.Set:
    """Give a set whose smallest points take some steps to find."""
    return isl.Set("[n] -> { [i] : 0 <= 2i <= n <= 4 }")
