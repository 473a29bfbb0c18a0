"""Exact distances between examples, in blocks: memory does not grow with the product of both sides'
sizes.

rms  = sqrt(mean((a - b)^2)),  the default (the normalised l2 of Carlini et al. 2023, arXiv
2301.13188)
mse  = mean((a - b)^2)
norm = ||a - b||_2
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from memctl.metrics.measure import Floats

BLOCK = 8_000_000  # numbers held at once: 64 MB
TILE = 4096  # references of long examples at once
LONG = 512  # values of an example from which the matrix product pays
TIE = 1e-9  # relative difference below which distances of long examples may be equal ones


def distances(a: Floats, b: Floats, reduce: str = "rms", lengths: Floats | None = None) -> Floats:
    """All distances, float64, shape (len(a), len(b)); computed from differences where they are
    small, so that d(x, x) is exactly 0.

    Args:
        lengths: `square_lengths` of b, where they are known.
    """
    width = a.shape[1]
    if width > LONG:
        d = squared(a, b, lengths)
        d = d if reduce == "mse" else np.sqrt(d, out=d)
    else:
        d = cdist(a, b, "sqeuclidean") if reduce == "mse" else cdist(a, b)
    unit = {"rms": np.sqrt(width), "mse": width, "norm": 1.0}[reduce]
    return np.divide(d, unit, out=d)


def square_lengths(x: Floats) -> Floats:
    """|x|^2 of each, shape (n,)."""
    lengths: Floats = np.einsum("ij,ij->i", x, x)
    return lengths


def squared(a: Floats, b: Floats, lengths: Floats | None = None) -> Floats:
    """Squared distances of long examples by a matrix product, |a|^2 + |b|^2 - 2 a.b, which is many
    times as fast.

    That loses digits where a and b are near, so all below a thousandth of |a|^2 + |b|^2 are
    computed again from differences: what is left has a relative error of some 1e-12. So are the
    least of each row: which references are equally near must not depend on how products round.
    """
    own, others, twice = (
        square_lengths(a),
        square_lengths(b) if lengths is None else lengths,
        -2 * a,
    )
    d, step = np.empty((len(a), len(b))), max(1, BLOCK // a.shape[1])
    for start in range(0, len(b), TILE):  # in parts, which stay in the processor's cache
        some = slice(start, start + TILE)
        scale = own[:, None] + others[some]
        part = twice @ b[some].T
        part += scale
        scale *= 1e-3
        near = part < scale
        near |= part <= (1 + TIE) * part.min(axis=1, keepdims=True)
        for i, j in pairs(near, step):
            part[i, j] = np.square(a[i] - b[some][j]).sum(axis=1)
        d[:, some] = part
    return d


def pairs(
    chosen: NDArray[np.bool_], most: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The places that are chosen, shape (m, n), as rows and columns, at most so many at once."""
    rows, columns = np.nonzero(chosen)
    for start in range(0, len(rows), most):
        yield rows[start : start + most], columns[start : start + most]


def reduced(squares: Floats, examples: Floats, reduce: str) -> Floats:
    """Sums of squares as distances between such examples, shape (any, *dims)."""
    width = np.prod(examples.shape[1:])
    return {
        "rms": lambda: np.sqrt(squares / width),
        "mse": lambda: squares / width,
        "norm": lambda: np.sqrt(squares),
    }[reduce]()


class Neighbours(NamedTuple):
    """The distances from each query to the references, each field of shape (len(queries),).

    Attributes:
        first, second: Distance to the nearest and the second nearest reference.
        nearest: Index of the nearest reference.
        mean: Mean distance to all references.
    """

    first: Floats
    second: Floats
    nearest: np.ndarray
    mean: Floats


class Scan(NamedTuple):
    """What one pass over the distances from m queries to n references leaves.

    Attributes:
        near: Of each side of the references.
        subsets: Distance to the nearest example of each subset of the references, shape
            (len(subsets), m).
        tied: Every pair of a query and a reference at the query's least distance, as two arrays of
            indices, queries in order.
        closest: Distances to the nearest examples of the first side, rising, shape (m, k).
    """

    near: list[Neighbours]
    subsets: Floats
    tied: tuple[np.ndarray, np.ndarray]
    closest: Floats


def scan(
    queries: Floats,
    references: Floats,
    reduce: str = "rms",
    sides: Sequence[slice] = (slice(None),),
    subsets: Sequence[np.ndarray] = (),
    mirror: Callable[[Floats], Floats] | None = None,
    own: np.ndarray | None = None,
    closest: int = 2,
) -> Scan:
    """One pass over all distances, in blocks of queries; every nearest-neighbour metric is computed
    from it.

    Args:
        queries: shape (m, D).
        references: shape (n, D).
        sides: Parts of the references, at least two examples each (three with `own`).
        subsets: Indices of references.
        mirror: Makes the mirror images of queries: a reference is then as near as the nearer of the
            two. The mean is the queries' own.
        own: Where in the references each query stands, which is no neighbour of itself there, shape
            (m,). For one side.
        closest: How many nearest distances to keep of the first side.
    """
    rows = max(1, BLOCK // len(references))
    lengths = square_lengths(references) if references.shape[1] > LONG else None

    def block(start: int) -> Scan:
        some = queries[start : start + rows]
        d = distances(some, references, reduce, lengths)
        itself = None if own is None else (np.arange(len(d)), own[start : start + rows])
        if itself:
            d[itself] = 0.0
        means = [d[:, side].sum(axis=1) / (d[:, side].shape[1] - bool(itself)) for side in sides]
        if mirror is not None:
            np.minimum(d, distances(mirror(some), references, reduce, lengths), out=d)
        if itself:
            d[itself] = np.inf
        near = []
        for side, mean in zip(sides, means, strict=True):
            two = np.partition(d[:, side], 1, axis=1)[:, :2].copy()
            near.append(Neighbours(two[:, 0], two[:, 1], d[:, side].argmin(axis=1), mean))
        closer = np.partition(d[:, sides[0]], closest - 1, axis=1)[:, :closest]
        least = np.array([d[:, subset].min(axis=1) for subset in subsets])
        query, reference = np.nonzero(d == d.min(axis=1, keepdims=True))
        return Scan(
            near,
            least.reshape(len(subsets), len(d)),
            (query + start, reference),
            np.sort(closer, axis=1),
        )

    return joined([block(start) for start in range(0, len(queries), rows)])


def joined(blocks: Sequence[Scan]) -> Scan:
    """The scans of some queries, one after another, as one."""
    near = [
        Neighbours(*(np.concatenate(column) for column in zip(*each, strict=True)))
        for each in zip(*(one.near for one in blocks), strict=True)
    ]
    query, reference = zip(*(one.tied for one in blocks), strict=True)
    return Scan(
        near,
        np.concatenate([one.subsets for one in blocks], axis=1),
        (np.concatenate(query), np.concatenate(reference)),
        np.concatenate([one.closest for one in blocks]),
    )


def neighbours(
    queries: Floats,
    references: Floats,
    reduce: str = "rms",
    own: np.ndarray | None = None,
    mirror: Callable[[Floats], Floats] | None = None,
) -> Neighbours:
    """Nearest references and mean distances of each query: `scan` of all references as one side."""
    return scan(queries, references, reduce, mirror=mirror, own=own).near[0]
