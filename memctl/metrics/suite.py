"""All metrics of a set of samples against one split."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memctl.config import Metrics
from memctl.data import Split
from memctl.data.base import check_finite
from memctl.metrics import catalogue
from memctl.metrics.comparison import Comparison
from memctl.metrics.measure import Floats, Measure
from memctl.metrics.metric import Metric
from memctl.metrics.sides import Sides


@dataclass(frozen=True)
class Suite:
    """The metrics that a split has under these settings.

    Attributes:
        sides: The split's examples, prepared.
        metrics: In the order in which they are read.
    """

    sides: Sides
    metrics: tuple[Metric, ...]

    @classmethod
    def of(cls, split: Split, config: Metrics) -> "Suite":
        """Raises: UserError for a file of the user's metrics that is wrong."""
        sides = Sides.of(split, config)
        there = {
            "full": config.full,
            "time": sides.temporal,
            "labels": sides.labels is not None,
            "unbounded": not sides.bounded,
        }
        known = catalogue.known(config.components).values()
        return cls(sides, tuple(m for m in known if all(there[need] for need in m.needs)))

    def prepare(self, examples: NDArray[np.floating]) -> Floats:
        """Samples, shape (m, channels, *dims), in the units of the sides: shape (m, D)."""
        return self.sides.prepare(examples)

    def compare(self, examples: NDArray[np.floating]) -> Comparison:
        """The samples, shape (m, channels, *dims), in their own units, beside both sides.

        Raises:
            UserError: NaN in them.
        """
        check_finite(examples)
        return Comparison.of_samples(self.sides, self.prepare(examples))

    def evaluate(self, examples: NDArray[np.floating]) -> dict[str, Measure]:
        """Every metric of the samples.

        Raises:
            UserError: NaN in them, or a metric of the user's that fails.
        """
        return read(self.compare(examples), self.metrics)


def read(c: Comparison, metrics: Iterable[Metric]) -> dict[str, Measure]:
    """What the metrics read, those that the data is too small for left out. Raises: UserError."""
    out = {}
    for metric in metrics:
        measure = metric.measure(c)
        if measure is not None:
            out[metric.name] = measure
    return out
