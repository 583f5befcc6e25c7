"""``polymaestro optimize``: the tiles of a layer that make a quantity smallest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import click

import polymaestro as pm
from polymaestro.cli.options import array_options, chosen, format_options, layer_of, layer_option, machine
from polymaestro.cli.source import Source, source_arguments
from polymaestro.cli.tables import tell
from polymaestro.cli.values import Values
from polymaestro.cli.waiting import Waiting
from polymaestro.dataflow import Layer, print_network
from polymaestro.errors import CountingUnavailableError, HardwareError, PolymaestroError
from polymaestro.model.numbers import decimal
from polymaestro.tiling import Optimum, TiledAnalysis, TiledEnergy, TiledRunTime, lifted

EXAMPLES = """\b
Examples, from the root of the repository:
  polymaestro optimize examples/gemm.m --num-pes 64 \\
    --minimize L2.traffic --subject-to "L1 <= 128"
  polymaestro optimize examples/vgg16_kc_p.m --layer CONV5 --num-pes 256 \\
    --minimize "L2.traffic + cluster1.traffic" --subject-to "2*L1 <= 512" \\
    --tiles all
  polymaestro optimize --network resnet50 --dataflow kc_p --num-pes 256 \\
    --layer CONV4_1_2 --minimize L2.traffic --subject-to "L1 <= 512" \\
    --subject-to "cluster1 <= 8192" --choose G1=16:256:*2
  polymaestro optimize examples/gemm.m --num-pes 64 --minimize energy
  polymaestro optimize examples/gemm.m --hw eyeriss --minimize runtime \\
    --subject-to "L1 <= 260" --choose T_M0=1,2,4 --choose T_N1=1,2,4

