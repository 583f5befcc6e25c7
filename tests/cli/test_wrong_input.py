"""Whatever is wrong with the input or the command line: one message, the right status, no traceback."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from polymaestro.cli import main

GEMM = """Network N { Layer G { Type: GEMM Dimensions { M: 4, N: 6, K: 10 } Dataflow {
  TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(5,5) K; Cluster(5); SpatialMap(1,1) K; } } }"""
WRONG = {
    "unknown-dimension": GEMM.replace("SpatialMap(1,1) M", "SpatialMap(1,1) Mm").encode(),
    "missing-brace": GEMM.replace("K: 10 }", "K: 10 ").encode(),
    "zero-size": GEMM.replace("TemporalMap(5,5)", "TemporalMap(0,5)").encode(),
    "zero-extent": GEMM.replace("M: 4", "M: 0").encode(),
    "cluster-0": GEMM.replace("Cluster(5)", "Cluster(0)").encode(),
    "unknown-type": GEMM.replace("GEMM", "GEM").encode(),
    "type-without-model": GEMM.replace("GEMM", "LSTM").encode(),
    "not-utf-8": b"\xff\xfe" + GEMM.encode("utf-16-le"),
    "empty": b"",
    "no-layers": b"Network N { }",
    "noise": bytes(range(1, 128)) * 20,
    "deep": b"Network N { Layer L { Type: GEMM Dimensions { M: " + b"(" * 10000,
    "no-dataflow": re.sub(r"Dataflow \{[^}]*\}", "", GEMM).encode(),
}


@pytest.mark.parametrize("command", ["analyze", "check", "derive", "explain"])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_files(tmp_path: Path, command: str, name: str) -> None:
    file = tmp_path / f"{name}.m"
    file.write_bytes(WRONG[name])
    result = CliRunner().invoke(main, [command, str(file), "--num-pes", "20"])
    assert result.exit_code == 1, result.exception
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("error: ") == 1
    assert command in ("analyze", "check") or not result.stdout


@pytest.mark.parametrize("command", ["analyze", "check", "derive", "explain"])
def test_files_that_cannot_be_read(tmp_path: Path, command: str) -> None:
    for file in (tmp_path, tmp_path / "missing.m"):
        result = CliRunner().invoke(main, [command, str(file), "--num-pes", "20"])
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"error: {file}:1:1: cannot read this file: ")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--num-pes", "0"],
        ["--num-pes", "many"],
        ["--num-pes", "20", "--nonsense"],
        ["--num-pes", "20", "--json", "--latex"],
        ["--hw", "-"],
    ],
)
def test_wrong_command_lines(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, ["analyze", "-", *arguments], input=GEMM)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: ")


def test_a_wrong_hardware_file(tmp_path: Path) -> None:
    file = tmp_path / "hw.m"
    for text, message in (
        ("num_pe: 4", "did you mean 'num_pes'?"),
        ("num_pes: 0", "must be"),
        ("", "missing"),
    ):
        file.write_text(text, encoding="utf-8")
        result = CliRunner().invoke(main, ["analyze", "-", "--hw", str(file)], input=GEMM)
        assert (result.exit_code, result.stdout) == (1, "")
        assert message in result.stderr


def test_a_file_with_several_layers_asks_which() -> None:
    layer = GEMM[GEMM.index("Layer") : -1]
    text = f"Network N {{ {layer} {layer.replace('Layer G', 'Layer H')} }}"
    result = CliRunner().invoke(main, ["explain", "-", "--num-pes", "20"], input=text)
    assert result.exit_code == 2
    assert "N has G, H" in result.stderr


def test_an_array_smaller_than_its_clusters() -> None:
    result = CliRunner().invoke(main, ["analyze", "-", "--num-pes", "4"], input=GEMM)
    assert result.exit_code == 1
    assert "the clusters need 5 PEs, the array has 4" in result.stdout


def program(*arguments: str, text: str = GEMM, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "polymaestro", *arguments]
    return subprocess.run(  # noqa: S603
        command, input=text, capture_output=True, check=False, encoding="utf-8", env=environment, timeout=60
    )


def test_the_program_keeps_its_streams_apart() -> None:
    fine = program("analyze", "-", "--num-pes", "20")
    assert (fine.returncode, fine.stderr) == (0, "")
    assert "\x1b" not in fine.stdout
    wrong = program("analyze", "-", "--num-pes", "20", text="Network")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "Traceback" not in wrong.stderr


def test_formulas_print_in_any_locale() -> None:
    result = program("derive", "-", "--num-pes", "20", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert "⌈K/5⌉" in result.stdout


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m polymaestro explain - --num-pes 20 | true"
    result = subprocess.run(command, shell=True, input=GEMM, capture_output=True, check=False, text=True)  # noqa: S602
    assert result.stderr == ""


def test_the_program_imports_no_algebra_to_print_numbers() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from polymaestro.cli import main;"
        "r = CliRunner().invoke(main, ['analyze', '-', '--num-pes', '20'], input=sys.argv[1]);"
        "assert r.exit_code == 0; assert not {'sympy', 'rich', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, GEMM], check=True, timeout=60)  # noqa: S603


def test_version_and_help() -> None:
    assert re.fullmatch(r"polymaestro \d+\.\d+\.\d+\n", program("--version").stdout)
    for command in ("analyze", "check", "derive", "explain"):
        assert f"polymaestro {command}" in program(command, "--help").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_colour_on_a_terminal_unless_it_is_not_wanted() -> None:
    for environment, coloured in (({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False)):
        master, slave = os.openpty()
        command = [sys.executable, "-m", "polymaestro", "explain", "-", "--num-pes", "20"]
        subprocess.run(  # noqa: S603
            command, input=GEMM.encode(), stdout=slave, check=True, env=environment, timeout=60
        )
        assert (b"\x1b[1m" in os.read(master, 100_000)) == coloured
        os.close(slave)
        os.close(master)
