"""Formulas by boundary and tensor, whatever kind of formula it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from polymaestro.errors import ClosedFormError, did_you_mean

Form = TypeVar("Form")


@dataclass(frozen=True)
class FormsOfTensor(Generic[Form]):
    """The formulas of one tensor at one boundary; each is an attribute, in elements.

    Inputs have ``fills`` and ``parent_reads``, the output ``drains``, ``parent_updates``, ``read_backs``
    and ``final_writes``; both have ``occupancy`` and ``tile_total``.
    """

    name: str
    role: str
    forms: Mapping[str, Form]

    def __getattr__(self, name: str) -> Form:
        """Give a quantity by its name."""
        forms: Mapping[str, Form] = self.__dict__["forms"]
        if name in forms:
            return forms[name]
        message = f"tensor {self.__dict__['name']} has no quantity {name!r}"
        raise AttributeError(message + did_you_mean(name, forms))


@dataclass(frozen=True)
class FormsOfBoundary(Generic[Form]):
    """The formulas of all tensors at the boundary between two memories."""

    parent: str
    child: str
    depth: int
    steps: Form
    tensors: Mapping[str, FormsOfTensor[Form]]

    def __getitem__(self, tensor: str) -> FormsOfTensor[Form]:
        """Give the formulas of a tensor by its name."""
        if tensor not in self.tensors:
            message = f"no tensor {tensor!r} at {self.parent} → {self.child}"
            raise ClosedFormError(message + did_you_mean(tensor, self.tensors))
        return self.tensors[tensor]
