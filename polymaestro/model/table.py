"""The table that an analysis prints: formulas by boundary and tensor, and the region where they hold."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from polymaestro.dataflow import Dataflow
from polymaestro.loopnest import LoopNest
from polymaestro.symbolic import LARGE, ClosedForm, ClosedForms, CommonCase, factored, point_near
from polymaestro.workload import Operator


def reference_point(operator: Operator, symbols: tuple[str, ...]) -> dict[str, int]:
    """Give the point whose case is shown: 3-tap filters, everything else large."""
    large = {name: LARGE + 4 * index for index, name in enumerate(symbols)}
    return large | dict.fromkeys(operator.filter_symbols, 3)


def formula_table(
    operator: Operator,
    dataflow: Dataflow,
    nest: LoopNest,
    forms: ClosedForms,
    at: Mapping[str, int] | None,
) -> str:
    """Print every formula in one common case, with the condition of that case."""
    if at is not None:
        point = forms.macs.checked(at)
    else:
        point = point_near(forms.macs.context, reference_point(operator, forms.macs.symbols))
    lines = [*str(operator).splitlines(), "dataflow:"]
    lines += [f"  {line}" for line in str(dataflow).splitlines()]
    lines += [f"  note: {note}" for note in nest.notes]
    lines.append("units: " + " × ".join(str(units.count) for units in nest.units))
    if forms.macs.symbols:
        lines.append(f"parameters: {', '.join(forms.macs.symbols)}, where {forms.macs.valid_on}")
    case = CommonCase.of(list(forms.every().values()), point)
    if not case.region.is_everywhere:
        lines.append(f"the formulas below hold where {case.region}")
    lines += ["", _row("MACs", forms.macs, case), _row("steps", forms.steps, case)]
    lines.append(_row("active PEs, summed", forms.active, case))
    for boundary in forms.boundaries:
        lines += ["", f"{boundary.parent} → {boundary.child}"]
        for tensor in boundary.tensors.values():
            lines += _tensor_rows(tensor.name, tensor.forms, case)
    policies = forms.counts.movement.policies
    lines += ["", *textwrap.wrap(f"policies: {policies}", 80, subsequent_indent="  ", break_on_hyphens=False)]
    return "\n".join(lines)


def _tensor_rows(name: str, forms: Mapping[str, ClosedForm], case: CommonCase) -> Iterator[str]:
    for index, (quantity, form) in enumerate(forms.items()):
        label = name if index == 0 else ""
        yield f"  {label:<3} " + _row(quantity.replace("_", " "), form, case)


def _row(label: str, form: ClosedForm, case: CommonCase) -> str:
    return f"{label:<18} {factored(case.value(form))}"
