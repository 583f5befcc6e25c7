"""Inequalities between counts, put to SMT solvers: chamber by chamber, with every condition written out.

The same claims as in `positivity`, decided without its certificates: a second way to the same verdict.
"""

from __future__ import annotations

from polymaestro.affine import Extremum
from polymaestro.counting import QuasiPolynomial
from polymaestro.proving.functions import Function
from polymaestro.proving.hypotheses import hypotheses_of, plain
from polymaestro.proving.smt import Term, decide, number
from polymaestro.proving.verdicts import Proof


def asked_at_least(claim: str, left: Function, right: Function) -> Proof:
    """Ask whether left ≥ right on every chamber; the first that is not proved decides the verdict.

    >>> import polymaestro as pm
    >>> flow = pm.parse_dataflow("TemporalMap(1,1) N; SpatialMap(1,1) M; TemporalMap(1,1) K")
    >>> a = pm.analyze(pm.gemm(), flow, 4)
    >>> fills, reads = Function.of(a["L2"]["B"].fills), Function.of(a["L2"]["B"].parent_reads)
    >>> asked_at_least("reads ≥ fills", reads, fills).verdict in ("false", "skipped")
    True
    """
    answer = Proof(claim, "SMT", "proved", note="no chamber")
    scripts = []
    for domain, value in (left - right).cancelled.reduced.chambers():
        for part in domain.compute_divs().get_basic_sets():
            known = hypotheses_of(part, value)
            if any(isinstance(atom, Extremum) for atom in value.atoms()):
                return Proof(claim, "SMT", "unknown", note=f"{value} is no polynomial")
            goal = plain(value, known)
            names = sorted(goal.names().union(*(each.names() for each in known.conditions)))
            assumed = [f"(>= {written(each)} 0)" for each in known.conditions]
            answer = decide(claim, names, assumed, f"(>= {written(goal)} 0)")
            if answer.verdict != "proved":
                return answer
            scripts += [answer.certificate["script"]] if answer.certificate else []
    certificate = {"kind": "smt", "claim": claim, "scripts": scripts}
    return Proof(claim, "SMT", "proved", None, certificate, f"{len(scripts)} chambers; {answer.note}")


def written(value: QuasiPolynomial) -> Term:
    """Write a polynomial over plain names.

    >>> written(QuasiPolynomial.of("n") * QuasiPolynomial.of("n") * 2 - 1)
    '(+ (* 2 n n) (- 1))'
    """
    terms = []
    for monomial, factor in value.terms:
        powers = [str(atom) for atom, power in monomial for _ in range(power)]
        parts = [*([number(factor)] if factor != 1 or not powers else []), *powers]
        terms.append(parts[0] if len(parts) == 1 else f"(* {' '.join(parts)})")
    return f"(+ {' '.join(terms)})" if len(terms) > 1 else (terms or ["0"])[0]
