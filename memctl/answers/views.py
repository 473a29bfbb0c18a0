"""Ways in which a sample can be near a real example: as it is, in another brightness or contrast,
without its fine detail, or moved a little.

    plain         the distance of the metrics
    standardised  each example to mean 0 and standard deviation 1 first
    smoothed      each example smoothed first, by a Gaussian of BLUR of its sides
    moved         the least over small shifts, of images over mirror images too, rms over the part
                  that overlaps; large examples are averaged over blocks first

No view knows which examples are training examples, so a test that shuffles those labels stays exact
whatever a view leaves out.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from memctl.metrics.comparison import Comparison
from memctl.metrics.distance import distances
from memctl.metrics.measure import Floats
from memctl.metrics.prepare import standardise
from memctl.metrics.sides import Indices, Sides

BLUR = 0.05  # of a side's length
IN_TIME = 0.05  # largest shift of a signal, as a share of its length
PIXELS = 2  # largest shift of an image, each way; one block where blocks were averaged
LENGTH, SIDE, LEAST_SIDE = 256, 16, 8  # values, and pixels, to which longer examples are averaged
WORK = 3 * 10**11  # multiplications, beyond which images are averaged to LEAST_SIDE
SHORTEST = 8  # values along an axis, below which nothing is moved
BLOCK = 2_000  # real examples held twice at a time

Singles = NDArray[np.float32]
TwoNearest = tuple[Floats, Floats, Indices]


class Nearest(NamedTuple):
    """The nearest of all real examples to each sample.

    Attributes:
        example: Its place in the pool, shape (m,).
        ratio: Its distance by that to the second nearest, in [0, 1]; 1 where both are 0.
    """

    example: Indices
    ratio: Floats


def views(c: Comparison) -> dict[str, Nearest]:
    """The nearest example by each view that the data has."""
    out = {
        "plain": plain(c),
        "standardised": after(c, lambda x: standardise(x, "zscore")),
    }
    if min(c.sides.shape[1:]) >= SHORTEST:
        out["smoothed"] = after(c, lambda x: smooth(x, c.sides.shape, BLUR))
        out["moved"] = moved(c)
    return out


def ratio(first: Floats, second: Floats) -> Floats:
    """Their ratio, 1 where both are 0."""
    return np.divide(first, second, out=np.ones_like(first), where=second > 0)


def plain(c: Comparison) -> Nearest:
    """From the pass over the distances that the metrics read."""
    train, heldout = (near[:3] for near in c.scan.near)
    return of_both(train, heldout, c.sides.n_train)


def of_both(train: TwoNearest, heldout: TwoNearest, n_train: int) -> Nearest:
    """The nearest of all from those of either side: distances to the nearest and the second
    nearest example, and the place of the nearest in its side, shape (m,) each. Of two equally near
    ones the training example.
    """
    (d1, d2, known), (e1, e2, unseen) = train, heldout
    nearer = d1 <= e1
    first, second = np.minimum(d1, e1), np.minimum(np.maximum(d1, e1), np.where(nearer, d2, e2))
    return Nearest(np.where(nearer, known, n_train + unseen), ratio(first, second))


def blocks(pool: Floats) -> Iterator[tuple[int, Floats]]:
    """The pool in parts, each with the place of its first example."""
    for start in range(0, len(pool), BLOCK):
        yield start, pool[start : start + BLOCK]


def smooth(flat: Floats, shape: tuple[int, ...], share: float) -> Floats:
    """Examples without their fine detail, shape (n, D): by a Gaussian of that share of their sides,
    at least one value.
    """
    sigma = [0.0, 0.0, *(max(1.0, share * side) for side in shape[1:])]
    return gaussian_filter(flat.reshape(-1, *shape), sigma, mode="nearest").reshape(flat.shape)


def after(c: Comparison, change: Callable[[Floats], Floats]) -> Nearest:
    """After the same change of samples and real examples: one more pass over the distances."""
    own = change(c.samples)
    known: list[tuple[Floats, Indices]] = []
    for start, part in blocks(c.sides.pool):
        known.append(fewest(distances(own, change(part)), 2, start))
    d, index = merged(known, 2)
    return Nearest(index[:, 0], ratio(d[:, 0], d[:, 1]))


def fewest(d: Floats, k: int, start: int = 0) -> tuple[Floats, Indices]:
    """The k least distances of each row, in no order, and their columns, counted from `start`."""
    k = min(k, d.shape[1])
    index = np.argpartition(d, k - 1, axis=1)[:, :k]
    return np.take_along_axis(d, index, axis=1), index + start


def merged(parts: list[tuple[Floats, Indices]], k: int) -> tuple[Floats, Indices]:
    """The k least of all parts, rising."""
    d, index = (np.concatenate(column, axis=1) for column in zip(*parts, strict=True))
    order = np.argsort(d, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(d, order, axis=1), np.take_along_axis(index, order, axis=1)


def factor(c: Comparison) -> int:
    """How many values along an axis are averaged into one."""
    side = max(c.sides.shape[1:])
    if c.sides.temporal:
        return -(-side // LENGTH)
    few = -(-side // SIDE)
    size = int(np.prod(c.sides.shape)) // few**2
    work = len(c.samples) * len(c.sides.pool) * size * 2 * (2 * reach(c, few) + 1) ** 2
    return few if work <= WORK else -(-side // LEAST_SIDE)


def reach(c: Comparison, by: int) -> int:
    """The largest shift, each way, of examples that were averaged by so many values."""
    if c.sides.temporal:
        return max(1, int(IN_TIME * c.sides.shape[-1] / by))
    return PIXELS if by == 1 else 1


def panels(c: Comparison, flat: Floats, by: int) -> Singles:
    """Prepared examples, shape (n, D), as (n, channels, *dims), averaged over blocks."""
    # Around 0, so that single precision is lost to no offset that all values share.
    x = (flat - c.sides.once(level)).reshape(-1, *c.sides.shape).astype(np.float32)
    for axis in range(2, x.ndim if by > 1 else 0):
        whole = x.shape[axis] // by * by
        x = np.take(x, np.arange(whole), axis=axis)
        x = x.reshape(*x.shape[:axis], whole // by, by, *x.shape[axis + 1 :]).mean(axis=axis + 1)
    return x


def level(sides: Sides) -> float:
    """The mean of all values."""
    return float(sides.pool.mean())


def overlapping(x: Singles, offset: tuple[int, ...]) -> Singles:
    """What is left of examples, shape (n, channels, *dims), moved so: shape (n, values)."""
    part: Any = (..., *(slice(max(0, s), min(0, s) or None) for s in offset))
    return np.ascontiguousarray(x[part].reshape(len(x), -1))


def moved(c: Comparison) -> Nearest:
    """The nearest example after shifts and mirror images."""
    by = factor(c)
    most, own = reach(c, by), panels(c, c.samples, by)
    ways = [own] if c.sides.temporal else [own, own[..., ::-1]]
    shifts = list(product(range(-most, most + 1), repeat=own.ndim - 2))
    known: list[tuple[Floats, Indices]] = []
    for start, part in blocks(c.sides.pool):
        others = panels(c, part, by)
        least = np.full((len(own), len(others)), np.inf, dtype=np.float32)
        for shift in shifts:
            there = overlapping(others, tuple(-s for s in shift))
            for way in ways:
                np.minimum(least, mean_squares(overlapping(way, shift), there), out=least)
        known.append(fewest(np.sqrt(least.astype(np.float64)), 2, start))
    d, index = merged(known, 2)
    return Nearest(index[:, 0], ratio(d[:, 0], d[:, 1]))


def mean_squares(a: Singles, b: Singles) -> Singles:
    """Mean squared differences by a matrix product, shape (m, n): to some 1e-6 of the values'
    squares.
    """
    scale = np.einsum("ij,ij->i", a, a)[:, None] + np.einsum("ij,ij->i", b, b)[None]
    return np.asarray(np.maximum(scale - 2 * (a @ b.T), 0) / a.shape[1])
