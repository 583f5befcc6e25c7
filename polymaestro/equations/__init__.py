"""Users' own formulas against ours, and analyses against each other."""

from polymaestro.equations.checking import check_equation
from polymaestro.equations.comparing import Change, Difference, diff
from polymaestro.equations.verdict import Counterexample, Verdict

__all__ = ["Change", "Counterexample", "Difference", "Verdict", "check_equation", "diff"]
