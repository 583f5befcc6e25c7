"""The commands by name: each is imported when it is run, for the whole library takes half a second."""

from __future__ import annotations

from collections import UserDict
from importlib import import_module

import click

SUMMARIES = {
    "analyze": "Count what every layer of FILE moves, computes and costs.",
    "check": "Say for every layer of FILE whether it is computed exactly once, and whether it fits.",
    "derive": "Derive the costs of a layer of FILE as formulas in its extents.",
    "diff": "Compare two dataflows on one layer, as formulas and at the layer itself.",
    "explain": "Show how a layer of FILE is read: directives, loop nest, relations, "
    "and what each number means.",
    "optimize": "Find the tiles of a layer of FILE that make a quantity smallest.",
    "prove": "Prove statements that hold for all extents, by machine.",
    "sweep": "Find the best machines and dataflows for the layers of FILE or of a network.",
    "verify": "Check a formula of your own against the exact count.",
}
"""What each command does: the first line of its own help."""


class Commands(UserDict[str, click.Command]):
    """Every command; asking for one imports it."""

    def __init__(self) -> None:
        """Know their names and what they do."""
        super().__init__({name: click.Command(name, help=summary) for name, summary in SUMMARIES.items()})
        self.summaries = click.Group(commands=dict(self.data))
        self._imported: set[str] = set()

    def __getitem__(self, name: str) -> click.Command:
        """Give the command itself."""
        if name in self.data and name not in self._imported:
            self.data[name] = getattr(import_module(f"polymaestro.cli.{name}"), name)
            self._imported.add(name)
        return self.data[name]

    def get(self, name: str, default: object = None) -> click.Command | None:  # type: ignore[override]
        """Give the command itself, or None."""
        del default
        return self[name] if name in self.data else None
