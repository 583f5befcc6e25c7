#!/usr/bin/env python3
"""Check certificates again with Python integers alone: no isl, no SymPy, nothing of polymaestro.

    polymaestro prove --certificates certificates.json
    python proofs/replay.py certificates.json

Three kinds can be replayed. **ehrhart**: the vertices of each polytope are found again, degrees and periods
are bounded by them, the points are counted again one by one, and the rank is computed again. What is left to
trust: that the cells listed are all there are, that a class called exhaustive has no other points, and that
the parameters outside a chart depend on it. **blocks**: the same for each case of a set whose parameters are
written in blocks; the set as it was is counted as well, at the same points. What is left to trust besides:
that the cases together are the set. **positivity**: the sum with coefficients ≥ 0 is multiplied out and
compared with the goal. What is left to trust: that the hypotheses hold where they are said to. An **smt**
certificate is the text of a question; give it to a solver.
"""

from __future__ import annotations

import itertools
import json
import sys
from fractions import Fraction
from math import lcm, prod
from pathlib import Path


class Wrong(Exception):  # noqa: N818  it is what is found, not an accident
    """A certificate that does not show what it claims."""


def need(condition, message):
    """Refuse a certificate."""
    if not condition:
        raise Wrong(message)


# --- Linear algebra ---


