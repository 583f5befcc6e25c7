"""What all pictures have in common: their size, their colours, how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from polymaestro.errors import ExportError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".pdf", ".png", ".svg")

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#999999", "#000000")
"""Okabe and Ito's, which the colour-blind tell apart."""


WIDTH, HEIGHT = 7.5, 4.8
"""Of a pair of axes with its labels, in inches."""


def axes(*, widths: Sequence[float] = (WIDTH,), height: float = HEIGHT) -> list[Axes]:
    """Give pairs of axes of some widths, in inches, side by side in one new figure."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  an optional extra
    except ImportError:
        message = "pictures need matplotlib: pip install polymaestro[plots]"
        raise ExportError(message) from None
    figure = Figure(figsize=(sum(widths), height), layout="constrained")
    return list(figure.subplots(1, len(widths), squeeze=False, width_ratios=widths)[0])


def figure_of(panel: Axes) -> Figure:
    """Give the figure that axes belong to."""
    figure: Figure = panel.figure  # type: ignore[assignment]  # no subfigures here
    return figure


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure in the format that the name ends in: .png, .svg or .pdf.

    Raises `ExportError` for another ending.

    >>> save(figure_of(axes()[0]), "picture.gif")
    Traceback (most recent call last):
    polymaestro.errors.ExportError: 'picture.gif' ends in no format of pictures: .pdf, .png, .svg
    """
    check_path(path)
    ending = Path(path).suffix.lower()
    dated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    figure.savefig(path, dpi=150, metadata=dated.get(ending))


def check_path(path: str | Path) -> None:
    """Refuse a name that ends in no format."""
    if Path(path).suffix.lower() not in FORMATS:
        message = f"{str(path)!r} ends in no format of pictures: {', '.join(FORMATS)}"
        raise ExportError(message)


def scaled(unit: str, most: float) -> tuple[str, float]:
    """Give a unit in which energies have few digits, and how many of the table's it is.

    >>> scaled("pJ", 4.2e9), scaled("pJ", 12), scaled("MAC", 3e7)
    (('mJ', 1000000000.0), ('pJ', 1.0), ('millions of a MAC', 1000000.0))
    """
    if unit != "pJ":
        return (f"millions of a {unit}", 1e6) if most >= 1e6 else (unit, 1.0)  # noqa: PLR2004  a million
    steps = (("J", 1e12), ("mJ", 1e9), ("µJ", 1e6), ("nJ", 1e3))
    return next(((name, size) for name, size in steps if most >= size), ("pJ", 1.0))
