"""The directive language: text to `Dataflow` and `Network`, every node with its place.

    file      := { constant } { network }
    constant  := 'Constant' NAME INT
    network   := 'Network' NAME '{' { layer } '}'
    layer     := 'Layer' NAME '{' { item } '}'
    item      := 'Type' TYPE
               | ('Stride' | 'Dilation') '{' { ('Y' | 'X') INT } '}'
               | 'Dimensions' '{' { DIM size } '}'
               | 'Dataflow' '{' { directive } '}'
    directive := ('TemporalMap' | 'SpatialMap') '(' size size ')' DIM
               | 'Cluster' '(' size [ 'P' | 'L' ] ')'

TYPE is one of CONV DSCONV NGCONV TRCONV GEMM FC POOL AVGPOOL LSTM; `kinds` says what each means.
``:`` ``,`` ``;`` ``->`` and ``// comments`` are blanks (`scanner`); `sizes` has the rest of the grammar.
Constants are replaced by their value while reading; any other bare name in a size is a symbol.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn

from polymaestro.affine import Affine
from polymaestro.dataflow.directives import Cluster, Dataflow, Directive, SpatialMap, TemporalMap
from polymaestro.dataflow.layers import TYPES, Layer
from polymaestro.dataflow.network import Network
from polymaestro.dataflow.scanner import Scanner, Token, brief, read_source
from polymaestro.dataflow.sizes import read_positive

MAPS: dict[str, type[TemporalMap | SpatialMap]] = {"TemporalMap": TemporalMap, "SpatialMap": SpatialMap}
DIRECTIVES = (*MAPS, "Cluster")
ITEMS = ("Type", "Stride", "Dilation", "Dimensions", "Dataflow")
TOP = ("Constant", "Network")
KEYWORDS = frozenset((*DIRECTIVES, *ITEMS, *TOP, "Layer"))


def parse_dataflow(text: str, *, file: str = "<text>") -> Dataflow:
    """Read a list of directives, alone or inside ``Dataflow { … }``; constants may come before.

    Raises `LanguageError`, which names the place, for anything else.

    >>> flow = parse_dataflow("Constant T 4; SpatialMap(1,1) K; Cluster(2*T); TemporalMap(T,T) C;")
    >>> print(flow)
    SpatialMap(1,1) K;
    Cluster(8);
    TemporalMap(4,4) C;
    """
    parser = _Parser(text, file)
    parser.constants_here()
    scanner = parser.scanner
    if scanner.ended:
        scanner.expected(f"a directive ({', '.join(DIRECTIVES)})")
    if scanner.at("Dataflow"):
        scanner.advance()
        dataflow = parser.dataflow()
    else:
        dataflow = Dataflow(tuple(parser.directives()))
    if not scanner.ended:
        scanner.expected("the end of the dataflow")
    return dataflow


def parse_network(text: str, *, file: str = "<text>") -> Network:
    """Read a whole file; a layer without Dataflow takes the one before it in the file.

    Several ``Network`` blocks make one network, named after all of them, with the layers of all.

    Raises `LanguageError`, which names the place, for text that is no such file.

    >>> net = parse_network("Network Small { Layer L1 { Type: GEMM Dimensions { M: 4, N: 2, K: 8 } } }")
    >>> print(net.layers[0].operator())
    gemm: Z[m, n] += A[m, k] · B[k, n]
      M = 4, N = 2, K = 8
    """
    parser = _Parser(text, file)
    names: list[str] = []
    layers: list[Layer] = []
    parser.constants_here()
    while not parser.scanner.ended:
        names.append(parser.network(layers))
        parser.constants_here()
    if not names:
        parser.scanner.expected("Network NAME { … }")
    return Network("_and_".join(dict.fromkeys(names)), tuple(layers))


def load(path: str | Path) -> Network:
    """Read a file, or standard input for ``-``; raises `LanguageError` where it does not read."""
    text, name = read_source(path)
    return parse_network(text, file=name)


@dataclass
class _Items:
    """What the items of a layer have given so far."""

    type: str = ""
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    dimensions: dict[str, Affine] = field(default_factory=dict)
    dataflow: Dataflow | None = None


class _Parser:
    """Recursive descent, one method for each line of the grammar."""

    def __init__(self, text: str, file: str) -> None:
        self.scanner = Scanner(text, file)
        self.constants: dict[str, int] = {}

    def constants_here(self) -> None:
        """Read every constant up to the next other word."""
        scanner = self.scanner
        while scanner.at("Constant"):
            scanner.advance()
            start = scanner.token.start
            name = scanner.label("the name of the constant")
            value = scanner.number(f"an integer, the value of {brief(name)}")
            before = self.constants.setdefault(name, value)
            if before != value:
                self._clash(f"constant {brief(name)}", value, before, start)

    def network(self, layers: list[Layer]) -> str:
        """Read one network, add its layers and give its name."""
        scanner = self.scanner
        if not scanner.at("Network"):
            self._refuse_top()
        scanner.advance()
        name = scanner.label("the name of the network")

        def layer() -> None:
            if not scanner.at("Layer"):
                self._no_keyword(f"in Network {brief(name)}", ("Layer",))
            layers.append(self.layer(layers[-1].dataflow if layers else None))

        self._block(f"Network {brief(name)}", layer, enders=("Network", "Constant"))
        return name

    def layer(self, inherited: Dataflow | None) -> Layer:
        """Read one layer; without a Dataflow of its own it takes the inherited one."""
        scanner = self.scanner
        scanner.advance()
        start = scanner.token.start
        name = scanner.label("the name of the layer")
        where = f"Layer {brief(name)}"
        items = _Items()
        seen: set[str] = set()

        def item() -> None:
            keyword = scanner.token
            if keyword.text not in ITEMS:
                self._no_keyword(f"in {where}", ITEMS)
            if keyword.text in seen:
                scanner.fail(f"a second {keyword.text} in {where}; keep one of the two")
            seen.add(keyword.text)
            scanner.advance()
            self._item(keyword.text, items)

        self._block(where, item, enders=("Layer", "Network", "Constant"))
        if not items.type:
            scanner.fail(f"{where} has no Type; give one of {', '.join(TYPES)}", start)
        dataflow = inherited if items.dataflow is None else items.dataflow
        place = scanner.place(start)
        return Layer(name, items.type, items.stride, items.dilation, items.dimensions, dataflow, place)

    def _item(self, keyword: str, items: _Items) -> None:
        if keyword == "Type":
            items.type = self._type()
        elif keyword == "Stride":
            items.stride = self._pair("Stride")
        elif keyword == "Dilation":
            items.dilation = self._pair("Dilation")
        elif keyword == "Dimensions":
            items.dimensions = self._extents("Dimensions")
        else:
            items.dataflow = self.dataflow()

    def _type(self) -> str:
        token = self.scanner.name(f"a layer type ({', '.join(TYPES)})")
        if token.text not in TYPES:
            self.scanner.unknown("layer type", token, TYPES)
        return token.text

    def _pair(self, keyword: str) -> tuple[int, int]:
        start = self.scanner.token.start
        steps = self._extents(keyword, ("Y", "X"))
        for dim, value in steps.items():
            if not value.is_constant:
                self.scanner.fail(f"{keyword} of {dim} is {value}; it must be a number", start)
        one = Affine.of(1)
        return steps.get("Y", one).constant, steps.get("X", one).constant

    def _extents(self, keyword: str, known: tuple[str, ...] = ()) -> dict[str, Affine]:
        scanner = self.scanner
        extents: dict[str, Affine] = {}

        def extent() -> None:
            dim = scanner.name(f"a dimension of {keyword}, or its '}}'")
            if known and dim.text not in known:
                scanner.unknown(f"dimension of {keyword}", dim, known)
            value = read_positive(scanner, self.constants, f"the {keyword} value of {brief(dim.text)}")
            before = extents.setdefault(dim.text, value)
            if before != value:
                self._clash(brief(dim.text), value, before, dim.start)

        self._block(keyword, extent, enders=tuple(KEYWORDS))
        return extents

    def dataflow(self) -> Dataflow:
        """Read the directives between braces."""
        found: list[Directive] = []
        enders = tuple(KEYWORDS - set(DIRECTIVES))
        self._block("Dataflow", lambda: found.append(self.directive()), enders=enders)
        return Dataflow(tuple(found))

    def directives(self) -> list[Directive]:
        """Read directives to the end of the text."""
        found = []
        while not self.scanner.ended:
            found.append(self.directive())
        return found

    def directive(self) -> Directive:
        """Read one directive."""
        scanner = self.scanner
        keyword = scanner.token
        if keyword.text not in DIRECTIVES:
            self._no_keyword("in a dataflow", DIRECTIVES)
        scanner.advance()
        scanner.word("(")
        return self._cluster(keyword) if keyword.text == "Cluster" else self._map(keyword)

    def _map(self, keyword: Token) -> Directive:
        scanner = self.scanner
        size = read_positive(scanner, self.constants, f"the size of {keyword.text}")
        if scanner.at(")"):
            scanner.fail(
                f"{keyword.text} takes a size and an offset: repeat the size for tiles that do not overlap"
            )
        offset = read_positive(scanner, self.constants, f"the offset of {keyword.text}")
        scanner.word(")")
        if scanner.token.text in KEYWORDS:
            scanner.expected(f"the dimension of {keyword.text}")
        dim = scanner.name(f"the dimension of {keyword.text}").text
        return MAPS[keyword.text](size, offset, dim, scanner.place(keyword.start))

    def _cluster(self, keyword: Token) -> Cluster:
        scanner = self.scanner
        size = read_positive(scanner, self.constants, "the size of Cluster")
        kind: Literal["P", "L"] | None = None
        if scanner.token.kind == "name":
            token = scanner.advance()
            if token.text not in ("P", "L"):
                scanner.unknown("kind of Cluster", token, ("P", "L"))
            kind = "P" if token.text == "P" else "L"
        scanner.word(")")
        return Cluster(size, kind, scanner.place(keyword.start))

    def _block(self, what: str, read_one: Callable[[], None], *, enders: tuple[str, ...]) -> None:
        """Read '{', things, '}'; a word of `enders` means that the brace before it is missing."""
        scanner = self.scanner
        opening = scanner.token.start
        scanner.word("{")
        while not scanner.at("}"):
            if scanner.ended:
                scanner.fail(f"the '{{' of {what} is never closed", opening)
            if scanner.token.kind == "name" and scanner.token.text in enders:
                line = scanner.place(opening).line
                scanner.fail(f"a '}}' is missing: the '{{' of {what} in line {line} is still open here")
            read_one()
        scanner.advance()

    def _clash(self, what: str, value: object, before: object, start: int) -> NoReturn:
        self.scanner.fail(f"{what} is {brief(value)} here and {brief(before)} before", start)

    def _no_keyword(self, where: str, known: tuple[str, ...]) -> NoReturn:
        token = self.scanner.token
        if token.kind != "name":
            self.scanner.expected(f"{' or '.join(known)} {where}")
        self.scanner.unknown("word", token, known, f" {where}")

    def _refuse_top(self) -> NoReturn:
        scanner = self.scanner
        token = scanner.token
        if token.text in ("Layer", *ITEMS, *DIRECTIVES) and token.kind == "name":
            scanner.fail(
                f"{token.text} outside a network; write Network NAME {{ Layer NAME {{ … }} }} around it"
            )
        if token.text == "}" and token.kind == "sign":
            scanner.fail("a '}' that no '{' opened")
        if token.text in ("#", "/", "*", "%", ";", "-"):
            scanner.fail("a comment begins with //")
        self._no_keyword("at the top of a file", TOP)
