"""Pareto fronts: the points that no other point beats in every objective."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from polymaestro.sweeping.terms import Array


@dataclass
class Front:
    """The front of the points met so far, each with a label; of equal points the first stays.

    >>> front = Front()
    >>> front.add(np.array([[3, 1], [2, 2], [3, 2], [1, 3]]), np.arange(4))
    >>> sorted(front.labels.tolist())
    [0, 1, 3]
    """

    points: Array = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))
    labels: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def add(self, points: Array, labels: Array) -> None:
        """Take more points, one a row, smaller is better."""
        if not len(points):
            return
        if not len(self.points):
            self.points = points[:0]
        for each in self.points:
            left = (points < each).any(axis=1)
            points, labels = points[left], labels[left]
        fresh, chosen = [], []
        # By the first objective, then the others: a point can only be beaten by one before it.
        order = np.lexsort((labels, *points.T[::-1]))
        points, labels = points[order], labels[order]
        while len(points):
            first = points[0]
            fresh.append(first)
            chosen.append(labels[0])
            left = (points < first).any(axis=1)
            points, labels = points[left], labels[left]
        for each in fresh:
            left = (self.points < each).any(axis=1)
            self.points, self.labels = self.points[left], self.labels[left]
        if fresh:
            self.points = np.concatenate([self.points, fresh])
            self.labels = np.concatenate([self.labels, chosen])

    def sorted_labels(self) -> list[int]:
        """Give the labels of the front, by the first objective, then the others."""
        if not len(self.points):
            return []
        order = np.lexsort((self.labels, *self.points.T[::-1]))
        return [int(label) for label in self.labels[order]]
