"""Pictures: written only when asked for; a name without a format is wrong before anything is derived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from polymaestro.cli.options import unwritable
from polymaestro.cli.tables import tell
from polymaestro.errors import ExportError
from polymaestro.plot import save
from polymaestro.plot.drawing import check_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def check_picture(path: str | None) -> None:
    """Refuse the name of a picture that ends in no format."""
    if path is not None:
        try:
            check_path(path)
        except ExportError as error:
            raise click.UsageError(str(error)) from None


def write_picture(figure: Figure, path: str) -> None:
    """Write a picture, and say so."""
    try:
        save(figure, path)
    except OSError as error:
        raise unwritable(path, error) from None
    tell(f"picture written to {path}")
