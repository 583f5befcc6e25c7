"""Each rule by itself: a mapping that breaks only this rule has exactly this finding."""

from __future__ import annotations

from dataclasses import replace

import pytest

import polymaestro as pm
from polymaestro.dataflow.binding import resolved
from polymaestro.dataflow.legality import RULES, STRUCTURE, WORK
from polymaestro.dataflow.repairs import Edit, applied, dataflow_of, suggestion
from polymaestro.errors import LegalityError

GEMM = pm.gemm(M=6, N=2, K=9)
CONV = pm.conv2d(N=1, K=4, C=3, P=6, Q=5, R=3, S=3)
STRIDED = pm.conv2d(N=1, K=4, C=3, P=5, Q=5, R=3, S=3, stride=2)

BROKEN = {
    "gap": (GEMM, "SpatialMap(1,1) M; TemporalMap(2,3) K", 6, "TemporalMap(2,2) K"),
    "gap in space": (GEMM, "SpatialMap(1,2) M; TemporalMap(3,3) K", 3, "SpatialMap(1,1) M"),
    "overlap": (GEMM, "SpatialMap(1,1) M; TemporalMap(3,2) K", 6, "TemporalMap(3,3) K"),
    "overlap below": (
        GEMM,
        "SpatialMap(1,1) M; TemporalMap(6,6) K; Cluster(1); TemporalMap(3,2) K",
        6,
        "TemporalMap(3,3) K",
    ),
    "window-step": (CONV, "SpatialMap(1,1) K; TemporalMap(4,1) Y", 4, "TemporalMap(4,2) Y"),
    "window-step that skips": (CONV, "SpatialMap(1,1) K; TemporalMap(3,2) Y", 4, "TemporalMap(3,1) Y"),
    "window-step of input rows": (
        STRIDED,
        "SpatialMap(1,1) K; TemporalMap(5,1) Y",
        4,
        "TemporalMap(5,2) Y",
    ),
    "window-step under one tap": (
        CONV,
        "SpatialMap(1,1) K; TemporalMap(3,1) Y; TemporalMap(1,1) R",
        4,
        "TemporalMap(3,3) Y",
    ),
    "window-fit": (CONV, "SpatialMap(1,1) K; TemporalMap(1,1) Y", 4, "TemporalMap(3,1) Y"),
    "window-fit in space": (CONV, "SpatialMap(2,1) X", 5, "SpatialMap(3,1) X"),
    "shared-units": (GEMM, "SpatialMap(1,1) M; SpatialMap(1,1) K", 9, "TemporalMap(1,1) M"),
    "shared-units with a map that covers": (
        GEMM,
        "SpatialMap(6,6) M; SpatialMap(1,1) K",
        9,
        "TemporalMap(6,6) M",
    ),
    "shared-units beside rows that are whole": (
        STRIDED,
        "SpatialMap(5,3) Y; SpatialMap(1,1) K",
        4,
        "TemporalMap(5,3) Y",
    ),
    "diagonal": (CONV, "SpatialMap(1,1) Y; SpatialMap(1,1) R", 3, "TemporalMap(1,1) Y"),
    "diagonal below": (
        CONV,
        "SpatialMap(4,2) Y; Cluster(3); SpatialMap(1,1) Y; SpatialMap(1,1) R",
        9,
        "SpatialMap(3,1) Y",
    ),
    "diagonal with another step": (
        pm.conv2d(N=1, K=1, C=1, P=6, Q=1, R=3, S=1, dilation=2),
        "SpatialMap(5,1) Y; Cluster(3); SpatialMap(1,1) Y; SpatialMap(1,1) R",
        9,
        "SpatialMap(1,2) Y",
    ),
    "same-work": (GEMM, "TemporalMap(1,1) M; TemporalMap(3,3) K", 6, "SpatialMap(1,1) M"),
    "same-work below": (GEMM, "SpatialMap(1,1) M; Cluster(3); TemporalMap(3,3) K", 18, "SpatialMap(3,3) K"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_mapping_that_breaks_one_rule_has_that_finding_only(case: str) -> None:
    operator, text, num_pes, mended = BROKEN[case]
    verdict = pm.check(operator, pm.parse_dataflow(text), num_pes)
    assert [each.rule for each in verdict.findings if each.severity == "error"] == [case.split(maxsplit=1)[0]]
    assert not pm.interpret(operator, pm.parse_dataflow(text), num_pes).legal
    given = next(each.suggestion for each in verdict.findings if each.severity == "error")
    assert given is not None
    assert [str(new) for change in given.changes for new in change.new] == [mended]
    assert pm.interpret(operator, given.dataflow, num_pes).legal
    assert verdict.repaired == given.dataflow


CLASHES = {
    "mapped-twice": "SpatialMap(1,1) K; TemporalMap(3,3) C; TemporalMap(1,1) C",
    "output-beside-input": "SpatialMap(1,1) K; TemporalMap(3,1) Y; TemporalMap(1,1) Y'",
}


@pytest.mark.parametrize("rule", CLASHES)
def test_directives_that_contradict_each_other_are_a_finding_with_place(rule: str) -> None:
    flow = pm.parse_dataflow(CLASHES[rule])
    verdict = pm.check(CONV, flow, 4)
    [finding] = verdict.findings
    assert (finding.rule, verdict.status, verdict.missing) == (rule, "illegal", None)
    assert finding.place is not None
    assert (finding.place.line, finding.place.column) == (1, CLASHES[rule].rindex("TemporalMap") + 1)
    assert verdict.repaired is not None
    assert pm.interpret(CONV, verdict.repaired, 4).legal


def test_each_reading_of_a_dimension_mapped_twice_has_its_share() -> None:
    flow = pm.parse_dataflow("SpatialMap(1,1) K; TemporalMap(1,1) C; TemporalMap(2,3) C")
    verdict = pm.check(CONV, flow, 4)
    assert verdict.readings is not None
    later, earlier = verdict.readings["without the earlier map"], verdict.readings["without the later map"]
    assert earlier.legal
    assert later.missing is not None
    kept = pm.parse_dataflow("SpatialMap(1,1) K; TemporalMap(2,3) C")
    assert later.missing.count == pm.interpret(CONV, kept, 4).missing == 4 * 6 * 5 * 9
    assert (
        "without the earlier map, 33.3% of the MACs (1080 of 3240) are never executed" in verdict.headline()
    )


def test_a_dimension_mapped_twice_beside_another_fault_has_a_legal_dataflow_near() -> None:
    flow = pm.parse_dataflow("SpatialMap(1,2) K; TemporalMap(1,1) C; TemporalMap(2,3) C")
    verdict = pm.check(CONV, flow, 4)
    assert verdict.findings[0].suggestion is None
    assert str(verdict.repaired) == "SpatialMap(1,1) K;\nTemporalMap(1,1) C;"
    assert verdict.repaired is not None
    assert pm.interpret(CONV, verdict.repaired, 4).legal


def test_an_array_that_is_smaller_than_its_clusters() -> None:
    flow = pm.parse_dataflow("SpatialMap(1,1) K; Cluster(3); SpatialMap(1,1) C")
    verdict = pm.check(CONV, flow, 2)
    [finding] = verdict.findings
    assert finding.rule == "array"
    assert finding.reason == "the clusters need 3 PEs, the array has 2; give at least 3"
    assert str(finding.suggestion) == "write 'Cluster(2);' for 'Cluster(3);'"
    assert verdict.repaired is not None
    assert pm.interpret(CONV, verdict.repaired, 2).legal
    assert pm.check(CONV, flow, 3).legal


ADVICE = {
    "unused-pes": (CONV, "SpatialMap(1,1) K; Cluster(3); SpatialMap(1,1) C", 13, "warning"),
    "idle-units": (CONV, "SpatialMap(1,1) K; TemporalMap(1,1) C", 5, "warning"),
    "stride-reading": (STRIDED, "SpatialMap(1,1) K; TemporalMap(3,1) Y", 4, "note"),
}


@pytest.mark.parametrize("rule", ADVICE)
def test_advice_is_given_on_legal_mappings_and_keeps_them_legal(rule: str) -> None:
    operator, text, num_pes, severity = ADVICE[rule]
    verdict = pm.check(operator, pm.parse_dataflow(text), num_pes)
    assert [(each.rule, each.severity) for each in verdict.findings] == [(rule, severity)]
    assert verdict.legal
    assert verdict.ok
    assert pm.interpret(operator, pm.parse_dataflow(text), num_pes).legal


def test_every_rule_is_tested_here() -> None:
    tested = {name.split()[0] for name in BROKEN} | set(CLASHES) | {"array"} | set(ADVICE)
    assert tested == {rule.name for rule in RULES}
    assert all(rule.find.__doc__ for rule in RULES)
    assert all(rule.severity == "error" for rule in (*STRUCTURE, *WORK))


def test_as_many_units_as_positions_and_pes_as_clusters_need_no_advice() -> None:
    for text, num_pes in (("SpatialMap(1,1) K", 4), ("SpatialMap(1,1) K; Cluster(3); SpatialMap(1,1) C", 12)):
        assert pm.check(CONV, pm.parse_dataflow(text), num_pes).findings == ()


@pytest.mark.parametrize(
    ("operator", "text", "rows"),
    [
        (STRIDED, "SpatialMap(1,1) K; TemporalMap(3,1) Y", "output"),
        (STRIDED, "SpatialMap(1,1) K; TemporalMap(3,2) Y", "input"),
        (STRIDED, "SpatialMap(1,1) K; TemporalMap(5,2) Y", "output"),
        (STRIDED, "SpatialMap(1,1) K; TemporalMap(2,2) Y; TemporalMap(1,1) R", "input"),
    ],
)
def test_the_reading_of_an_offset_under_a_stride_is_noted(
    operator: pm.Operator, text: str, rows: str
) -> None:
    verdict = pm.check(operator, pm.parse_dataflow(text), 4)
    [note] = [each for each in verdict.findings if each.rule == "stride-reading"]
    assert note.reason.endswith("counts P, not Y" if rows == "output" else "counts Y, not P")
    assert verdict.relations is not None
    assert [each.rpartition(" read in ")[2] for each in verdict.relations.nest.notes] == [f"{rows} rows"]
    assert verdict.legal == pm.interpret(operator, pm.parse_dataflow(text), 4).legal


def test_a_directive_that_does_not_bind_is_a_finding() -> None:
    verdict = pm.check(GEMM, pm.parse_dataflow("SpatialMap(1,1) Mm"), 4)
    [finding] = verdict.findings
    assert (finding.rule, verdict.status) == ("directive", "illegal")
    assert "did you mean 'M'" in finding.line()
    assert "\n" not in finding.line()
    assert str(finding).endswith("\n  SpatialMap(1,1) Mm\n  ^")


def test_what_is_not_affine_is_not_decided() -> None:
    verdict = pm.check(GEMM, pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(T,T) K"), 4)
    assert (verdict.status, verdict.ok) == ("undecided", False)
    assert "give T a number" in verdict.findings[0].line()


def test_a_cluster_of_a_symbolic_size_is_not_decided() -> None:
    verdict = pm.check(CONV, pm.dataflows.kc_p("n"), 64)
    assert (verdict.status, verdict.ok) == ("undecided", False)
    assert "give n a value" in verdict.findings[0].line()


def test_a_suggestion_keeps_the_words_of_the_directive() -> None:
    flow = pm.parse_dataflow("SpatialMap(1,1) K; TemporalMap(Sz(R),2) Y; TemporalMap(2,3) X'")
    verdict = pm.check(CONV, flow, 4)
    said = [str(each.suggestion) for each in verdict.findings if each.severity == "error"]
    assert sorted(said) == [
        "write 'TemporalMap(2,2) X';' for 'TemporalMap(2,3) X';'",
        "write 'TemporalMap(Sz(R),1) Y;' for 'TemporalMap(Sz(R),2) Y;'",
    ]
    assert verdict.repaired is not None
    assert pm.parse_dataflow(str(verdict.repaired)) == verdict.repaired
    assert pm.interpret(CONV, verdict.repaired, 4).legal


def test_two_faults_of_one_dimension_are_mended_one_after_the_other() -> None:
    flow = pm.parse_dataflow("SpatialMap(5,6) K; SpatialMap(3,3) N; Cluster(1); TemporalMap(2,3) K")
    operator = pm.gemm(M=3, N=4, K=7)
    verdict = pm.check(operator, flow, 12)
    errors = [each for each in verdict.findings if each.severity == "error"]
    assert {each.rule for each in errors} == {"gap", "shared-units"}
    assert not any(each.suggestion.cures for each in errors if each.suggestion), "each alone is not enough"
    assert "(that helps, but is not enough)" in errors[0].line()
    assert verdict.repaired is not None
    assert pm.interpret(operator, verdict.repaired, 12).legal


def test_edits_of_one_level_do_not_move_each_other() -> None:
    mapping = resolved(
        GEMM, pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(2,3) K"), 6
    )
    last = mapping.levels[0].maps[2]
    edits = (Edit(0, 0, ()), Edit(0, 2, (replace(last, offset=last.size),)))
    after = applied(mapping, edits)
    assert str(dataflow_of(after)) == "SpatialMap(1,1) M;\nTemporalMap(2,2) K;"
    assert [each.dim for each in after.levels[0].maps] == ["M", "K"]
    said = suggestion(mapping, edits, cures=True)
    assert str(said) == (
        "leave out 'TemporalMap(1,1) N;' and write 'TemporalMap(2,2) K;' for 'TemporalMap(2,3) K;'"
    )
    assert said.leaves_out


def test_unrelated_maps_in_space_are_fine_on_one_unit() -> None:
    text = "SpatialMap(1,1) M; Cluster(1); SpatialMap(1,1) N; SpatialMap(1,1) K"
    verdict = pm.check(GEMM, pm.parse_dataflow(text), 6)
    assert verdict.legal
    assert verdict.findings == ()


def test_nothing_but_the_work_at_fault_is_blamed() -> None:
    # The overlap of N is harmless, since one tile covers N; the gap of K is not.
    verdict = pm.check(
        GEMM, pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(4,1) N; TemporalMap(2,3) K"), 6
    )
    assert [each.rule for each in verdict.findings] == ["gap"]
    assert str(verdict.findings[0].directive) == "TemporalMap(2,3) K"


def test_a_refusal_names_the_share_the_directive_and_what_to_write() -> None:
    flow = pm.parse_dataflow("SpatialMap(1,1) M; TemporalMap(2,3) K", file="a.m")
    with pytest.raises(LegalityError) as error:
        pm.analyze(GEMM, flow, 6)
    assert str(error.value) == (
        "the dataflow is not legal: 33.3% of the MACs (36 of 108) are never executed, "
        "e.g. m = 0, n = 0, k = 2; "
        "a.m:1:20: 'TemporalMap(2,3) K' moves by 3 but holds 2: gaps of 1 between its tiles are left out; "
        "write 'TemporalMap(2,2) K;' for 'TemporalMap(2,3) K;'"
    )


def test_a_refusal_for_some_symbols_only_says_for_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polymaestro.relations.extraction.MAX_LEGAL_PARTS", 3)
    flow = pm.parse_dataflow("SpatialMap(1,1) K; TemporalMap(4,2) Y; TemporalMap(4,2) X")
    with pytest.raises(LegalityError) as error:
        pm.analyze(pm.conv2d(), flow, 6)
    assert str(error.value).startswith(
        "the dataflow is legal exactly when (P + R ≤ 5 or R = 3, P ≥ 3) and (Q + S ≤ 5 or S = 3, Q ≥ 3); "
        "assume it, or give numbers; <text>:1:20: "
    )
