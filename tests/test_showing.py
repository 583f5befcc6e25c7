"""What results look like at a prompt and in a notebook: text that says what they are, and no innards."""

import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import polymaestro as pm
from polymaestro.errors import ClosedFormError
from polymaestro.hardware import PRESETS
from polymaestro.showing import Row, Shown, Table, in_math

GEMM = pm.gemm()
FLOW = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(2,2) K")
SIZES = {"M": 8, "N": 8, "K": 9}
MACHINE = pm.Hardware(num_pes=4, noc_bw=2)
NETWORK = """Network Net {
  Layer FIRST { Type: GEMM Dimensions { M: 8, N: 8, K: 9 }
    Dataflow { TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(2,2) K; } }
  Layer SECOND { Type: GEMM Dimensions { M: 8, N: 8, K: 9 } Dataflow { TemporalMap(2,3) K; } } }"""
INNARDS = re.compile(
    r"\b(Affine|QuasiPolynomial|Region|Condition|Count|Product|Fraction|Dim)\(|isl\.|object at"
)


QUANTITIES = {"occupancy", "tile total", "fills", "parent reads", "drains", "read backs", "final writes"}


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """Give one result of each kind."""
    analysis = pm.analyze(GEMM, FLOW, num_pes=4)
    other = pm.analyze(GEMM, pm.parse_dataflow("SpatialMap(1,1) M"), num_pes=4)
    symbolic = pm.parse_dataflow("TemporalMap(T,T) M; SpatialMap(1,1) N; TemporalMap(T_K,T_K) K")
    tiled = pm.analyze_tiles(GEMM, symbolic, num_pes="PEs")
    wrong = pm.check(pm.gemm(M=4, N=2, K=6), pm.parse_dataflow("TemporalMap(2,3) K"), num_pes=1)
    parsed = pm.parse_network(NETWORK)
    network = pm.Network(parsed.name, parsed.layers)
    report = analysis.on(MACHINE, **SIZES)
    form = analysis["L2"]["A"].parent_reads
    several = pm.Network(parsed.name, parsed.layers[:1])
    sweep = pm.sweep(several, num_pes=[4, 8], noc_bw=[1, 2])
    difference = pm.diff(analysis, other)
    return {
        "operator": GEMM, "dataflow": FLOW, "loop nest": analysis.loop_nest, "relations": analysis.relations,
        "movement": analysis.movement, "counts": analysis.counts, "analysis": analysis,
        "forms": analysis.forms,
        "boundary": analysis["L2"], "tensor": analysis["L2"]["A"], "form": form, "case": form.case_at(SIZES),
        "value": form.case_at(SIZES).value, "region": form.valid_on, "leading": form.asymptotic(),
        "run time": analysis.runtime(MACHINE), "energy": analysis.energy(MACHINE),
        "reuse": analysis.reuse("L2", "A"), "ratio": analysis.reuse("L2", "B").spatial,
        "bounds": analysis.bounds, "bounds of L2": analysis.bounds["L2"], "paper": analysis.paper(),
        "certified": analysis.certify(samples=1), "tiled": tiled, "tiled boundary": tiled["L2"],
        "tiled form": tiled["L2"]["A"].parent_reads, "verdict": wrong, "finding": wrong.findings[0],
        "optimum": pm.optimize(tiled, minimize="steps", extents={**SIZES, "PEs": 4}),
        "equation": pm.check_equation(form, "K*M"), "difference": difference, "change": difference.changes[0],
        "layer report": report, "cost": report.cost, "boundary report": report.boundaries[0],
        "network report": network.analyze(MACHINE), "network": network, "layer": network.layers[0],
        "layer verdict": network.check(MACHINE)[1], "machine": PRESETS["eyeriss"],
        "observation": pm.interpret(GEMM, FLOW, 4, SIZES), "sweep": sweep, "best": sweep.best(),
        "front": sweep.pareto(), "published": pm.networks.alexnet(),
    }  # fmt: skip


