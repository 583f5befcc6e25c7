"""The report of an analysis: its formulas in every notation against numbers, its five formats."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import pytest

import polymaestro as pm
from polymaestro.affine import Affine, ceil_div, greatest
from polymaestro.counting import QuasiPolynomial
from polymaestro.equations.reading import read
from polymaestro.errors import PolymaestroError
from polymaestro.model import paper
from polymaestro.symbolic.written import Written, under_root, written
from polymaestro.tiling import lifted

Golden = Callable[[str, str], None]

LAYER = {"N": 2, "K": 70, "C": 130, "P": 9, "Q": 11}
GEMM = pm.analyze(
    pm.gemm(),
    pm.parse_dataflow(
        "TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(5,5) K; Cluster(5); SpatialMap(1,1) K"
    ),
    20,
)
CONV = pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.kc_p(), 256)
ROWS = pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.yr_p(), 12)
TILES = pm.analyze_tiles(
    pm.gemm(),
    pm.parse_dataflow(
        "TemporalMap(A,A) N; SpatialMap(B,B) M; TemporalMap(C,C) K; Cluster(G); SpatialMap(D,D) K"
    ),
    "PEs",
)
KC_P = lifted(pm.conv2d(N=2, K=70, C=130, P=9, Q=11, R=3, S=3), pm.dataflows.kc_p(), 256)
TILED_CONV = pm.analyze_tiles(pm.conv2d(), KC_P.dataflow, "PEs")
TILED = {
    "gemm": (TILES, {"M": 40, "N": 60, "K": 100, "A": 7, "B": 3, "C": 32, "D": 5, "G": 3, "PEs": 11}),
    "KC-P": (TILED_CONV, {"N": 2, "K": 70, "C": 130, "P": 9, "Q": 11, "R": 3, "S": 3} | KC_P.values),
    "edges": (TILED_CONV, {"N": 1, "K": 10, "C": 13, "P": 9, "Q": 8, "R": 2, "S": 4, "G1": 3, "PEs": 8}
        | {"T_K0": 4, "T_C0": 5, "T_P0": 4, "T_Q0": 9, "T_C1": 2}),
}  # fmt: skip


def formulas(report: paper.Paper) -> Iterator[tuple[str, Written]]:
    for grid in report.grids:
        for row in grid.rows:
            for head, cell in zip(grid.head, row, strict=True):
                if isinstance(cell, Written) and cell.text != "–":
                    yield f"{grid.title}|{row[0]}|{head}", cell


def tree(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314  we wrote it ourselves


def from_mathml(element: ET.Element) -> str:
    """Read presentation MathML back as a formula in text."""
    inner = [from_mathml(child) for child in element]
    tag = element.tag.rpartition("}")[2]
    if tag == "mfrac":
        return f"(({inner[0]})/({inner[1]}))"
    if tag == "msup":
        return f"({inner[0]})**{inner[1]}"
    if tag == "msub":
        return f"{inner[0]}_{inner[1]}"
    if tag in ("math", "mrow"):
        return "".join(inner)
    return element.text or ""


def from_latex(text: str) -> str:
    """Read our LaTeX back as a formula in text."""
    while r"\dfrac" in text:
        start = text.rindex(r"\dfrac")
        above, rest = braced(text[start + 6 :])
        below, rest = braced(rest)
        text = f"{text[:start]}(({above})/({below})){rest}"
    signs = {r"\lceil": "⌈", r"\rceil": "⌉", r"\lfloor": "⌊", r"\rfloor": "⌋", r"\max": "max", r"\min": "min"}
    for sign, plain in signs.items():
        text = text.replace(sign, plain)
    text = re.sub(r"\^\{(\d+)\}", r"**\1", text)
    text = re.sub(r"\\mathrm\{(\w+)\}", r"\1", text)
    text = re.sub(r"_\{([\w,]+)\}", lambda found: "_" + found[1].replace(",", "_"), text)
    # A product is a space between two factors.
    return re.sub(r"(?<=[\w)⌉⌋]) +(?=[\w(⌈⌊])", "*", text)


def braced(text: str) -> tuple[str, str]:
    depth = 0
    for index, sign in enumerate(text):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth == 0:
            return text[1:index], text[index + 1 :]
    raise AssertionError(text)


@pytest.mark.parametrize("analysis", [GEMM, CONV, ROWS], ids=["gemm", "KC-P", "YR-P"])
def test_every_formula_says_the_same_in_all_notations(analysis: pm.Analysis) -> None:
    points = [LAYER | {"M": 33}, {"N": 7, "K": 129, "C": 259, "P": 70, "Q": 40, "M": 21}]
    checked = 0
    for name, cell in formulas(analysis.paper()):
        if "√" in cell.text:
            continue
        others = [from_mathml(tree(f"<math>{cell.mathml}</math>")), from_latex(cell.latex)]
        for point in points:
            value = read(cell.text).evaluate(point)
            assert [read(other).evaluate(point) for other in others] == [value, value], name
        checked += 1
    assert checked > 25


def test_floors_extrema_powers_and_signs_survive_each_notation() -> None:
    K, P = (QuasiPolynomial.of(name) for name in "KP")
    tiles = QuasiPolynomial.of(ceil_div(Affine.of("K") + 2, 4) - Affine.of("P"))
    for value in (tiles * tiles * 3, K * K * P - 7, (K - P) * Fraction(-3, 4), QuasiPolynomial.of(0), -K):
        cell = written(value)
        for text in (
            cell.text,
            from_mathml(tree(f"<math>{cell.mathml}</math>")),
            from_latex(cell.latex),
        ):
            assert read(text).evaluate({"K": 9, "P": 4}) == value.evaluate({"K": 9, "P": 4})
    largest = written(greatest(Affine.of("K") - 3, Affine.of("P")))
    assert (largest.text, largest.latex) == ("max(K - 3, P)", r"\max(K - 3, P)")
    assert from_mathml(tree(f"<math>{largest.mathml}</math>")) == "max(K−3,P)"
    assert written(QuasiPolynomial.of("T_k")).latex == "T_{k}"
    assert under_root(2, K, P, K + P).text == "2·K / √(P) - (K + P)"
    assert under_root(2, K, P, K + P).latex == r"\dfrac{2 K}{\sqrt{P}} - (K + P)"


def check_row(found: Mapping[str, Fraction | int], row: str, counts: Mapping[str, int], macs: int) -> int:
    """Compare a tensor's row with its counts; give what crosses the boundary once for all units."""
    moved, shared = ("fills", "parent_reads") if "fills" in counts else ("drains", "parent_updates")
    assert found[f"{row}|footprint"] == counts["occupancy"]
    assert found[f"{row}|fills or drains"] == counts[moved]
    assert found[f"{row}|reads or updates"] == counts[shared]
    factors = [found[f"{row}|{each}"] for each in ("in the tile", "over time", "in space")]
    assert factors[0] * factors[1] * factors[2] == Fraction(macs, counts[shared])
    return counts[shared]