def solve(matrix, right):
    """Solve matrix · x = right for several right sides; None when singular."""
    size = len(matrix)
    rows = [[Fraction(v) for v in (*a, *b)] for a, b in zip(matrix, right)]
    for column in range(size):
        pivot = next((i for i in range(column, size) if rows[i][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [v / rows[column][column] for v in rows[column]]
        for i in range(size):
            if i != column and rows[i][column]:
                rows[i] = [a - rows[i][column] * b for a, b in zip(rows[i], rows[column])]
    return [row[size:] for row in rows]


def rank(rows):
    """Count the independent rows, by elimination."""
    rows = [[Fraction(v) for v in row] for row in rows]
    found = 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is not None:
            rows[found], rows[pivot] = rows[pivot], rows[found]
            for i in range(found + 1, len(rows)):
                if rows[i][column]:
                    ratio = rows[i][column] / rows[found][column]
                    rows[i] = [a - ratio * b for a, b in zip(rows[i], rows[found])]
            found += 1
    return found


# --- Counting by enumeration ---


def count(rows, size):
    """Count the integer x with A·x + c ≥ 0 for every row [A | c], by trying the first ones in order.

    >>> count([[1, 0], [-1, 9], [2, -7]], 1)
    6
    """
    systems = [rows]
    for variable in range(size - 1, 0, -1):
        systems.append(eliminated(systems[-1], variable))
    systems.reverse()
    return counted_from(systems, (), size)


def eliminated(rows, variable):
    """Project a variable out over the rationals (Fourier and Motzkin): it only widens the search."""
    kept = {tuple(row) for row in rows if not row[variable]}
    for low in (row for row in rows if row[variable] > 0):
        for high in (row for row in rows if row[variable] < 0):
            joined = [a * -high[variable] + b * low[variable] for a, b in zip(low, high)]
            kept.add(tuple(joined))
    return [list(row) for row in kept]


def counted_from(systems, chosen, size):
    """Count the ways to choose the variables that are left."""
    index = len(chosen)
    low, high = None, None
    for row in systems[index]:
        rest = sum(f * v for f, v in zip(row, chosen)) + row[-1]
        if row[index] > 0:
            bound = -(rest // row[index])
            low = bound if low is None else max(low, bound)
        elif row[index] < 0:
            bound = rest // -row[index]
            high = bound if high is None else min(high, bound)
        elif rest < 0:
            return 0
    need(low is not None and high is not None, "a polytope without bounds")
    if index == size - 1:  # every condition has been used: the last variable takes all of its range
        return max(0, high - low + 1)
    return sum(counted_from(systems, (*chosen, v), size) for v in range(low, high + 1))


# --- Quasi-polynomials ---


def affine(expression, point):
    """Evaluate [constant, [[factor, name or [numerator, divisor]], …]]."""
    constant, terms = expression
    total = constant
    for factor, atom in terms:
        total += factor * (point[atom] if isinstance(atom, str) else affine(atom[0], point) // atom[1])
    return total


def names_and_divisors(expression, divisor=1):
    """Give every name in an expression with the product of the divisors around it."""
    for _, atom in expression[1]:
        if isinstance(atom, str):
            yield atom, divisor
        else:
            yield from names_and_divisors(atom[0], divisor * atom[1])


def holds(condition, point):
    """Decide [expression, whether it is an equality]."""
    result = affine(condition[0], point)
    return result == 0 if condition[1] else result >= 0


def piece_at(formula, point):
    """Give the index of the piece that a point is in; -1 outside all, where the value is 0."""
    for index, piece in enumerate(formula):
        if any(all(holds(each, point) for each in part) for part in piece["region"]):
            return index
    return -1


def evaluate(quasi, point):
    """Evaluate a quasi-polynomial."""
    floors = {text: affine(numerator, point) // d for text, (numerator, d) in quasi["floors"].items()}
    known = {**floors, **point}
    return sum(
        (Fraction(*factor) * prod(known[name] ** power for name, power in monomial))
        for factor, monomial in quasi["terms"]
    )


# --- Ehrhart certificates ---


class Polytope:
    """A parametric polytope and the points in which as many conditions meet as it has dimensions."""

    def __init__(self, data):
        """Find every choice of conditions that meet in one point."""
        self.size, self.names = data["dimensions"], data["parameters"]
        self.rows, self.equalities = data["rows"], data["equalities"]
        fixed, independent = [], []
        for index, equality in enumerate(self.equalities):
            if equality and rank([*independent, self.rows[index][: self.size]]) > len(independent):
                fixed.append(index)
                independent.append(self.rows[index][: self.size])
        self.degree = self.size - len(fixed)
        free = [i for i, equality in enumerate(self.equalities) if not equality]
        self.corners = []
        for chosen in itertools.combinations(free, self.degree):
            rows = [self.rows[i] for i in (*fixed, *chosen)]
            corner = solve([r[: self.size] for r in rows], [[-v for v in r[self.size :]] for r in rows])
            if corner is not None:
                self.corners.append(corner)

    def vertices(self, point):
        """Give the choices that are vertices at a point: those that satisfy every condition."""
        values = [point[name] for name in self.names]
        return frozenset(i for i, corner in enumerate(self.corners) if self._is_vertex(corner, values))

    def _is_vertex(self, corner, values):
        x = [sum(f * v for f, v in zip(row, values)) + row[-1] for row in corner]
        for row, equality in zip(self.rows, self.equalities):
            result = sum(f * v for f, v in zip(row, [*x, *values])) + row[-1]
            if result < 0 or (equality and result):
                return False
        return True

    def period(self, index, name):
        """Give the denominator of a parameter in a vertex."""
        place = self.names.index(name)
        return lcm(*(row[place].denominator for row in self.corners[index]))

    def count(self, point):
        """Count the integer points one by one."""
        rows = []
        for row, equality in zip(self.rows, self.equalities):
            constant = sum(f * point[n] for f, n in zip(row[self.size :], self.names)) + row[-1]
            rows.append([*row[: self.size], constant])
            if equality:
                rows.append([-v for v in rows[-1]])
        if not self.size:
            return int(all(row[-1] >= 0 for row in rows))
        return count(rows, self.size)


def check_ehrhart(data):
    """Check every cell of a certificate; give the number of points counted."""
    polytopes = [Polytope(each) for each in data["polytopes"]]
    need(data["cells"], "no cells")
    return sum(check_cell(cell, polytopes, data["formula"]) for cell in data["cells"])


def check_blocks(data):
    """Check each case of a count over blocks, and that set and formula as they were agree with it.

    At every point Q = size·(n - 1) + e is put back: the points of the set are counted by its own conditions.
    """
    polytopes = [Polytope(each) for each in data["polytopes"]]
    need(data["parts"], "no cases")
    total = 0
    for part in data["parts"]:
        total += check_ehrhart(part)
        for point in (p for cell in part["cells"] for each in cell["classes"] for p in each["points"]):
            old = {
                name: (point[f"{name}_n{size}"] - 1) * size + point[f"{name}_e{size}"]
                for name, size in data["sizes"].items()
            }
            seen = sum(polytope.count({**point, **old}) for polytope in polytopes)
            expected = value_at(data["formula"], {**point, **old})
            need(seen == expected, f"{seen} points at {old}, not {expected}")
    return total


def value_at(formula, point):
    """Evaluate a formula at a point."""
    piece = piece_at(formula, point)
    return evaluate(formula[piece]["value"], point) if piece >= 0 else 0


def check_cell(cell, polytopes, formula):
    """Check that one quasi-polynomial of the cell's shape is decided, and that the formula is it."""
    points = [point for each in cell["classes"] for point in each["points"]]
    need(points, "a cell without points")
    vertices = [polytope.vertices(points[0]) for polytope in polytopes]
    piece = piece_at(formula, points[0])
    quasi = formula[piece]["value"] if piece >= 0 else {"terms": [], "floors": {}}
    check_shape(cell, polytopes, vertices, quasi)
    for point in points:
        need([p.vertices(point) for p in polytopes] == vertices, f"{point} is in another chamber")
        need(piece_at(formula, point) == piece, f"{point} is in another case of the formula")
        seen = sum(polytope.count(point) for polytope in polytopes)
        need(seen == evaluate(quasi, point), f"{seen} points at {point}, not {evaluate(quasi, point)}")
    residues = [tuple(sorted(each["residues"].items())) for each in cell["classes"]]
    need(len(set(residues)) == len(residues), "a residue class is listed twice")
    for each in cell["classes"]:
        check_class(each, cell)
    return len(points)


def check_shape(cell, polytopes, vertices, quasi):
    """Check degree and periods against the vertices and the formula."""
    for polytope, found in zip(polytopes, vertices):
        if found:
            need(cell["degree"] >= polytope.degree, "the degree is below the polytope's dimension")
        for index in found:
            for name in polytope.names:
                period = polytope.period(index, name)
                need(cell["periods"][name] % period == 0, f"a vertex has period {period} in {name}")
    for _, monomial in quasi["terms"]:
        need(cell["degree"] >= sum(power for _, power in monomial), "the formula has a higher degree")
    for numerator, divisor in quasi["floors"].values():
        for name, period in names_and_divisors(numerator, divisor):
            need(cell["periods"][name] % period == 0, f"the formula has period {period} in {name}")


def check_class(data, cell):
    """Check that the points of a class lie in it and leave no other polynomial."""
    for point in data["points"]:
        for name, residue in data["residues"].items():
            need(point[name] % cell["periods"][name] == residue, f"{point} is in another residue class")
    if data["exhaustive"]:
        return
    size, degree = len(data["chart"]), cell["degree"]
    every = (e for e in itertools.product(range(degree + 1), repeat=size) if sum(e) <= degree)
    exponents = list(every)
    rows = [
        [prod(point[name] ** power for name, power in zip(data["chart"], each)) for each in exponents]
        for point in data["points"]
    ]
    need(rank(rows) == len(exponents), f"{len(rows)} points leave other polynomials of degree {degree}")


# --- Positivity certificates ---


def check_positivity(data):
    """Multiply every sum out; give the number of parts."""
    for part in data["parts"]:
        hypotheses = [polynomial(each) for each in part["hypotheses"]]
        total = {}
        for factor, powers in part["terms"]:
            need(Fraction(*factor) >= 0, "a negative coefficient")
            product = {(): Fraction(*factor)}
            for index, power in powers:
                for _ in range(power):
                    product = times(product, hypotheses[index])
            for monomial, coefficient in product.items():
                total[monomial] = total.get(monomial, 0) + coefficient
        need({m: c for m, c in total.items() if c} == polynomial(part["goal"]), "the sum is not the goal")
    return len(data["parts"])


def polynomial(terms):
    """Read [[numerator, denominator], [[name, power], …]] terms."""
    return {tuple(sorted(map(tuple, monomial))): Fraction(*factor) for factor, monomial in terms}


def times(left, right):
    """Multiply two polynomials."""
    total = {}
    for m, c in left.items():
        for n, d in right.items():
            powers = dict(m)
            for name, power in n:
                powers[name] = powers.get(name, 0) + power
            key = tuple(sorted(powers.items()))
            total[key] = total.get(key, 0) + c * d
    return total


CHECKS = {
    "ehrhart": (check_ehrhart, "points counted"),
    "blocks": (check_blocks, "points counted, in blocks"),
    "positivity": (check_positivity, "sums multiplied out"),
}


def replay(certificate):
    """Check one certificate and say what was done; None for a kind that takes a solver. Raises `Wrong`."""
    if certificate["kind"] not in CHECKS:
        return None
    check, words = CHECKS[certificate["kind"]]
    return f"{check(certificate)} {words}"


def read(file):
    """Give the certificates in a file."""
    try:
        data = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"cannot read {file}: {error}"
        raise SystemExit(message) from None
    return data if isinstance(data, list) else [data]


def main(arguments):
    """Check each certificate in the files; exit status 1 when one is wrong."""
    if not arguments or arguments[0].startswith("-"):
        print(__doc__.strip())
        return 2
    counts = {"checked": 0, "wrong": 0, "left to a solver": 0}
    for certificate in (each for file in arguments for each in read(file)):
        try:
            found, outcome = replay(certificate), "checked"
        except Wrong as error:
            found, outcome = f"WRONG: {error}", "wrong"
        if found is None:
            found, outcome = "not replayed: give its script to a solver", "left to a solver"
        counts[outcome] += 1
        print(f"{certificate['claim']}: {found}", flush=True)
    print(", ".join(f"{number} {outcome}" for outcome, number in counts.items()))
    return int(counts["wrong"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
