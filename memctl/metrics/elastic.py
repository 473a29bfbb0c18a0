"""Whether signals are nearer to train than to held-out examples once a shift or a warp in time is
forgiven.

    shift_share   dcr_share by the distances of `shifts`, sides of equal size
    dtw_share     the same by those of `dtw`

Range [0, 1]; 0.5 is fair, 1 says that every sample follows a training example, be it early, late or
at another speed: what dcr_share misses where signals are steep. Blind to what those distances
forgive, and to few exact copies (f_mem sees them); read it beside held-out examples. Cost: at most
WORK cells of warping paths, some 2 seconds, for which fewer samples and examples are taken where
signals are long or many; none where too few would be left (a channel of 2,000 values).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from memctl.metrics.claims import COPIES, SOFT_COPIES
from memctl.metrics.comparison import HALVINGS, Comparison
from memctl.metrics.dcr import closer_to_train
from memctl.metrics.dtw import BAND, dtw_distances, dtw_nearest
from memctl.metrics.measure import Floats, Measure, mean, spread
from memctl.metrics.metric import UP, Metric
from memctl.metrics.shifts import shift_distances
from memctl.metrics.sides import Indices, Sides
from memctl.metrics.subsample import LIMIT, subsample

WORK = 5 * 10**8
FEWEST, LEAST = 100, 8  # samples, and examples a side: with less of them a share says nothing


@dataclass(frozen=True)
class Elastic:
    """As many training as held-out signals, and how many samples are compared with them.

    Attributes:
        signals: shape (2 k, channels, length); `index` holds their places in the pool, training
            examples first.
        rows: The most samples that are taken; of more, a fixed random choice.
    """

    signals: Floats
    index: Indices
    rows: int
    reduce: str

    @classmethod
    def of(
        cls,
        pool: Floats,
        n_train: int,
        shape: tuple[int, ...],
        reduce: str,
        rng: np.random.Generator,
    ) -> "Elastic | None":
        """Of the pool's examples, shape (N, D), the first n_train of them training examples; None
        where too few could be taken.
        """
        length = shape[-1]
        cells = int(np.prod(shape)) * (2 * int(BAND * length) + 1)
        k = min(n_train, len(pool) - n_train, LIMIT, WORK // (2 * FEWEST * cells))
        if k < LEAST:
            return None
        sides = (
            rng.choice(n_train, k, replace=False),
            n_train + rng.choice(len(pool) - n_train, k, replace=False),
        )
        index = np.concatenate([np.sort(side) for side in sides])
        return cls(pool[index].reshape(-1, *shape), index, WORK // (2 * k * cells), reduce)

    def subset(self, m: int) -> Indices:
        """Which of m samples are compared: shape (at most rows,)."""
        return subsample(np.arange(m), self.rows)

    def of_samples(self, samples: Floats) -> Floats:
        """The compared samples, of shape (m, D), as signals."""
        return samples[self.subset(len(samples))].reshape(-1, *self.signals.shape[1:])


def elastic(sides: Sides) -> Elastic | None:
    """The signals of both sides that samples are compared with."""
    rng = sides.rng("signals")
    return Elastic.of(sides.pool, sides.n_train, sides.shape, sides.config.reduce, rng)


def halves(sides: Sides) -> list[tuple[Indices, Indices]]:
    """Random halves of the training and of the held-out signals, as places among the signals."""
    signals, rng = sides.once(elastic), sides.rng("halvings of signals")
    k = len(signals.index) // 2 if signals else 0
    half = lambda: rng.choice(k, k // 2, replace=False)
    return [(half(), k + half()) for _ in range(HALVINGS)]


def by_shifts(c: Comparison) -> Floats:
    """Distances of the compared samples to all signals, a shift forgiven: shape (rows, 2 k)."""
    signals = c.sides.once(elastic)
    assert signals is not None
    return shift_distances(signals.of_samples(c.samples), signals.signals, reduce=signals.reduce)


def by_warping(c: Comparison) -> Floats:
    """The same where a warp is forgiven."""
    signals = c.sides.once(elastic)
    assert signals is not None
    return dtw_distances(signals.of_samples(c.samples), signals.signals, reduce=signals.reduce)


def nearest_by_shifts(c: Comparison) -> list[Floats]:
    """Distances of the compared samples to the nearest training and held-out signal."""
    return [side.min(axis=1) for side in np.hsplit(c.once(by_shifts), 2)]


def nearest_by_warping(c: Comparison) -> list[Floats]:
    """The same where a warp is forgiven."""
    signals = c.sides.once(elastic)
    assert signals is not None
    samples = signals.of_samples(c.samples)
    return [
        dtw_nearest(samples, side, reduce=signals.reduce) for side in np.split(signals.signals, 2)
    ]


def share(
    name: str,
    distances: Callable[[Comparison], Floats],
    nearest: Callable[[Comparison], list[Floats]],
) -> dict[str, Any]:
    """dcr_share by these distances: how it is read, over halvings too, and its floor."""

    def read(c: Comparison) -> Measure | None:
        if c.sides.once(elastic) is None:
            return None
        near = closer_to_train(*nearest(c))
        return mean(near, c.rng(name), c.sides.config.repeats)

    def over_halvings(c: Comparison) -> Measure | None:
        signals = c.sides.once(elastic)
        if signals is None:
            return None
        compared, shares = signals.subset(len(c.samples)), []
        for train, heldout in c.sides.once(halves):
            counts = c.counts(signals.index[train], signals.index[heldout])[compared]
            rows = c.once(distances)[counts]
            if len(rows):
                to_train, to_heldout = (rows[:, side].min(axis=1) for side in (train, heldout))
                shares.append(float(closer_to_train(to_train, to_heldout).mean()))
        return spread(shares) if shares else None

    floor = lambda _, fresh: over_halvings(fresh)
    return {"name": name, "read": read, "over_halvings": over_halvings, "floor": floor}


LATE_COPIES = COPIES | SOFT_COPIES | {"late": UP}
SHIFT_SHARE = Metric(
    **share("shift_share", by_shifts, nearest_by_shifts),
    title="nearer to train where a shift is forgiven (fair: 0.5)",
    about="of signals: dcr_share where a shift in time is forgiven",
    range="0 to 1, fair 0.5",
    needs=("full", "time"),
    bad="high",
    claims=LATE_COPIES,
    brief=True,
)
DTW_SHARE = Metric(
    **share("dtw_share", by_warping, nearest_by_warping),
    title="nearer to train where a warp is forgiven (fair: 0.5)",
    about="of signals: dcr_share where a warp in time is forgiven",
    range="0 to 1, fair 0.5",
    needs=("full", "time"),
    bad="high",
    claims=LATE_COPIES,
)
