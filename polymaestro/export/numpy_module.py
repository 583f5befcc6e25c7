"""Formulas as a NumPy module: a copy of `arrays`, and the formulas as its plan."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pprint import pformat

from polymaestro.export import arrays
from polymaestro.export.describing import count_texts, description
from polymaestro.export.names import PYTHON, Names
from polymaestro.export.planning import plan_of
from polymaestro.export.program import Formula, Program, is_plain

WIDTH = 100


def to_numpy(forms: Mapping[str, Formula]) -> str:
    """Write a module with one function per formula, which takes an array or number for each symbol.

    The module needs NumPy alone. ``evaluate_all`` gives all formulas as a dictionary and computes what they
    share once. Symbols keep their names; a symbol that is a Python keyword is passed as ``**{"in": 3}``.

    >>> import polymaestro as pm
    >>> macs = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), num_pes=4).macs
    >>> space = {}
    >>> exec(to_numpy({"macs": macs}), space)
    >>> space["macs"](M=3, N=[4, 5], K=2).tolist()
    [24, 30]
    """
    program = Program.of(forms)
    names = Names([*PYTHON, *vars(arrays), "PLAN", "evaluate_all"])
    texts = count_texts(program.counts, "count")
    cases = [
        f"# {texts[number]}: {'; '.join(str(count).splitlines())}; 0 elsewhere"
        for number, count in enumerate(program.counts)
        if not is_plain(count)
    ]
    parts = [inspect.getsource(arrays).rstrip(), "\n".join([*cases, f"PLAN = {_plan(plan_of(program))}"])]
    parts += [
        _function(names.take(name), name, description(name, form, texts))
        for name, form in program.forms.items()
    ]
    parts.append(
        "def evaluate_all(**extents: ArrayLike) -> dict[str, Array]:\n"
        '    """All formulas, by name."""\n'
        "    return evaluate(PLAN, extents)"
    )
    return "\n\n\n".join(parts) + "\n"


def _plan(plan: arrays.Plan) -> str:
    fields = (
        f"    {name}={_indented(pformat(value, width=WIDTH, compact=True))},"
        for name, value in vars(plan).items()
    )
    return "Plan(\n" + "\n".join(fields) + "\n)"


def _indented(text: str) -> str:
    return text.replace("\n", "\n        ")


def _function(function: str, name: str, about: list[str]) -> str:
    return "\n".join(
        [
            f"def {function}(**extents: ArrayLike) -> Array:",
            f'    """{about[0]}',
            *(f"    {line}" for line in about[1:]),
            '    """',
            f"    return evaluate(PLAN, extents, ({name!r},))[{name!r}]",
        ]
    )
