"""Formulas as JSON that reads back to equal formulas.

Schema ``polymaestro.form/1`` holds ``counts`` and one formula: its ``symbols``, its region ``valid_on``
and its ``products``, each a ``sign`` times some ``counts`` by number. Schema ``polymaestro.forms/1`` has
``forms`` in its place, these three for each formula by name. Where the mapping has symbols too, the schemas
are ``polymaestro.tiled-form/1`` and ``polymaestro.tiled-forms/1``: they have ``ties`` beside the counts, each
a ``name`` for a ``numerator`` over a ``divisor``, ``rounded`` up or down, made of symbols and ties before it;
and ``valid_on`` lists regions that all have to hold.

==========  =============================================================================================
count       a list of ``{"where": region, "value": polynomial}``; 0 where no region holds
region      a list of alternatives; each lists ``{"expression": affine, "is": ">= 0"}`` (or ``"= 0"``),
            which all hold
polynomial  a list of ``{"factor": number, "powers": [[atom, power], …]}`` to add up; a number is an
            integer or a text like ``"16/3"``
affine      ``{"terms": [[integer, atom], …], "constant": integer}``
atom        the name of a symbol, or ``{"floor": affine, "divisor": integer}``
==========  =============================================================================================

Integers are exact: a reader must not turn them into floats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from polymaestro.affine import Affine, Extremum, Floor
from polymaestro.counting import Condition, Count, QuasiPolynomial, Region, Tie
from polymaestro.errors import ExportError, PolymaestroError
from polymaestro.export.program import Entry, Formula, Program, names_of, needed_ties
from polymaestro.export.syntax import atom_of

ONE, SEVERAL = "polymaestro.form/1", "polymaestro.forms/1"
TILED_ONE, TILED_SEVERAL = "polymaestro.tiled-form/1", "polymaestro.tiled-forms/1"


def to_json(form: Formula) -> dict[str, Any]:
    """Give one formula as JSON data.

    >>> import polymaestro as pm
    >>> macs = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), num_pes=4).macs
    >>> to_json(macs)["symbols"]
    ['K', 'M', 'N']
    """
    program = Program.of({"": form})
    tiled = _is_tiled(program)
    return {**_beginning(program, (ONE, TILED_ONE), tiled=tiled), **_entry(program.forms[""], tiled=tiled)}


def forms_to_json(forms: Mapping[str, Formula]) -> dict[str, Any]:
    """Give several formulas as JSON data, equal counts once.

    >>> import polymaestro as pm
    >>> macs = pm.analyze(pm.gemm(), pm.parse_dataflow("SpatialMap(1,1) M"), num_pes=4).macs
    >>> from polymaestro.symbolic import forms_from_json
    >>> forms_from_json(forms_to_json({"macs": macs})) == {"macs": macs}
    True
    """
    program = Program.of(forms)
    tiled = _is_tiled(program)
    entries = {name: _entry(form, tiled=tiled) for name, form in program.forms.items()}
    return {**_beginning(program, (SEVERAL, TILED_SEVERAL), tiled=tiled), "forms": entries}


def program_from_json(data: Mapping[str, Any], schema: str) -> Program:
    """Read a document of either schema; the name of a single formula is empty.

    Raises `ExportError` for what is no such document.
    """
    if not isinstance(data, Mapping) or data.get("schema") != schema:
        found = data.get("schema") if isinstance(data, Mapping) else type(data).__name__
        hint = "; read text with json.loads first" if found == "str" else ""
        message = f"expected a document with schema {schema!r}, not {found!r}{hint}"
        raise ExportError(message)
    try:
        counts = tuple(map(_read_count, data["counts"]))
        tiled = schema in (TILED_ONE, TILED_SEVERAL)
        ties = _read_ties(data["ties"]) if tiled else ()
        entries = {"": data} if schema in (ONE, TILED_ONE) else data["forms"]
        forms = {name: _read_entry(each, counts, ties, tiled=tiled) for name, each in entries.items()}
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, PolymaestroError) as error:
        message = f"the document is no {schema}: {type(error).__name__}: {error}"
        raise ExportError(message) from None
    return Program(counts, forms)


def _is_tiled(program: Program) -> bool:
    return any(form.ties or len(form.regions) != 1 for form in program.forms.values())


def _beginning(program: Program, schemas: tuple[str, str], *, tiled: bool) -> dict[str, Any]:
    if not tiled:
        return {"schema": schemas[0], "counts": _counts(program)}
    ties = [
        {
            "name": tie.name,
            "numerator": _polynomial(tie.numerator),
            "divisor": None if tie.divisor is None else _polynomial(tie.divisor),
            "rounded": tie.rounded,
        }
        for tie in program.ties
    ]
    return {"schema": schemas[1], "ties": ties, "counts": _counts(program)}


def _counts(program: Program) -> list[Any]:
    return [
        [{"where": _region(where), "value": _polynomial(value)} for where, value in count.pieces]
        for count in program.counts
    ]


def _entry(form: Entry, *, tiled: bool) -> dict[str, Any]:
    regions = [_region(each) for each in form.regions]
    return {
        "symbols": list(form.symbols),
        "valid_on": regions if tiled else regions[0],
        "products": [{"sign": sign, "counts": list(numbers)} for sign, numbers in form.products],
    }


def _region(where: Region) -> list[Any]:
    return [
        [{"expression": _affine(each.expression), "is": "= 0" if each.equality else ">= 0"} for each in piece]
        for piece in where.pieces
    ]


def _polynomial(value: QuasiPolynomial) -> list[Any]:
    return [
        {
            "factor": factor if isinstance(factor, int) else str(factor),
            "powers": [[_atom(atom_of(atom)), power] for atom, power in monomial],
        }
        for monomial, factor in value.terms
    ]


def _affine(expression: Affine) -> dict[str, Any]:
    terms = [[factor, _atom(atom_of(atom))] for atom, factor in expression.terms]
    return {"terms": terms, "constant": expression.constant}


def _atom(atom: str | Floor) -> Any:  # noqa: ANN401  JSON data
    if isinstance(atom, Floor):
        return {"floor": _affine(atom.numerator), "divisor": atom.divisor}
    return atom


def _read_ties(data: Sequence[Any]) -> tuple[Tie, ...]:
    ties = tuple(map(_read_tie, data))
    for index, tie in enumerate(ties):
        for name in sorted(tie.names() & {later.name for later in ties[index:]}):
            message = f"{tie.name} is made of {name}, which comes no earlier"
            raise ValueError(message)
    return ties


def _read_tie(data: Mapping[str, Any]) -> Tie:
    if data["rounded"] not in {"up", "down"}:
        message = f"rounded {data['rounded']!r}"
        raise ValueError(message)
    divisor = None if data["divisor"] is None else _read_polynomial(data["divisor"])
    return Tie(_name(data["name"]), _read_polynomial(data["numerator"]), divisor, data["rounded"])


def _read_entry(
    data: Mapping[str, Any], counts: Sequence[Count], ties: Sequence[Tie], *, tiled: bool
) -> Entry:
    products = tuple((_sign(each["sign"]), tuple(map(_natural, each["counts"]))) for each in data["products"])
    regions = tuple(map(_read_region, data["valid_on"] if tiled else [data["valid_on"]]))
    form = Entry(tuple(map(_name, data["symbols"])), regions, products)
    if form.counts and max(form.counts) >= len(counts):
        message = f"count {max(form.counts)} of {len(counts)}"
        raise ValueError(message)
    used = frozenset[str]().union(
        *(each.names() for each in regions), *(names_of(counts[number]) for number in form.counts)
    )
    form = replace(form, ties=needed_ties(ties, used))
    known = list(form.symbols)
    for tie in form.ties:
        used |= tie.names() - set(known)
        known.append(tie.name)
    if not used <= set(known) or len(set(known)) < len(known):
        message = f"symbols {', '.join(form.symbols)} for a formula in {', '.join(sorted(used))}"
        raise ValueError(message)
    return form


def _read_count(data: Sequence[Any]) -> Count:
    return Count(tuple((_read_region(each["where"]), _read_polynomial(each["value"])) for each in data))


def _read_region(data: Sequence[Any]) -> Region:
    return Region(tuple(tuple(map(_read_condition, piece)) for piece in data))


def _read_condition(data: Mapping[str, Any]) -> Condition:
    if data["is"] not in {"= 0", ">= 0"}:
        message = f"relation {data['is']!r}"
        raise ValueError(message)
    return Condition(_read_affine(data["expression"]), data["is"] == "= 0")


def _read_polynomial(data: Sequence[Any]) -> QuasiPolynomial:
    total = QuasiPolynomial.of(0)
    for each in data:
        factor = each["factor"]
        term = QuasiPolynomial.of(Fraction(factor) if isinstance(factor, str) else _integer(factor))
        for atom, power in each["powers"]:
            term = term * QuasiPolynomial.of(Affine.of(_read_atom(atom))) ** _natural(power)
        total = total + term
    return total


def _read_affine(data: Mapping[str, Any]) -> Affine:
    terms: dict[str | Floor | Extremum, int] = {_read_atom(atom): _integer(f) for f, atom in data["terms"]}
    return Affine.combine(terms, _integer(data["constant"]))


def _read_atom(data: Any) -> str | Floor:  # noqa: ANN401  JSON data
    if isinstance(data, str):
        return _name(data)
    return Floor(_read_affine(data["floor"]), _integer(data["divisor"]))


def _name(data: Any) -> str:  # noqa: ANN401  JSON data
    if not isinstance(data, str) or not data.isidentifier():
        message = f"{data!r} is no symbol"
        raise ValueError(message)
    return data


def _sign(data: Any) -> int:  # noqa: ANN401  JSON data
    if _integer(data) not in {1, -1}:
        message = f"sign {data!r}"
        raise ValueError(message)
    return _integer(data)


def _integer(data: Any) -> int:  # noqa: ANN401  JSON data
    if isinstance(data, bool) or not isinstance(data, int):
        message = f"{data!r} is no integer"
        raise TypeError(message)
    return data


def _natural(data: Any) -> int:  # noqa: ANN401  JSON data
    if _integer(data) < 0:
        message = f"{data} is negative"
        raise ValueError(message)
    return _integer(data)
