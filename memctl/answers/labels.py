"""Do labels matter? A permutation test of sums of scores that were made without knowing the labels.

Each row of scores gives a number to every example, and its statistic is the sum over the labelled
ones, less what a random labelling gives on average, in its standard deviations. Several rows are
tested at once by their maximum, under the same random labellings: the p is exact in size whatever
the rows are, and whatever depends on what.

    p = (1 + random labellings whose maximum is as large) / (1 + random labellings)

Source: the max-T test of Westfall and Young (1993); never 0 as Phipson and Smyth (2010).
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memctl.metrics.measure import Floats

REPEATS = 1999
POWER = 0.84  # standard deviations above a limit at which 4 of 5 exceed it
AT_ONCE = 100  # labellings held at a time


@dataclass(frozen=True)
class LabelTest:
    """Standardised sums, of the labels as they are and as chance would have them.

    Attributes:
        observed: Row -> its statistic; 0 where all scores are the same.
        null: Row -> the statistic under random labellings, shape (REPEATS,).
    """

    observed: dict[str, float]
    null: dict[str, Floats]

    @classmethod
    def of(
        cls,
        scores: dict[str, Floats],
        labels: NDArray[np.bool_],
        rng: np.random.Generator,
        strata: NDArray[np.generic] | None = None,
        repeats: int = REPEATS,
    ) -> "LabelTest":
        """Test rows of scores, shape (N,) each.

        Args:
            labels: shape (N,).
            strata: Classes within which the labels were drawn, shape (N,), if any: they are then
                shuffled within these.
        """
        rows = np.stack(list(scores.values()))
        rows = rows - rows.mean(axis=1, keepdims=True)
        null = np.empty((len(rows), repeats))
        classes = [np.arange(len(labels))]
        if strata is not None:
            classes = [np.flatnonzero(strata == value) for value in np.unique(strata)]
        for start in range(0, repeats, AT_ONCE):
            shuffled = np.tile(labels, (min(AT_ONCE, repeats - start), 1))
            for one in classes:
                shuffled[:, one] = rng.permuted(shuffled[:, one], axis=1)
            null[:, start : start + len(shuffled)] = rows @ shuffled.T.astype(np.float64)
        both = np.concatenate([(rows @ labels)[:, None], null], axis=1)
        centre, sd = both.mean(axis=1, keepdims=True), both.std(axis=1, keepdims=True)
        varies = sd > 1e-12 * (1 + np.abs(rows).max(axis=1, keepdims=True))
        z = np.where(varies, (both - centre) / np.where(varies, sd, 1.0), 0.0)
        return cls(
            {name: float(z[k, 0]) for k, name in enumerate(scores)},
            {name: z[k, 1:] for k, name in enumerate(scores)},
        )

    def p(self, rows: Collection[str], sign: int = 1) -> float:
        """That the labelled examples have larger scores (sign -1: smaller) in any of the rows."""
        largest = max(sign * self.observed[row] for row in rows)
        null = np.max([sign * self.null[row] for row in rows], axis=0)
        # Sums of whole numbers that tie must tie: 1e-9 is far above what rounding leaves of them.
        return float(1 + np.sum(null >= largest - 1e-9)) / (1 + len(null))

    def limit(self, rows: Collection[str], level: float) -> float:
        """The statistic from which `p` is at most the level."""
        return float(np.quantile(np.max([self.null[row] for row in rows], axis=0), 1 - level))

    def strongest(self, rows: Collection[str], sign: int = 1) -> str:
        """The row with the largest statistic."""
        return max(rows, key=lambda row: sign * self.observed[row])
