#!/usr/bin/env python3
"""Finds the polynomial of exp_polynomial.h and exp_polynomial.rs.

Takes nothing, prints the coefficients c of e^r - 1 = r (c0 + c1 r + ... + c5 r^5) on |r| <= ln 2 / 2 and a
little beyond, rounded to 32-bit floats, and the greatest relative error before and after rounding. c0 rounds
to 1, so that the kernels compute r + r^2 (c1 + ...). The polynomial is the minimax one for the relative error
of (e^r - 1) / r, found by Remez exchange in 60-digit decimals; only Python's standard library is needed.
"""

import struct
from decimal import Decimal, getcontext

getcontext().prec = 60

COEFFICIENTS = 6
REACH = Decimal(2).ln() / 2 + Decimal(2) ** -14  # the reduction rounds within 2^-15 of a half
GRID = 4000


def target(r):
    """(e^r - 1) / r, by its series so that nothing cancels."""
    term = total = Decimal(1)
    for n in range(2, 40):
        term = term * r / n
        total += term
    return total


def value(coefficients, r):
    total = Decimal(0)
    for c in reversed(coefficients):
        total = total * r + c
    return total


def solve(rows, right):
    """Gauss-Jordan elimination with partial pivoting."""
    size = len(rows)
    table = [list(row) + [b] for row, b in zip(rows, right)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda k: abs(table[k][i]))
        table[i], table[pivot] = table[pivot], table[i]
        table[i] = [v / table[i][i] for v in table[i]]
        for k in range(size):
            if k != i:
                factor = table[k][i]
                table[k] = [a - factor * b for a, b in zip(table[k], table[i])]
    return [row[size] for row in table]


def extremes(error, points):
    """The place of the greatest |error| in each run of one sign."""
    found = []
    for r in points:
        e = error(r)
        if found and (e > 0) == (found[-1][1] > 0):
            if abs(e) > abs(found[-1][1]):
                found[-1] = (r, e)
        else:
            found.append((r, e))
    return found


def remez():
    points = [REACH * (Decimal(2 * i) / GRID - 1) for i in range(GRID + 1)]
    nodes = [points[round(i * GRID / COEFFICIENTS)] for i in range(COEFFICIENTS + 1)]
    for _ in range(20):
        rows = [
            [r**n / target(r) if n else 1 / target(r) for n in range(COEFFICIENTS)] + [Decimal((-1) ** i)]
            for i, r in enumerate(nodes)
        ]
        coefficients = solve(rows, [Decimal(1)] * len(nodes))[:COEFFICIENTS]
        error = lambda r: value(coefficients, r) / target(r) - 1
        peaks = extremes(error, points)
        nodes = [r for r, _ in peaks]
        sizes = [abs(e) for _, e in peaks]
        if len(nodes) != COEFFICIENTS + 1:
            raise SystemExit("the error does not alternate")
        if max(sizes) / min(sizes) < Decimal("1.0001"):
            return coefficients, max(sizes), points
    raise SystemExit("no convergence")


def nearest_float(c):
    return struct.unpack("f", struct.pack("f", float(c)))[0]


def main():
    coefficients, greatest, points = remez()
    floats = [nearest_float(c) for c in coefficients]
    if floats[0] != 1.0:
        raise SystemExit("c0 does not round to 1")
    exact = [Decimal(c) for c in floats]
    after = max(abs(value(exact, r) / target(r) - 1) for r in points)
    for n, c in enumerate(floats):
        print(f"c{n} = {c:.9g}")
    print(f"greatest relative error {greatest:.3g}, of the rounded coefficients {after:.3g}")


main()
