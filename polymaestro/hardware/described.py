"""Reading hardware from YAML: every field of `Hardware`, `Memory`, `Link` and `EnergyTable` by its name.

    num_pes: 168            # processing elements
    clock_mhz: 200
    simd_lanes: 1           # MACs per PE and cycle
    energy: eyeriss         # a table by name, or its constants: {unit: pJ, mac: 1.5, l1: 2.5, …}
    word_sizes: {O: 2}      # words per element, 1 where not given
    memories:
      - name: DRAM
        link: {bandwidth: 4}             # words per cycle, each direction
      - name: L2
        capacity: 55296                  # words
        link: {bandwidth: 4, hops: 1, hop_latency: 1, multicast: true}

A number may be a name instead: then it is a symbol of the formulas.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

import yaml

from polymaestro.errors import HardwareError, LanguageError, Place, did_you_mean
from polymaestro.hardware.energy import HOROWITZ, TABLES, EnergyTable
from polymaestro.hardware.machine import Hardware
from polymaestro.hardware.memories import Link, Memory

Part = TypeVar("Part", Hardware, Memory, Link)

TEXTS = ("name", "source", "table", "unit")
"""The fields that are taken as they are written."""

OTHERWISE = {
    "int": re.compile(r"[+-]?(0[0-9_]+|.*:.*)"),
    "str": re.compile(r"[+-]?[0-9][0-9_.]*(e[+-]?[0-9]+)?", re.IGNORECASE),
}
"""What looks like a decimal number and is none to YAML: octal, base 60, and the texts 1e3 and "4"."""
KINDS = ("bool", "float", "int", "null", "str")
"""What any other value may be; YAML knows dates and more."""

LONGEST = 40
"""Longer values are cut in messages."""


def parse_yaml(text: str, *, file: str = "<text>") -> Hardware:
    r"""Read a hardware description in YAML.

    Raises `LanguageError` with file, line and column for text that is no YAML, and `HardwareError` for
    a field that is unknown, missing, given twice or impossible.

    >>> parse_yaml("num_pes: 16\nmemories: [{name: L2, link: {bandwidth: B}}]").memory("L2").link.bandwidth
    'B'
    """
    return _Reader(text, file).hardware()


class _Reader:
    """Walks the nodes of a document, which know where they stand."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        try:
            node = yaml.compose(text, yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise LanguageError(error.problem or "no YAML", self._place(mark)) from None
        except yaml.YAMLError as error:
            raise LanguageError(str(error).splitlines()[0], Place(file, 1, 1)) from None
        if node is None:
            message = f"{file}:1:1: num_pes is missing: the number of PEs has no default"
            raise HardwareError(message)
        self.root = node

    def hardware(self) -> Hardware:
        """Read the document."""
        known = [each.name for each in fields(Hardware)]
        found = self._fields(self.root, known, "a machine")
        if "num_pes" not in found:
            raise self._error(self.root, "num_pes is missing: the number of PEs has no default")
        readers: dict[str, Callable[[yaml.Node], Any]] = {
            "memories": self._memories,
            "energy": self._energy,
            "word_sizes": self._word_sizes,
        }
        read = {n: readers[n](v) if n in readers else self._plain(n, v) for n, v in found.items()}
        return self._made(Hardware, self.root, read)

    def _memories(self, node: yaml.Node) -> tuple[Memory, ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(node, "memories must be a list, one entry a memory")
        return tuple(self._memory(each) for each in node.value)

    def _memory(self, node: yaml.Node) -> Memory:
        found = self._fields(node, [each.name for each in fields(Memory)], "a memory")
        if "name" not in found:
            raise self._error(node, "this memory has no name; DRAM, L2, cluster1 … L1 from the top")
        read = {n: self._link(v) if n == "link" else self._plain(n, v) for n, v in found.items()}
        return self._made(Memory, node, read)

    def _link(self, node: yaml.Node) -> Link:
        found = self._fields(node, [each.name for each in fields(Link)], "a link")
        return self._made(Link, node, {name: self._plain(name, value) for name, value in found.items()})

    def _word_sizes(self, node: yaml.Node) -> dict[str, Any]:
        found = self._fields(node, None, "word_sizes, a tensor and its words each")
        return {name: self._plain(f"the word size of {name}", value) for name, value in found.items()}

    def _energy(self, node: yaml.Node) -> EnergyTable:
        if isinstance(node, yaml.ScalarNode):
            if node.value not in TABLES:
                message = f"no energy table {node.value!r}{did_you_mean(node.value, TABLES)}"
                raise self._error(node, message)
            return TABLES[node.value]
        known = ["table", *(each.name for each in fields(EnergyTable) if each.init)]
        given = self._fields(node, known, "an energy table")
        found = {name: self._plain(name, value) for name, value in given.items()}
        table = found.pop("table", HOROWITZ.name)
        if table not in TABLES:
            message = f"no energy table {table!r}{did_you_mean(table, TABLES)}"
            raise self._error(node, message)
        changed = {"name": f"{table}, changed", "source": f"{self.file}; the rest: {TABLES[table].source}"}
        try:
            return replace(TABLES[table], **(changed | found))
        except HardwareError as error:
            raise self._error(node, str(error)) from None

    def _fields(self, node: yaml.Node, known: list[str] | None, what: str) -> dict[str, yaml.Node]:
        """Give the values of a mapping by field, each given once, and known where not all are."""
        if not isinstance(node, yaml.MappingNode):
            raise self._error(
                node, f"expected the fields of {what}" + (f": {', '.join(known)}" if known else "")
            )
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(key, "expected the name of a field")
            if known is not None and key.value not in known:
                raise self._error(key, f"{what} has no field {key.value!r}{did_you_mean(key.value, known)}")
            if key.value in found:
                raise self._error(key, f"{key.value} is given twice")
            found[key.value] = value
        return found

    def _plain(self, name: str, node: yaml.Node) -> Any:  # noqa: ANN401  checked when built
        """Read a text, a number, true, false or nothing."""
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, f"{name} must be one value")
        if name in TEXTS:
            return node.value
        kind = node.tag.rpartition(":")[2]
        if kind in OTHERWISE and OTHERWISE[kind].fullmatch(node.value):
            message = f"{name} is {node.value}, no decimal number to YAML; write its digits only"
            raise self._error(node, message)
        try:
            if kind in KINDS:
                return yaml.SafeLoader("").construct_object(node)
        except (KeyError, ValueError):
            pass  # not of the kind that its tag says, or of too many digits
        shown = node.value if len(node.value) <= LONGEST else f"{node.value[:LONGEST]}…"
        raise self._error(node, f"{name} is {shown}; that is no number and no name")

    def _made(self, kind: type[Part], node: yaml.Node, values: dict[str, Any]) -> Part:
        """Build a part of the machine; what it refuses gets the place of the field that it names."""
        try:
            return kind(**values)
        except HardwareError as error:
            named = next((k for k, _ in node.value if str(error).startswith(f"{k.value} ")), node)
            raise self._error(named, str(error)) from None

    def _error(self, node: yaml.Node, message: str) -> HardwareError:
        place = self._place(node.start_mark)
        return HardwareError(f"{place}: {message}{place.excerpt()}")

    def _place(self, mark: Any) -> Place:  # noqa: ANN401  the mark of a YAML error has no common type
        line, column = (mark.line, mark.column) if mark else (0, 0)
        text = self.lines[line] if line < len(self.lines) else ""
        return Place(self.file, line + 1, column + 1, text)
