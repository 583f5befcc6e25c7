"""Statements that hold for all parameters, checked by machine: five kinds of proof.

=============  ==============================================================================
isl sets       two parametric sets are equal (`geometry`)
polynomials    two counts are the same function: their difference vanishes on each chamber (`functions`)
positivity     one count is never below another: a sum with no negative coefficient (`positivity`)
Ehrhart        a formula agrees with counting one by one at enough points (`ehrhart`, `blocks`, `interpreted`)
SMT            z3, and cvc5 where installed, decide an SMT-LIB text (`smt`, `asking`)
=============  ==============================================================================
"""

from polymaestro.proving.asking import asked_at_least
from polymaestro.proving.blocks import counts_all_points
from polymaestro.proving.defined import defined
from polymaestro.proving.definition import executed_of
from polymaestro.proving.dividing import Divided
from polymaestro.proving.ehrhart import counts_points
from polymaestro.proving.extents import Blocks
from polymaestro.proving.functions import Function, equal
from polymaestro.proving.geometry import disjoint, equal_sets, single_valued, within
from polymaestro.proving.interpreted import same_as_interpreted
from polymaestro.proving.largest import is_largest
from polymaestro.proving.positivity import at_least
from polymaestro.proving.products import equal_sums
from polymaestro.proving.running import ProofError, chosen, load_statements
from polymaestro.proving.smt import decide, script
from polymaestro.proving.verdicts import Outcome, Proof, Statement, statement

__all__ = [
    "Blocks",
    "Divided",
    "Function",
    "Outcome",
    "Proof",
    "ProofError",
    "Statement",
    "asked_at_least",
    "at_least",
    "chosen",
    "counts_all_points",
    "counts_points",
    "decide",
    "defined",
    "disjoint",
    "equal",
    "equal_sets",
    "equal_sums",
    "executed_of",
    "is_largest",
    "load_statements",
    "same_as_interpreted",
    "script",
    "single_valued",
    "statement",
    "within",
]