\b
Quantities: L2.traffic is all that crosses the boundary below L2; L1, L2 and
cluster1 the words that each needs, all its tensors' tiles together (2*L1 if
double-buffered); L2.I.parent_reads and the like are formulas; steps; macs.
runtime and energy are those on the machine of --hw; run times are evaluated,
some hundred in a second, wherever the roofline is below the best of them, and
wherever the conditions hold on a machine whose L2 is limited.
"""


class Choice(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic in newer click only
    """A symbol and the values it may take."""

    name = "NAME=VALUES"

    def convert(
        self,
        value: Any,  # noqa: ANN401  as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, list[int]]:
        """Read them; values are numbers and ranges by commas.

        >>> Choice().convert("G1=3,8:32:*2", None, None)
        ('G1', [3, 8, 16, 32])
        """
        name, equals, text = str(value).partition("=")
        if not equals:
            self.fail(f"{value!r} is no NAME=VALUES, as in G1=8,16,32", param, ctx)
        values = Values().convert(text, param, ctx)
        for each in values:
            if not isinstance(each, int) or each < 1:
                self.fail(f"{text!r}: a size is an integer, 1 or more", param, ctx)
        return name.strip(), values


@click.command(epilog=EXAMPLES)
@source_arguments
@layer_option
@array_options
@click.option("--minimize", metavar="SUM", required=True, help="What to make smallest, as in L2.traffic.")
@click.option(
    "--subject-to",
    "conditions",
    metavar="CONDITION",
    multiple=True,
    help='What must hold, as in "L1 <= 512"; may be repeated.',
)
@click.option(
    "--tiles",
    type=click.Choice(["divisors", "all"]),
    default="divisors",
    show_default=True,
    help="The sizes that a tile may have: those that divide its dimension, or all, with edge tiles.",
)
@click.option(
    "--choose",
    "choices",
    type=Choice(),
    multiple=True,
    help="Values for a size, a cluster (G1, G2 …) or the PEs, as in G1=8:64:*2; may be repeated. Clusters "
    "and PEs stay as they are without.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="End after so many evaluated points; the result is then not proved.",
)
@format_options("json")
def optimize(  # noqa: PLR0913  one argument per option
    *,
    source: Source,
    layer: str | None,
    hw: str | None,
    num_pes: int | None,
    minimize: str,
    conditions: tuple[str, ...],
    tiles: Any,  # noqa: ANN401  one of two words
    choices: tuple[tuple[str, list[int]], ...],
    limit: int | None,
    **formats: bool,
) -> None:
    """Find the tiles of a layer of FILE that make a quantity smallest.

    Every size of the layer's mapping becomes a symbol: T_K0 is the tile of K at level 0, G1 the size of the
    first cluster. The result is exact, and is proved to be the least of all; it is written as a file with the
    new mapping, which the other commands read.
    """
    style = chosen(formats)
    hardware = machine(hw, num_pes, file=source.file)
    network = source.network()
    found = _Mapped.of(layer_of(network, layer), hardware.pes)
    given = _by_name(choices)
    with Waiting(f"searching the tiles of {found.layer.name}"):
        goal = found.goal(minimize, hardware, given)
        best = pm.optimize(
            found.analysis,
            minimize=goal,
            subject_to=conditions,
            extents=found.fixed(given),
            choices=given,
            tiles=tiles,
            limit=limit,
        )
        report = _Report(network.name, found, minimize, goal, best, conditions, _single(given))
    click.echo(report.json() if style == "json" else "\n".join(report.lines()))
    for note in found.small(best, found.fixed(given), hardware) if hw is not None else ():
        tell(note)


def _by_name(choices: Iterable[tuple[str, list[int]]]) -> dict[str, list[int]]:
    """Give the values of each name, which is chosen once."""
    found: dict[str, list[int]] = {}
    for name, values in choices:
        if name in found:
            message = f"--choose {name} is given twice; separate its values by commas"
            raise click.UsageError(message)
        found[name] = values
    return found


def _single(choices: Mapping[str, list[int]]) -> dict[str, int]:
    return {name: values[0] for name, values in choices.items() if len(values) == 1}


@dataclass(frozen=True)
class _Limited:
    """Run time or energy where L2 is limited, so that what stays in it changes with the tiles."""

    analysis: TiledAnalysis
    machine: pm.Hardware
    cost: str
    _forms: dict[frozenset[str], TiledRunTime | TiledEnergy] = field(default_factory=dict)

    def at(self, **point: int) -> Fraction:
        """Evaluate with what stays at the point."""
        resident = self.analysis.resident_at(self.machine, **point)
        if resident not in self._forms:
            derive = self.analysis.runtime if self.cost == "runtime" else self.analysis.energy
            self._forms[resident] = derive(self.machine, resident=resident)
        return Fraction(self._forms[resident].at(**point))


Goal = str | TiledRunTime | TiledEnergy | _Limited


@dataclass(frozen=True)
class _Mapped:
    """A layer, its mapping with symbols for sizes, and the numbers that these have in the file."""

    layer: Layer
    analysis: TiledAnalysis
    numbers: Mapping[str, int]

    @staticmethod
    def of(layer: Layer, num_pes: int) -> _Mapped:
        """Lift the sizes of a layer's mapping."""
        layer.numbers()  # refuses symbols for extents
        operator = layer.operator()
        found = lifted(operator, layer.mapping_dataflow(), num_pes)
        analysis = pm.analyze_tiles(operator, found.dataflow, found.num_pes)
        known = {name: value for name, value in found.values.items() if name in analysis.symbols}
        return _Mapped(layer, analysis, known)

    def fixed(self, choices: Mapping[str, list[int]]) -> dict[str, int]:
        """Give the clusters and PEs that stay as they are."""
        tiles = frozenset[str]().union(*(cut.size.names() for cut in self.analysis.cuts.cuts))
        return {n: value for n, value in self.numbers.items() if n not in tiles and n not in choices}

    def goal(self, text: str, hardware: pm.Hardware, choices: Mapping[str, list[int]]) -> Goal:
        """Give what a name stands for; time and energy are those on the hardware."""
        if text not in ("runtime", "energy"):
            return text
        machine = replace(hardware, num_pes="PEs") if "PEs" in choices else hardware
        if hardware.memory("L2").capacity is not None:
            return _Limited(self.analysis, machine, text)
        return self.analysis.runtime(machine) if text == "runtime" else self.analysis.energy(machine)

    def small(self, best: Optimum, fixed: Mapping[str, int], hardware: pm.Hardware) -> Iterator[str]:
        """Say which memories of a machine are too small for a mapping, and the condition that sees to it."""
        point = {**fixed, **best.point}
        machine = replace(hardware, num_pes=point.get("PEs", hardware.num_pes))
        try:
            cost = self.analysis.on(machine, **point).cost
        except (CountingUnavailableError, HardwareError):
            return
        for each in cost.buffers:
            if not each.fits:
                times = "2*" if machine.memory(each.memory).double_buffered else ""
                condition = f'; add --subject-to "{times}{each.memory} <= {each.capacity}" for tiles that fit'
                yield (
                    f"note: {each.memory} needs {each.needed} words and has {each.capacity}"
                    f"{'' if machine.word_sizes else condition}"
                )

    def value(self, goal: Goal, conditions: Iterable[str] = ()) -> Fraction | None:
        """Give the goal in the mapping as it is; None where a size is open or a condition fails."""
        if set(self.numbers) < set(self.analysis.symbols):
            return None
        try:
            found = pm.optimize(self.analysis, minimize=goal, subject_to=conditions, extents=self.numbers)
        except PolymaestroError:
            return None
        return Fraction(found.value)


