"""The result of an analysis: every intermediate of the pipeline, and the table of formulas."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, replace

from polymaestro.counting import Counts
from polymaestro.dataflow import Dataflow
from polymaestro.errors import ClosedFormError
from polymaestro.hardware import Hardware
from polymaestro.loopnest import LoopNest
from polymaestro.model.report import LayerReport, report_layer
from polymaestro.model.reuse import Reuse, reuse_of
from polymaestro.model.table import formula_table
from polymaestro.movement import Movement
from polymaestro.relations import Relations
from polymaestro.symbolic import BoundaryForms, ClosedForm, ClosedForms
from polymaestro.workload import Operator


@dataclass(frozen=True)
class Analysis:
    """What a dataflow costs on an operator, as formulas; each stage of the pipeline is kept.

    ``analysis["L2"]["I"].parent_reads`` is a `ClosedForm`; printing the analysis gives the table.
    """

    operator: Operator
    dataflow: Dataflow
    loop_nest: LoopNest
    relations: Relations
    movement: Movement
    counts: Counts
    forms: ClosedForms

    def __getitem__(self, memory: str) -> BoundaryForms:
        """Give the boundary below a memory: ``L2``, ``cluster1`` and so on."""
        return self.forms[memory]

    @property
    def boundaries(self) -> tuple[BoundaryForms, ...]:
        """All boundaries, the outermost first."""
        return self.forms.boundaries

    @property
    def macs(self) -> ClosedForm:
        """How many MACs are executed."""
        return self.forms.macs

    @property
    def steps(self) -> ClosedForm:
        """At how many time steps some PE is active."""
        return self.forms.steps

    @property
    def active_units(self) -> ClosedForm:
        """The active PEs, summed over the steps."""
        return self.forms.active

    @property
    def symbols(self) -> tuple[str, ...]:
        """The parameters of the formulas."""
        return self.forms.macs.symbols

    def assuming(self, *assumptions: str) -> Analysis:
        """Give the analysis with all formulas on the smaller region where conditions hold.

        The formulas are simplified by the conditions; what comes before them in the pipeline stays.

        >>> import polymaestro as pm
        >>> a = pm.analyze(pm.conv2d(), pm.dataflows.kc_p(), num_pes=256)
        >>> print(a.assuming("K % 4 == 0", "Q > S")["L2"]["I"].parent_reads)
        C·K·N·P·R·(Q + S - 1)/4
        """
        return replace(self, forms=self.forms.assuming(*assumptions))

    def divisible(self, *assumptions: str) -> Analysis:
        """Give the analysis where every tile divides its extent and no fold is partial."""
        return replace(self, forms=self.forms.divisible(*assumptions))

    def reuse(self, memory: str, tensor: str) -> Reuse:
        """Give the reuse factors of a tensor at the boundary below a memory."""
        return reuse_of(self.macs, self[memory][tensor])

    def on(self, hardware: Hardware, **extents: int) -> LayerReport:
        """Evaluate everything at a point, for the array that the analysis was made for.

        Raises `ClosedFormError` outside the region, and when the hardware has another number of PEs.
        """
        units = self.loop_nest.pes_at(extents)
        if not 1 <= units <= hardware.num_pes:
            message = f"the analysis uses {units} PEs, the hardware has {hardware.num_pes}; analyze again"
            raise ClosedFormError(message)
        return self.at(extents)

    def at(self, extents: Mapping[str, int], name: str = "layer") -> LayerReport:
        """Evaluate everything at a point."""
        self.macs.check(extents)
        return report_layer(name, self.forms, extents)

    def table(self, at: Mapping[str, int] | None = None) -> str:
        """Give the table of tensor × boundary in the case that a point belongs to.

        Without a point, the case of large extents and 3-tap filters.
        """
        return formula_table(self.operator, self.dataflow, self.loop_nest, self.forms, at)

    def __str__(self) -> str:
        """Print the table."""
        return self.table()

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"
