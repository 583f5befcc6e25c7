"""Connected components: the parts into which names fall when some of them belong together."""

from __future__ import annotations

from collections.abc import Iterable


def components(names: Iterable[str], together: Iterable[Iterable[str]]) -> list[frozenset[str]]:
    """Give the parts, in the order of their first names; names that belong together are names too.

    >>> [sorted(part) for part in components("abcde", ["ca", "db", "ab"])]
    [['a', 'b', 'c', 'd'], ['e']]
    """
    parts = {name: [name] for name in names}
    for each in together:
        first: str | None = None
        for name in each:
            part = parts.setdefault(name, [name])
            joined = parts[first] if first is not None else part
            if joined is not part:
                joined += part
                parts.update(dict.fromkeys(part, joined))
            first = name
    return [frozenset(part) for part in {id(part): part for part in parts.values()}.values()]
