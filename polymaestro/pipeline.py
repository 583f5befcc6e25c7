"""The pipeline: one assignment per arrow from directives to formulas; what is refused is explained."""

from __future__ import annotations

from collections.abc import Iterable

from polymaestro.checking import check
from polymaestro.counting import Engine, count
from polymaestro.dataflow import Dataflow
from polymaestro.dataflow.binding import bind
from polymaestro.dataflow.padding import padded
from polymaestro.errors import LegalityError
from polymaestro.loopnest import nest_of
from polymaestro.model import Analysis
from polymaestro.movement import trace
from polymaestro.policies import Policies
from polymaestro.relations import extract
from polymaestro.symbolic import close
from polymaestro.workload import Operator


def analyze(  # noqa: PLR0913  three things to analyse and four options
    operator: Operator,
    dataflow: Dataflow,
    num_pes: int | str,
    *,
    assuming: Iterable[str] = (),
    policies: Policies = Policies(),  # noqa: B008  frozen
    engine: Engine = "auto",
    allow_illegal: bool = False,
) -> Analysis:
    """Derive every count of a dataflow on an operator, exact, in the extents that are symbols.

    Counts are in elements, MACs or steps; `polymaestro.movement` defines each.
    `num_pes` is the number of PEs of the whole array; `assuming` holds conditions on the symbols such
    as ``"C % 64 == 0"`` that are used while counting. `policies` settles the points on which models
    disagree.

    Raises one of the `PolymaestroError` family: `DataflowError` or `LoweringError` for directives that
    do not fit, `LegalityError` when work is skipped or repeated (unless `allow_illegal`), with the share
    of the work, the directives and what to write instead (see `check`),
    `CountingUnavailableError` when something cannot be counted exactly.

    >>> import polymaestro as pm
    >>> a = pm.analyze(pm.conv2d(R=3, S=3), pm.dataflows.kc_p(), num_pes=256)
    >>> print(a["L2"]["W"].parent_reads)
    9·C·K
    >>> a["L2"]["W"].parent_reads.at(N=1, K=64, C=64, P=56, Q=56)
    36864
    """
    try:
        return derive(
            operator,
            dataflow,
            num_pes,
            assuming=assuming,
            policies=policies,
            engine=engine,
            allow_illegal=allow_illegal,
        )
    except LegalityError:
        verdict = check(operator, dataflow, num_pes, assuming=assuming)
        raise LegalityError(verdict.refusal()) from None


def derive(  # noqa: PLR0913  as `analyze`
    operator: Operator,
    dataflow: Dataflow,
    num_pes: int | str,
    *,
    assuming: Iterable[str] = (),
    policies: Policies = Policies(),  # noqa: B008  frozen
    engine: Engine = "auto",
    allow_illegal: bool = False,
) -> Analysis:
    """Do what `analyze` does; a dataflow that is refused is not explained, which takes time."""
    mapping = bind(operator, dataflow, num_pes)
    loop_nest = nest_of(padded(mapping) if policies.edge_tiles == "padded" else mapping)
    relations = extract(loop_nest, assuming, allow_illegal=allow_illegal)
    movement = trace(relations, policies)
    counts = count(movement, engine)
    forms = close(counts)
    return Analysis(operator, dataflow, loop_nest, relations, movement, counts, forms)
