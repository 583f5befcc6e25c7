"""Branch and bound on random small tables, where every bound is compared with all that it stands for."""

from __future__ import annotations

import itertools
import random
from math import prod

import numpy as np
import pytest

from polymaestro.affine import Affine
from polymaestro.counting import QuasiPolynomial
from polymaestro.errors import CountingError
from polymaestro.tiling.counts import TiledCount
from polymaestro.tiling.quantities import Sum
from polymaestro.tiling.run import Run
from polymaestro.tiling.searching import descent, segments
from polymaestro.tiling.searching import tables as tables_module
from polymaestro.tiling.searching.bounds import Weighed
from polymaestro.tiling.searching.descent import Best, Descent, EnoughError
from polymaestro.tiling.searching.spaces import Group, Space
from polymaestro.tiling.searching.tables import Table, table_of
from polymaestro.tiling.searching.trees import Bound
from polymaestro.tiling.ties import Ties


def named(name: str) -> TiledCount:
    return TiledCount(lambda _: QuasiPolynomial.of(name), (name,))


def tables_of(rng: random.Random, most: int) -> list[Table]:
    tables = []
    kind = np.int64 if most < 2**63 else object
    for group in range(rng.randint(1, 4)):
        rows = rng.randint(1, 4)
        values = {
            named(f"c{group}{column}"): np.array([rng.randint(0, most) for _ in range(rows)], kind)
            for column in range(3)
        }
        tables.append(Table((f"T{group}",), np.arange(1, rows + 1)[:, np.newaxis], values))
    return tables


def sum_of(rng: random.Random, tables: list[Table]) -> Sum:
    """Draw a sum of products with a count of most groups in each, some of which are equal."""
    products = []
    for _ in range(rng.randint(1, 5)):
        chosen = (rng.choice(list(table.values)) for table in tables if rng.random() < 0.8)
        products.append((rng.choice([1, 1, 2, -1, -3]), tuple(chosen)))
    return tuple(products)


def value(total: Sum, tables: list[Table], rows: tuple[int, ...]) -> int:
    at = {c: int(v[row]) for table, row in zip(tables, rows, strict=True) for c, v in table.values.items()}
    return sum(factor * prod(at[count] for count in counts) for factor, counts in total)


@pytest.mark.parametrize("most", [3, 10**5, 10**20])
def test_bounds_hold_for_all_that_is_open_and_are_exact_at_the_end(most: int) -> None:
    rng = random.Random(most)
    for _ in range(60):
        tables = tables_of(rng, most)
        total = sum_of(rng, tables)
        weighed = Weighed.of(total, {}, tables)
        sizes = [range(table.rows) for table in tables]
        block = weighed.start
        chosen: list[tuple[int, ...]] = [()]
        for group in range(len(tables)):
            least, greatest = weighed.least(block, group), weighed.greatest(block, group)
            pairs = list(itertools.product(range(len(chosen)), sizes[group]))
            for row, choice in pairs:
                rest = itertools.product(*sizes[group + 1 :])
                values = [value(total, tables, (*chosen[row], choice, *more)) for more in rest]
                assert least[row, choice] <= min(values)
                assert max(values) <= greatest[row, choice]
                if group == len(tables) - 1:
                    assert least[row, choice] == values[0] == greatest[row, choice]
            rows, choices = map(np.array, zip(*pairs, strict=True))
            block = weighed.grown(block, rows, group, choices)
            chosen = [(*chosen[row], choice) for row, choice in pairs]


def test_a_bound_is_the_least_of_one_product_or_the_most_where_it_is_taken_away() -> None:
    c, d = named("c"), named("d")
    first = Table(("T",), np.array([[1], [2]]), {c: np.array([2, 5])})
    second = Table(("S",), np.array([[1], [2]]), {d: np.array([3, 4])})
    for sign, expected in ((1, [[60, 150]]), (-1, [[-80, -200]])):
        weighed = Weighed.of(((sign, (c, e := named("e"), d)),), {e: 10}, [first, second])
        assert weighed.least(weighed.start, 0).tolist() == expected
        assert (-weighed.greatest(weighed.start, 0)).tolist() == ([[-80, -200]] if sign == 1 else [[60, 150]])


