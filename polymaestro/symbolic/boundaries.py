"""Formulas by boundary and tensor, whatever kind of formula it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, Self, TypeVar

from polymaestro.errors import ClosedFormError, did_you_mean
from polymaestro.showing import Row, Table, Tabled


class Brief(Protocol):
    """A formula that can be said in one line."""

    def brief(self) -> str:
        """Write the case of large symbols, with its condition."""
        ...


Form = TypeVar("Form", bound=Brief)


@dataclass(frozen=True, repr=False)
class FormsOfTensor(Tabled, Generic[Form]):
    """The formulas of one tensor at one boundary; each is an attribute, in elements.

    Inputs have ``fills`` and ``parent_reads``, the output ``drains``, ``parent_updates``, ``read_backs``
    and ``final_writes``; both have ``occupancy`` and ``tile_total``.
    """

    name: str
    role: str
    forms: Mapping[str, Form]

    def tables(self) -> Iterator[Table]:
        """Give each quantity in the case of large symbols."""
        yield Table((self.name, "elements"), tuple(Row(cells) for cells in self.rows()), words=2, math=True)

    def rows(self) -> Iterator[tuple[str, str]]:
        """Give the name and the formula of each quantity."""
        yield from ((name.replace("_", " "), form.brief()) for name, form in self.forms.items())

    def __getattr__(self, name: str) -> Form:
        """Give a quantity by its name."""
        forms: Mapping[str, Form] = self.__dict__.get("forms", {})  # none while a copy is made
        if name in forms:
            return forms[name]
        message = f"tensor {self.__dict__.get('name')} has no quantity {name!r}"
        raise AttributeError(message + did_you_mean(name, forms))


@dataclass(frozen=True, repr=False)
class FormsOfBoundary(Tabled, Generic[Form]):
    """The formulas of all tensors at the boundary between two memories."""

    parent: str
    child: str
    depth: int
    steps: Form
    tensors: Mapping[str, FormsOfTensor[Form]]

    def tables(self) -> Iterator[Table]:
        """Give each quantity of each tensor in the case of large symbols."""
        rows = [Row((name, *cells)) for name, each in self.tensors.items() for cells in each.rows()]
        title = f"{self.parent} → {self.child}: {self.steps.brief()} steps"
        yield Table(("tensor", "quantity", "elements"), tuple(rows), words=3, math=True, title=title)

    def named(self) -> Iterator[tuple[str, Form]]:
        """Give every formula of a tensor with its name, as in ``L2.I.parent_reads``."""
        for tensor in self.tensors.values():
            for name, form in tensor.forms.items():
                yield f"{self.parent}.{tensor.name}.{name}", form

    def mapped(self, change: Callable[[Form], Form]) -> Self:
        """Give the boundary with every formula changed."""
        tensors = {
            name: replace(tensor, forms={key: change(form) for key, form in tensor.forms.items()})
            for name, tensor in self.tensors.items()
        }
        return replace(self, steps=change(self.steps), tensors=tensors)

    def __getitem__(self, tensor: str) -> FormsOfTensor[Form]:
        """Give the formulas of a tensor by its name."""
        if tensor not in self.tensors:
            message = f"no tensor {tensor!r} at {self.parent} → {self.child}"
            raise ClosedFormError(message + did_you_mean(tensor, self.tensors))
        return self.tensors[tensor]


def boundary_below(boundaries: Sequence[FormsOfBoundary[Form]], memory: str) -> FormsOfBoundary[Form]:
    """Give a boundary by the name of its parent memory, or raise `ClosedFormError`."""
    for boundary in boundaries:
        if boundary.parent == memory:
            return boundary
    message = f"no boundary below memory {memory!r}"
    raise ClosedFormError(message + did_you_mean(memory, [boundary.parent for boundary in boundaries]))