@pytest.mark.parametrize("analysis", [CONV, ROWS], ids=["KC-P", "YR-P"])
def test_the_tables_hold_the_counts_of_the_analysis(analysis: pm.Analysis) -> None:
    point = {"N": 2, "K": 70, "C": 130, "P": 33, "Q": 40}
    report = analysis.paper(point)
    assert report.case.holds(point)
    found = {name: read(cell.text).evaluate(point) for name, cell in formulas(report) if "√" not in cell.text}
    numbers = analysis.at(point)
    assert found["In all|MACs|value"] == numbers.macs
    assert found["In all|steps|value"] == numbers.steps
    assert found["In all|utilisation|value"] == Fraction(numbers.active, numbers.steps * numbers.units)
    for boundary in numbers.boundaries:
        title = f"{boundary.parent} → {boundary.child}"
        for name, counts in boundary.tensors.items():
            row = f"{title}: footprint, transfers, reuse|{name}"
            check_row(found, row, counts, numbers.macs)
        bounds = analysis.bounds[boundary.parent]
        assert found[f"Arithmetic intensity|{title}|MACs per word that crosses"] == bounds.intensity_at(point)
        assert found[f"Lower bounds|{title}|compulsory"] == bounds.compulsory_at(point)


@pytest.mark.parametrize("name", TILED)
def test_a_report_with_symbols_in_the_mapping_holds_its_counts_in_all_notations(name: str) -> None:
    analysis, own = TILED[name]
    report, values, numbers = analysis.paper(own), analysis.ties.complete(own), analysis.at(own)
    assert report.case.holds(values)
    found = {}
    for label, cell in formulas(report):
        if "√" not in cell.text:
            texts = (cell.text, from_mathml(tree(f"<math>{cell.mathml}</math>")), from_latex(cell.latex))
            [found[label]] = {read(text).evaluate(values) for text in texts}
    assert found["In all|MACs|value"] == numbers.macs
    assert found["In all|utilisation|value"] == Fraction(numbers.active, numbers.steps * numbers.units)
    for boundary in numbers.boundaries:
        title = f"{boundary.parent} → {boundary.child}"
        crossing = 0
        for tensor, counts in boundary.tensors.items():
            row = f"{title}: footprint, transfers, reuse|{tensor}"
            crossing += check_row(found, row, counts, numbers.macs) + counts.get("read_backs", 0)
        intensity = found[f"Arithmetic intensity|{title}|MACs per word that crosses"]
        assert intensity == Fraction(numbers.macs, crossing)
    for tie in analysis.ties.ties:
        label = f"Names|{tie.name}|formula"
        assert found.get(label, values[tie.name]) == values[tie.name]


