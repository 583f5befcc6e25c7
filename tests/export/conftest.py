"""Formulas to export, points that reach their chambers, and what `at` says there."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

import polymaestro as pm
from polymaestro import export

WHOLE_FILTER = "TemporalMap(Sz(R),Sz(R)) R; TemporalMap(Sz(S),Sz(S)) S;"
SLIDING = f"TemporalMap(Sz(R),1) Y; TemporalMap(Sz(S),1) X; {WHOLE_FILTER}"
TILED_GEMM = (
    "SpatialMap(4,4) M; TemporalMap(32,32) N; TemporalMap(16,16) K; Cluster(8); SpatialMap(4,4) N; "
    "TemporalMap(4,4) M; TemporalMap(16,16) K"
)
MAPPINGS = {
    "C-P": (pm.conv2d(), pm.dataflows.c_p()),
    "X-P": (pm.conv2d(), pm.dataflows.x_p()),
    "YX-P": (pm.conv2d(), pm.dataflows.yx_p(64)),
    "YR-P": (pm.conv2d(), pm.dataflows.yr_p(64)),
    "KC-P": (pm.conv2d(), pm.dataflows.kc_p(64)),
    "gemm": (pm.gemm(), pm.parse_dataflow(TILED_GEMM)),
    "stride": (pm.conv2d(stride=2, R=3, S=2), pm.dataflows.kc_p(64)),
    "depthwise": (pm.depthwise_conv2d(), pm.parse_dataflow(f"SpatialMap(3,3) C; {SLIDING}")),
}
EDGES = (1, 2, 4, 8, 12, 16, 32, 64, 128, 192, 256, 512, 768)


@dataclass(frozen=True)
class Subject:
    """The formulas of one analysis, and points with the values there."""

    name: str
    size: int

    @cached_property
    def analysis(self) -> pm.Analysis:
        return analysed(self.name)

    @cached_property
    def forms(self) -> dict[str, pm.ClosedForm]:
        totals = {"macs": self.analysis.macs, "steps": self.analysis.steps}
        return totals | {"active_units": self.analysis.active_units} | dict(self.analysis.forms.named())

    @cached_property
    def points(self) -> list[dict[str, int]]:
        rng = random.Random(self.name)
        return [drawn(rng, self.analysis.symbols) for _ in range(self.size)]

    @cached_property
    def expected(self) -> dict[str, list[int]]:
        values: list[dict[int, int]] = [{} for _ in self.points]
        return {
            name: [form.evaluate(*each) for each in zip(self.points, values, strict=True)]
            for name, form in self.forms.items()
        }


def drawn(rng: random.Random, symbols: tuple[str, ...]) -> dict[str, int]:
    """Draw a point: small extents, tile widths and their neighbours, large ones, or some of each."""
    kinds = rng.choice(["small", "edge", "edge", "usual", "large", "mixed", "mixed"])

    def extent() -> int:
        kind = rng.choice(["small", "edge", "usual", "large"]) if kinds == "mixed" else kinds
        if kind == "small":
            return rng.randint(1, 9)
        if kind == "edge":
            return max(1, rng.choice(EDGES) + rng.randint(-1, 1))
        return rng.randint(1, 300) if kind == "usual" else rng.randint(10**6, 10 ** rng.choice([7, 9, 12]))

    point = {symbol: extent() for symbol in symbols}
    for output, taps in (("P", "R"), ("Q", "S")):
        if taps in point and rng.random() < 0.4:  # windows as wide as the image have chambers of their own
            apart = rng.choice([0, 0, 0, 64, 256, 512]) + rng.randint(-8, 8)
            point[output] = max(1, point[taps] + apart)
    return point


@cache
def analysed(name: str) -> pm.Analysis:
    return pm.analyze(*MAPPINGS[name], 256)


@cache
def subject_of(name: str, size: int) -> Subject:
    return Subject(name, size)


sizes = [pytest.param(50, id="50"), pytest.param(1000, id="1000", marks=pytest.mark.slow)]


@pytest.fixture(params=sizes)
def size(request: pytest.FixtureRequest) -> int:
    """Give the number of points."""
    return int(request.param)


@pytest.fixture(params=MAPPINGS)
def subject(request: pytest.FixtureRequest, size: int) -> Subject:
    """Give the formulas of each analysis in turn."""
    return subject_of(request.param, size)


HARNESS = """
#include <stdio.h>
#include "formulas.h"
int main(void) {
    long long point[SYMBOLS];
    for (;;) {
        for (int index = 0; index < SYMBOLS; index++)
            if (scanf("%lld", &point[index]) != 1)
                return 0;
        int64_t value;
        int status;
        EVERY
    }
}
"""
STRICT = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
CATCHING = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]


RunC = Callable[[Mapping[str, export.Formula], list[list[int]]], list[list[str]]]


@pytest.fixture
def run_c(tmp_path: Path, request: pytest.FixtureRequest) -> RunC:
    """Compile a header, and give for each point what each function says: a number or a status."""
    flags = [*STRICT, *CATCHING] if request.node.get_closest_marker("slow") else STRICT
    return lambda forms, rows: compiled_and_run(forms, rows, tmp_path, flags)


def compiled_and_run(
    forms: Mapping[str, export.Formula], rows: list[list[int]], folder: Path, flags: list[str]
) -> list[list[str]]:
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    symbols = len(next(iter(forms.values())).symbols)
    given = ", ".join(f"point[{index}]" for index in range(symbols))
    calls = "".join(
        f"value = -7; status = x_{export.identifier(name)}(&value, {given});"
        'if (status) printf("status%d ", status); else printf("%lld ", (long long)value);'
        for name in forms
    )
    source = HARNESS.replace("SYMBOLS", str(symbols)).replace("EVERY", calls + 'printf("\\n");')
    (folder / "formulas.h").write_text(export.to_c(forms, "x_"), encoding="utf-8")
    (folder / "main.c").write_text(source, encoding="utf-8")
    program = str(folder / "main")
    command = [compiler, *flags, str(folder / "main.c"), "-o", program]
    built = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert built.returncode == 0, built.stderr
    text = "\n".join(" ".join(map(str, row)) for row in rows)
    ran = subprocess.run([program], input=text, capture_output=True, text=True, check=True)  # noqa: S603
    return [line.split() for line in ran.stdout.splitlines()]
