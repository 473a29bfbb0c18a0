"""All metrics of a set of samples against one split, and the metric names with what they mean."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from memctl.config import Metrics
from memctl.data import Split
from memctl.data.base import check_finite
from memctl.metrics import copying
from memctl.metrics.amplitude import amplitude_js
from memctl.metrics.authenticity import authentic, c_t, partition
from memctl.metrics.classes import Classified, Labels
from memctl.metrics.distance import Neighbours, Scan, distances, neighbours, scan
from memctl.metrics.elastic import Elastic
from memctl.metrics.energy import limited, within
from memctl.metrics.measure import Floats, Measure, binomial, mean
from memctl.metrics.prepare import flatten, quantize, rescale, standardise
from memctl.metrics.projection import Projection
from memctl.metrics.quality import Quality, exposed, size
from memctl.metrics.resemblance import correlations

CLOSEST = 50  # training examples that the adaptive ratio is taken over
PERMUTATIONS = 199  # at least, behind dcr_p: of fewer than 99 none is as small as the verdict asks
DCR_SUBSETS = 20  # random subsets of the larger side, where train and held-out differ in size


@dataclass(frozen=True)
class Suite:
    """What the metrics need of a split, prepared once.

    Attributes:
        pool: Training and, after them, held-out examples, flattened, in the units that distances are
            taken in: shape (N, D).
        n_train: How many of them are training examples.
        value_range: Of the training data, for quantisation.
        bounded: Whether the data has a range of its own (images).
        shape: Of an example, (channels, *dims).
        mirror: Whether an example and its mirror image are one identity to nearest-neighbour metrics.
        temporal: Whether the last axis is time.
        labels: Of the pool's examples, shape (N,), or None.
    """

    config: Metrics
    pool: Floats
    n_train: int
    value_range: tuple[float, float]
    projection: Projection
    bounded: bool
    shape: tuple[int, ...]
    mirror: bool
    temporal: bool
    labels: Labels | None

    @classmethod
    def of(cls, split: Split, config: Metrics) -> "Suite":
        value_range = split.value_range or (float(split.train.min()), float(split.train.max()))
        n, shape = len(split.train), split.train.shape[1:]
        pool = np.empty((n + len(split.heldout), int(np.prod(shape))))
        for start, side in ((0, split.train), (n, split.heldout)):
            for i in range(
                0, len(side), 500
            ):  # in parts: a second copy of all in float64 would be the largest thing in memory
                part = side[i : i + 500]
                pool[start + i : start + i + len(part)] = prepare(part, config, value_range)
        projection = Projection.fit(pool[:n], min(config.components, *pool[:n].shape), config.bins)
        sides = [
            labels for labels in (split.train_labels, split.heldout_labels) if labels is not None
        ]
        labels = np.concatenate(sides) if len(sides) == 2 else None
        return cls(
            config,
            pool,
            n,
            value_range,
            projection,
            split.value_range is not None,
            shape,
            split.mirror,
            split.temporal,
            labels,
        )

    @property
    def train(self) -> Floats:
        return self.pool[: self.n_train]

    @property
    def heldout(self) -> Floats:
        return self.pool[self.n_train :]

    @cached_property
    def quality(self) -> Quality:
        return Quality.of(self.train, self.rng(8), self.shape if self.temporal else None)

    @cached_property
    def elastic(self) -> Elastic | None:
        """Of signals."""
        return (
            Elastic.of(self.pool, self.n_train, self.shape, self.config.reduce, self.rng(12))
            if self.temporal
            else None
        )

    @cached_property
    def cells(self) -> KMeans:
        """Of C_T."""
        return partition(limited(self.train), seed=self.config.seed)

    @cached_property
    def within(self) -> tuple[float, float]:
        """The mean distance between two training examples, and between two held-out ones."""
        return within(self.train, self.config.reduce), within(self.heldout, self.config.reduce)

    def prepare(self, examples: NDArray[np.floating]) -> Floats:
        """Samples, shape (m, channels, *dims), in the units of `train`: shape (m, D)."""
        return prepare(examples, self.config, self.value_range)

    def scan(self, samples: Floats, subsets: Sequence[NDArray[np.intp]] = ()) -> Scan:
        """The one pass over distances from prepared samples to train and held-out, mirror images
        allowed for.
        """
        sides = (slice(self.n_train), slice(self.n_train, None))
        closest = int(np.clip(self.n_train // 20, 2, CLOSEST))
        return scan(
            samples, self.pool, self.config.reduce, sides, subsets, self.mirrored, closest=closest
        )

    @property
    def mirrored(self) -> Callable[[Floats], Floats] | None:
        """Makes the mirror images of prepared examples, shape (m, D), where they are the same
        identities; else None.
        """
        return (
            (lambda examples: examples.reshape(-1, *self.shape)[..., ::-1].reshape(examples.shape))
            if self.mirror
            else None
        )

    def nearest_other(self, asked: NDArray[np.intp]) -> Floats:
        """Distance of the training examples asked for to the nearest other, mirror images allowed
        for: shape (n_train,), else NaN.
        """
        out, some = np.full(self.n_train, np.nan), np.unique(asked)
        out[some] = neighbours(
            self.train[some], self.train, self.config.reduce, some, self.mirrored
        ).first
        return out

    def rng(self, *key: int) -> np.random.Generator:
        return np.random.default_rng([self.config.seed, *key])

    def distribution(self, samples: Floats, near: Neighbours) -> Iterator[tuple[str, Measure]]:
        """The paper's metrics: how far the samples are from the training set as a whole.

        distance_to_train (B.3: mean over the training set, then over samples) depends on a sample
        only through its distance to the data's mean; it is a meter of contrast, not of copying.
        js_amplitude is for signals, whose values have no range.
        """
        config, rng = self.config, self.rng(1)
        yield "distance_to_train", mean(near.mean, rng, config.repeats)
        if not self.bounded:
            yield (
                "js_amplitude",
                mean(
                    amplitude_js(samples, self.train, config.amplitude_js, config.bins),
                    rng,
                    config.repeats,
                ),
            )
        for name, value in self.projection.compare(self.projection.pca.transform(samples)).items():
            yield name, Measure(value)
        yield "f_mem", copying.f_mem(near, config.threshold)
        for name, share in (("ratio_q01", 0.01), ("ratio_q10", 0.1), ("ratio_median", 0.5)):
            yield name, Measure(float(np.quantile(copying.ratios(near), share)))

    def copying(self, samples: Floats, found: Scan) -> Iterator[tuple[str, Measure]]:
        """Copying by other rules: read all beside held-out examples, whose shares are not 0 and not
        50.
        """
        close = copying.adaptive_ratio(found.closest) < 1
        yield "adaptive_share", binomial(int(close.sum()), len(close))
        real = binomial(
            int(authentic(found.near[0], self.nearest_other(found.near[0].nearest)).sum()),
            len(close),
        )
        yield "authpct", Measure(*(100 * value for value in real if value is not None))
        yield (
            "corr_train",
            mean(self.resemblance(samples, found.near[0]), self.rng(15), self.config.repeats),
        )

    def resemblance(self, samples: Floats, near: Neighbours) -> Floats:
        """Correlation of each sample with its nearest training example, or that of its mirror image:
        shape (m,).
        """
        parts = []
        for some in np.array_split(
            np.arange(len(samples)), -(-len(samples) // 100)
        ):  # in parts, for the memory's sake
            examples, known = samples[some], self.train[near.nearest[some]]
            both = [examples, self.mirrored(examples)] if self.mirrored else [examples]
            parts.append(np.maximum.reduce([correlations(x, known) for x in both]))
        return np.concatenate(parts)

    def ranks(self, samples: Floats, heldout: Floats) -> Iterator[tuple[str, Measure]]:
        """C_T in units of its standard deviation: standard normal for a perfect model, below 0 for
        copying.
        """
        found = c_t(limited(samples), limited(heldout), limited(self.train), self.cells)
        yield "c_t", Measure(found.value / found.sd if found.sd else float("nan"))

    def in_time(self, samples: Floats) -> Iterator[tuple[str, Measure]]:
        """dcr_share where a shift or a warp in time is forgiven; of signals."""
        for name, d in self.elastic.distances(samples) if self.elastic else ():
            x, y = (side.min(axis=1) for side in np.hsplit(d, 2))
            yield name, mean(copying.closer_to_train(x, y), self.rng(13), self.config.repeats)

    def classified(self, samples: Floats, nearest: NDArray[np.intp]) -> Classified | None:
        """The samples, each with the class of its nearest training example, beside held-out examples;
        where the data has classes.
        """
        if self.labels is None:
            return None
        some, real = limited(samples), limited(self.heldout)
        d = distances(real, some, self.config.reduce)
        if turned := self.mirrored:
            for part in np.array_split(
                np.arange(len(real)), -(-len(real) // 100)
            ):  # in parts, for the memory's sake
                d[part] = np.minimum(
                    d[part], distances(turned(real[part]), some, self.config.reduce)
                )
        return Classified(limited(self.labels[nearest]), limited(self.labels[self.n_train :]), d)

    def sides(self, samples: Floats, found: Scan) -> Iterator[tuple[str, Measure]]:
        """What else needs examples apart from those that the samples were made from: C_T, elastic
        distances, classes.
        """
        yield from self.ranks(samples, self.heldout)
        yield from self.in_time(samples)
        classified = self.classified(samples, found.near[0].nearest)
        yield from classified.measure().items() if classified else ()

    def variety(self, samples: Floats, real: Floats) -> Iterator[tuple[str, Measure]]:
        """Quality and variety against real examples, and how many training examples are exposed;
        equal numbers of each.
        """
        k = size(len(samples), self.n_train, len(real))
        if k:
            g = drawn(samples, k, self.rng(9))
            yield from self.quality.measure(
                g, drawn(real, k, self.rng(9)), self.rng(10), self.config.repeats
            ).items()
            yield "identifiability", exposed(g, drawn(self.train, k, self.rng(9)))

    def against_heldout(self, found: Scan) -> Iterator[tuple[str, Measure]]:
        """dcr_share with its p, and delta_nn, against training and held-out subsets of equal size;
        and the nearest distances.

        Args:
            found: The pass over the samples, with the pairs of `equal_sides` as its subsets.
        """
        d_train, d_heldout = found.subsets[::2], found.subsets[1::2]
        rng, repeats = self.rng(2), self.config.repeats
        x, y = d_train.mean(axis=0), d_heldout.mean(axis=0)
        yield (
            "dcr_share",
            mean(copying.closer_to_train(d_train, d_heldout).mean(axis=0), rng, repeats),
        )
        train = np.arange(len(self.pool)) < self.n_train
        yield (
            "dcr_p",
            Measure(
                copying.permutation_p(found.tied, train, self.rng(6), max(repeats, PERMUTATIONS))
            ),
        )
        yield "delta_nn", copying.delta_nn(x, y, rng, repeats)
        yield "nn_train", mean(x, rng, repeats)
        yield "nn_heldout", mean(y, rng, repeats)

    def equal_sides(self) -> list[NDArray[np.intp]]:
        """Indices in the pool of training and held-out sides of one size, in turn: both whole, or
        random subsets of the larger.
        """
        train, heldout = np.split(np.arange(len(self.pool)), [self.n_train])
        k, rng = min(len(train), len(heldout)), self.rng(3)
        some = lambda side: side if len(side) == k else np.sort(rng.choice(side, k, replace=False))
        return [
            some(side)
            for _ in range(1 if len(train) == len(heldout) else DCR_SUBSETS)
            for side in (train, heldout)
        ]

    def energies(self, samples: Floats, found: Scan) -> Iterator[tuple[str, Measure]]:
        """The energy distances to train and to held-out; the distances between both are those of
        the pass.
        """
        own = within(samples, self.config.reduce)
        for name, near, other in zip(
            ("energy_train", "energy_heldout"), found.near, self.within, strict=True
        ):
            yield name, Measure(2 * float(near.mean.mean()) - own - other)

    def measured(self, samples: Floats) -> Scan:
        """The pass that `evaluate` needs over prepared samples."""
        return self.scan(samples, self.equal_sides())

    def evaluate(
        self, examples: NDArray[np.floating], found: Scan | None = None
    ) -> dict[str, Measure]:
        """Every metric of the samples, shape (m, channels, *dims), in their own units.

        Args:
            found: What `measured` says of them, if it is known.

        Raises:
            UserError: NaN in them.
        """
        check_finite(examples)
        samples = self.prepare(examples)
        found = self.measured(samples) if found is None else found
        return {
            **dict(self.distribution(samples, found.near[0])),
            **dict(self.against_heldout(found)),
            **dict(self.energies(samples, found)),
            **dict(self.full(samples, found)),
        }

    def full(self, samples: Floats, found: Scan) -> Iterator[tuple[str, Measure]]:
        """The metrics beyond the paper's and the main ones, unless the config leaves them out."""
        if self.config.full:
            yield from self.copying(samples, found)
            yield from self.variety(samples, self.heldout)
            yield from self.sides(samples, found)


def drawn(examples: Floats, k: int, rng: np.random.Generator) -> Floats:
    """The examples, or k of them by chance, in their order."""
    return (
        examples
        if len(examples) == k
        else examples[np.sort(rng.choice(len(examples), k, replace=False))]
    )


def prepare(
    examples: NDArray[np.floating], config: Metrics, value_range: tuple[float, float]
) -> Floats:
    """Flatten, quantise, rescale and standardise as the switches say."""
    x = quantize(flatten(examples), config.quantize, value_range)
    return standardise(rescale(x, config.range, value_range), config.per_example)