@pytest.mark.parametrize("name", TILED)
def test_loops_and_bounds_of_a_report_with_symbols_are_those_with_numbers(name: str) -> None:
    analysis, own = TILED[name]
    values = analysis.ties.complete(own)
    operator = analysis.operator.with_extents({d.name: own[d.name] for d in analysis.operator.dims})
    plain = pm.analyze(operator, analysis.dataflow.substituted(own), own["PEs"])
    tiled, numbers = analysis.paper(own), plain.paper({})
    assert tiled.grids[-1 - (tiled.grids[-1].title == "Names")].rows == numbers.grids[-1].rows
    compared = 0
    for grid, other in zip(tiled.grids, numbers.grids, strict=False):
        # A nest of numbers has no loops of one step; one inside others has its number at the first tile.
        rows = [row for row in grid.rows if other is not numbers.grids[0] or at(row[2], values) != 1]
        for row, same in zip(rows, other.rows, strict=True):
            for head, cell, number in zip(other.head, row, same, strict=True):
                is_compared = isinstance(number, Written) and not re.search("√|t0", number.text)
                if is_compared and head not in ("where tiles divide", "leading term"):
                    assert at(cell, values) == at(number, {}), (grid.title, row)
                    compared += 1
    assert compared > 40


def at(cell: str | Written, values: dict[str, int]) -> Fraction | int:
    assert isinstance(cell, Written)
    return read(cell.text).evaluate(values)


LEADING = "leading term (the sizes of the mapping fixed)"


def test_where_tiles_divide_a_report_with_symbols_says_so() -> None:
    analysis, _ = TILED["gemm"]
    own = {"M": 36, "N": 56, "K": 120, "A": 7, "B": 3, "C": 40, "D": 5, "G": 3, "PEs": 12}
    report, values = analysis.paper(own), analysis.ties.complete(own)
    cells = {name: cell.text for name, cell in formulas(report)}
    compared = 0
    for label, text in cells.items():
        if label.endswith("|where tiles divide"):
            exact = cells[label.replace("where tiles divide", "exact")]
            assert read(text).evaluate(values) == read(exact).evaluate(values), label
            compared += 1
    assert compared == 8
    title = "L2 → cluster1: words that the parent sends and takes"
    assert cells[f"{title}|B|exact"] == "⌈M/(B·U)⌉·K·N"
    assert cells[f"{title}|B|where tiles divide"] == cells[f"{title}|B|{LEADING}"] == "K·M·N/(B·U)"
    [note] = [grid.note for grid in report.grids if grid.title == title]
    assert note.startswith("Tiles divide and lead where ")
    assert "K % C = 0" in note


