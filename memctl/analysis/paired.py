"""Changes of several models against another, sample by sample, tested at once.

Every sample of a model scores a hit of a training example 1, one of a held-out example -n_X/n_Y and
none 0, so that the mean is the excess of `memctl.answers.shares`. d_i is the score of sample i less
that of the other model's sample from the same noise, and a change is the mean of d. It can be
chance in two ways, and must stand out from both:

    samples   other noise would have given others: the signs of the d_i are flipped
    labels    which examples are training ones was a coin's decision; a model that moves its samples
              for another reason moves them nearer to one side by chance: labels are shuffled over
              the examples, each with the change in its number of hits

Signs and labellings are the same for all models, and the largest |change| / sd of all of them says
how large one is by chance (max-T: Westfall and Young 1993), so p and intervals hold for all models
together. The larger p and the wider interval of the two are given.

The interval is change +- q sd, q the 95 % point of that largest value; sd is of the residuals, with
q pseudo-samples that changed, so that no sample of m changing bounds a change by q^2 / m, as
Wilson's interval does. It is of these models on this split: other trainings would read others.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from memctl.answers.labels import POWER
from memctl.metrics.measure import Floats
from memctl.metrics.streams import rng

REPEATS = 1999
AT_ONCE = 200  # rearrangements held at a time
LEVEL = 0.05
ONE = 1.96  # the limit of one comparison, below which none can be, also where no sample changes


class Moves(NamedTuple):
    """Scores of k models, or their differences, from the same noise and on one split.

    Attributes:
        scores: shape (k, m).
        hits: How many samples hit each real example, shape (k, N), or differences of them.
        labels: Which of these are training examples, shape (N,).
    """

    scores: Floats
    hits: Floats
    labels: NDArray[np.bool_]

    @property
    def odds(self) -> float:
        """n_X / n_Y."""
        return float(self.labels.sum() / (~self.labels).sum())

    def flipped(self) -> Floats:
        """Mean scores under random signs, shape (REPEATS, k)."""
        signs = rng(0, "signs of samples")
        m = self.scores.shape[1]
        parts = (signs.choice([-1.0, 1.0], size=(n, m)) for n in portions())
        return np.concatenate([part @ self.scores.T for part in parts]) / m

    def relabelled(self) -> Floats:
        """Mean scores under random labels, shape (REPEATS, k)."""
        order = rng(0, "labels of examples")
        parts = (order.permuted(np.tile(self.labels, (n, 1)), axis=1) for n in portions())
        weights = (part * (1 + self.odds) - self.odds for part in parts)
        return np.concatenate([w @ self.hits.T for w in weights]) / self.scores.shape[1]

    def spread(self, centred: bool) -> tuple[Floats, Floats]:
        """Standard deviation of either kind of chance, shape (k,) each; with `centred` of what
        the change itself leaves.
        """
        m = self.scores.shape[1]
        d, c, n = self.scores, self.hits - self.hits.mean(axis=1, keepdims=True), len(self.labels)
        if centred:
            d, c = d - d.mean(axis=1, keepdims=True), c.copy()
            for side in (self.labels, ~self.labels):
                c[:, side] -= c[:, side].mean(axis=1, keepdims=True)
        q = self.labels.mean()
        square = q * (1 - q) * n / (n - 1) * (c**2).sum(axis=1)
        return np.sqrt((d**2).sum(axis=1)) / m, (1 + self.odds) * np.sqrt(square) / m


def portions() -> list[int]:
    """Numbers of rearrangements that are made together."""
    return [min(AT_ONCE, REPEATS - start) for start in range(0, REPEATS, AT_ONCE)]


class Changes(NamedTuple):
    """Of each model, shape (k,) each.

    Attributes:
        change: Mean difference.
        low, high: Ends of 95 % intervals that hold for all together.
        p: Two-sided, corrected for all.
        seen: The change that would have been seen, at p <= LEVEL, in 4 of 5 cases.
    """

    change: Floats
    low: Floats
    high: Floats
    p: Floats
    seen: Floats


def changes(families: list[Moves], step: float = 1.0) -> Changes:
    """Test the differences of all models, those of each split and number of samples together.

    Args:
        step: By how much a score changes where a sample does.
    """
    change = np.concatenate([f.scores.mean(axis=1) for f in families])
    m = np.concatenate([np.full(len(f.scores), f.scores.shape[1]) for f in families])
    half, p, seen = (np.zeros(len(change)) for _ in range(3))
    for kind, rearranged in enumerate((Moves.flipped, Moves.relabelled)):
        sd, left = (
            np.concatenate([f.spread(centred)[kind] for f in families]) for centred in (False, True)
        )
        scale = np.where(sd > 0, sd, np.inf)
        largest = np.max(np.abs(np.concatenate([rearranged(f) for f in families], 1)) / scale, 1)
        limit = max(ONE, float(np.quantile(largest, 1 - LEVEL)))
        # Sums that tie must tie: 1e-9 is far above what rounding leaves of them.
        beyond = largest[:, None] >= np.abs(change) / scale - 1e-9
        p = np.maximum(p, (1 + beyond.sum(axis=0)) / (1 + REPEATS))
        half = np.maximum(half, limit * np.hypot(left, limit * step / m))
        seen = np.maximum(seen, (limit + POWER) * np.hypot(sd, limit * step / m))
    return Changes(change, change - half, change + half, p, seen)


def range_p(moves: Moves) -> float:
    """The p of the range of the models' mean scores: how often as large a one is chance."""
    observed = np.ptp(moves.scores.mean(axis=1))
    return max(
        float(1 + np.sum(np.ptp(null, axis=1) >= observed - 1e-9)) / (1 + REPEATS)
        for null in (moves.flipped(), moves.relabelled())
    )
