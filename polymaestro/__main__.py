"""``python -m polymaestro`` and ``polymaestro`` are the command line."""

import sys

INTERRUPTED = 130
"""The exit status of a program that Ctrl-C has ended, as shells have it."""


def main() -> None:
    """Run a command; Ctrl-C ends it without a traceback, even before everything is imported."""
    try:
        from polymaestro.cli import main as program  # noqa: PLC0415  half a second in which one may give up

        program(prog_name="polymaestro")
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201  for the user to read
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
