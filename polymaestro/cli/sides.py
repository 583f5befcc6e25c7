"""The sides of a comparison: a layer of a file each, or a published dataflow on the layer of the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

import polymaestro as pm
from polymaestro.cli.options import layer_of
from polymaestro.cli.source import (
    DATAFLOWS,
    Layers,
    convolutions_option,
    dataflow_option,
    network_option,
)
from polymaestro.dataflow import Layer
from polymaestro.errors import PolymaestroError, did_you_mean

Command = Callable[..., Any]


@dataclass(frozen=True)
class Sides:
    """What is compared: files and names of dataflows, and the network whose layer the latter go onto."""

    first: str
    second: str
    network: str | None
    as_convolutions: bool

    def __post_init__(self) -> None:
        """Refuse what has no layer, and what cannot be read."""
        for side in self.both:
            self._check(side)
        if self.network is None and all(map(_dataflow, self.both)):
            message = f"{self.first} and {self.second} are both names of dataflows; one must be a file with a"
            message += " layer, or give --network"
            raise PolymaestroError(message)
        if self.both == ("-", "-"):
            message = "FIRST and SECOND cannot both be standard input"
            raise click.UsageError(message)

    def _check(self, side: str) -> None:
        looks_like_a_file = side == "-" or "." in side or Path(side).exists()
        if _dataflow(side) is None and (self.network is not None or not looks_like_a_file):
            message = f"{side!r} is no {'' if self.network else 'file and no '}published dataflow"
            raise PolymaestroError(message + did_you_mean(side, pm.dataflows.PUBLISHED))

    @property
    def both(self) -> tuple[str, str]:
        """Both sides as they were given."""
        return self.first, self.second

    @property
    def file(self) -> str | None:
        """The file that is read, standard input before others."""
        return (
            "-" if "-" in self.both else next((side for side in self.both if _dataflow(side) is None), None)
        )

    @property
    def names(self) -> tuple[str, str]:
        """Short names that differ."""
        first, second = (_dataflow(side) or Path(side).stem or side for side in self.both)
        return (first, second) if first != second else self.both

    def layers(self, name: str | None) -> tuple[Layer, Layer]:
        """Read both layers; a published dataflow goes onto the layer of the network, or of the other side."""
        own = {side: self._layer(side, name) for side in dict.fromkeys(self.both) if _dataflow(side) is None}
        shared = next(iter(own.values())) if own else self._layer(None, name)
        first, second = (own.get(side) or _with_dataflow(shared, side) for side in self.both)
        return first, second

    def _layer(self, file: str | None, name: str | None) -> Layer:
        return layer_of(Layers(file, self.network, self.as_convolutions).network(), name)


def _dataflow(side: str) -> str | None:
    """Give the name of a published dataflow; a file of that name goes before it."""
    return None if Path(side).exists() else DATAFLOWS.named(side)


def _with_dataflow(layer: Layer, side: str) -> Layer:
    return replace(layer, dataflow=pm.dataflows.PUBLISHED[str(_dataflow(side))]())


def sides_arguments(command: Command) -> Command:
    """Add FIRST and SECOND and the options for what is published, and give the command `sides` for them."""

    @wraps(command)
    def run(
        *args: object,
        sides: tuple[str, ...],
        network: str | None,
        dataflow: str | None,
        as_convolutions: bool,
        **rest: object,
    ) -> object:
        if dataflow is not None and network is None:
            message = "--dataflow goes with --network; without it, name the dataflow in place of a file"
            raise click.UsageError(message)
        both = sides if dataflow is None else (dataflow, *sides)
        if len(both) != 2:  # noqa: PLR2004  a comparison has two sides
            message = f"which two? Give FIRST and SECOND, files or dataflows; there are {len(both)} of them"
            raise click.UsageError(message)
        return command(*args, sides=Sides(*both, network, as_convolutions), **rest)

    read = network_option(dataflow_option(convolutions_option(run)))
    return click.argument("sides", nargs=-1, metavar="FIRST SECOND")(read)
