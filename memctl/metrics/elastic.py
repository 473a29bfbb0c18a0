"""Whether signals are nearer to train than to held-out examples once a shift or a warp in time is
forgiven.

    shift_share, dtw_share   dcr_share by the distances of `shifts` and `dtw`, train and held-out sides of equal size

Range [0, 1]; 0.5 is fair, 1 says that every sample follows a training example, be it early, late or
at another speed: what dcr_share misses where signals are steep. Blind to what those distances
forgive, and to few exact copies (f_mem sees them); read it beside held-out examples. Cost: at most
WORK cells of warping paths, some 2 seconds, for which fewer samples and examples are taken where
signals are long or many; none where too few would be left (a channel of 2,000 values).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memctl.metrics.dtw import BAND, dtw_distances
from memctl.metrics.energy import LIMIT, limited
from memctl.metrics.measure import Floats
from memctl.metrics.metric import UP, Metric
from memctl.metrics.shifts import shift_distances

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
    index: NDArray[np.intp]
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

    def chosen(self, m: int) -> NDArray[np.intp]:
        """Which of m samples are compared: shape (at most rows,)."""
        return limited(np.arange(m), self.rows)

    def distances(self, samples: Floats) -> Iterator[tuple[str, Floats]]:
        """Of the chosen samples, shape (m, D), to all signals: shape (rows, 2 k), by metric."""
        some = samples[self.chosen(len(samples))].reshape(-1, *self.signals.shape[1:])
        yield "shift_share", shift_distances(some, self.signals, reduce=self.reduce).distance
        yield "dtw_share", dtw_distances(some, self.signals, reduce=self.reduce)


LATE_COPIES = {name: UP for name in ("copies", "copies_50", "copies_10", "copies_2")} | {
    name: UP for name in ("kde_20", "kde_40", "interpolated", "late")
}
SHIFT_SHARE = Metric(
    name="shift_share",
    title="nearer to train where a shift is forgiven (fair: 0.5)",
    about="of signals: dcr_share where a shift in time is forgiven",
    range="0 to 1, fair 0.5",
    needs=("full", "time"),
    bad="high",
    claims=LATE_COPIES,
    brief=True,
)
DTW_SHARE = Metric(
    name="dtw_share",
    title="nearer to train where a warp is forgiven (fair: 0.5)",
    about="of signals: dcr_share where a warp in time is forgiven",
    range="0 to 1, fair 0.5",
    needs=("full", "time"),
    bad="high",
    claims=LATE_COPIES,
)
