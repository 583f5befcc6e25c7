"""Users' own formulas against ours, and analyses against each other."""

from polymaestro.equations.checking import check_equation
from polymaestro.equations.verdict import Counterexample, Verdict

__all__ = ["Counterexample", "Verdict", "check_equation"]
