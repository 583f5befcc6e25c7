"""Would the proofs notice? Small wrong changes, one at a time, in a scratch copy; run on request:

    python tests/mutation.py            all of them
    python tests/mutation.py 4 20       these

Each change must make a statement under proofs/ fail, or an error of the library stop it; some, for code of
which no statement speaks, have to make a quick test fail. For every change the first statement or test that
fails is printed; exit status 1 when a change goes unnoticed.
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
    "divisible",
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
    """One wrong change: what it does, in which file, from which text to which.

    `tests` are quick tests that have to fail of it; without any, it is a statement that has to.
    """

    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = ()


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
        "if _is_determined(domain, index):",
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
    # What came after: each of these has to make a statement or one of the tests named fail.
    Mutant(
        "a train loses one interval too few where another covers its first ones",
        "tiling/families.py",
        "(train.count - number)",
        "(train.count - number + 1)",
        ("tests/tiling/test_families.py",),
    ),
    Mutant(
        "tiles of one dimension are always taken to lie apart",
        "tiling/families.py",
        "return self.run.is_at_least(low, end)",
        "return True",
        ("tests/tiling/test_families.py",),
    ),
    Mutant(
        "windows that begin at the end so far are said to hold something below it",
        "tiling/families.py",
        "return self.run.exceeds(low, end)",
        "return self.run.exceeds(low + 2, end)",
        ("tests/tiling/test_families.py",),
    ),
    Mutant(
        "one interval fewer lies above the start of the next train",
        "tiling/families.py",
        "return size * number + self._above",
        "return size * (number - 1) + self._above",
        ("tests/tiling/test_families.py",),
    ),
    Mutant(
        "a train with gaps may end above the one that covers it",
        "tiling/families.py",
        "after.gaps or not self.run.is_at_least(after.last[1], each.last[1])",
        "after.gaps",
        ("tests/tiling/test_families.py",),
    ),
    Mutant(
        "what is over extents is counted as if it were over digits",
        "counting/summing.py",
        "return self._in_digits(again())",
        "return self._in_digits(factor)",
        ("tests/counting/test_summing.py",),
    ),
    Mutant(
        "peaks and counts of one relation are one",
        "counting/summing.py",
        'self._peaks if factor.kind == "peak" else self._counts',
        "self._counts",
        ("tests/counting/test_summing.py",),
    ),
    Mutant(
        "a digit begins one point later",
        "relations/digits.py",
        "Affine.of(self.symbol) + self.shift - 1, {}",
        "Affine.of(self.symbol) + self.shift, {}",
        ("tests/counting/test_summing.py",),
    ),
    Mutant(
        "what lies beyond the last whole tile is cut off",
        "relations/digits.py",
        "[(*last, gap - 1), (*last, -gap - 1)]",
        "[(*last, gap - 1)]",
        ("tests/counting/test_summing.py",),
    ),
    Mutant(
        "the opposite of a condition holds one point more",
        "export/deciding.py",
        "Condition(-condition.expression - 1)",
        "Condition(-condition.expression)",
        ("polymaestro/export/deciding.py", "tests/export/test_tiled.py"),
    ),
    Mutant(
        "cases where an equation does not hold are asked with it",
        "export/deciding.py",
        "no = [] if first.equality else list(",
        "no = list(",
        ("tests/export/test_deciding.py",),
    ),
    Mutant(
        "questions change sides and answers do not",
        "export/deciding.py",
        "(_opposite(self.where.pieces[0][0]),),)), self.no, self.yes)",
        "(_opposite(self.where.pieces[0][0]),),)), self.yes, self.no)",
        ("tests/export/test_deciding.py",),
    ),
    Mutant(
        "a smaller delay hides a larger one",
        "tiling/bounding.py",
        "return is_never_negative(right[0] - left[0]) or",
        "return is_never_negative(left[0] - right[0]) or",
    ),
    Mutant(
        "a case of a run time has the step classes of one group only",
        "tiling/timing.py",
        "joined.append(((both, (*classes, levels)), inside, sure))",
        "joined.append(((tuple(region.pieces[0]), (*classes, levels)), inside, sure))",
        ("tests/tiling/test_cost_source.py",),
    ),
    Mutant(
        "a last tile is whole though nobody says so",
        "tiling/timing.py",
        "if Condition(part - rest, equality=True) in in_common(self.valid_on)",
        "",
        ("tests/tiling/test_cost_source.py",),
    ),
    Mutant(
        "costs are printed without their conditions",
        "model/stated.py",
        "        if conditions:\n            is_known",
        "        if False:\n            is_known",
    ),
    Mutant(
        "two delays get one name",
        "symbolic/naming.py",
        "        self.taken.add(name)\n",
        "",
    ),
    Mutant(
        "a multiple of what is computed is printed as once that",
        "symbolic/naming.py",
        "return number * QuasiPolynomial.of(name)",
        "return QuasiPolynomial.of(name)",
        ("tests/symbolic/test_naming.py",),
    ),
    Mutant(
        "long decimals are cut",
        "symbolic/costs.py",
        "rest == 1 and Fraction(text) == number",
        "rest == 1",
        ("tests/symbolic/test_naming.py",),
    ),
    Mutant(
        "a window that is written for one filter is lifted with any",
        "cli/lifting.py",
        "not each.size.is_constant or each.size.constant == 1",
        "True",
        ("tests/cli/test_lifting.py",),
    ),
    Mutant(
        "an offset that is the taps of another axis is lifted",
        "cli/lifting.py",
        "suits = own not in each.offset.names()",
        "suits = True",
        ("tests/cli/test_lifting.py",),
    ),
    Mutant(
        "what divides what is left out where a smaller divisor divides",
        "tiling/divisible.py",
        "self.divisor.names() < other.divisor.names()",
        "self.divisor.names() > other.divisor.names()",
    ),
    Mutant(
        "a condition is left out where the others almost say it",
        "tiling/conditions.py",
        "if others.is_subset(_set([each], names)):",
        "if others.is_subset(_set([Condition(each.expression + 1)], names)):",
    ),
    Mutant(
        "what divides is multiplied",
        "tiling/divisible.py",
        "powers.get(name, 0) + (-power if inverse else power)",
        "powers.get(name, 0) + power",
    ),
)


def first_failure(mutant: Mutant, folder: Path) -> str:
    """Make a change in a copy and run tests or statements until one fails; empty when all hold."""
    for part in ("polymaestro", "proofs", *(("tests",) if mutant.tests else ())):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    file = folder / "polymaestro" / mutant.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutant.old) < 1:
        message = f"{mutant.file} no longer has {mutant.old!r}"
        raise SystemExit(message)
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    if mutant.tests:
        command = [sys.executable, "-m", "pytest", "-n0", "-xq", "-m", "not slow", "--tb=no", *mutant.tests]
    else:
        command = [sys.executable, "-c", RUN, *FIRST]
    try:
        result = subprocess.run(  # noqa: S603  our own interpreter and text
            command, cwd=folder, env=environment, capture_output=True, check=False, text=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return f"no end within {TIMEOUT} s"
    if mutant.tests and result.returncode == 1:
        return next((line for line in result.stdout.splitlines() if line.startswith("FAILED")), "FAILED")
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
