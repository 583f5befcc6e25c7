"""A layer with its extents as symbols: what the commands about formulas have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

import polymaestro as pm
from polymaestro.cli.tables import tell
from polymaestro.cli.waiting import Waiting
from polymaestro.dataflow import Cluster, Dataflow, Layer
from polymaestro.errors import CountingError, LegalityError, LoweringError, PolymaestroError, did_you_mean
from polymaestro.model.table import reference_point
from polymaestro.symbolic import point_near

keep_option = click.option(
    "--keep", metavar="DIMS", default="", help="Dimensions that keep their number, as in R,S."
)
assume_option = click.option(
    "--assume", metavar="CONDITION", multiple=True, help='For example "C % 64 == 0"; may be repeated.'
)


@dataclass(frozen=True)
class Lifted:
    """The analysis of a layer in its extents, and the layer itself as numbers."""

    name: str
    operator: pm.Operator
    analysis: pm.Analysis
    narrowed: bool
    fixed: tuple[str, ...]

    def point(self) -> Mapping[str, int]:
        """Give the layer's own extents; where the file has symbols, large numbers take their place.

        Outside the region, a note says so, and some point of the region is given.
        """
        numbers = {d.name: d.extent.constant for d in self.operator.dims if d.extent.is_constant}
        symbols = self.analysis.symbols
        point = reference_point(self.analysis.operator, symbols)
        point |= {symbol: numbers[symbol] for symbol in symbols if symbol in numbers}
        region = self.analysis.macs.valid_on
        if region.holds(point):
            return point
        shown = ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
        if not self.narrowed:
            message = f"layer {self.name} ({shown}) is not legal; the dataflow is legal only where {region}"
            raise LegalityError(message)
        tell(f"note: layer {self.name} itself ({shown}) is outside the region {region}")
        return point_near(self.analysis.macs.context, point)

    def note_fixed(self) -> None:
        """Say which dimensions kept their number though nobody asked for it."""
        if self.fixed:
            names, their = ", ".join(self.fixed), "their numbers" if len(self.fixed) > 1 else "its number"
            tell(f"note: {names} kept as in --keep: the dataflow suits {their} only")


def lifted(  # noqa: PLR0913  as the options have it
    layer: Layer,
    num_pes: int,
    keep: str,
    assume: Sequence[str],
    *,
    divisible: bool = False,
    fixed: frozenset[str] = frozenset(),
    policies: pm.Policies = pm.Policies(),  # noqa: B008  frozen
) -> Lifted:
    """Analyse a layer with a symbol for every extent that is a number, not kept and not fixed."""
    operator, flow = layer.operator(), layer.mapping_dataflow()
    fixed |= fixed_filters(layer)
    symbolic = operator.with_extents(symbols_of(operator, keep, fixed))
    with Waiting(f"deriving {layer.name}"):
        analysis = _derived(symbolic, flow, num_pes, assume, policies)
        analysis = analysis.divisible() if divisible else analysis
    return Lifted(layer.name, operator, analysis, bool(assume) or divisible, tuple(sorted(fixed)))


def fixed_filters(layer: Layer) -> frozenset[str]:
    """Give the filter dimensions that only a number suits.

    A window or filter tile that the dataflow writes as a number was written for one filter size; the size
    of a cluster divides the array; and the taps of one axis may be the offset of another's map.
    """
    operator, flow = layer.operator(), layer.mapping_dataflow()
    fixed: set[str] = set()
    for window in operator.windows:
        own = f"Sz({window.filter})"
        for each in flow.directives:
            if isinstance(each, Cluster):
                suits = own not in each.size.names()
            elif each.dim in (window.input, window.filter):
                suits = not each.size.is_constant or each.size.constant == 1
            else:
                suits = own not in each.offset.names()
            if not suits:
                fixed.add(window.filter)
    return frozenset(fixed)


def has_symbols(layer: Layer) -> bool:
    """Whether the mapping of a layer has symbols of its own, which are no extents."""
    extents = {name for dim in layer.operator().dims for name in (dim.name, *dim.extent.names())}
    directives = layer.mapping_dataflow().directives
    sizes = (size for each in directives for size in (each.size, getattr(each, "offset", each.size)))
    names = {name for size in sizes for name in size.names() if not name.startswith("Sz(")}
    return bool(names - extents)


def symbols_of(operator: pm.Operator, keep: str, fixed: frozenset[str]) -> dict[str, str]:
    """Give the symbol of each extent that is a number and not kept."""
    kept = {name.strip() for name in keep.split(",") if name.strip()}
    names = [dim.name for dim in operator.dims]
    for name in sorted(kept - set(names)):
        message = f"--keep: {operator.name} has no dimension {name!r}"
        raise PolymaestroError(message + did_you_mean(name, names))
    # A file may use the name of one dimension as the symbol for another; that dimension keeps its number.
    kept |= set(operator.symbols) | fixed
    return {dim.name: dim.name for dim in operator.dims if dim.extent.is_constant and dim.name not in kept}


def _derived(
    operator: pm.Operator, flow: Dataflow, num_pes: int, assume: Sequence[str], policies: pm.Policies
) -> pm.Analysis:
    try:
        return pm.analyze(operator, flow, num_pes, assuming=assume, policies=policies)
    except (CountingError, LoweringError) as error:
        message = f"{error}\n{_hint(operator)}"
        if isinstance(error, LoweringError):
            message += "; for symbols in the mapping take derive --symbolic-tiles"
        raise PolymaestroError(message) from None


def _hint(operator: pm.Operator) -> str:
    """Say how to ask for less: the extents of filters decide which windows fit, so they come first."""
    names = ",".join(operator.filters or [dim.name for dim in operator.dims[:1]])
    return f"keep extents as numbers (e.g. --keep {names}), or assume more (--assume)"
