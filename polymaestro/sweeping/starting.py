"""The door to a sweep: which layers, dataflows, PEs and machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from polymaestro.dataflow import Dataflow, Network
from polymaestro.errors import DataflowError, HardwareError
from polymaestro.hardware import Hardware
from polymaestro.policies import Policies
from polymaestro.sweeping.constraints import Constraints

if TYPE_CHECKING:
    from polymaestro.sweeping.result import Progress, Sweep


def sweep(  # noqa: PLR0913  each is a part of the question
    network: Network,
    dataflows: Mapping[str, Dataflow | None] | None = None,
    *,
    num_pes: Sequence[int],
    hardware: Hardware | None = None,
    policies: Policies = Policies(),  # noqa: B008  frozen
    constraints: Constraints | None = None,
    jobs: int = 1,
    progress: Progress = iter,
    **axes: Iterable[Any],
) -> Sweep:
    """Sweep dataflows, layers, PEs and constants of the machine; lazily, in bounded memory.

    `dataflows` are by name; None, as one or for all, is each layer's own. `hardware` gives what does not
    vary, and each of `axes` the values of one that does: noc_bw, offchip_bw, simd_lanes, noc_hops,
    hop_latency, l1_size, l2_size. `jobs` processes derive the layers, by joblib. `constraints` restrict what
    is best.

    Raises `HardwareError` for constants that make no machine or are symbols, and where numbers exceed 64
    bits, `ClosedFormError`. Layers that cannot be timed are in `Sweep.refused`.

    >>> import polymaestro as pm
    >>> net = pm.parse_network('''Network Net { Layer FC { Type: GEMM
    ...     Dimensions { M: 8, N: 8, K: 16 }
    ...     Dataflow { SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K; } } }''')
    >>> found = pm.sweep(net, num_pes=[4, 8], noc_bw=[1, 2, 4], l2_size=[64, 512])
    >>> found.size, sum(len(chunk) for chunk in found.chunks())
    (12, 12)
    >>> best = found.best("runtime").total
    >>> best.varied, best.runtime
    ({'num_pes': 8, 'noc_bw': 4, 'l2_size': 512}, 387)
    >>> layer = net.layers[0]
    >>> alone = pm.analyze(layer.operator(), layer.mapping_dataflow(), 8).on(best.hardware)
    >>> alone.runtime_cycles == best.runtime and alone.cost.total_energy == best.energy
    True
    """
    from polymaestro.sweeping.grid import Grid  # noqa: PLC0415  loads NumPy
    from polymaestro.sweeping.result import Sweep  # noqa: PLC0415

    if not network.layers:
        message = f"network {network.name} has no layers"
        raise DataflowError(message)
    if not num_pes or (dataflows is not None and not dataflows):
        message = "a sweep needs at least one number of PEs and one dataflow"
        raise HardwareError(message)
    values = {name: tuple(each) for name, each in axes.items()}
    base = Hardware(num_pes[0]) if hardware is None else hardware
    grids = tuple(Grid(replace(base, num_pes=each), values) for each in num_pes)
    return Sweep(
        network.name,
        network.layers,
        {"own": None} if dataflows is None else dict(dataflows),
        grids,
        policies,
        Constraints() if constraints is None else constraints,
        jobs,
        progress=progress,
    )
