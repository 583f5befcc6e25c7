"""Where layers come from: a file, or a published network; and a published dataflow for either."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

import polymaestro as pm
from polymaestro.cli.options import network_of
from polymaestro.errors import did_you_mean

Command = Callable[..., Any]


class Published(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic in newer click only
    """The name of something published, in either case, with _ or -; completed by the shell."""

    name = "name"

    def __init__(self, what: str, known: Iterable[str]) -> None:
        """Take the names as they are spelt in the package."""
        self.what = what
        self.known = {_plain(name): name for name in known}

    def named(self, text: str) -> str | None:
        """Give the name as the package spells it, None where it has none like that."""
        return self.known.get(_plain(text))

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Give the name as the package spells it; else the command line is wrong."""
        name = self.named(value)
        if name is None:
            self.fail(f"no {self.what} {value!r}{did_you_mean(_plain(value), self.known)}", param, ctx)
        return name

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002  as click has it
        param: click.Parameter,  # noqa: ARG002  as click has it
        incomplete: str,
    ) -> list[CompletionItem]:
        """Give the names that begin as the word on the command line does."""
        return [CompletionItem(name) for name in self.known if name.startswith(_plain(incomplete))]


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


DATAFLOWS = Published("dataflow", pm.dataflows.PUBLISHED)
NETWORKS = Published("network", pm.networks.NETWORKS)


@dataclass(frozen=True)
class Layers:
    """What the command line says of the layers; raises `click.UsageError` where that is not one thing."""

    file: str | None
    published: str | None
    as_convolutions: bool

    def __post_init__(self) -> None:
        """Refuse no layers, and layers twice."""
        if self.file is None and self.published is None:
            message = "which layers? Give FILE, or --network and --dataflow"
            raise click.UsageError(message)
        if self.file is not None and self.published is not None:
            message = "FILE and --network exclude each other"
            raise click.UsageError(message)

    def need_dataflow(self, *, is_given: bool) -> None:
        """Refuse a published network when no dataflow is given for it."""
        if self.published is not None and not is_given:
            flows = ", ".join(DATAFLOWS.known)
            message = f"a network has no dataflow of its own; give --dataflow with one of {flows}"
            raise click.UsageError(message)

    def network(self) -> pm.Network:
        """Read or make the network."""
        made = pm.networks.NETWORKS[self.published]() if self.published else self._read(str(self.file))
        return pm.networks.as_convolutions(made) if self.as_convolutions else made

    def _read(self, file: str) -> pm.Network:
        """Read a file; who gave the name of a network instead is told the option for it."""
        if NETWORKS.named(file) and not Path(file).exists():
            message = f"there is no file {file}; for the published network give --network {_plain(file)}"
            raise click.UsageError(message)
        return network_of(file)


@dataclass(frozen=True)
class Source(Layers):
    """Layers and perhaps the one dataflow that is put in each of them."""

    dataflow: str | None

    def __post_init__(self) -> None:
        """Refuse layers without a dataflow, too."""
        super().__post_init__()
        self.need_dataflow(is_given=self.dataflow is not None)

    def network(self) -> pm.Network:
        """Read or make the network, with the dataflow."""
        made = super().network()
        return made if self.dataflow is None else made.with_dataflow(pm.dataflows.PUBLISHED[self.dataflow]())


file_argument = click.argument("file", metavar="[FILE]", required=False)
network_option = click.option(
    "--network",
    type=NETWORKS,
    metavar="NAME",
    help=f"A published network, in place of a file: {', '.join(NETWORKS.known)}.",
)
dataflow_option = click.option(
    "--dataflow",
    type=DATAFLOWS,
    metavar="NAME",
    help=f"Put this published dataflow in every layer: {', '.join(DATAFLOWS.known)}.",
)
convolutions_option = click.option(
    "--as-convolutions",
    is_flag=True,
    help="Read FC, LSTM, GEMM and DSCONV layers as the convolutions that they equal, so that every "
    "published dataflow fits them.",
)


def layers_arguments(command: Command) -> Command:
    """Add FILE and what stands in its place, and give the command one `layers` for them."""

    @wraps(command)
    def run(
        *args: object, file: str | None, network: str | None, as_convolutions: bool, **rest: object
    ) -> object:
        return command(*args, layers=Layers(file, network, as_convolutions), **rest)

    return network_option(convolutions_option(file_argument(run)))


def source_arguments(command: Command) -> Command:
    """Add FILE and the options for what is published, and give the command one `source` for them."""

    @wraps(command)
    def run(
        *args: object,
        file: str | None,
        network: str | None,
        dataflow: str | None,
        as_convolutions: bool,
        **rest: object,
    ) -> object:
        return command(*args, source=Source(file, network, as_convolutions, dataflow), **rest)

    return network_option(dataflow_option(convolutions_option(file_argument(run))))
