"""Distances between signals that forgive a shift in time: the least over shifts of one against the
other.

    d(a, b) = min over |s| <= S of d_0(shift(a, s), b),     S = floor(share * length), d_0 rms, mse or norm as in `distance`

circular: what leaves at one end enters at the other; symmetric. edge: the end that becomes free
repeats the signal's first or last value, and the other end is lost; not symmetric.

Range [0, d_0(a, b)], lower is nearer; share 0 is d_0 itself. A copy that came out a few samples
late is near again, which d_0 does not see where the signal is steep. Source: the least distance
over circular shifts, as in the k-Shape of Paparrizos and Gravano (2015, doi
10.1145/2723372.2737793) and in Keogh et al. 2006 for shapes.

Blind spots: it has no metric's triangle inequality; the distances between all signals shrink, those
of smooth ones by most, so compare it with that of held-out examples; it forgives no stretching
(`dtw` does) and no part of a sample. Cost: 2 S + 1 times d_0's.
"""

from typing import NamedTuple

import numpy as np

from memctl.metrics.distance import BLOCK, Neighbours, distances
from memctl.metrics.measure import Floats

SHARE = 0.05  # of the length: for a heartbeat of 0.8 s, 40 ms


class Shifted(NamedTuple):
    """The least distances, and the shifts of `a` they were found at (the smallest of equals), shape
    (m, n).
    """

    distance: Floats
    shift: np.ndarray


def shifted(examples: Floats, s: int, how: str = "circular") -> Floats:
    """The examples, s samples later: shape (n, channels, length)."""
    if how == "circular":
        return np.roll(examples, s, axis=-1)
    if how != "edge":
        raise ValueError(f"how={how!r} must be circular or edge")
    length = examples.shape[-1]
    return examples[..., np.clip(np.arange(length) - s, 0, length - 1)]


def shift_distances(
    a: Floats, b: Floats, share: float = SHARE, how: str = "circular", reduce: str = "rms"
) -> Shifted:
    """All shift-tolerant distances.

    Args:
        a, b: Signals, shapes (m, channels, length) and (n, channels, length); all channels shift
            together.
        share: Largest shift as a share of the length, in [0, 1).
        how: circular or edge.
        reduce: rms, mse or norm.

    Raises:
        ValueError: a share or a way that is none.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share={share} must be in [0, 1)")
    most, flat = int(share * a.shape[-1]), b.reshape(len(b), -1)
    best = np.full((len(a), len(b)), np.inf)
    at = np.zeros(best.shape, dtype=int)
    for s in sorted(range(-most, most + 1), key=abs):
        d = distances(shifted(a, s, how).reshape(len(a), -1), flat, reduce)
        nearer = d < best
        best[nearer], at[nearer] = d[nearer], s
    return Shifted(best, at)


def shift_neighbours(
    queries: Floats,
    references: Floats,
    share: float = SHARE,
    how: str = "circular",
    reduce: str = "rms",
) -> Neighbours:
    """The nearest references of each query, as `distance.neighbours` has them; at least two
    references. In blocks of queries.
    """
    rows = max(1, BLOCK // len(references))
    starts = range(0, len(queries), rows)
    return nearest(
        [
            shift_distances(queries[i : i + rows], references, share, how, reduce).distance
            for i in starts
        ]
    )


def nearest(blocks: list[Floats]) -> Neighbours:
    """Of distances in blocks of queries, shape (rows, n) each, n at least 2."""
    found = []
    for d in blocks:
        two = np.partition(d, 1, axis=1)
        found.append((two[:, 0], two[:, 1], d.argmin(axis=1), d.mean(axis=1)))
    return Neighbours(*(np.concatenate(part) for part in zip(*found, strict=True)))
