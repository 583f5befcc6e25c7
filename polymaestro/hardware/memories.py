"""Memories, and the link below each: what they are made of, as data and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from polymaestro.affine import settle_integers
from polymaestro.hardware.values import Given, Value, check_count, check_flag, check_integer, exact, plain
from polymaestro.showing import Row, Table


@dataclass(frozen=True)
class Link:
    """The wires from one memory to the memories or PEs below it; each parent instance has its own.

    bandwidth    words per cycle, each direction; None has no limit
    hops         routers or wires that a word passes
    hop_latency  cycles per hop, paid once by each transfer
    multicast    whether one word can reach several children at once
    reduction    whether partial sums are added up on their way to the parent

    >>> Link(bandwidth=0)
    Traceback (most recent call last):
    polymaestro.errors.HardwareError: bandwidth is 0; it must be a number, above 0, or a name for a symbol
    """

    bandwidth: Given | None = None
    hops: int = 1
    hop_latency: int | str = 0
    multicast: bool = True
    reduction: bool = True

    def __post_init__(self) -> None:
        """Refuse what makes no link."""
        settle_integers(self)
        if self.bandwidth is not None:
            exact(self.bandwidth, "bandwidth", open_end=True)
        check_integer("hops", self.hops, 0)
        check_count("hop_latency", self.hop_latency, 0)
        for name in ("multicast", "reduction"):
            check_flag(name, getattr(self, name))

    @property
    def words_per_cycle(self) -> Value | None:
        """The bandwidth, exact."""
        return None if self.bandwidth is None else exact(self.bandwidth, "bandwidth", open_end=True)


@dataclass(frozen=True)
class Memory:
    """One level of memory: DRAM, L2, cluster1, cluster2 … L1; each parent instance has its own.

    capacity         words; None has no limit
    double_buffered  whether the next step's words arrive while this step computes, which takes two tiles
    read_energy      per word, in the unit of the energy table; None takes the table's
    write_energy     likewise
    link             to what is below

    >>> Memory("L2", 65536, link=Link(bandwidth=32)).link.words_per_cycle
    Fraction(32, 1)
    """

    name: str
    capacity: int | None = None
    double_buffered: bool = True
    read_energy: Given | None = None
    write_energy: Given | None = None
    link: Link = Link()

    def __post_init__(self) -> None:
        """Refuse what makes no memory."""
        settle_integers(self)
        if self.capacity is not None:
            check_integer("capacity", self.capacity, 1)
        check_flag("double_buffered", self.double_buffered)
        for name in ("read_energy", "write_energy"):
            if getattr(self, name) is not None:
                exact(getattr(self, name), name)


def memory_table(memories: Iterable[Mapping[str, Any]]) -> Table:
    """Write memories as `Hardware.to_json` gives them, and the link below each."""
    head = ("memory", "capacity\nwords", "double\nbuffered", "read\nenergy", "write\nenergy")
    own = ("capacity", "double_buffered", "read_energy", "write_energy")
    link = ("bandwidth", "hops", "hop_latency", "multicast", "reduction")
    rows = tuple(
        Row((each["name"], *(_cell(each.get(n)) for n in own), *(_cell(each["link"].get(n)) for n in link)))
        for each in memories
    )
    return Table((*head, "words\nper cycle", "hops", "hop\nlatency", "multicast", "reduction"), rows)


def _cell(value: object) -> str:
    """Write what is set; None is no limit, or what the energy table says."""
    if value is None:
        return ""
    return str(value) if not isinstance(value, bool) else "yes" if value else "no"


def json_of(part: Memory | Link) -> dict[str, Any]:
    """Give what is set in a memory or link."""
    data: dict[str, Any] = {}
    for each in fields(part):
        value = getattr(part, each.name)
        if isinstance(value, Link):
            data[each.name] = json_of(value)
        elif value is not None:
            named = isinstance(value, str | bool)
            data[each.name] = value if named else plain(exact(value, each.name))
    return data
