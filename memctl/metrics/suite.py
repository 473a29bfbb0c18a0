"""All metrics of a set of samples against one split."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from memctl.config import Metrics
from memctl.data import Split
from memctl.data.base import check_finite
from memctl.metrics import catalogue
from memctl.metrics.comparison import Comparison
from memctl.metrics.measure import Floats, Measure
from memctl.metrics.metric import Metric, Need
from memctl.metrics.sides import Sides

# why a metric is not taken, by what it needs, and else
WHY: dict[Need, str] = {
    "full": "metrics.full=false leaves it out",
    "time": "it is of signals",
    "labels": "it is of examples of two or more classes that both sides have",
    "unbounded": "it is of values without bounds",
}
UNDEFINED = "too few samples or examples for it, or it is not defined for these"


@dataclass(frozen=True)
class Suite:
    """The metrics that a split has under these settings.

    Attributes:
        sides: The split's examples, prepared.
        metrics: In the order in which they are read.
        without: Why others are not taken, by name.
    """

    sides: Sides
    metrics: tuple[Metric, ...]
    without: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, split: Split, config: Metrics) -> "Suite":
        """Raises: UserError for a file of the user's metrics that is wrong."""
        sides = Sides.of(split, config)
        there = {
            "full": config.full,
            "time": sides.temporal,
            "labels": sides.classes > 1,
            "unbounded": not sides.bounded,
        }
        lacks = {need: why for need, why in WHY.items() if not there[need]}
        known = catalogue.known(config.components).values()
        without = {m.name: lacks[need] for m in known for need in m.needs if need in lacks}
        return cls(sides, tuple(m for m in known if m.name not in without), without)

    def absent(self, found: Collection[str]) -> dict[str, str]:
        """Why each metric that is not among those found was not taken."""
        undefined = {m.name: UNDEFINED for m in self.metrics if m.name not in found}
        return {**undefined, **self.without}

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
    """What the metrics read, those that are not defined left out. Raises: UserError."""
    out = {}
    for metric in metrics:
        measure = metric.measure(c)
        if measure is not None:
            out[metric.name] = measure
    return out