@pytest.mark.parametrize(
    ("block", "dive", "segment"),
    [
        (1, 1, None),
        (5, 2, None),
        (descent.BLOCK, descent.DIVE, None),
        (1, 1, 1),
        (5, 2, 2),
        (descent.BLOCK, descent.DIVE, 3),
    ],
)
def test_the_first_least_value_is_found_in_small_steps(
    monkeypatch: pytest.MonkeyPatch, block: int, dive: int, segment: int | None
) -> None:
    if segment is not None:  # bound so many rows together, in every table
        monkeypatch.setattr(segments, "SEGMENT", segment)
        monkeypatch.setattr(segments, "MANY", 1)
    monkeypatch.setattr(descent, "BLOCK", block)
    monkeypatch.setattr(descent, "DIVE", dive)
    rng = random.Random(block)
    pruned = 0
    for _ in range(150):
        tables = tables_of(rng, 2)
        goal, limited = sum_of(rng, tables), sum_of(rng, tables)
        every = list(itertools.product(*(range(table.rows) for table in tables)))
        low = value(limited, tables, rng.choice(every))
        fitting = [rows for rows in every if low <= value(limited, tables, rows) <= low + 3]
        best = Best()
        bound = Bound(Weighed.of(limited, {}, tables), low, low + 3)
        search = Descent(Weighed.of(goal, {}, tables), [bound], {"X": 7}, tables, best)
        if rng.random() < 0.5:
            search.dive()
            if best.point:  # a point that the conditions allow, though not always the best one
                reached = tuple(best.point[f"T{group}"] - 1 for group in range(len(tables)))
                assert reached in fitting
                assert value(goal, tables, reached) == best.value
        search.run()
        first = min(fitting, key=lambda rows: (value(goal, tables, rows), rows))
        assert best.value == value(goal, tables, first)
        assert best.point == {"X": 7} | {f"T{group}": row + 1 for group, row in enumerate(first)}
        assert best.met
        assert best.evaluated <= len(every)
        pruned += len(every) - best.evaluated
    assert pruned > 100


def test_a_function_of_the_point_is_called_where_the_conditions_hold() -> None:
    tables = tables_of(random.Random(4), 2)
    limited = sum_of(random.Random(5), tables)
    every = list(itertools.product(*(range(table.rows) for table in tables)))
    high = value(limited, tables, every[len(every) // 2])
    fitting = [rows for rows in every if value(limited, tables, rows) <= high]
    called: list[tuple[int, ...]] = []

    def judge(point: dict[str, int]) -> float:
        called.append(tuple(point[f"T{group}"] - 1 for group in range(len(tables))))
        return -0.5 * (len(called) == 3)

    best = Best()
    bound = Bound(Weighed.of(limited, {}, tables), None, high)
    Descent(judge, [bound], {}, tables, best).run()
    assert called == fitting
    assert (best.value, best.evaluated) == (-0.5, len(fitting))
    with pytest.raises(EnoughError):
        Descent(judge, [bound], {}, tables, Best(), limit=2).run()


def test_rows_that_an_earlier_one_equals_or_beats_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the rule itself, row by row; in one chunk, and in chunks of a few rows."""
    rng = random.Random(9)
    for chunk in (2**17, 7):
        monkeypatch.setattr(tables_module, "CHUNK", chunk)
        for most in (1, 2, 4):
            values = [[rng.randint(0, most) for _ in range(3)] for _ in range(30)]
            counts = tuple(looked_up(values, column) for column in range(3))
            senses = dict(zip(counts, (1, -1, 0), strict=True))
            space = Space({}, {"T": tuple(range(1, 31))})
            table = table_of(Group(("T",), counts, ()), space, Ties({"T"}), {}, senses)
            kept = [row - 1 for row in table.choices[:, 0].tolist()]
            for row, (small, large, same) in enumerate(values):
                before = [values[other] for other in range(row)]
                beaten = any(s <= small and g >= large and e == same for s, g, e in before)
                assert (row in kept) == (not beaten)
            assert [list(map(int, v)) for v in zip(*table.values.values(), strict=True)] == [
                values[row] for row in kept
            ]


def looked_up(values: list[list[int]], column: int) -> TiledCount:
    """Give a count whose value at T is that of row T - 1: a chamber for each."""

    def factor(run: Run) -> QuasiPolynomial:
        for row in range(len(values)):
            if run.is_equal(Affine.of("T"), Affine.of(row + 1)):
                return QuasiPolynomial.of(values[row][column])
        raise AssertionError

    return TiledCount(factor, ("T",))


def test_a_negative_count_is_a_mistake() -> None:
    count = TiledCount(lambda _: QuasiPolynomial.of("T") - 3, ("T",))
    space = Space({}, {"T": (1, 2, 5)})
    with pytest.raises(CountingError, match=r"a count is -2 at \{'T': 1\}"):
        table_of(Group(("T",), (count,), ()), space, Ties({"T"}), {}, None)
