"""A run's metrics beside its data's yardsticks, as the rules of verdicts read them."""

from collections.abc import Mapping
from dataclasses import dataclass

from memctl.metrics.distance_to_train import DISTANCE_TO_TRAIN
from memctl.metrics.energy import ENERGY_TRAIN
from memctl.runs.record import Measures

NAN = float("nan")


@dataclass(frozen=True)
class Reading:
    """A run's metrics and its data's yardsticks.

    What is not known is NaN, which no comparison holds for.
    """

    metrics: Measures
    yardsticks: Mapping[str, Measures]

    def number(self, metric: str, end: str = "value", of: str | None = None) -> float:
        """`low`, `high` or `value` of a metric, or of a yardstick's; an end that is missing is the
        value.
        """
        measures = self.metrics if of is None else self.yardsticks.get(of, {})
        measure = measures.get(metric) or {}
        known = [v for v in (measure.get(end), measure.get("value")) if v is not None]
        return float(known[0]) if known else NAN

    def known(self, metric: str, of: str | None = None) -> bool:
        """Whether the metric, or a yardstick's, has a value."""
        value = self.number(metric, of=of)
        return value == value

    def above_floor(self, metric: str, *yardsticks: str) -> bool:
        """Whether the whole interval lies above those of all yardsticks that have the metric;
        `floor` must have it.
        """
        limits = [self.number(metric, "high", of) for of in ("floor", *yardsticks)]
        return self.number(metric, "low") > max(limits[:1] + [v for v in limits[1:] if v == v])

    def below_floor(self, *metrics: str) -> bool:
        """Whether the whole interval of one of the metrics lies below its floor."""
        return any(self.number(m, "high") < self.number(m, "low", "floor") for m in metrics)

    def meets_floor(self, metric: str) -> bool:
        """Whether the interval and the floor overlap."""
        low, high = (self.number(metric, end) for end in ("low", "high"))
        floor_low, floor_high = (self.number(metric, end, "floor") for end in ("low", "high"))
        return low <= floor_high and high >= floor_low

    def spacing(self, of: str | None = None) -> float:
        """The mean distance between two of the samples, or of a yardstick's.

        It is 2 distance_to_train - energy_train - (mean distance between training examples); and
        what to take off is known from the yardstick `mean`, whose examples lie 0 apart.
        """
        both = lambda of: (
            2 * self.number(DISTANCE_TO_TRAIN.name, of=of) - self.number(ENERGY_TRAIN.name, of=of)
        )
        return both(of) - both("mean")

    def of_yardstick(self, name: str) -> "Reading":
        """A yardstick read as if it were the run."""
        return Reading(self.yardsticks.get(name, {}), self.yardsticks)
