"""What each metric can tell, and from which size of effect, on given data and at a given number of
samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from memctl.data import Split
from memctl.metrics.generators import CALIBRATORS, IN_TIME
from memctl.metrics.measure import Measure
from memctl.metrics.suite import Suite
from memctl.metrics.yardsticks import yardsticks


@dataclass(frozen=True)
class Calibration:
    """Readings of generators of known behaviour.

    Attributes:
        readings: Generator -> metric -> reading; `floor` is what fresh examples read by chance.
        n: Number of samples.
        claims: Metric -> generator -> whether it claims to read it above (UP) or below (DOWN).
    """

    readings: dict[str, dict[str, Measure]]
    n: int
    claims: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, suite: Suite, split: Split, n: int) -> "Calibration":
        """Read every generator; n is at most the number of held-out examples, so that readings and
        floors are of one size.
        """
        n = min(n, len(split.heldout))
        generators = CALIBRATORS | (IN_TIME if split.temporal else {})
        claims = {metric.name: metric.claims for metric in suite.metrics}
        return cls(yardsticks(suite, split, n, generators), n, claims)

    def side(self, metric: str, generator: str) -> int:
        """Whether a generator reads above (UP), below (DOWN) or within (0) the metric's floor."""
        floor, reading = self.readings["floor"][metric], self.readings[generator].get(metric)
        if reading is None or floor.low is None or floor.high is None:
            return 0
        return int(reading.value > floor.high) - int(reading.value < floor.low)

    def table(self) -> pd.DataFrame:
        """One row a generator, one column a metric: the readings; the first two rows are the ends
        of the floor.
        """
        metrics = list(self.readings["heldout"])
        ends = {
            f"floor, {end}": {m: getattr(f, end) for m, f in self.readings["floor"].items()}
            for end in ("low", "high")
        }
        rows = {
            name: {m: values[m].value for m in metrics if m in values}
            for name, values in self.readings.items()
            if name != "floor"
        }
        return pd.DataFrame({**ends, **rows}).T.reindex(columns=metrics)

    def detectable(self, metric: str) -> float:
        """The least share of copies among the samples that brings the metric out of its floor, 0 to
        1; NaN where none does.

        A metric that is a mean over samples moves in proportion to the share: between its reading
        of fresh examples and of copies.
        """
        floor, fresh, copied = (
            self.readings[name].get(metric) for name in ("floor", "heldout", "copies")
        )
        if (
            floor is None
            or fresh is None
            or copied is None
            or floor.low is None
            or floor.high is None
            or not self.side(metric, "copies")
        ):
            return float("nan")
        end = floor.high if copied.value > fresh.value else floor.low
        return float(np.clip((end - fresh.value) / (copied.value - fresh.value), 0, 1))

    def verdicts(self) -> pd.DataFrame:
        """One row a metric: what it claims to tell from fresh examples and does, what it cannot at
        this size, and what else moves it.

        `least copies` is the smallest share of copies that it can see.
        """
        rows = []
        for metric in (m for m in self.readings["floor"] if m in self.readings["heldout"]):
            claims = self.claims[metric]
            sides = {
                name: self.side(metric, name)
                for name in self.readings
                if name not in ("floor", "heldout")
            }
            rows.append(
                {
                    "metric": metric,
                    "tells": ", ".join(
                        name for name, way in claims.items() if sides.get(name) == way
                    ),
                    "cannot tell here": ", ".join(
                        name for name, way in claims.items() if sides.get(name) != way
                    ),
                    "also moved by": ", ".join(
                        name for name, way in sides.items() if way and name not in claims
                    ),
                    "least copies": self.detectable(metric),
                }
            )
        return pd.DataFrame(rows)
