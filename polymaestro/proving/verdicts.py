"""Statements and what becomes of them: proved, false with a counterexample, or not decided.

A statement is a function that yields one `Proof` per case; its docstring is the sentence that it claims.
Files of statements are plain Python, so that a reader may open one, read the prose and run it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["proved", "false", "unknown", "skipped"]
Kind = Literal["isl sets", "polynomials", "positivity", "Ehrhart", "SMT"]
Certificate = Mapping[str, Any]


@dataclass(frozen=True)
class Proof:
    """What a machine found out about one claim.

    ``false`` comes with a counterexample; ``unknown`` means that neither a proof nor a counterexample was
    found; ``skipped`` that a tool is missing, which the note names. A certificate is JSON data that
    ``proofs/replay.py`` checks with integers alone.
    """

    claim: str
    kind: Kind
    verdict: Verdict
    counterexample: Mapping[str, int] | None = None
    certificate: Certificate | None = field(default=None, repr=False)
    note: str = ""

    def __str__(self) -> str:
        """Write the claim, the verdict and where it fails."""
        point = ", ".join(f"{name} = {value}" for name, value in sorted((self.counterexample or {}).items()))
        tail = f" at {point}" if point else ""
        note = f" ({self.note})" if self.note else ""
        return f"{self.claim}: {self.verdict}{tail}{note}"


@dataclass(frozen=True)
class Statement:
    """A sentence, the proofs of its cases, what must be trusted, and whether it is meant to be false."""

    name: str
    sentence: str
    trusts: str
    proofs: Callable[[], Iterable[Proof]]
    is_false: bool = False

    def check(self) -> Outcome:
        """Run every proof."""
        start = time.perf_counter()
        proofs = tuple(self.proofs())
        return Outcome(self, proofs, time.perf_counter() - start)


@dataclass(frozen=True)
class Outcome:
    """The proofs of a statement and the seconds that they took."""

    statement: Statement
    proofs: tuple[Proof, ...]
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """The verdict on the statement: that of its cases, the worst first.

        A statement without cases shows nothing, so it is ``unknown``; one with a single false case is false.
        """
        verdicts = {proof.verdict for proof in self.proofs} or {"unknown"}
        if self.statement.is_false:  # each of its cases is a counterexample of its own
            order: tuple[Verdict, ...] = ("unknown", "proved", "false", "skipped")
        else:
            order = ("false", "unknown", "proved", "skipped")
        return next(each for each in order if each in verdicts)

    @property
    def as_expected(self) -> bool:
        """Whether a true statement is proved, and a false one refuted, in every case that could be run."""
        return self.verdict in ("skipped", "false" if self.statement.is_false else "proved")

    @property
    def word(self) -> str:
        """The verdict as a reader wants it: a statement that is meant to be false is refuted."""
        return "refuted" if self.verdict == "false" and self.statement.is_false else self.verdict

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of proof that were used."""
        return tuple(dict.fromkeys(proof.kind for proof in self.proofs))


def statement(*, trusts: str, is_false: bool = False) -> Callable[[Callable[[], Iterable[Proof]]], Statement]:
    """Make a statement of a function that yields proofs; its docstring is the sentence.

    >>> @statement(trusts="nothing")
    ... def one_is_one():
    ...     '''One is one.'''
    ...     yield Proof("1 = 1", "polynomials", "proved")
    >>> one_is_one.name, one_is_one.sentence, one_is_one.check().verdict
    ('one-is-one', 'One is one.', 'proved')
    """

    def make(proofs: Callable[[], Iterable[Proof]]) -> Statement:
        sentence = " ".join((proofs.__doc__ or "").split())
        return Statement(proofs.__name__.replace("_", "-"), sentence, trusts, proofs, is_false)

    return make
