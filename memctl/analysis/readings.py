"""What the settings of a sweep read, each with an interval that holds over seeds where it can.

A setting's value is its mean over seeds. How far other seeds would differ is known where some
setting has several: their standard deviation, pooled over all settings on a scale on which it is
about the same for all of them,

    shares in [0, 1]    arcsin sqrt v
    energy, KID         arsinh v/s, s half the noise floor: as it is near the floor, and a
                        logarithm far from it

with Student's t, so that a setting with one seed has an interval too. A sweep with one seed a
setting has each metric's own interval, that of these models' samples; a metric without one has the
width of its noise floor.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy

from memctl.analysis.controls import Setting
from memctl.analysis.sweep_results import SweepResults
from memctl.metrics.measure import Floats

NAN = float("nan")
NORMAL = 1.96
SHARES = ("f_mem", "dcr_share", "recall")
EXACT = ("f_mem",)  # whose own interval holds of 0 hits too, where seeds do not differ
IN_ANSWERS = ("follows",)


class Reading(NamedTuple):
    """A value and the ends of its 95 % interval; NaN for what is not known."""

    value: float
    low: float
    high: float


class Scale(NamedTuple):
    """A scale on which seeds spread alike."""

    to: Callable[[Any], Any]
    back: Callable[[Any], Any]


def scale_of(measure: str, floor: Reading) -> Scale:
    """The scale of a measure, whose noise floor this is."""
    if measure in SHARES:
        return Scale(
            lambda v: np.arcsin(np.sqrt(np.clip(v, 0, 1))),
            lambda y: np.sin(np.clip(y, 0, np.pi / 2)) ** 2,
        )
    if measure in IN_ANSWERS or np.isnan(floor.high - floor.low):
        return Scale(lambda v: v, lambda y: y)
    width = max((floor.high - floor.low) / 2, 1e-12)
    return Scale(lambda v: np.arcsinh(v / width), lambda y: width * np.sinh(y))


class Spread(NamedTuple):
    """The standard deviation between seeds, pooled over settings; NaN where none has several.

    Attributes:
        degrees: Of freedom.
    """

    sd: float
    degrees: int

    @classmethod
    def pooled(cls, groups: Sequence[Floats]) -> "Spread":
        """Of each setting's values."""
        degrees = sum(len(group) - 1 for group in groups if len(group))
        square = sum(float(((group - group.mean()) ** 2).sum()) for group in groups if len(group))
        return cls(float(np.sqrt(square / degrees)) if degrees else NAN, degrees)

    def half(self, n: int) -> float:
        """Half the 95 % interval of a mean of n seeds."""
        return float(scipy.stats.t.ppf(0.975, self.degrees)) * self.sd / np.sqrt(n)


def measured(record: Mapping[str, Any], measure: str) -> Reading:
    """A run's value and its own interval."""
    if measure in IN_ANSWERS:
        content = (record.get("answers") or {}).get(measure) or {}
        content = {**content, "value": content.get("effect")}
    else:
        content = record["metrics"].get(measure) or {}
    return known(content)


def noise_floor(record: Mapping[str, Any], measure: str) -> Reading:
    """What fresh real examples read beside a run."""
    return known(record["yardsticks"]["floor"].get(measure) or {})


def known(content: Mapping[str, float | None]) -> Reading:
    """A measure of a record."""
    found = (content.get(end) for end in Reading._fields)
    return Reading(*(NAN if end is None else float(end) for end in found))


def own_sides(runs: Floats, floor: Reading) -> tuple[float, float]:
    """How far a mean of runs may be too high, and too low, for its samples' sake.

    Args:
        runs: Value, low and high of each, shape (n, 3).
        floor: Its sides stand for those of a metric without an interval.
    """
    below, above = runs[:, 0] - runs[:, 1], runs[:, 2] - runs[:, 0]
    if np.isnan(below).any() or np.isnan(above).any():
        below, above = (
            np.full(len(runs), side) for side in (floor.value - floor.low, floor.high - floor.value)
        )
    mean = lambda side: float(np.sqrt((side**2).mean() / len(runs)))
    return mean(below), mean(above)


