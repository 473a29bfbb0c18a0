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
490 beats of 140 values with a band of 5 % take about 2.5 s on one core. Why not dtaidistance, whose
C takes one pair at a time, each cell waiting for the one before: its values are the same to the
last bit, and its time, measured beside this one's, is 0.8 of it for those beats, 0.6 for three
channels, 1.3 for signals of 1000 values: too little for a compiled dependency.
"""

from collections.abc import Iterator

import numpy as np

from memctl.metrics.measure import Floats

BAND = 0.05  # of the length
PAIRS = 8192  # at once: their few vectors stay in the processor's cache


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
    if not 0 <= band <= 1 or reduce not in ("rms", "mse", "norm") or a.shape[1:] != b.shape[1:]:
        raise ValueError(
            f"band={band} must be in [0, 1], reduce={reduce} rms, mse or norm, shapes equal:"
            f" {a.shape[1:]}, {b.shape[1:]}"
        )
    squares = np.concatenate(
        [*warped(a.astype(np.float64), b.astype(np.float64), int(band * a.shape[-1]))]
    )
    width = np.prod(a.shape[1:])
    return {
        "rms": lambda: np.sqrt(squares / width),
        "mse": lambda: squares / width,
        "norm": lambda: np.sqrt(squares),
    }[reduce]()


def warped(a: Floats, b: Floats, reach: int) -> Iterator[Floats]:
    """The least sums of squares along a path, of blocks of `a` against all of `b`."""
    length, later = a.shape[-1], np.ascontiguousarray(b.transpose(2, 1, 0))  # (length, channels, n)
    for some in np.array_split(a, max(1, -(-len(a) * len(b) // PAIRS))):
        before = np.full((length, len(some), len(b)), np.inf)  # row i - 1 of c, by j
        row, cost, step = before.copy(), np.empty(before.shape[1:]), np.empty(before.shape[1:])
        for i in range(length):
            first, last = max(0, i - reach), min(length - 1, i + reach)
            for j in range(first, last + 1):
                np.subtract(some[:, 0, i, None], later[j, 0], out=cost)
                np.square(cost, out=cost)
                for channel in range(1, a.shape[1]):
                    np.subtract(some[:, channel, i, None], later[j, channel], out=step)
                    cost += np.square(step, out=step)
                if i or j:
                    # cells outside the band stay infinite: row i reaches one further than row i - 1
                    np.minimum(before[j], before[j - 1] if j else np.inf, out=step)
                    cost += np.minimum(step, row[j - 1] if j > first else np.inf, out=step)
                row[j] = cost
            before, row = row, before
        yield before[-1].copy()
