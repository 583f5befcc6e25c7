"""Conditions on an iteration domain as text: ``j <= i``, ``1 <= u + v <= 3 and i - j < 16``.

    conditions := comparison { 'and' comparison }
    comparison := expression relation expression { relation expression }
    relation   := '<=' | '<' | '>=' | '>' | '=='

An upper-case name is the extent of that dimension: with ``j <= i + J - I`` the last query sees all keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polymaestro.affine import Affine
from polymaestro.errors import did_you_mean
from polymaestro.workload.reading import Reader

RELATIONS = ("<=", "<", ">=", ">", "==")


def read_conditions(where: str | Sequence[str], variables: Iterable[str]) -> tuple[Affine, ...]:
    """Read conditions, each as an expression that is ≥ 0 where it holds.

    Raises `WorkloadError` with a caret under what does not read.

    >>> [str(each) for each in read_conditions("0 < i - j <= 2", ["i", "j"])]
    ['i - j - 1', 'j - i + 2']
    """
    texts = [where] if isinstance(where, str) else where
    return tuple(each for text in texts for each in _Reader(text, tuple(variables)).conditions())


class _Reader(Reader):
    def __init__(self, text: str, variables: tuple[str, ...]) -> None:
        self.known = (*variables, *(variable.upper() for variable in variables))
        super().__init__(text, "where")

    def conditions(self) -> list[Affine]:
        found = self.comparison()
        while self.word == "and":
            self.advance()
            found += self.comparison()
        if self.word:
            self.expected("a relation, 'and', or the end")
        return found

    def comparison(self) -> list[Affine]:
        left = self.expression("a variable, an extent or a number")
        if self.word not in RELATIONS:
            self.expected(f"one of {' '.join(RELATIONS)}")
        found: list[Affine] = []
        while self.word in RELATIONS:
            relation = self.advance()
            right = self.expression("a variable, an extent or a number")
            found += _holds(left, relation, right)
            left = right
        return found

    def name(self, name: str, start: int) -> None:
        if name not in self.known:
            self.fail(f"the condition uses unknown name {name!r}{did_you_mean(name, self.known)}", start)


def _holds(left: Affine, relation: str, right: Affine) -> list[Affine]:
    """Give what is ≥ 0 exactly where the relation holds, in integers."""
    strict = int(relation in ("<", ">"))
    if relation == "==":
        return [right - left, left - right]
    return [right - left - strict] if relation[0] == "<" else [left - right - strict]