class Readings:
    """A measure of all settings.

    Attributes:
        values: Of each setting, value by repetition.
        spread: Between seeds, on the scale.
        changes: The same of the differences to the reference of the same repetition.
    """

    def __init__(self, sweep: SweepResults, settings: Sequence[Setting], measure: str) -> None:
        """Read a measure of the runs; the first setting is the reference."""
        self.measure = measure
        records = [{r: sweep.records[n] for r, n in s.runs.items()} for s in settings]
        self.floor = noise_floor(next(iter(records[0].values())), measure)
        self.scale = scale_of(measure, self.floor)
        found = [{r: measured(rec, measure) for r, rec in runs.items()} for runs in records]
        self.runs = [{r: v for r, v in runs.items() if v.value == v.value} for runs in found]
        self.values = [{r: v.value for r, v in runs.items()} for runs in self.runs]
        self.spread = Spread.pooled([self.scaled(runs) for runs in self.values])
        self.changes = Spread.pooled([self.differences(runs) for runs in self.values[1:]])

    def scaled(self, runs: Mapping[str, float]) -> Floats:
        """Values on the scale, shape (n,)."""
        return np.asarray(self.scale.to(np.array([*runs.values()], dtype=float)))

    def differences(self, runs: Mapping[str, float], other: int = 0) -> Floats:
        """On the scale, to another setting's runs of the same repetition, shape (n,)."""
        common = [r for r in runs if r in self.values[other]]
        own = self.scaled({r: runs[r] for r in common})
        return own - self.scaled({r: self.values[other][r] for r in common})

    def reading(self, k: int) -> Reading:
        """A setting's mean with its interval; NaN where it has no value."""
        values = np.array([*self.values[k].values()])
        if not len(values):
            return Reading(NAN, NAN, NAN)
        mean = float(values.mean())
        below, above = own_sides(np.array([*self.runs[k].values()]), self.floor)
        low, high = mean - below, mean + above
        if self.spread.degrees:
            middle, half = float(self.scaled(self.values[k]).mean()), self.spread.half(len(values))
            own = (low, high) if self.measure in EXACT else (mean, mean)
            low = min(float(self.scale.back(middle - half)), own[0])
            high = max(float(self.scale.back(middle + half)), own[1])
        return Reading(mean, low, high)

    def change(self, k: int) -> Reading:
        """A setting less the reference."""
        return self.between(k, 0, self.changes)

    def between(self, k: int, base: int, spread: Spread) -> Reading:
        """A setting less another, over the repetitions that both have; of none in common, or where
        it is not known how far seeds spread, the difference of their means.

        Args:
            spread: Between seeds, of such differences on the scale.
        """
        own, other = self.reading(k), self.reading(base)
        if own.value != own.value or other.value != other.value:
            return Reading(NAN, NAN, NAN)
        known = self.values[base]
        common = [r for r in self.values[k] if r in known]
        if common and spread.degrees:
            differences = self.differences(self.values[k], base)
            half = spread.half(len(common))
            start = float(self.scaled({r: known[r] for r in common}).mean())
            at = lambda shift: float(self.scale.back(start + shift) - self.scale.back(start))
            middle = float(differences.mean())
            value = float(np.mean([self.values[k][r] - known[r] for r in common]))
            low, high = at(middle - half), at(middle + half)
            return Reading(value, min(low, value), max(high, value))
        value = own.value - other.value
        sides = [(m.value - m.low, m.high - m.value) for m in (own, other)]
        (below, above), (other_below, other_above) = sides
        down, up = np.hypot(below, other_above), np.hypot(above, other_below)
        return Reading(value, float(value - down), float(value + up))
