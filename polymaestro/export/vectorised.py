"""Formulas on many points at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

from numpy.typing import ArrayLike

from polymaestro.counting.ties import written
from polymaestro.errors import ClosedFormError, ExportError, did_you_mean
from polymaestro.export import arrays
from polymaestro.export.arrays import Array, Evaluated, Mask
from polymaestro.export.planning import plan_of
from polymaestro.export.program import Formula, Program

Overflow = Literal["exact", "refuse"]


class Vectorised:
    """Formulas compiled for arrays; what they share is computed once for each chunk of points.

    Arrays are broadcast against each other, one per symbol; a symbol that is one number for all points
    costs nothing. Results are int64; where some number exceeds int64 the array holds Python integers
    instead (dtype object), or with ``overflow="refuse"`` a `ClosedFormError` says where. Intermediates
    may exceed int64 at will: such points are computed with Python integers, which costs time only.

    >>> import polymaestro as pm
    >>> analysis = pm.analyze(pm.conv2d(N=1, R=3, S=3), pm.dataflows.kc_p(), num_pes=256)
    >>> several = Vectorised(dict(analysis.forms.named()))
    >>> values = several(C=64, K=[4, 64, 10**18], P=56, Q=56)
    >>> values["L2.I.parent_reads"].tolist() == [
    ...     analysis["L2"]["I"].parent_reads.at(C=64, K=K, P=56, Q=56) for K in (4, 64, 10**18)]
    True
    >>> values["L2.W.parent_reads"].dtype.name, values["L2.I.occupancy"].dtype.name
    ('object', 'int64')
    """

    def __init__(
        self, forms: Mapping[str, Formula], *, overflow: Overflow = "exact", chunk: int = arrays.CHUNK
    ) -> None:
        """Take formulas by name; `chunk` points are computed at a time, which bounds the memory."""
        if overflow not in {"exact", "refuse"}:
            message = f"overflow is 'exact' or 'refuse', not {overflow!r}"
            raise ExportError(message)
        if chunk < 1:
            message = f"a chunk of {chunk} points; it must be 1 or more"
            raise ExportError(message)
        program = Program.of(forms)
        self._regions = [written(str(each), program.ties) for each in program.regions]
        self._plan = plan_of(program)
        self._refuse, self._size = overflow == "refuse", chunk

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that need an array or a number each."""
        return self._plan.symbols

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the formulas."""
        return tuple(self._plan.forms)

    def __call__(self, /, **extents: ArrayLike) -> dict[str, Array]:
        """Evaluate all formulas; raises `ClosedFormError` at a point outside the region."""
        return self.evaluate(extents)

    def evaluate(
        self, extents: Mapping[str, ArrayLike], *, only: Sequence[str] = (), check: bool = True
    ) -> dict[str, Array]:
        """Evaluate all formulas or some; without `check`, numbers outside the region mean nothing."""
        names = self._known(only)
        with self._translated():
            return arrays.evaluate(
                self._plan, extents, names, check=check, refuse=self._refuse, size=self._size
            )

    def chunks(
        self, extents: Mapping[str, ArrayLike], *, only: Sequence[str] = (), check: bool = True
    ) -> Iterator[Evaluated]:
        """Evaluate chunk by chunk of the flattened points, for sweeps that keep only a few of them."""
        names = self._known(only)
        with self._translated():
            yield from arrays.chunks(
                self._plan, extents, names, check=check, refuse=self._refuse, size=self._size
            )

    def holds(self, extents: Mapping[str, ArrayLike]) -> Mask:
        """Decide which points lie in the region of every formula."""
        with self._translated():
            return arrays.holds(self._plan, extents)

    def _known(self, only: Sequence[str]) -> tuple[str, ...]:
        for name in only:
            if name not in self._plan.forms:
                message = f"no formula {name!r}"
                raise ExportError(message + did_you_mean(name, self.names))
        return tuple(only) or self.names

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise what `arrays` refuses as an error of this library."""
        try:
            yield
        except arrays.OutsideError as error:
            message = f"{error}; they hold where {' and '.join(self._regions)}"
            raise ClosedFormError(message) from None
        except (ValueError, TypeError, arrays.TooLargeError) as error:
            raise ClosedFormError(str(error)) from None
