"""The real examples that samples are compared with, as metrics see them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memctl.config import Metrics
from memctl.data import Split
from memctl.metrics import prepare, streams
from memctl.metrics.distance import Scan, neighbours, scan
from memctl.metrics.measure import Floats
from memctl.metrics.memo import Memo

CLOSEST = 50  # training examples whose distances a pass keeps, for the adaptive ratio
SUBSETS = 20  # random subsets of the larger side, where train and held-out differ in size
PART = (
    500  # examples prepared at a time: a second copy of all in float64 would be the largest thing
)

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Sides(Memo):
    """Training and held-out examples, prepared once.

    Attributes:
        pool: Training and, after them, held-out examples, flattened, in the units that distances
            are taken in: shape (N, D).
        n_train: How many of them are training examples.
        value_range: Of the training data, for quantisation.
        bounded: Whether the data has a range of its own (images).
        shape: Of an example, (channels, *dims).
        mirror: Whether an example and its mirror image are one identity to nearest-neighbour
            metrics.
        temporal: Whether the last axis is time.
        labels: Of the pool's examples, shape (N,), or None.
    """

    config: Metrics
    pool: Floats
    n_train: int
    value_range: tuple[float, float]
    bounded: bool
    shape: tuple[int, ...]
    mirror: bool
    temporal: bool
    labels: NDArray[np.generic] | None

    @classmethod
    def of(cls, split: Split, config: Metrics) -> "Sides":
        """Prepare a split's two sides."""
        value_range = split.value_range or (float(split.train.min()), float(split.train.max()))
        n, shape = len(split.train), split.train.shape[1:]
        pool = np.empty((n + len(split.heldout), int(np.prod(shape))))
        for start, side in ((0, split.train), (n, split.heldout)):
            for i in range(0, len(side), PART):
                part = prepare.prepare(side[i : i + PART], config, value_range)
                pool[start + i : start + i + len(part)] = part
        both = [side for side in (split.train_labels, split.heldout_labels) if side is not None]
        return cls(
            config=config,
            pool=pool,
            n_train=n,
            value_range=value_range,
            bounded=split.value_range is not None,
            shape=shape,
            mirror=split.mirror,
            temporal=split.temporal,
            labels=np.concatenate(both) if len(both) == 2 else None,
        )

    @property
    def classes(self) -> int:
        """Of how many classes there are examples on both sides."""
        if self.labels is None:
            return 0
        return len(np.intersect1d(self.labels[: self.n_train], self.labels[self.n_train :]))

    @property
    def train(self) -> Floats:
        return self.pool[: self.n_train]

    @property
    def heldout(self) -> Floats:
        return self.pool[self.n_train :]

    @property
    def mirrored(self) -> Callable[[Floats], Floats] | None:
        """Makes the mirror images of prepared examples, shape (m, D), where they are the same
        identities; else None.
        """
        if not self.mirror:
            return None
        return lambda x: x.reshape(-1, *self.shape)[..., ::-1].reshape(x.shape)

    def rng(self, name: str) -> np.random.Generator:
        """The stream of that name, at its start."""
        return streams.rng(self.config.seed, name)

    def prepare(self, examples: NDArray[np.floating]) -> Floats:
        """Samples, shape (m, channels, *dims), in the units of `train`: shape (m, D)."""
        return prepare.prepare(examples, self.config, self.value_range)

    def scan(self, samples: Floats, subsets: Sequence[Indices] = ()) -> Scan:
        """The one pass over distances from prepared samples to both sides, mirror images allowed
        for, and to subsets of the pool.
        """
        halves = (slice(self.n_train), slice(self.n_train, None))
        closest = int(np.clip(self.n_train // 20, 2, CLOSEST))
        return scan(
            samples, self.pool, self.config.reduce, halves, subsets, self.mirrored, closest=closest
        )

    def nearest_other(self, chosen: Indices) -> Floats:
        """Distance of the chosen training examples to the nearest other, mirror images allowed for:
        shape (n_train,), NaN of those that are not chosen.
        """
        out, some = np.full(self.n_train, np.nan), np.unique(chosen)
        reduce = self.config.reduce
        out[some] = neighbours(self.train[some], self.train, reduce, some, self.mirrored).first
        return out


def equal_sides(sides: Sides) -> list[Indices]:
    """Training and held-out sides of one size, in turn, as indices in the pool: both whole, or
    random subsets of the larger.
    """
    train, heldout = np.split(np.arange(len(sides.pool)), [sides.n_train])
    k, rng = min(len(train), len(heldout)), sides.rng("sides of equal size")
    some = lambda side: side if len(side) == k else np.sort(rng.choice(side, k, replace=False))
    times = 1 if len(train) == len(heldout) else SUBSETS
    return [some(side) for _ in range(times) for side in (train, heldout)]
