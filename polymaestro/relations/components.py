"""Connected components: the parts into which names fall when some of them belong together."""

from __future__ import annotations

from collections.abc import Iterable


def components(names: Iterable[str], together: Iterable[Iterable[str]]) -> list[frozenset[str]]:
    """Give the parts, in the order of their first names; names that belong together are names too.

    >>> [sorted(part) for part in components("abcde", ["ca", "db", "ab"])]
    [['a', 'b', 'c', 'd'], ['e']]
    """
    import networkx as nx  # noqa: PLC0415  a quarter of a second, and only an analysis needs it

    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(names)
    for each in together:
        nx.add_path(graph, each)
    return [frozenset(part) for part in nx.connected_components(graph)]
