"""A progress bar for runs that turn out to be long, on a terminal only."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

DELAY = 2.0
Part = TypeVar("Part")


class Waiting:
    """Show a bar on standard error from `DELAY` seconds on, while the body of the `with` runs."""

    def __init__(self, task: str, total: int | None = None) -> None:
        """Say what takes long, and in how many parts."""
        self.task = task
        self.total = total
        self.done = 0
        self.bar: Progress | None = None
        self.timer = threading.Timer(DELAY, self.show)
        self.timer.daemon = True

    def __enter__(self) -> Self:
        """Start to wait."""
        if sys.stderr.isatty():
            self.timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self.timer.cancel()
        if self.timer.ident is not None:
            self.timer.join()
        if self.bar is not None:
            self.bar.stop()

    def show(self) -> None:
        """Draw the bar; called by the timer."""
        from rich.console import Console  # noqa: PLC0415  only long runs pay for it
        from rich.progress import Progress  # noqa: PLC0415  only long runs need it

        self.bar = Progress(console=Console(stderr=True), transient=True)
        self.bar.add_task(self.task, total=self.total, completed=self.done)
        self.bar.start()

    def over(self, parts: Iterable[Part]) -> Iterator[Part]:
        """Pass the parts on, counting those that are done."""
        for part in parts:
            yield part
            self.done += 1
            if self.bar is not None and self.bar.tasks:
                self.bar.update(self.bar.tasks[0].id, completed=self.done)
