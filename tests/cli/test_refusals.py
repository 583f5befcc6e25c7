"""Every command, given what it cannot take: one message that names it, the right status, nothing else."""

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from polymaestro.cli import main

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "empty.m": "",
    "prose.m": "hello world",
    "gap.m": """Network Gap { Layer A { Type: GEMM Dimensions { M: 4, N: 2, K: 6 }
      Dataflow { SpatialMap(1,1) M; TemporalMap(2,3) K; } } }""",
    "huge.m": """Network H { Layer A { Type: GEMM
      Dimensions { M: 1000000000000000000, N: 1000036000099, K: 1 }
      Dataflow { SpatialMap(1,1) M; TemporalMap(1,1) N; } } }""",
    "symbol.m": """Network S { Layer A { Type: GEMM Dimensions { M: M, N: 2, K: 6 }
      Dataflow { SpatialMap(1,1) M; } } }""",
    "shadow.m": """Network T { Layer A { Type: GEMM Dimensions { M: 8, N: 2, K: 6 }
      Dataflow { SpatialMap(1,1) M; TemporalMap(K,K) K; } }
      Layer B { Type: GEMM Dimensions { M: 9, N: 2, K: 6 } } }""",
    "hash.m": "# a comment\nNetwork N { }",
    "bare.m": "Network B { Layer A { Type: GEMM Dimensions { M: 4, N: 2, K: 6 } } }",
    "empty.yaml": "",
    "open.yaml": "num_pes: [1\n  x: {",
    "list.yaml": "- 1\n- 2\n",
    "octal.yaml": "num_pes: 0100\n",
    "exponent.yaml": "num_pes: 64\nnoc_bw: 1e3\n",
    "field.yaml": "num_pes: 256\nfoo: 1\n",
}
CASES = {
    1: (
        ("analyze missing.m --num-pes 4", "missing.m"),
        ("check folder --num-pes 4", "folder"),
        ("derive empty.m --num-pes 4", "found the end of the text"),
        ("explain prose.m --num-pes 4", "unknown word 'hello'"),
        ("sweep missing.m --num-pes 4", "missing.m"),
        ("diff missing.m KC-P --num-pes 4", "missing.m"),
        ("verify missing.m --num-pes 4 --quantity macs --formula K", "missing.m"),
        ("analyze symbol.m --num-pes 4", "symbols for extents (M)"),
        ("analyze gap.m --num-pes 4", "33.3% of the MACs (16 of 48) are never executed"),
        ("check gap.m --num-pes 4", "layer A is wrong"),
        ("derive gap.m --num-pes 4 --keep K", "never executed"),
        ("analyze gemm.m --num-pes 4", "the clusters need 8 PEs, the array has 4"),
        ("analyze gemm.m --hw nonsuch", "no machine known by name"),
        ("analyze gemm.m --hw folder", "folder"),
        ("analyze gemm.m --hw empty.yaml", "num_pes is missing"),
        ("analyze gemm.m --hw open.yaml", "open.yaml:2:"),
        ("analyze gemm.m --hw list.yaml", "expected the fields of a machine"),
        ("check gemm.m --hw field.yaml", "no field 'foo'"),
        ("analyze gemm.m --hw octal.yaml", "num_pes is 0100, no decimal number to YAML; write its digits"),
        ("analyze gemm.m --hw exponent.yaml", "exponent.yaml:2:9: noc_bw is 1e3, no decimal number"),
        ("sweep gemm.m --hw gemm.m", "unknown hardware key 'Constant'"),
        ("analyze gemm.m --num-pes 256 --layer Prodct", "did you mean 'Product'?"),
        ("analyze gemm.m --dataflow kc_p --num-pes 256", "GEMM has no C"),
        ("analyze gemm.m --hw eyeriss --plot no/such.png", "cannot write no/such.png"),
        ("derive gemm.m --num-pes 256 --keep R", "no dimension 'R'"),
        ("derive gemm.m --num-pes 256 --assume 'K >'", "cannot read the assumption 'K >'"),
        ("derive gemm.m --num-pes 256 --assume 'Q >= 3'", "Q is no symbol"),
        ("derive gemm.m --num-pes 256 --assume 'K >= 3' --assume 'K <= 2'", "no extents satisfy"),
        ("derive gemm.m --num-pes 256 --exact L2.I.parent_reads", "no quantity 'L2.I.parent_reads'"),
        ("derive gemm.m --num-pes 256 --exact L3.A.parent_reads", "did you mean 'L2.A.parent_reads'?"),
        ("verify gemm.m --num-pes 256 --quantity macs --formula 'K*M*'", "cannot read the formula 'K*M*'"),
        ("verify gemm.m --num-pes 256 --quantity macs --formula 'K*Z'", "a symbol 'Z'"),
        ("verify gemm.m --num-pes 256 --quantity mac --formula K", "did you mean 'macs'?"),
        ("diff gemm.m KCP --num-pes 256", "did you mean 'KC-P'?"),
        ("analyze hash.m --num-pes 4", "a comment begins with //"),
        ("analyze '' --num-pes 4", "the name of the file is empty"),
        ("analyze gemm.m --hw ''", "the name of the file is empty"),
        ("analyze bare.m --num-pes 4", "--dataflow on the command line"),
        ("analyze shadow.m --num-pes 4", "K in 'TemporalMap(K,K) K' is a dimension of gemm; write Sz(K)"),
        ("derive shadow.m --layer A --num-pes 4 --symbolic-tiles", "K in 'TemporalMap(K,K) K' is a dim"),
        ("optimize shadow.m --layer A --num-pes 4 --minimize steps", "write Sz(K) for its extent"),
        ("check shadow.m --num-pes 4", "2 of 2 layers are wrong"),
        ("derive gemm.m --num-pes 256 --assume 'K >= 2, M < 5'", "write 'and' for ','"),
        ("verify gemm.m --num-pes 64 --quantity macs --formula 'K*max()'", "max takes at least 1 argument"),
        ("verify gemm.m --num-pes 64 --quantity macs --formula 'K*\udcc2M'", "cannot read the formula"),
        ("optimize gemm.m --num-pes 64 --minimize 'energy + steps'", "minimize it alone"),
        ("optimize gemm.m --num-pes 64 --minimize 7", "the goal '7' is a number"),
        ("sweep gemm.m --num-pes 64 --l2-size 1.5", "l2_size is 3/2; it must be an integer"),
        ("sweep gemm.m --num-pes 64 --csv ''", "cannot write a file without a name"),
        ("optimize symbol.m --num-pes 4 --minimize steps", "symbols for extents (M)"),
        ("optimize huge.m --num-pes 4 --minimize steps --tiles all", "T_M0 has 1000000000000000000 sizes"),
        ("optimize huge.m --num-pes 4 --minimize steps", "choose some sizes"),
        ("optimize gap.m --num-pes 4 --minimize steps", "leave gaps, which symbolic tiles cannot follow"),
        ("optimize gemm.m --num-pes 64 --minimize L2.trafic", "did you mean 'L2.traffic'?"),
        ("optimize gemm.m --num-pes 64 --minimize steps --subject-to 'L1 <= 2'", "it fails by 1 or more"),
        ("sweep gemm.m --num-pes 64 --l2-size 1", "no design keeps the constraints"),
        ("sweep gemm.m --num-pes 64 --csv no/such.csv", "cannot write no/such.csv"),
        ("optimize gemm.m --num-pes 64 --minimize steps --subject-to 'L1 <= x'", "no quantity 'x'"),
        ("prove nonsuch", "no statement 'nonsuch'"),
        ("prove --folder nowhere", "no folder 'nowhere'"),
        ("prove systolic-folds --certificates no/such.json", "cannot write no/such.json"),
    ),
    2: (
        ("analyse gemm.m", "'analyse'"),
        ("analyze", "which layers?"),
        ("analyze gemm.m", "how many PEs?"),
        ("analyze gemm.m --num-pes 0", "0 is not in the range"),
        ("analyze --network vgg17 --dataflow kc_p --num-pes 4", "did you mean 'vgg16'?"),
        ("analyze --network vgg16 --dataflow kcp --num-pes 4", "did you mean 'kc_p'?"),
        ("analyze --network vgg16 --num-pes 4", "give --dataflow"),
        ("analyze --network vgg16 gemm.m --num-pes 4", "exclude each other"),
        ("analyze gemm.m --num-pes 256 --policy shring=unicast", "did you mean 'sharing'?"),
        ("analyze gemm.m --num-pes 256 --policy sharing=none", "no option 'none'"),
        ("analyze gemm.m --hw eyeriss --plot out.gif", "'out.gif'"),
        (
            "analyze gemm.m --num-pes 256 --policy sharing=unicast --policy sharing=ideal-multicast",
            "--policy sharing is given twice: unicast and ideal-multicast",
        ),
        ("prove --folder ''", "--folder is empty"),
        ("derive gemm.m --num-pes 256 --export cobol", "'cobol'"),
        ("derive gemm.m --num-pes 256 --report --html --latex", "exclude each other"),
        ("diff gemm.m --num-pes 256", "which two?"),
        ("optimize gemm.m --num-pes 64", "'--minimize'"),
        ("optimize gemm.m --num-pes 64 --minimize steps --choose G1=x", "'x' is no number"),
        ("optimize gemm.m --num-pes 64 --minimize steps --choose G1=4 --choose G1=8", "given twice"),
        ("sweep gemm.m", "how many PEs?"),
        ("sweep gemm.m --num-pes 64:x", "'64:x'"),
        ("sweep gemm.m --num-pes 64 --dataflow kcp", "did you mean 'kc_p'?"),
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with wrong files, a right one and the statements."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "gemm.m").write_bytes((ROOT / "examples" / "gemm.m").read_bytes())
    (tmp_path / "proofs").symlink_to(ROOT / "proofs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("status", "command", "said"),
    [(status, command, said) for status, cases in CASES.items() for command, said in cases],
)
def test_it_is_refused_in_one_message(status: int, command: str, said: str) -> None:
    if status == 1 and "--plot" in command:
        pytest.importorskip("matplotlib")
    result = CliRunner().invoke(main, shlex.split(command))
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == status
    assert " ".join(said.split()) in " ".join(result.stderr.split())
    assert result.stderr.lower().count("error: ") == 1


def test_every_command_is_refused_something() -> None:
    refused = {command.split()[0] for cases in CASES.values() for command, _ in cases}
    assert refused >= set(main.commands)
