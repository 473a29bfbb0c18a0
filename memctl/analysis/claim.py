"""A claim of the paper beside this sweep's numbers, with a verdict by a stated rule.

Trends (over cells, seeds averaged) are judged by two intervals of 95 %: that of r, and that of the
change of a straight line from the leftmost (narrowest) cell to the rightmost (widest), held against
the floor, the width of the range in which fresh real data read by chance:

    reproduced        r's whole interval has the paper's sign, and the whole interval of the change
                      is beyond the floor, that way
    not reproduced    the whole interval of the change falls short of the floor (or goes the other
                      way)
    can't tell        neither

Where nothing is there, r's interval errs to the paper's side in 2.5 % of sweeps, and so each claim
is reproduced in at most 2.5 %. That a claim is reproduced says that the number moves, not that it
means what the paper reads in it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from memctl.analysis.inference import Yardsticks
from memctl.analysis.regression import line
from memctl.analysis.statistics import Floats, correlation

REPRODUCED, NOT, UNKNOWN = "reproduced", "not reproduced", "can't tell"
TREND = (
    "r's 95 % interval on the paper's side of 0, and the change along the line beyond what fresh"
    " data read by chance"
)
NAN = float("nan")


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, and this sweep's answer.

    Attributes:
        paper, value, low, high: The paper's number and this sweep's, of `number`; with its 95 %
            interval.
        change, change_low, change_high, floor: What the metric moves by over the sweep, and must
            move by to count.
        yardstick: What it reads where nothing was learnt, or for fresh data.
        same_size: Whether the paper's number lies within the interval: yes, no, or unknown.
    """

    claim: str
    source: str
    number: str
    paper: str
    value: float
    low: float
    high: float
    change: float
    change_low: float
    change_high: float
    floor: float
    yardstick: str
    verdict: str
    same_size: str
    rule: str
    note: str = ""


@dataclass(frozen=True)
class Trend:
    """How a column goes with an axis over the cells.

    Attributes:
        r: As `statistics.correlation` gives it.
        line: As `regression.line` gives it.
        floor: What the line's change must exceed; NaN where that is not known.
    """

    r: Mapping[str, float]
    line: Mapping[str, float]
    floor: float

    @classmethod
    def of(cls, x: Floats, y: Floats, floor: float) -> "Trend":
        """Of columns of shape (cells,)."""
        return cls(correlation(x, y), line(x, y), floor)

    @property
    def change(self) -> dict[str, float]:
        """The fields of a `Claim` that tell the change."""
        names = ("change", "change_low", "change_high")
        return {**{name: self.line[name] for name in names}, "floor": self.floor}

    @property
    def fall(self) -> dict[str, float]:
        """The relative fall along the line, as value, low and high of a `Claim`."""
        names = {"value": "fall", "low": "fall_low", "high": "fall_high"}
        return {field: self.line[name] for field, name in names.items()}

    def verdict(self, sign: int) -> str:
        """By the module's rule; `sign` is the paper's."""
        change = (self.line["change_low"], self.line["change_high"])
        return judge(sign, (self.r["low"], self.r["high"]), change, self.floor)


def judge(sign: int, r: tuple[float, float], change: tuple[float, float], floor: float) -> str:
    """The verdict on a trend: the module's rule.

    Args:
        sign: The paper's, +1 or -1.
        r, change: Ends (low, high) of the intervals.
        floor: What the change must exceed; NaN where it is not known.
    """
    near, far = (NAN, NAN)
    if not any(map(math.isnan, change)):
        near, far = sorted(sign * end for end in change)
    if min(sign * end for end in r) > 0 and near > floor:
        return REPRODUCED
    return NOT if far < floor else UNKNOWN


def contains(low: float, high: float, paper: tuple[float, float]) -> str:
    """Whether an interval meets the paper's number, or the range of its numbers."""
    if math.isnan(low) or math.isnan(high):
        return "unknown"
    return "yes" if low <= max(paper) and high >= min(paper) else "no"


def readings(yardsticks: Yardsticks, metric: str) -> str:
    """What the yardsticks read, in a line."""
    known = {name: values.get(metric) or {} for name, values in yardsticks.items()}
    floor = known.pop("floor", {})
    fresh = []
    if floor.get("low") is not None:
        fresh = [f"fresh data {floor['low']:.4g} to {floor['high']:.4g}"]
    others = [
        f"{name} {measure['value']:.4g}"
        for name, measure in known.items()
        if measure.get("value") is not None
    ]
    return ", ".join(fresh + others)