def test_every_result_shows_what_it_is_and_nothing_of_how_it_is_stored(results: dict[str, Any]) -> None:
    for name, result in results.items():
        text = repr(result)
        assert not INNARDS.search(text), (name, text[:200])
        assert 1 <= len(text.splitlines()) <= 200, name
        if isinstance(result, Shown):
            assert text == str(result), name


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("layer report", {8 * 8 * 9}),
        ("boundary report", {8 * 9 * 8}),  # A is read anew for each column of B
        ("network report", {8 * 8 * 9}),
        ("observation", {8 * 8 * 9}),
        ("network", set[int]()),
        ("machine", {168, 55296}),
        ("best", {8}),
        ("reuse", {1}),
        ("bounds", set[int]()),
        ("tensor", set[int]()),
        ("tiled boundary", set[int]()),
        ("cost", {2}),
        ("forms", set[int]()),
    ],
)
def test_tables_say_the_same_in_html(results: dict[str, Any], name: str, numbers: set[int]) -> None:
    result = results[name]
    page = ET.fromstring(f"<page>{result._repr_html_()}</page>")  # noqa: S314  our own
    cells = [" ".join("".join(each.itertext()).split()) for each in page.iter() if each.tag in {"td", "th"}]
    assert {str(number) for number in numbers} <= set(cells)
    text = " ".join(str(result).split())
    assert all(cell.split(" ")[0] in text for cell in cells)
    assert list(page.iter("table"))


def test_a_mapping_with_symbols_shows_the_formulas_of_papers_in_html(results: dict[str, Any]) -> None:
    tiled = results["tiled"]
    page = ET.fromstring(f"<page>{tiled._repr_html_()}</page>")  # noqa: S314  our own
    rows = [[" ".join("".join(cell.itertext()).split()) for cell in row] for row in page.iter("tr")]
    text = re.sub(r"\s+", " ", tiled.table(divisible=True))
    assert len(rows) == 2 + len(dict(tiled.named()))
    assert all(f"{quantity} {formula}" in text for _, quantity, formula in rows if quantity in QUANTITIES)
    assert ["A", "parent reads", "K·M·N/PEs"] in rows
    notes = ["".join(note.itertext()) for note in page.iter("p")]
    assert "TemporalMap(T,T) M; SpatialMap(1,1) N;" in notes[0]
    assert notes[1].startswith("where M % T = 0, N % PEs = 0, K % T_K = 0, ")


def test_formulas_are_latex_in_a_notebook_unless_they_fill_the_page(results: dict[str, Any]) -> None:
    assert results["form"]._repr_latex_() == r"$\displaystyle K M N \quad \text{if } K \ge  3,\ M \ge  8$"
    assert results["case"]._repr_latex_() == results["form"]._repr_latex_()
    assert r"\left\lceil{\frac{N}{\mathrm{PEs}}}\right\rceil" in results["tiled form"]._repr_latex_()
    assert results["ratio"]._repr_latex_().startswith(r"$\displaystyle \dfrac{M}{")
    assert results["leading"]._repr_latex_() == r"$\displaystyle K M N$"
    conv = pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.kc_p(), num_pes=256)
    assert conv.runtime(pm.Hardware(256, noc_bw="B"))._repr_latex_() is None
    assert in_math("x" * 9) == r"$\displaystyle xxxxxxxxx$"


def test_the_steps_of_the_pipeline_print_sums_of_products(results: dict[str, Any]) -> None:
    counts = str(results["counts"])
    assert "  A parent reads = n1·n2·n3 - " in counts
    meanings = dict(line.strip().split(" = ", 1) for line in counts.partition("where\n")[2].splitlines())
    assert [meanings[name] for name in ("n1", "n2", "n3")] == ["M", "N", "K"]
    assert set(re.findall(r"\bn\d+", counts.partition("where\n")[0])) == set(meanings)
    movement = str(results["movement"])
    assert movement.count("L2 → L1") == 1
    assert "    + max |" in movement


@pytest.mark.parametrize("show", [Table.plain, Table.markdown, Table.latex, Table.html])
def test_a_table_escapes_what_its_format_would_read(show: Callable[[Table], str]) -> None:
    table = Table(("a_b", "<n>"), (Row(("x|y & z", "1")), Row(("w",), "no <number>")), title="100% & more")
    text = show(table)
    expected = {
        "plain": ["x|y & z", "<n>", "no <number>"],
        "markdown": [r"x\|y & z"],
        "latex": [r"a\_b", r"x|y \& z", "% 100% & more"],
        "html": ["x|y &amp; z", "&lt;n&gt;", "no &lt;number&gt;", 'colspan="1"'],
    }
    assert all(part in text for part in expected[show.__name__])


def test_a_layer_of_a_report_is_taken_by_its_name(results: dict[str, Any]) -> None:
    report = results["network report"]
    assert [report[each.name] for each in report.layers] == list(report.layers)
    with pytest.raises(ClosedFormError, match="no layer 'FRST'; did you mean 'FIRST'"):
        report["FRST"]
