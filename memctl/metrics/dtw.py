"""Dynamic time warping: the distance between signals after the alignment in time that suits them
best.

    c(i, j) = |a_i - b_j|^2 + min( c(i-1, j), c(i, j-1), c(i-1, j-1) ),    |i - j| <= W
    d = sqrt(c(L, L) / D)

over the channels of each sample together, W = floor(band * L) (Sakoe and Chiba 1978, doi
10.1109/TASSP.1978.1163055); D is the number of values of an example, so that band 0 is the rms
distance exactly.

Range [0, rms distance], lower is nearer, symmetric. A copy whose waves come a little early, late,
or at another speed is near. Blind spots: no metric's triangle inequality; it forgives what tells
two beats apart where that is timing; amplitudes are not forgiven; distances between unrelated
signals shrink too, so compare it with that of held-out examples.

Cost: m n L (2 W + 1) steps of about 2.5 ns, in vectors over pairs of signals: 1000 samples against
490 beats of 140 values with a band of 5 % take about 2.5 s on one core, the nearest alone a fifth
of that. Why not dtaidistance, whose C takes one pair at a time, each cell waiting for the one
before: its values are the same to the last bit, and its time, measured beside this one's for all
distances, is 0.8 of it for those beats, 0.6 for three channels, 1.3 for signals of 1000 values: too
little for a compiled dependency.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from memctl.metrics.distance import pairs, reduced
from memctl.metrics.measure import Floats

Signals = NDArray[np.floating]  # float64, or float32 where that is enough

BAND = 0.05  # of the length
# Pairs at once: their few vectors stay in the processor's cache; of pairs apart, whose signals have
# to stay there as well, fewer.
PAIRS, APART = 8192, 4096


def dtw_distances(a: Floats, b: Floats, band: float = BAND, reduce: str = "rms") -> Floats:
    """All distances, float64, shape (m, n).

    Args:
        a, b: Signals, shapes (m, channels, length) and (n, channels, length).
        band: Farthest from the diagonal that the alignment may go, as a share of the length, in [0,
            1].
        reduce: rms; mse (its square) or norm (times sqrt(D)).

    Raises:
        ValueError: a band, a reduction or shapes that are none.
    """
    a, b = checked(a, b, band, reduce)
    x, y = first_by_time(a), first_by_time(b)
    squares, step = np.empty((len(a), len(b))), max(1, PAIRS // max(1, len(b)))
    for some in (slice(start, start + step) for start in range(0, len(a), step)):
        squares[some] = warped(x[..., some, None], y[:, :, None], int(band * a.shape[-1]))
    return reduced(squares, a, reduce)


def dtw_nearest(a: Floats, b: Floats, band: float = BAND, reduce: str = "rms") -> Floats:
    """The distance of each of `a` to its nearest of `b`, float64, shape (m,):
    `dtw_distances(...).min(axis=1)` to the last bit, of a few of the paths.

    Pairs are taken by their lower bounds, and none whose bound is above the least distance that is
    known, in float32; those that may be the nearest by it are then compared in float64. Args and
    raises as `dtw_distances`; `b` has at least one signal.
    """
    a, b = checked(a, b, band, reduce)
    reach, squares = int(band * a.shape[-1]), np.full(len(a), np.inf)
    x, y = first_by_time(a), first_by_time(b)
    for i, j in pairs(may_be_nearest(a, b, reach), APART):
        np.minimum.at(squares, i, warped(x[..., i], y[..., j], reach))
    return reduced(squares, a, reduce)


def may_be_nearest(a: Floats, b: Floats, reach: int) -> NDArray[np.bool_]:
    """Which of `b` may be the nearest of each of `a` by float32, bool, shape (m, n)."""
    scale = max(np.abs(a).max(), np.abs(b).max()) or 1.0
    p, q = ((signals / scale).astype(np.float32) for signals in (a, b))
    # Roots of sums of squares are within the factor `loose` of the exact and, since signals are
    # rounded to float32 themselves, `slack`.
    loose = 1 + rounding(p)
    slack = 2 * np.sqrt(rounding(p) * np.finfo(p.dtype).eps)
    low = np.sqrt(np.maximum(below(p, q, reach), below(q, p, reach).T)) - slack
    order = np.argsort(low, axis=1, kind="stable")
    low = np.take_along_axis(low, order, axis=1)
    x, y = first_by_time(p), first_by_time(q)
    rough = np.full(low.shape, np.inf, np.float32)
    best, first, width = np.full((len(a), 1), np.inf, np.float32), 0, 1
    while first < len(b):
        some = low[:, first : first + width] < best * loose + slack
        if not some.any():
            break
        for i, place in pairs(some, APART):
            j = order[i, first + place]
            rough[i, j] = np.sqrt(warped(x[..., i], y[..., j], reach))
        best = rough.min(axis=1, keepdims=True)
        first, width = first + width, 2 * width
    found: NDArray[np.bool_] = rough <= best * loose**2 + 3 * slack
    return found


def rounding(signals: Signals) -> float:
    """Relative error of the sum of squares along a path, of at most 2 D terms."""
    return float(2 * np.prod(signals.shape[1:]) * np.finfo(signals.dtype).eps)


def checked(a: Signals, b: Signals, band: float, reduce: str) -> tuple[Floats, Floats]:
    """The signals in float64."""
    if not 0 <= band <= 1 or reduce not in ("rms", "mse", "norm") or a.shape[1:] != b.shape[1:]:
        raise ValueError(
            f"band={band} must be in [0, 1], reduce={reduce} rms, mse or norm, shapes equal:"
            f" {a.shape[1:]}, {b.shape[1:]}"
        )
    return a.astype(np.float64, copy=False), b.astype(np.float64, copy=False)


def below(a: Signals, b: Signals, reach: int) -> Signals:
    """What no path's sum of squares falls below, shape (m, n): how far `a` leaves the envelope of
    `b` within the band (Keogh and Ratanamahatana 2005, doi 10.1007/s10115-004-0154-9).
    """
    size = 2 * reach + 1
    highest = maximum_filter1d(b, size, mode="nearest")
    lowest = minimum_filter1d(b, size, mode="nearest")
    out, above, under = np.empty((len(a), len(b)), b.dtype), np.empty_like(b), np.empty_like(b)
    for row, signal in zip(out, a, strict=True):
        np.subtract(signal, highest, out=above)
        np.subtract(lowest, signal, out=under)
        np.maximum(np.maximum(above, under, out=above), 0, out=above)
        np.einsum("ncl,ncl->n", above, above, out=row)
    out *= 1 - 2 * rounding(b)  # or by rounding a bound could exceed its distance
    return out


def first_by_time(signals: Signals) -> Signals:
    """Shape (length, channels, signals): each step of the paths is then one vector."""
    return np.ascontiguousarray(signals.transpose(2, 1, 0))


def warped(x: Signals, y: Signals, reach: int) -> Signals:
    """The least sums of squares along a path, of signals (length, channels, ...) beside each other:
    what follows is broadcast, and is the shape of the result.
    """
    length, channels = x.shape[:2]
    shape = np.broadcast_shapes(x.shape[2:], y.shape[2:])
    before = np.full((length, *shape), np.inf, x.dtype)  # row i - 1 of c, by j
    row, cost, step = before.copy(), np.empty(shape, x.dtype), np.empty(shape, x.dtype)
    for i in range(length):
        first, last = max(0, i - reach), min(length - 1, i + reach)
        for j in range(first, last + 1):
            np.subtract(x[i, 0], y[j, 0], out=cost)
            np.square(cost, out=cost)
            for channel in range(1, channels):
                np.subtract(x[i, channel], y[j, channel], out=step)
                cost += np.square(step, out=step)
            if i or j:
                # cells outside the band stay infinite: row i reaches one further than row i - 1
                np.minimum(before[j], before[j - 1] if j else np.inf, out=step)
                cost += np.minimum(step, row[j - 1] if j > first else np.inf, out=step)
            row[j] = cost
        before, row = row, before
    return before[-1]
