"""What the commands have in common: the file, the layer, the array, the format of the output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import IO, Any, TypeVar

import click

import polymaestro as pm
from polymaestro.cli.tables import on_errors, tell
from polymaestro.dataflow import Layer
from polymaestro.errors import did_you_mean
from polymaestro.hardware import PRESETS
from polymaestro.policies import OPTIONS

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = {
    "json": "One JSON document.",
    "csv": "Comma-separated values, one row per layer, boundary and tensor.",
    "maestro-csv": "One row per layer under MAESTRO's column names; empty where nothing is derived.",
    "markdown": "A Markdown table.",
    "latex": "A LaTeX tabular (needs booktabs).",
    "html": "HTML with formulas as MathML.",
}

MACHINES = f"a hardware file, MAESTRO's or YAML, or one of {', '.join(PRESETS)}"
"""What --hw takes."""

layer_option = click.option(
    "--layer", metavar="NAME", help="The layer; may be left out when there is only one."
)


class Failure(click.ClickException):
    """The input is wrong: one message on standard error, exit status 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message."""
        click.echo(on_errors(f"error: {self.format_message()}"), file=file, err=True)


def unwritable(path: str, error: OSError) -> Failure:
    """Say that a file cannot be written."""
    return Failure(f"cannot write {path or 'a file without a name'}: {error.strerror}")


def array_options(command: Command) -> Command:
    """Add the options that say what the array is."""
    command = click.option(
        "--num-pes",
        type=click.IntRange(min=1),
        metavar="N",
        help="Processing elements of the array; goes before that of --hw.",
    )(command)
    return click.option("--hw", metavar="HW", help=f"The machine: {MACHINES}.")(command)


def policy_option(command: Command) -> Command:
    """Add the option that changes a policy."""
    options = "; ".join(f"{name}: {' | '.join(values)}" for name, values in OPTIONS.items() if values[1:])
    return click.option(
        "--policy",
        "changes",
        multiple=True,
        metavar="NAME=OPTION",
        help=f"Change a policy; may be repeated. {options}.",
    )(command)


def policies_of(changes: Sequence[str]) -> pm.Policies:
    """Give the policies with some changed."""
    chosen: dict[str, str] = {}
    for change in changes:
        name, _, option = change.partition("=")
        if name not in OPTIONS:
            message = f"no policy {name!r}{did_you_mean(name, OPTIONS)}"
            raise click.UsageError(message)
        if name in chosen:
            message = f"--policy {name} is given twice: {chosen[name]} and {option}"
            raise click.UsageError(message)
        chosen[name] = option
    try:
        return pm.Policies(**chosen)
    except pm.PolymaestroError as error:
        raise click.UsageError(str(error)) from None


def format_options(*names: str) -> Callable[[Command], Command]:
    """Add a flag for each format."""

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            command = click.option(f"--{name}", is_flag=True, help=FORMATS[name])(command)
        return command

    return decorate


def chosen(flags: Mapping[str, bool]) -> str:
    """Give the one format that is set, or ``text``."""
    names = [name.replace("_", "-") for name, is_set in flags.items() if is_set]
    if len(names) > 1:
        message = f"--{names[0]} and --{names[1]} exclude each other"
        raise click.UsageError(message)
    return names[0] if names else "text"


def machine(hw: str | None, num_pes: int | None, *, file: str | None) -> pm.Hardware:
    """Give the hardware of --hw, a file or a preset, with the number of PEs of --num-pes."""
    if hw is None:
        if num_pes is None:
            message = "how many PEs? Give --num-pes N or --hw HW"
            raise click.UsageError(message)
        return pm.Hardware(num_pes)
    if hw == "-" == file:
        message = "FILE and --hw cannot both be standard input"
        raise click.UsageError(message)
    hardware = pm.load_hardware(hw)
    return hardware if num_pes is None else replace(hardware, num_pes=num_pes)


def network_of(file: str) -> pm.Network:
    """Read a network that has layers."""
    network = pm.load(file)
    if not network.layers:
        message = f"network {network.name} has no layers"
        raise Failure(message)
    return network


def layer_of(network: pm.Network, name: str | None) -> Layer:
    """Give the layer of that name, the first of several, which is said; without a name, the only layer."""
    if name is not None:
        first, *others = network.named(name)
        if any(other != first for other in others):
            where = f", in {first.place.file} line {first.place.line}" if first.place else ""
            tell(f"note: {len(others) + 1} layers are called {name}; this is the first{where}")
        return first
    if len(network.layers) > 1:
        names = ", ".join(layer.name for layer in network.layers)
        message = f"which layer? Give --layer NAME. {network.name} has {names}"
        raise click.UsageError(message)
    return network.layers[0]
