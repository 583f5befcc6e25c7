"""Formulas by boundary and tensor, whatever kind of formula it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

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
        forms: Mapping[str, Form] = self.__dict__["forms"]
        if name in forms:
            return forms[name]
        message = f"tensor {self.__dict__['name']} has no quantity {name!r}"
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

    def __getitem__(self, tensor: str) -> FormsOfTensor[Form]:
        """Give the formulas of a tensor by its name."""
        if tensor not in self.tensors:
            message = f"no tensor {tensor!r} at {self.parent} → {self.child}"
            raise ClosedFormError(message + did_you_mean(tensor, self.tensors))
        return self.tensors[tensor]
