"""What a person sees at a terminal, and what a pipe gets: widths, colours, interruptions, completion."""

import contextlib
import json
import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import polymaestro as pm
from polymaestro.cli import main
from polymaestro.cli.app import wants_colour
from polymaestro.cli.tables import fitted, written
from polymaestro.showing import Row, Table

ROOT = Path(__file__).resolve().parents[2]
GEMM = str(ROOT / "examples" / "gemm.m")
LONG = """Network Net {
  Layer A_layer_whose_name_takes_half_of_the_line { Type: GEMM Dimensions { M: 4000, N: 6000, K: 9000 }
    Dataflow { SpatialMap(1,1) M; TemporalMap(2,2) K; } }
  Layer B { Type: GEMM Dimensions { M: 4, N: 2, K: 6 } Dataflow { SpatialMap(1,1) M; TemporalMap(2,3) K; } } }
"""
HUGE = 10**30
ANSI = "\x1b["


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let output go to a terminal of 80 columns."""
    monkeypatch.setattr("polymaestro.cli.tables.on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    return 80


def run(*arguments: str, text: str = LONG, environment: Mapping[str, str] | None = None) -> Result:
    clean: dict[str, str | None] = {"NO_COLOR": None, "FORCE_COLOR": None, "TERM": "xterm"}
    return CliRunner(env=clean | dict(environment or {})).invoke(main, arguments, input=text)


def program(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "polymaestro", *arguments]
    return subprocess.Popen(command, text=True, stderr=subprocess.PIPE, cwd=ROOT, **options)  # noqa: S603


def numbers(text: str) -> set[int]:
    return {int(each) for each in re.findall(r"(?<![\w.])\d+(?![\w.%])", text)}


def test_a_table_that_is_too_wide_is_drawn_in_blocks_with_every_number(terminal: int) -> None:
    piped = re.sub(r"policies.*", "", run("analyze", "-", "--num-pes", "4").stdout, flags=re.DOTALL)
    drawn = click.unstyle(run("analyze", "-", "--num-pes", "4").stdout)
    assert max(map(len, drawn.splitlines())) <= terminal
    assert numbers(piped) <= numbers(drawn)
    assert 4000 * 6000 * 9000 in numbers(drawn)
    assert drawn.count("A_layer_whose_name_takes_half_of_the_line ") == 2  # in both blocks
    assert "B: the dataflow is not legal: 33.3% of the MACs (16 of 48)" in drawn


@pytest.mark.usefixtures("terminal")
def test_a_table_that_fits_is_drawn_in_one_block_with_a_line_below_its_head() -> None:
    table = Table(("name", "n"), (Row(("one", "1")), Row(("three", "3"))), title="title")
    lines = click.unstyle(written([table], "text")).splitlines()
    assert lines == ["title", "name   n", "────────", "one    1", "three  3"]
    assert written([table], "markdown") == table.markdown()


def test_a_pipe_gets_one_line_a_row_however_wide() -> None:
    lines = run("analyze", "-", "--num-pes", "4").stdout.splitlines()
    [layer, _] = [line for line in lines if "gemm" in line]
    assert len(layer) > 100
    assert layer.split()[2] == str(4000 * 6000 * 9000)


def test_long_lines_go_on_below_with_their_colours_and_all_their_words() -> None:
    line = f"  {click.style('warning', fg='yellow')}: " + " ".join(f"word{n}" for n in range(30))
    parts = fitted(line, 40).split("\n")
    assert max(len(click.unstyle(part)) for part in parts) <= 40
    assert min(len(click.unstyle(part)) for part in parts[:-1]) > 30
    assert " ".join(fitted(line, 40).split()) == " ".join(line.split())
    assert all(part.startswith("      word") for part in parts[1:])
    assert fitted(f"{'x ' * 40}\n     ^", 40) == f"{'x ' * 40}\n     ^"
    assert fitted("x" * 90, 40) == "x" * 90


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("arguments", [["--json"], ["--export", "python"], ["--latex"]])
def test_what_programs_read_is_never_broken(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    shown = run("derive", GEMM, "--num-pes", "64", *arguments).stdout
    monkeypatch.setattr("polymaestro.cli.tables.on_terminal", lambda: False)
    assert shown == run("derive", GEMM, "--num-pes", "64", *arguments).stdout
    if arguments == ["--json"]:
        assert json.loads(shown)["operator"] == "gemm"


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"NO_COLOR": "", "FORCE_COLOR": "1"}, True),
    ],
)
def test_a_pipe_is_coloured_only_where_that_is_demanded(environment: dict[str, str], coloured: bool) -> None:  # noqa: FBT001
    result = run("check", "-", "--num-pes", "4", environment=environment)
    assert (ANSI in result.stdout) == coloured
    assert (ANSI in run("analyze", GEMM, "--num-pes", "64", environment=environment).stdout) == coloured


def test_a_dumb_terminal_gets_no_colours() -> None:
    assert wants_colour({"TERM": "dumb"}) is False


def at_terminal(*arguments: str, columns: int, environment: Mapping[str, str] | None = None) -> str:
    """Give what a command writes to a terminal of so many columns."""
    master, slave = os.openpty()
    fcntl = pytest.importorskip("fcntl")  # not everywhere
    fcntl.ioctl(slave, pytest.importorskip("termios").TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    without = {"COLUMNS", "NO_COLOR", "FORCE_COLOR"}
    kept = {name: value for name, value in os.environ.items() if name not in without} | {"TERM": "xterm"}
    with program(*arguments, stdin=slave, stdout=slave, env=kept | dict(environment or {})) as started:
        os.close(slave)
        text = b"".join(read(master))
        assert started.stderr is not None
        assert started.stderr.read() == ""
    os.close(master)
    return text.decode().replace("\r\n", "\n")


def read(file: int) -> Iterable[bytes]:
    """Read a terminal until its other end is closed, which Linux calls an error."""
    with contextlib.suppress(OSError):
        while part := os.read(file, 65536):
            yield part


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_real_terminal_is_measured_and_coloured() -> None:
    text = at_terminal("analyze", GEMM, "--num-pes", "256", columns=60)
    assert ANSI in text
    assert max(map(len, click.unstyle(text).splitlines())) <= 60
    assert "──" in text
    assert {786432, 24576, 6144, 12288} <= numbers(click.unstyle(text))
    plain = at_terminal("analyze", GEMM, "--num-pes", "256", columns=60, environment={"NO_COLOR": "1"})
    assert plain == click.unstyle(text)


def test_who_reads_only_the_head_gets_no_error() -> None:
    with program("explain", GEMM, "--num-pes", "256", stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.readline()
        started.stdout.close()
        assert started.stderr.read() == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_a_full_disk_is_said_in_one_line() -> None:
    with (
        Path("/dev/full").open("w", encoding="utf-8") as full,
        program("explain", GEMM, "--num-pes", "256", stdout=full) as started,
    ):
        assert started.stderr is not None
        assert started.stderr.read().splitlines()[0] == "error: cannot write: No space left on device"
        assert started.wait() == 1


def test_an_interrupted_run_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_network: pm.Network, *_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pm.Network, "analyze", interrupted)
    result = run("analyze", GEMM, "--num-pes", "64")
    assert (result.exit_code, result.stdout, result.stderr.strip()) == (130, "", "interrupted")


def test_a_program_that_is_interrupted_while_it_is_imported_says_so() -> None:
    text = """import sys
