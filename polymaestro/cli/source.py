"""Where layers come from: a file, or a published network; and a published dataflow for either."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Give the name as the package spells it."""
        if _plain(value) not in self.known:
            self.fail(f"no {self.what} {value!r}{did_you_mean(_plain(value), self.known)}", param, ctx)
        return self.known[_plain(value)]

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002  as click has it
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Give the names that begin as the word on the command line does."""
        return [CompletionItem(name) for name in self.known if name.startswith(_plain(incomplete))]


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


@dataclass(frozen=True)
class Source:
    """What the command line says of the layers; raises `click.UsageError` where that is not one thing."""

    file: str | None
    published: str | None
    dataflow: str | None
    as_convolutions: bool

    def __post_init__(self) -> None:
        """Refuse no layers, layers twice, and layers without a dataflow."""
        flows = ", ".join(map(_plain, pm.dataflows.PUBLISHED))
        rules = (
            (
                self.file is None and self.published is None,
                "which layers? Give FILE, or --network and --dataflow",
            ),
            (
                self.file is not None and self.published is not None,
                "FILE and --network exclude each other",
            ),
            (
                self.published is not None and self.dataflow is None,
                f"a network has no dataflow of its own; give --dataflow with one of {flows}",
            ),
        )
        for is_broken, message in rules:
            if is_broken:
                raise click.UsageError(message)

    def network(self) -> pm.Network:
        """Read or make the network."""
        made = pm.networks.NETWORKS[self.published]() if self.published else self._read(str(self.file))
        if self.as_convolutions:
            made = pm.networks.as_convolutions(made)
        return made if self.dataflow is None else made.with_dataflow(pm.dataflows.PUBLISHED[self.dataflow]())

    def _read(self, file: str) -> pm.Network:
        """Read a file; who gave the name of a network instead is told the option for it."""
        if _plain(file) in pm.networks.NETWORKS and not Path(file).exists():
            message = f"there is no file {file}; for the published network give --network {_plain(file)}"
            raise click.UsageError(message)
        return network_of(file)


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
        return command(*args, source=Source(file, network, dataflow, as_convolutions), **rest)

    read: Command = click.argument("file", metavar="[FILE]", required=False)(run)
    for parameter in (
        click.option(
            "--as-convolutions",
            is_flag=True,
            help="Read FC, LSTM, GEMM and DSCONV layers as the convolutions that they equal, so that every "
            "published dataflow fits them.",
        ),
        _published("dataflow", pm.dataflows.PUBLISHED, "Put this published dataflow in every layer"),
        _published("network", pm.networks.NETWORKS, "A published network, in place of FILE"),
    ):
        read = parameter(read)
    return read


def _published(what: str, known: Mapping[str, object], text: str) -> Callable[[Command], Command]:
    names = ", ".join(map(_plain, known))
    return click.option(f"--{what}", type=Published(what, known), metavar="NAME", help=f"{text}: {names}.")