def test_where_tiles_divide_and_leading_terms_are_what_they_say() -> None:
    found = {name: cell.text for name, cell in formulas(CONV.paper(LAYER))}
    row = "L2 → cluster1: words that the parent sends and takes|I"
    assert found[f"{row}|exact"] == "3·C·N·P·⌈K/4⌉·(Q + 2)"
    assert found[f"{row}|where tiles divide"] == "3·C·K·N·P·(Q + 2)/4"
    assert found[f"{row}|leading term"] == "3·C·K·N·P·Q/4"
    symbolic = pm.analyze(pm.conv2d(), pm.dataflows.kc_p(), 256).paper()
    [row_] = [row for grid in symbolic.grids for row in grid.rows if row[0] == "I" and len(row) == 4][:1]
    assert isinstance(row_[3], Written)
    assert row_[3].text == "C·K·N·P·Q·R/4"


def test_the_capacity_bound_is_printed_with_its_numbers_or_its_reason() -> None:
    [table] = [grid for grid in CONV.paper(LAYER).grids if grid.title.startswith("At ")]
    bounds = CONV.bounds["L2"]
    assert table.rows[0][1] == str(bounds.words_at(LAYER))
    assert int(str(table.rows[0][2])) >= bounds.bound_at(LAYER) > int(str(table.rows[0][2])) - 1
    odd = pm.analyze(pm.einsum("Z[i] += A[i,j]"), pm.parse_dataflow("SpatialMap(1,1) I"), 4).paper()
    [cell] = [row[2] for grid in odd.grids for row in grid.rows if grid.title == "Lower bounds"]
    assert str(cell).startswith("none: ")


@pytest.mark.parametrize("style", list(paper.WRITERS))
def test_the_report_of_a_gemm(golden: Golden, style: str) -> None:
    golden(f"report-gemm-{style}.txt", paper.WRITERS[style](GEMM.paper({"M": 40, "N": 60, "K": 100})))


def test_the_json_document_reads_back() -> None:
    document = json.loads(paper.json(CONV.paper()))
    assert document["schema"] == "polymaestro.paper/1"
    assert document["policies"]["retention"] == "one-tile"
    assert document["tables"][1]["rows"][0]["value"]["text"] == "9·C·K·N·P·Q"


def test_the_page_needs_nothing_but_itself_and_is_well_formed() -> None:
    page = CONV._repr_html_()
    assert set(re.findall(r'https?://[^"]*', page)) == {"http://www.w3.org/1998/Math/MathML"}
    assert not re.search(r"<(script|link|img|iframe)|@import|url\(", page)
    tables = tree(f"<page>{page}</page>").findall(".//table")
    assert len(tables) == len(CONV.paper().grids)
    for table in tables:
        width = len(table.findall("./thead/tr/th"))
        assert all(len(row.findall("td")) == width for row in table.findall("./tbody/tr"))


def test_a_row_that_does_not_fit_its_head_is_refused() -> None:
    with pytest.raises(PolymaestroError, match="a row of 1 cells under a head of 2 in 'T'"):
        paper.Grid("T", ("a", "b"), (("x",),))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
@pytest.mark.parametrize("analysis", [GEMM, CONV, TILED_CONV], ids=["gemm", "KC-P", "KC-P with tiles"])
def test_the_document_compiles_as_it_is(tmp_path: Path, analysis: pm.Analysis | pm.TiledAnalysis) -> None:
    (tmp_path / "report.tex").write_text(paper.latex(analysis.paper()), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603
    assert run.returncode == 0, run.stdout[-2000:]
    assert (tmp_path / "report.pdf").stat().st_size > 1000
    assert "Overfull" not in run.stdout
