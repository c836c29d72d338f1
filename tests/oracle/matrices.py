"""Matrices of a model file, each beside its weights written out.

A maker takes a shape and a random generator and gives a pair: the JSON object of the structure as
the model file holds it, and the same matrix as a dense float64 array, formed by NumPy and PyTorch
functions of the same name (numpy.kron, torch.block_diag, ...) and not by the formulas of dopec. All
stored values are 32-bit floats, so that nothing is rounded when they are read.
"""

import numpy
import torch


def floats(rng, shape, deviation):
    """Normal values that a 32-bit float holds exactly, as float64."""
    return rng.normal(0.0, deviation, shape).astype(numpy.float32).astype(numpy.float64)


def tensor(values):
    """The inline form of T: the shortest decimals that read back as the same 32-bit float."""
    values = numpy.asarray(values)
    if values.dtype.kind == "f":
        data = [float(str(value)) for value in values.astype(numpy.float32).ravel()]
    else:
        data = [int(value) for value in values.ravel()]
    return {"shape": list(values.shape), "data": data}


def deviation(cols):
    """The spread of weights that keeps W x about as large as x."""
    return 1.5 / numpy.sqrt(cols)


def smallest_divisor(n):
    """The smallest divisor of n above 1: n itself for a prime, and 1 for 1."""
    return next((d for d in range(2, n + 1) if n % d == 0), n)


def split(n):
    """n as two parts whose sum it is, the first the smaller; n is 2 or more."""
    return n // 2, n - n // 2


def dense(rng, rows, cols):
    weight = floats(rng, (rows, cols), deviation(cols))
    return {"dense": {"weight": tensor(weight)}}, weight


def kronecker_of(rng, shapes):
    cols = numpy.prod([n for _, n in shapes])
    factors = [floats(rng, shape, deviation(cols) ** (1 / len(shapes))) for shape in shapes]
    weight = factors[0]
    for factor in factors[1:]:
        weight = numpy.kron(weight, factor)
    return {"kronecker": {"factors": [tensor(factor) for factor in factors]}}, weight


def kronecker(rng, rows, cols):
    m, n = smallest_divisor(rows), smallest_divisor(cols)
    return kronecker_of(rng, [(rows // m, n), (m, cols // n)])


def kronecker_of_three(rng, rows, cols):
    m1, n1 = smallest_divisor(rows), smallest_divisor(cols)
    m2, n2 = smallest_divisor(rows // m1), smallest_divisor(cols // n1)
    return kronecker_of(rng, [(m1, cols // n1 // n2), (rows // m1 // m2, n1), (m2, n2)])


def low_rank(rng, rows, cols, rank=3):
    spread = numpy.sqrt(deviation(cols) / numpy.sqrt(rank))
    left, right = floats(rng, (rows, rank), spread), floats(rng, (rank, cols), spread)
    return {"low_rank": {"left": tensor(left), "right": tensor(right)}}, left @ right


def sum_of_kroneckers(rng, rows, cols):
    terms = [kronecker(rng, rows, cols), kronecker_of_three(rng, rows, cols), low_rank(rng, rows, cols, 1)]
    return {"sum": {"terms": [entry for entry, _ in terms]}}, sum(weight for _, weight in terms)


def vstack(rng, rows, cols):
    """The hybrid decomposition: an unconstrained upper part over a low-rank lower part."""
    upper, lower = split(rows)
    blocks = [matrix(rng, dense, upper, cols), matrix(rng, low_rank, lower, cols, density=0.1)]
    weight = numpy.vstack([weight for _, weight in blocks])
    return {"vstack": {"blocks": [entry for entry, _ in blocks]}}, weight


def hstack(rng, rows, cols):
    left, right = split(cols)
    blocks = [matrix(rng, kronecker, rows, left, density=0.1), matrix(rng, None, rows, right, density=0.4)]
    weight = numpy.hstack([weight for _, weight in blocks])
    return {"hstack": {"blocks": [entry for entry, _ in blocks]}}, weight


def block_diagonal(rng, rows, cols):
    (upper, lower), (left, right) = split(rows), split(cols)
    blocks = [matrix(rng, dense, upper, left), matrix(rng, low_rank, lower, right, density=0.2)]
    weight = torch.block_diag(*[torch.from_numpy(weight) for _, weight in blocks]).numpy()
    return {"block_diagonal": {"blocks": [entry for entry, _ in blocks]}}, weight


def monarch(rng, rows, cols):
    """The product with every unit vector, by the reshapes and products of the Monarch paper."""
    l, k = smallest_divisor(rows), smallest_divisor(cols)
    q, r, s, p = 2 * l, 2 * k, rows // l, cols // k
    spread = numpy.sqrt(deviation(cols) / numpy.sqrt(2))
    first, second = floats(rng, (k, q, p), spread), floats(rng, (l, s, r), spread)
    x = torch.eye(cols, dtype=torch.float64).reshape(cols, k, p)
    o1 = torch.einsum("kqp,bkp->bkq", torch.from_numpy(first), x)
    o1 = o1.reshape(cols, r, l).transpose(1, 2)
    o2 = torch.einsum("lsr,blr->bls", torch.from_numpy(second), o1)
    weight = o2.transpose(1, 2).reshape(cols, rows).T.numpy()
    return {"monarch": {"first": tensor(first), "second": tensor(second)}}, weight


def circulant(rng, rows, cols):
    """One circulant where the shape is square, else a stack of squares."""
    if rows == cols:
        column = floats(rng, (rows,), deviation(cols))
        weight = numpy.stack([numpy.roll(column, j) for j in range(cols)], axis=1)
        return {"circulant": {"first_column": tensor(column)}}, weight
    side = min(rows, cols)
    assert rows % side == 0 and cols % side == 0, f"{rows}x{cols} is not made of squares"
    blocks = [matrix(rng, circulant, side, side) for _ in range(max(rows, cols) // side)]
    kind, stack = ("vstack", numpy.vstack) if rows > cols else ("hstack", numpy.hstack)
    return {kind: {"blocks": [entry for entry, _ in blocks]}}, stack([weight for _, weight in blocks])


STRUCTURES = {
    "dense": dense,
    "kronecker": kronecker,
    "kronecker_of_three": kronecker_of_three,
    "low_rank": low_rank,
    "sum": sum_of_kroneckers,
    "vstack": vstack,
    "hstack": hstack,
    "block_diagonal": block_diagonal,
    "monarch": monarch,
    "circulant": circulant,
}


def sparse(rng, rows, cols, density):
    """A CSR part with one row left empty, as SciPy would lay it out; column and value lists per row."""
    weight = floats(rng, (rows, cols), 1.0) * (rng.random((rows, cols)) < density)
    weight[rows // 2] = 0.0
    row_ptr = numpy.concatenate([[0], numpy.cumsum((weight != 0).sum(axis=1))])
    col_idx = numpy.nonzero(weight)[1]
    entry = {"row_ptr": tensor(row_ptr), "col_idx": tensor(col_idx), "values": tensor(weight[weight != 0])}
    return entry, weight


def matrix(rng, structure, rows, cols, density=0.0):
    """M: a structure (or None), a sparse part where density is above zero, and the sum of the two."""
    entry, weight = {"shape": [rows, cols]}, numpy.zeros((rows, cols))
    if structure is not None:
        entry["structure"], weight = structure(rng, rows, cols)
    if density > 0.0:
        entry["sparse"], doped = sparse(rng, rows, cols, density)
        weight = weight + doped
    assert weight.shape == (rows, cols), (structure, weight.shape, rows, cols)
    return entry, weight
