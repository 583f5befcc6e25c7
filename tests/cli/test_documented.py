"""Every command that README and the help texts show is run, in a folder that has what the checkout has."""

from __future__ import annotations

import itertools
import re
import shlex
import shutil
import textwrap
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import polymaestro as pm
from polymaestro.cli import main
from polymaestro.loopnest import LoopNest, lower

ROOT = Path(__file__).resolve().parents[2]
VERBS = "|".join(main.commands)
# Words with a few blanks between them; what stands after more says what the command is for.
COMMAND = re.compile(
    rf"^ +(?:.*[ /])?polymaestro +((?:{VERBS})(?: {{1,5}}\S+)?(?: \S+)*)(?=\s)", re.MULTILINE
)
# A formula of a user's own that is shown to be wrong: the exit status says so.
REFUTED = {"K*N"}


def commands(text: str) -> list[str]:
    """Give the arguments of each command in a text, lines that go on joined, without redirections."""
    joined = re.sub(r" +\\\n +", " ", text)
    return [found.partition(" > ")[0] for found in COMMAND.findall(joined)]


def documented() -> list[str]:
    texts = [(ROOT / "README.rst").read_text(encoding="utf-8"), str(main.epilog)]
    texts += [str(command.epilog) for command in main.commands.values()]
    return list(dict.fromkeys(found for text in texts for found in commands(text)))


OTHER_FORMATS = {"--csv", "--json", "--latex", "--export"}
# Formulas in every extent, and whole networks: half a second each and more.
SLOW = re.compile(r"derive +examples/(?!gemm)|diff |verify |prove|analyze --network|sweep |.*--hw ")


@pytest.fixture
def checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Go to a folder with the examples and proofs of the checkout; what a command writes stays there."""
    for name in ("examples", "proofs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let output go to a terminal of 80 columns."""
    monkeypatch.setattr("polymaestro.cli.tables.on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    return 80


def outputs(command: str) -> set[str]:
    """Give the names of the files that a command is told to write."""
    words = shlex.split(command)
    flags = ("--csv", "--plot", "--parquet", "--certificates")
    return {value for flag, value in itertools.pairwise(words) if flag in flags and "." in value}


@pytest.mark.parametrize(
    "command",
    [pytest.param(each, marks=[pytest.mark.slow] if SLOW.match(each) else []) for each in documented()],
)
def test_the_command_works_and_fits_the_terminal(checkout: Path, terminal: int, command: str) -> None:
    arguments = shlex.split(command)
    if arguments[0] == "prove" and "systolic-folds" not in arguments:
        arguments.append("systolic-folds")  # all statements take a minute, and have tests of their own
    for flag, package in (("--plot", "matplotlib"), ("--parquet", "pyarrow")):
        if flag in arguments:
            pytest.importorskip(package)
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == (1 if REFUTED & set(arguments) else 0), result.stderr
    assert result.stdout
    assert "error" not in result.stderr
    if not OTHER_FORMATS & set(arguments):
        assert max(map(len, result.stdout.splitlines())) <= terminal
    assert {each.name for each in checkout.iterdir()} == {"examples", "proofs"} | outputs(command)


SESSION = re.compile(r"^    \$ polymaestro ((?:.*\\\n)*.*)\n((?:    .*\n)+)", re.MULTILINE)


def test_what_the_readme_shows_is_what_comes_out(checkout: Path) -> None:
    sessions = SESSION.findall((ROOT / "README.rst").read_text(encoding="utf-8"))
    assert sessions
    for command, shown in sessions:
        result = CliRunner().invoke(main, shlex.split(command.replace("\\\n", "")))
        assert result.stdout == textwrap.dedent(shown), checkout


def test_commands_of_every_kind_are_found() -> None:
    found = documented()
    assert {each.split()[0] for each in found} == set(main.commands)
    assert "analyze examples/vgg16_kc_p.m --num-pes 256" in found
    assert commands("  .venv/bin/polymaestro check  a.m \\\n      --x 1   what for") == ["check  a.m --x 1"]
    readme = (ROOT / "README.rst").read_text(encoding="utf-8")
    assert len(commands(readme)) == len(re.findall(rf"^ .*polymaestro (?:{VERBS})\b", readme, re.MULTILINE))


@pytest.mark.parametrize("name", [*main.commands, ""])
def test_help_fits_a_terminal_of_80_columns_and_shows_its_examples(name: str) -> None:
    command = main.commands[name] if name else main
    result = CliRunner().invoke(main, [*([name] if name else []), "--help"], terminal_width=80)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    for line in click.unstyle(str(command.epilog)).replace("\b", "").splitlines():
        assert line.strip() in result.stdout


@pytest.mark.usefixtures("checkout")
def test_a_loop_nest_that_fits_the_page_is_the_same(terminal: int) -> None:
    shown = CliRunner().invoke(main, shlex.split("explain examples/vgg16_kc_p.m --layer CONV2 --num-pes 256"))
    nest = shown.stdout.partition("loop nest\n")[2].partition("who holds")[0]
    assert max(map(len, nest.splitlines())) <= terminal
    assert "".join(nest.split()) == "".join(str(_nest()).split())


def _nest() -> LoopNest:
    [layer] = pm.load(ROOT / "examples" / "vgg16_kc_p.m").named("CONV2")
    return lower(layer.operator(), layer.mapping_dataflow(), 256)


@pytest.mark.parametrize("file", ["README.rst", "proofs/README.rst"])
def test_a_line_that_is_pasted_whole_is_the_command(file: str) -> None:
    text = re.sub(r" \\\n +", " ", (ROOT / file).read_text(encoding="utf-8"))
    pasted = re.findall(r"^ +(?:\$ )?(polymaestro .*)$", text, re.MULTILINE)
    assert pasted
    found = [shlex.split(command) for command in commands(text)]
    assert all(shlex.split(line, comments=True)[1:] in found for line in pasted)
