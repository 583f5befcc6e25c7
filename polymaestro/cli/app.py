"""The program and what holds for all its commands: exit statuses, encoding, colour."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from polymaestro.__main__ import INTERRUPTED
from polymaestro.cli.commands import Commands
from polymaestro.cli.options import Failure
from polymaestro.cli.tables import on_errors
from polymaestro.errors import PolymaestroError

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro analyze examples/vgg16_kc_p.m --num-pes 256
  polymaestro analyze --network resnet50 --dataflow kc_p --num-pes 256
  polymaestro check   examples/vgg16_kc_p.m --num-pes 256
  polymaestro derive  examples/gemm.m --num-pes 256
  polymaestro explain examples/gemm.m --num-pes 256
  polymaestro prove

\b
Exit status: 0 all is well; 1 the input is wrong (the message says where and
why); 2 the command line is wrong.

\b
Completion of commands, options and names, in bash (zsh, fish alike):
  eval "$(_POLYMAESTRO_COMPLETE=bash_source polymaestro)"
"""


class Program(click.Group):
    """A group whose commands may raise any `PolymaestroError`: one message, exit status 1."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  as click has it
        """Have all commands."""
        self.known = Commands()
        super().__init__(commands=self.known, **settings)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say what each command does, without importing it."""
        self.known.summaries.format_commands(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  as click has it
        """Run the command."""
        try:
            return super().invoke(ctx)
        except PolymaestroError as error:
            raise Failure(str(error)) from None
        except click.UsageError as error:
            message = on_errors(f"Error: {error.format_message()}").removeprefix("Error: ")
            raise click.UsageError(message, error.ctx) from None
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader has seen enough, which click knows how to end
                raise
            message = f"cannot write: {error.strerror}"
            raise Failure(message) from None


@click.group(cls=Program, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="polymaestro", message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Exact costs of DNN dataflows, as numbers and as formulas.

    FILE holds layers with their dimensions and directives, in the language of the MAESTRO files; "-" is
    standard input. --network and --dataflow take published ones by name, without any file.
    """
    _stand_in()
    context.color = wants_colour(os.environ)
    # Formulas need ⌈ and ·, which the encoding of a redirected stream may lack.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    # Counts are exact at any size, and Python refuses to print more than 4300 digits by itself.
    sys.set_int_max_str_digits(0)


def _stand_in() -> None:
    """Put something in the place of closed streams: what goes to standard error is lost, results are not."""
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  open to the end
    if sys.stdout is None:
        message = "standard output is closed"
        raise Failure(message)


def wants_colour(environment: Mapping[str, str]) -> bool | None:
    """Whether colours are forbidden or demanded; None leaves it to the terminal.

    >>> [wants_colour({name: "1"}) for name in ("NO_COLOR", "FORCE_COLOR", "TERM")]
    [False, True, None]
    """
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return False if environment.get("TERM") == "dumb" else None
