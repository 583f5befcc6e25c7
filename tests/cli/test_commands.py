"""Commands are imported when they are run, and the program says of each what it says itself."""

import subprocess
import sys

import pytest

from polymaestro.cli import main
from polymaestro.cli.commands import SUMMARIES


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_program_says_of_a_command_what_it_says_itself(name: str) -> None:
    command = main.commands[name]
    assert command.name == name
    assert " ".join(str(command.help).split("\n\n")[0].split()) == SUMMARIES[name]


def test_a_command_that_is_none_is_none() -> None:
    assert main.commands.get("analyse") is None


def test_help_imports_no_analysis() -> None:
    code = (
        "import sys; from polymaestro.cli import main; main(['--help'], standalone_mode=False);"
        "heavy = {'islpy', 'sympy', 'numpy', 'polymaestro.relations'};"
        "print(*sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert all(f"\n  {name}  " in done.stdout for name in SUMMARIES)
    assert done.stderr == "\n"
