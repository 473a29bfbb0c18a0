"""Distances between signals that forgive a shift in time: the least over shifts of one against the
other.

    d(a, b) = min over |s| <= S of d_0(shift(a, s), b),     S = floor(share * length)

d_0 is rms, mse or norm as in `distance`. Shifts are circular: what leaves at one end enters at the
other; so d is symmetric.

Range [0, d_0(a, b)], lower is nearer; share 0 is d_0 itself. A copy that came out a few samples
late is near again, which d_0 does not see where the signal is steep. Source: the least distance
over circular shifts, as in the k-Shape of Paparrizos and Gravano (2015, doi
10.1145/2723372.2737793) and in Keogh et al. 2006 for shapes.

Blind spots: it has no metric's triangle inequality; the distances between all signals shrink, those
of smooth ones by most, so compare it with that of held-out examples; it forgives no stretching
(`dtw` does) and no part of a sample. Cost: 2 S + 1 matrix products.
"""

import numpy as np

from memctl.metrics.distance import BLOCK, pairs, reduced, square_lengths
from memctl.metrics.measure import Floats

NEAR = 1e-5  # of |a|^2 + |b|^2: what lies above is right to some 11 digits
SHARE = 0.05  # of the length: for a heartbeat of 0.8 s, 40 ms


def shift_distances(a: Floats, b: Floats, share: float = SHARE, reduce: str = "rms") -> Floats:
    """All shift-tolerant distances, float64, shape (m, n): |a|^2 + |b|^2 less twice the largest
    product over shifts, and where that is small and would lose digits, from differences.

    Args:
        a, b: Signals, shapes (m, channels, length) and (n, channels, length); all channels shift
            together.
        share: Largest shift as a share of the length, in [0, 1).
        reduce: rms, mse or norm.

    Raises:
        ValueError: a share that is none.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share={share} must be in [0, 1)")
    a, b = a.astype(np.float64, copy=False), b.astype(np.float64, copy=False)
    shifts = range(-int(share * a.shape[-1]), int(share * a.shape[-1]) + 1)
    each = lambda signals, s: np.roll(signals, s, axis=-1).reshape(len(signals), -1)
    flat, alike = each(b, 0), np.full((len(a), len(b)), -np.inf)
    for s in shifts:
        np.maximum(alike, each(a, s) @ flat.T, out=alike)
    scale = square_lengths(each(a, 0))[:, None] + square_lengths(flat)
    squares = scale - 2 * alike
    for i, j in pairs(squares < NEAR * scale, max(1, BLOCK // flat.shape[1])):
        exact = [np.square(each(a[i], s) - flat[j]).sum(axis=1) for s in shifts]
        squares[i, j] = np.min(exact, axis=0)
    return reduced(squares, a, reduce)