@dataclass(frozen=True)
class _Report:
    network: str
    found: _Mapped
    minimize: str
    goal: Goal
    best: Optimum
    conditions: tuple[str, ...]
    single: Mapping[str, int]
    """The sizes for which one value was given."""

    @cached_property
    def before(self) -> Fraction | None:
        """The quantity in the mapping as it is."""
        return self.found.value(self.goal)

    @cached_property
    def keeps(self) -> bool:
        """Whether the mapping as it is satisfies the conditions."""
        return self.found.value(self.goal, self.conditions) is not None

    def lines(self) -> Iterator[str]:
        """Write a file with the mapping found, what it costs as comments above."""
        best = self.best
        where = f" with {', '.join(self.conditions)}" if self.conditions else ""
        proof = "proved: the least of" if best.proved else "not proved: the search ended early among"
        yield f"// {self.minimize} = {decimal(Fraction(best.value))}{where}"
        yield (f"// {proof} {best.space} points" if best.space > 1 else "// the only point: no size is open")
        if self.before is not None:
            times = f", {decimal(self.before / best.value)} times as much" if best.value else ""
            breaks = "" if self.keeps else "; the conditions do not hold there"
            before = "the same" if self.before == best.value else f"{decimal(self.before)}{times}"
            yield f"// before: {before}{breaks}"
        numbers = self.found.numbers
        for name, value in sorted({**self.single, **best.point}.items()):
            was = "" if numbers.get(name, value) == value else f", was {numbers[name]}"
            yield f"// {name} = {value}{was}"
        layer = replace(self.found.layer, dataflow=best.dataflow)
        yield print_network(pm.Network(self.network, (layer,)))

    def json(self) -> str:
        """Write one JSON document."""
        best = self.best
        document = {
            "schema": "polymaestro.optimum/1",
            "network": self.network,
            "layer": self.found.layer.name,
            "minimize": self.minimize,
            "subject_to": list(self.conditions),
            "value": _number(best.value),
            "before": None if self.before is None else _number(self.before),
            "point": {**self.single, **best.point},
            "point_before": dict(self.found.numbers),
            "satisfied_before": self.keeps,
            "space": best.space,
            "evaluated": best.evaluated,
            "proved": best.proved,
            "dataflow": [str(directive) for directive in best.dataflow.directives],
        }
        return json.dumps(document, indent=2, ensure_ascii=False)


def _number(value: Fraction | int) -> int | float:
    """Give an integer in full."""
    return int(value) if value.denominator == 1 else float(value)
