"""Deciding: an operator, a dataflow and an array become a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from polymaestro.checking.capacity import capacity_findings, needs_of
from polymaestro.checking.measuring import Measured
from polymaestro.checking.mending import Mender, explains, groups_of, joint_repair
from polymaestro.checking.verdict import Status, Verdict
from polymaestro.counting import region_of
from polymaestro.dataflow import Dataflow
from polymaestro.dataflow.binding import Mapping, clashes, resolved, shortage
from polymaestro.dataflow.findings import Finding, broken
from polymaestro.dataflow.legality import ADVICE, STRUCTURE, WORK
from polymaestro.dataflow.repairs import Edit, Repair, applied, dataflow_of, suggestion
from polymaestro.dataflow.tiles import level_cuts
from polymaestro.errors import DataflowError, LoweringError
from polymaestro.hardware import Hardware
from polymaestro.loopnest import nest_of
from polymaestro.relations import Coverage, Relations, extract
from polymaestro.relations.coverage import coverage_of
from polymaestro.workload import Operator

MOST_ROUNDS = 6  # repairs on top of each other


def check(  # noqa: PLR0913  three things to check, the machine and two options
    operator: Operator,
    dataflow: Dataflow,
    num_pes: int | str,
    hardware: Hardware | None = None,
    *,
    assuming: str | Iterable[str] = (),
    double_buffered: bool = True,
) -> Verdict:
    """Decide whether a dataflow executes every point exactly once, say why not, and what would mend it.

    Extents may be symbols: then the verdict holds for all of them, or says for which. `hardware` gives the
    sizes of memories; a tile needs twice its words when it is double-buffered.

    Raises nothing for a dataflow that is wrong, however wrong it is; `PolymaestroError` for assumptions
    that contradict each other, and an array of no PEs.

    >>> from polymaestro.workload import gemm
    >>> from polymaestro.dataflow import parse_dataflow
    >>> flow = parse_dataflow("SpatialMap(1,1) M; TemporalMap(2,3) K")
    >>> verdict = check(gemm(M=4, N=2, K=6), flow, num_pes=4)
    >>> verdict.legal, verdict.missing.count == 4 * 2 * len({k for k in range(6) if k % 3 == 2})
    (False, True)
    >>> print(verdict.findings[0].suggestion)
    write 'TemporalMap(2,2) K;' for 'TemporalMap(2,3) K;'
    >>> print(check(gemm(), flow, num_pes=4).headline())
    legal exactly when K ≤ 2
    """
    try:
        mapping = resolved(operator, dataflow, num_pes)
    except DataflowError as error:
        return Verdict("illegal", (Finding(str(error), rule="directive"),))
    except LoweringError as error:
        return _undecided(error)
    if shortage(mapping) or any(clashes(mapping)):
        return _without_nest(mapping)
    try:
        relations = extract(nest_of(mapping), assuming, allow_illegal=True)
    except LoweringError as error:
        return _undecided(error)
    verdict = _decided(mapping, relations)
    if hardware is None:
        return verdict
    needs = needs_of(relations, hardware, double_buffered=double_buffered)
    return replace(verdict, findings=(*verdict.findings, *capacity_findings(needs)), needs=needs)


def _undecided(error: LoweringError) -> Verdict:
    return Verdict("undecided", (Finding(str(error), rule="not-affine"),))


def _decided(mapping: Mapping, relations: Relations) -> Verdict:
    """Give the verdict on a mapping that is a loop nest."""
    advice = tuple(broken(mapping, ADVICE))
    legal, context = relations.legal_on, relations.context
    if not relations.problems:
        return Verdict(
            "legal", advice, region_of(legal.gist(context)), relations=relations, measured=Measured(relations)
        )
    status: Status = "illegal" if legal.is_empty() else "conditional"
    mender = Mender(mapping, relations)
    errors = [mender.mended(finding) for finding in explained(mapping, relations)]
    if status == "conditional":
        errors = [replace(finding, severity="warning") for finding in errors]
    return Verdict(
        status,
        (*errors, *advice),
        region_of(legal.gist(context)),
        relations,
        Measured(relations),
        repaired=_repaired(mapping, relations, errors),
    )


def _repaired(mapping: Mapping, relations: Relations, errors: Sequence[Finding]) -> Dataflow | None:
    """Give a legal dataflow near this one: all suggestions at once, or one after the other."""
    together = joint_repair(mapping, relations, errors)
    if together:
        return together
    for _ in range(MOST_ROUNDS):
        known = [finding.suggestion for finding in errors if finding.suggestion]
        if not known:
            return None
        mapping = applied(mapping, max(known, key=lambda each: each.cures).repair)
        groups = groups_of(mapping, relations)
        if groups is None:
            return None
        relations = replace(relations, groups=groups, coverage=tuple(map(coverage_of, groups)))
        if all(part.is_exact for part in relations.coverage):
            return dataflow_of(mapping)
        mender = Mender(mapping, relations)
        errors = [mender.mended(finding) for finding in explained(mapping, relations)]
    return None


def explained(mapping: Mapping, relations: Relations) -> Iterator[Finding]:
    """Give the broken rules of every group that is not executed exactly once, at least one each."""
    suspects = list(broken(mapping, WORK))
    given: list[Finding] = []
    for part in relations.coverage:
        if part.is_exact:
            continue
        reasons = [each for each in suspects if explains(each, part)] or [_unexplained(mapping, part)]
        for each in reasons:
            if each not in given:
                given.append(each)
                yield each


def _unexplained(mapping: Mapping, part: Coverage) -> Finding:
    """Say what is wrong with a group where no rule knows why."""
    dims = tuple(dim.name for dim in mapping.operator.dims if dim.variable in part.variables)
    cuts = [
        cut
        for level in level_cuts(mapping)
        for cut in level.cuts
        if cut.map.dim in dims or (cut.slide and cut.slide.window.output in dims)
    ]
    shown = ", ".join(f"'{cut.written}'" for cut in cuts)
    reason = f"{shown}: together they do not give each point once; {'; '.join(part.problems())}"
    return Finding(reason, cuts[-1].written, cuts[-1].level.index, dims, rule="coverage")


# --- Directives that contradict each other ---


def _without_nest(mapping: Mapping) -> Verdict:
    """Give the verdict on directives that contradict each other, and on each way to read them."""
    findings = tuple(_cured(mapping, finding) for finding in broken(mapping, STRUCTURE))
    cures = [finding.suggestion for finding in findings if finding.suggestion]
    readings = dict(_readings(mapping))
    repaired = cures[0].dataflow if len(findings) == len(cures) == 1 else None
    if repaired is None:
        repaired = next((way.repaired for way in readings.values() if way.repaired), None)
    return Verdict("illegal", findings, readings=readings, repaired=repaired)


def _cured(mapping: Mapping, finding: Finding) -> Finding:
    """Add the first repair after which all is legal, if there is one."""
    for repair in finding.repairs:
        reading = _reading(applied(mapping, repair))
        if reading and reading.legal:
            return replace(finding, suggestion=suggestion(mapping, repair, cures=True))
    return finding


def _readings(mapping: Mapping) -> Iterator[tuple[str, Verdict]]:
    """Give the verdict without the earlier, and without the later, of the maps that clash."""
    found = list(clashes(mapping))
    ways = {
        "without the earlier map": {(clash.level, clash.earlier) for clash in found},
        "without the later map": {(clash.level, clash.position) for clash in found},
    }
    for name, dropped in reversed(ways.items()):
        repair: Repair = tuple(Edit(level, position, ()) for level, position in sorted(dropped))
        reading = _reading(applied(mapping, repair)) if repair else None
        if reading:
            yield name, reading


def _reading(mapping: Mapping) -> Verdict | None:
    """Give the verdict on a mapping; None where that is no loop nest either."""
    if shortage(mapping) or any(clashes(mapping)):
        return None
    try:
        relations = extract(nest_of(mapping), allow_illegal=True)
    except LoweringError:
        return None
    verdict = _decided(mapping, relations)
    return replace(verdict, repaired=dataflow_of(mapping)) if verdict.legal else verdict
