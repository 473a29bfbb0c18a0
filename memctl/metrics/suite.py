"""All metrics of a set of samples against one split, and the metric names with what they mean."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memctl.config import Metrics
from memctl.data import Split
from memctl.data.base import check_finite
from memctl.metrics import copying
from memctl.metrics.amplitude import amplitude_js
from memctl.metrics.distance import Neighbours, distances, neighbours
from memctl.metrics.energy import energy
from memctl.metrics.measure import Floats, Measure, mean
from memctl.metrics.prepare import flatten, quantize, rescale, standardise
from memctl.metrics.projection import Projection

DCR_SUBSETS = 20  # random subsets of the larger side, where train and held-out differ in size


@dataclass(frozen=True)
class Suite:
    """What the metrics need of a split, prepared once.

    Attributes:
        train, heldout: Flattened records in the units that distances are taken in, shape (n, D).
        value_range: Of the training data, for quantisation.
        bounded: Whether the data has a range of its own (images).
        shape: Of a record, (channels, *dims).
        mirror: Whether a record and its mirror image are one identity to nearest-neighbour metrics.
    """

    config: Metrics
    train: Floats
    heldout: Floats
    value_range: tuple[float, float]
    projection: Projection
    bounded: bool
    shape: tuple[int, ...]
    mirror: bool

    @classmethod
    def of(cls, split: Split, config: Metrics) -> "Suite":
        value_range = split.value_range or (float(split.train.min()), float(split.train.max()))
        train, heldout = (prepare(side, config, value_range) for side in (split.train, split.heldout))
        components = min(config.components, *train.shape)
        projection = Projection.fit(train, components, config.bins)
        return cls(config, train, heldout, value_range, projection, split.value_range is not None, split.train.shape[1:], split.mirror)

    def prepare(self, records: NDArray[np.floating]) -> Floats:
        """Samples, shape (m, channels, *dims), in the units of `train`: shape (m, D)."""
        return prepare(records, self.config, self.value_range)

    def mirrored(self, samples: Floats) -> Floats | None:
        """The mirror images of prepared samples, shape (m, D), where they are the same identities; else None."""
        return samples.reshape(-1, *self.shape)[..., ::-1].reshape(samples.shape) if self.mirror else None

    def neighbours(self, samples: Floats, references: Floats) -> Neighbours:
        """The one pass over distances, in the units of the config, mirror images allowed for."""
        return neighbours(samples, references, self.config.reduce, mirrored=self.mirrored(samples))

    def distances(self, samples: Floats, references: Floats) -> Floats:
        """All distances, each the lesser of a sample's and its mirror image's where these are one identity."""
        d, mirrored = distances(samples, references, self.config.reduce), self.mirrored(samples)
        return d if mirrored is None else np.minimum(d, distances(mirrored, references, self.config.reduce))

    def rng(self, *key: int) -> np.random.Generator:
        return np.random.default_rng([self.config.seed, *key])

    def distribution(self, samples: Floats) -> Iterator[tuple[str, Measure]]:
        """The paper's metrics: how far the samples are from the training set as a whole.

        distance_to_train (B.3: mean over the training set, then over samples) depends on a sample only through its
        distance to the data's mean; it is a meter of contrast, not of copying. js_amplitude is for signals, whose values have no range.
        """
        config, rng = self.config, self.rng(1)
        near = self.neighbours(samples, self.train)
        yield "distance_to_train", mean(near.mean, rng, config.repeats)
        if not self.bounded:
            yield "js_amplitude", mean(amplitude_js(samples, self.train, config.amplitude_js, config.bins), rng, config.repeats)
        for name, value in self.projection.compare(self.projection.pca.transform(samples)).items():
            yield name, Measure(value)
        yield "f_mem", copying.f_mem(near, config.threshold)
        yield "ratio_median", Measure(float(np.median(copying.ratios(near))))

    def against_heldout(self, samples: Floats) -> Iterator[tuple[str, Measure]]:
        """dcr_share with its p, and delta_nn, against training and held-out subsets of equal size; and the nearest distances."""
        d_train, d_heldout, closer = [], [], []
        for train, heldout in self.equal_sides():
            a = self.neighbours(samples, train).first
            b = self.neighbours(samples, heldout).first
            d_train.append(a)
            d_heldout.append(b)
            closer.append(copying.closer_to_train(a, b))
        rng, repeats = self.rng(2), self.config.repeats
        x, y = np.mean(d_train, axis=0), np.mean(d_heldout, axis=0)
        yield "dcr_share", mean(np.mean(closer, axis=0), rng, repeats)
        train, heldout = next(self.equal_sides())
        to_pool = self.distances(samples, np.concatenate([train, heldout]))
        yield "dcr_p", Measure(copying.permutation_p(to_pool, len(train), self.rng(6), repeats))
        yield "delta_nn", copying.delta_nn(x, y, rng, repeats)
        yield "nn_train", mean(x, rng, repeats)
        yield "nn_heldout", mean(y, rng, repeats)

    def equal_sides(self) -> Iterator[tuple[Floats, Floats]]:
        """Training and held-out sides of one size: both whole, or random subsets of the larger."""
        k, rng = min(len(self.train), len(self.heldout)), self.rng(3)
        for _ in range(1 if len(self.train) == len(self.heldout) else DCR_SUBSETS):
            yield (
                self.train if len(self.train) == k else self.train[rng.choice(len(self.train), k, replace=False)],
                self.heldout if len(self.heldout) == k else self.heldout[rng.choice(len(self.heldout), k, replace=False)],
            )

    def evaluate(self, records: NDArray[np.floating]) -> dict[str, Measure]:
        """Every metric of the samples, shape (m, channels, *dims), in their own units. Raises: UserError for NaN in them."""
        check_finite(records)
        samples = self.prepare(records)
        return {
            **dict(self.distribution(samples)),
            **dict(self.against_heldout(samples)),
            "energy_train": Measure(energy(samples, self.train, self.config.reduce)),
            "energy_heldout": Measure(energy(samples, self.heldout, self.config.reduce)),
        }


def prepare(records: NDArray[np.floating], config: Metrics, value_range: tuple[float, float]) -> Floats:
    """Flatten, quantise, rescale and standardise as the switches say."""
    x = quantize(flatten(records), config.quantize, value_range)
    return standardise(rescale(x, config.range, value_range), config.per_record)
