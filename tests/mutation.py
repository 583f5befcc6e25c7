"""Would the proofs notice? Small wrong changes, one at a time, in a scratch copy; run on request:

    python tests/mutation.py            all of them
    python tests/mutation.py 4 20       these

Each change must make a statement under proofs/ fail, or an error of the library stop it. For every change the
first statement that fails is printed; exit status 1 when a change goes unnoticed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT = 600
FIRST = (
    "every-point",
    "directives",
    "every-quantity",
    "occupancy",
    "a-footprint",
    "the-library",
    "matrix",
    "macs",
    "systolic",
    "row",
    "what-each",
    "the-product",
    "tables",
)

RUN = """
import sys
from pathlib import Path
from polymaestro.proving import load_statements
first = sys.argv[1:]
statements = list(load_statements(Path("proofs")).values())
order = lambda s: next((i for i, n in enumerate(first) if s.name.startswith(n)), len(first))
for each in sorted(statements, key=order):
    try:
        outcome = each.check()
    except Exception as error:
        print(f"{each.name}: {type(error).__name__}: {str(error)[:80]}")
        sys.exit(1)
    if not outcome.as_expected:
        proof = next(p for p in outcome.proofs if p.verdict not in ("proved", "skipped") or each.is_false)
        print(f"{each.name}: {str(proof)[:120]}")
        sys.exit(1)
"""


class Mutant(NamedTuple):
    """One wrong change: what it does, in which file, from which text to which."""

    what: str
    file: str
    old: str
    new: str


MUTANTS = (
    Mutant(
        "a reach of windows is one row too long",
        "loopnest/lowering.py",
        "(taps.end - 1) * window",
        "taps.end * window",
    ),
    Mutant(
        "the last window of a tile is dropped",
        "loopnest/lowering.py",
        "floor_div(end - 1 - reach, window.stride) + 1",
        "floor_div(end - 1 - reach, window.stride)",
    ),
    Mutant(
        "an edge tile is dropped: floor for ceiling",
        "loopnest/lowering.py",
        "last = ceil_div(tile.size - each.size, offset)\n    if not",
        "last = floor_div(tile.size - each.size, offset)\n    if not",
    ),
    Mutant(
        "the last fold is dropped",
        "loopnest/lowering.py",
        "floor_div(last, units)",
        "floor_div(last, units) - 1",
    ),
    Mutant(
        "tiles lie one index apart",
        "loopnest/lowering.py",
        "lower + index * offset",
        "lower + index * (offset + 1)",
    ),
    Mutant(
        "one unit more than there are",
        "loopnest/nest.py",
        "units.count - 1 - units.name",
        "units.count - units.name",
    ),
    Mutant(
        "what is kept is counted twice",
        "movement/quantities.py",
        "self._kept(loop).values(), -1)",
        "self._kept(loop).values())",
    ),
    Mutant(
        "reuse over units is left out",
        "movement/quantities.py",
        "return total([used, *(self._held_everywhere(loop) for loop in self.loops)])",
        "return used",
    ),
    Mutant(
        "what is left at the end never drains",
        "movement/quantities.py",
        "return total([self.left_over(), *(each for loop",
        "return total([*(each for loop",
    ),
    Mutant(
        "a step is its own predecessor", "movement/steps.py", ": {then} < {now} }}", ": {then} <= {now} }}"
    ),
    Mutant(
        "the last step is the first",
        "movement/steps.py",
        "lexmax(self._suffixes(fixed))",
        "lexmin(self._suffixes(fixed))",
    ),
    Mutant(
        "multicast is ignored",
        "movement/tracing.py",
        'policies.sharing == "unicast" else own.arrivals()',
        'policies.sharing == "unicast" else own.transfers()',
    ),
    Mutant(
        "first writes are read back",
        "movement/tracing.py",
        "back = own.arrivals().minus(final)",
        "back = own.arrivals()",
    ),
    Mutant(
        "the first term of a sum is dropped",
        "counting/quasipolynomial.py",
        "_power_sum(power, lower - 1)",
        "_power_sum(power, lower)",
    ),
    Mutant(
        "a Bernoulli number has the wrong sign", "counting/quasipolynomial.py", "-1 if j == 1 else 1", "1"
    ),
    Mutant("a condition holds one point later", "counting/region.py", "else value >= 0", "else value > 0"),
    Mutant(
        "tiles are counted one too many",
        "counting/remainders.py",
        "ceil_div(whole, self.size)",
        "ceil_div(whole + 1, self.size)",
    ),
    Mutant(
        "a cell merges when any value agrees",
        "counting/merging.py",
        "return all(_vanishes_at(",
        "return any(_vanishes_at(",
    ),
    Mutant(
        "a dimension drops out that nothing determines",
        "counting/compacting.py",
        "if rest.is_single_valued():",
        "if True:",
    ),
    Mutant(
        "the stride is left out of an input index",
        "workload/operator.py",
        "Affine.of(self.output.lower()) * self.stride",
        "Affine.of(self.output.lower())",
    ),
    Mutant(
        "a published tile is one column wider",
        "dataflow/catalog.py",
        "{width}+Sz(S)-1,{width}",
        "{width}+Sz(S),{width}",
    ),
    Mutant(
        "a floor varies and is taken as fixed",
        "counting/ranges.py",
        "low // atom.divisor == high // atom.divisor",
        "True",
    ),
    Mutant("the largest tile is one larger", "counting/peaks.py", "z = y - x + 1", "z = y - x + 2"),
    Mutant(
        "a ceiling is printed as a floor",
        "affine.py",
        'f"⌈{_dividend(self.numerator - (self.divisor - 1))}/{self.divisor}⌉"',
        'f"⌊{_dividend(self.numerator - (self.divisor - 1))}/{self.divisor}⌋"',
    ),
    Mutant(
        "the loops of a level run in the opposite order",
        "loopnest/lowering.py",
        "for each in level.maps:\n        cut[",
        "for each in reversed(level.maps):\n        cut[",
    ),
    Mutant(
        "what one unit has is sent to no other",
        "movement/quantities.py",
        "self._join(group, now).subtract(new)",
        "self._join(group, now)",
    ),
    Mutant(
        "what came first is held at the end",
        "movement/quantities.py",
        "self._at(group, group.last())",
        "self._at(group, group.first())",
    ),
)


def first_failure(mutant: Mutant, folder: Path) -> str:
    """Make a change in a copy and run the statements until one fails; empty when all hold."""
    shutil.copytree(
        ROOT / "polymaestro", folder / "polymaestro", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "proofs", folder / "proofs", ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "polymaestro" / mutant.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutant.old) < 1:
        message = f"{mutant.file} no longer has {mutant.old!r}"
        raise SystemExit(message)
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", RUN, *FIRST]
    try:
        result = subprocess.run(  # noqa: S603  our own interpreter and text
            command, cwd=folder, env=environment, capture_output=True, check=False, text=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return f"no end within {TIMEOUT} s"
    return (result.stdout.strip() or result.stderr.strip()[-120:]) if result.returncode else ""


def main(chosen: list[int]) -> int:
    """Try every change, or those of these numbers."""
    unnoticed = 0
    for index in chosen or range(1, len(MUTANTS) + 1):
        mutant = MUTANTS[index - 1]
        with tempfile.TemporaryDirectory() as folder:
            failure = first_failure(mutant, Path(folder))
        unnoticed += not failure
        print(f"{index:2} {mutant.what}: {failure or 'UNNOTICED'}", flush=True)  # noqa: T201  its output
    return int(unnoticed > 0)


if __name__ == "__main__":
    sys.exit(main([int(number) for number in sys.argv[1:]]))