from polymaestro.__main__ import main
class Interrupted:
    def find_spec(self, name, *rest):
        if name == "islpy":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
main()"""
    command = [sys.executable, "-c", text, "prove", "--list"]
    done = subprocess.run(command, text=True, capture_output=True, cwd=ROOT, check=False)  # noqa: S603
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


@pytest.mark.parametrize(
    ("closed", "command", "status", "said"),
    [
        (">&-", "explain examples/gemm.m --num-pes 64", 1, "error: standard output is closed\n"),
        ("<&-", "explain - --num-pes 64", 1, "error: <stdin>:1:1: standard input is closed\n"),
        ("2>&-", "explain examples/gemm.m --num-pes 64", 0, ""),
        ("2>&-", "explain missing.m --num-pes 64", 1, ""),
    ],
)
def test_a_closed_stream_gives_no_traceback(closed: str, command: str, status: int, said: str) -> None:
    line = f"{sys.executable} -m polymaestro {command} {closed}"
    done = subprocess.run(line, shell=True, text=True, capture_output=True, cwd=ROOT, check=False)  # noqa: S602
    assert (done.returncode, done.stderr) == (status, said)


def completed(*words: str) -> set[str]:
    """Give what the shell is offered for the last of the words."""
    environment = {
        "_POLYMAESTRO_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["polymaestro", *words]),
        "COMP_CWORD": str(len(words)),
    }
    result = CliRunner(env=environment).invoke(main, prog_name="polymaestro")
    return {line.split(",")[1] for line in result.stdout.splitlines()}


def test_completion_gives_commands_options_and_choices() -> None:
    assert completed("an") == {"analyze"}
    assert completed("analyze", "--num") == {"--num-pes"}
    assert completed("analyze", "--network", "res") == {"resnet50", "resnext50"}
    assert completed("sweep", "--minimize", "e") == {"energy"}
    for shell, sign in (
        ("bash", "complete -o nosort"),
        ("zsh", "#compdef polymaestro"),
        ("fish", "complete "),
    ):
        environment = {"_POLYMAESTRO_COMPLETE": f"{shell}_source"}
        assert sign in CliRunner(env=environment).invoke(main, prog_name="polymaestro").stdout


def test_extents_beyond_64_bits_are_counted_exactly() -> None:
    text = LONG.replace("4000", str(HUGE)).replace("6000", str(HUGE)).replace("9000", str(HUGE + 1))
    layer = "A_layer_whose_name_takes_half_of_the_line"
    result = run("analyze", "-", "--num-pes", "4", "--layer", layer, "--json", text=text)
    assert result.exit_code == 0, result.stderr
    [found] = json.loads(result.stdout)["layers"]
    assert found["macs"] == HUGE * HUGE * (HUGE + 1)
    assert found["steps"] == HUGE // 4 * (HUGE // 2 + 1)  # one step a fold of M and a tile of K, N whole
    operator, flow = pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(2,2) K")
    forms = pm.analyze(operator, flow, 4)["L2"]
    for name, counts in found["boundaries"][0]["tensors"].items():
        for quantity in set(counts) - {"role"}:
            exact = forms[name].forms[quantity].at(M=HUGE, N=HUGE, K=HUGE + 1)
            assert counts[quantity] == exact, (name, quantity)
    assert found["boundaries"][0]["tensors"]["Z"]["final_writes"] == HUGE * HUGE


def test_a_machine_that_is_not_there_is_looked_for_by_name() -> None:
    result = run("analyze", GEMM, "--hw", "eyeris")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        "error: 'eyeris' is no file and no machine known by name; did you mean 'eyeriss'?"
    )
