"""The door to a sweep: which layers, dataflows, PEs and machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from polymaestro.dataflow import Dataflow, Network
from polymaestro.errors import DataflowError, HardwareError, PolymaestroError
from polymaestro.hardware import Hardware
from polymaestro.hardware.machine import check_machine
from polymaestro.policies import Policies
from polymaestro.sweeping.constraints import Constraints

if TYPE_CHECKING:
    from polymaestro.sweeping.result import Progress, Sweep


def sweep(  # noqa: PLR0913  each is a part of the question
    network: Network,
    dataflows: Mapping[str, Dataflow | None] | None = None,
    *,
    num_pes: int | Iterable[int],
    hardware: Hardware | None = None,
    policies: Policies = Policies(),  # noqa: B008  frozen
    constraints: Constraints | None = None,
    jobs: int = 1,
    progress: Progress = iter,
    **axes: Any,  # noqa: ANN401  one value, or several
) -> Sweep:
    """Sweep dataflows, layers, PEs and constants of the machine; lazily, in bounded memory.

    `dataflows` are by name; None, as one or for all, is each layer's own. `hardware` gives what does not
    vary, and each of `axes` the values of one that does: noc_bw, offchip_bw, simd_lanes, noc_hops,
    hop_latency, l1_size, l2_size; one value needs no list. `jobs` processes derive the layers, by joblib.
    `constraints` restrict what is best.

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
    from polymaestro.sweeping.result import Sweep  # noqa: PLC0415  NumPy takes a tenth of a second

    _check(network, dataflows, jobs)
    arrays = _several(num_pes)
    if not arrays:
        message = "a sweep needs at least one number of PEs"
        raise HardwareError(message)
    values = {name: _several(each) for name, each in axes.items()}
    base = Hardware(arrays[0]) if hardware is None else hardware
    check_machine(base)
    grids = tuple(Grid(replace(base, num_pes=each), values) for each in arrays)
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


def _check(network: object, dataflows: object, jobs: int) -> None:
    """Refuse what is no network with layers, dataflows without names, and less than one process."""
    if not isinstance(network, Network):
        message = f"expected a network, as pm.load(…) or pm.networks.vgg16() gives it, not {network!r}"
        raise DataflowError(message)
    if not network.layers:
        message = f"network {network.name} has no layers"
        raise DataflowError(message)
    if dataflows is not None and (not isinstance(dataflows, Mapping) or not dataflows):
        message = "a sweep needs dataflows by name, at least one, as in {'KC-P': pm.dataflows.kc_p(16)}"
        raise DataflowError(message)
    if jobs < 1:
        message = f"jobs is {jobs}; it must be 1 or more"
        raise PolymaestroError(message)


def _several(values: Any) -> tuple[Any, ...]:  # noqa: ANN401  one or several, of any kind
    """Give one value or several as Python has them; those of NumPy have a method for that."""
    plain = values.tolist() if hasattr(values, "tolist") else values
    return tuple(plain) if isinstance(plain, Iterable) and not isinstance(plain, str) else (plain,)
