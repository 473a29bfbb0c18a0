"""The settings that a search may try: an interval of whole steps and, if wanted, a budget.

A search looks for points (u, v) of a unit square, whose lesser coordinate is c_l and whose greater
is c_h, on a scale from the least to the greatest bound: (u, v) and (v, u) are one interval, and
intervals of equal areas of the triangle of c_l and c_h are equally often met. The budget is a third
coordinate, on a logarithmic scale.
"""

from dataclasses import dataclass
from math import exp, log
from typing import NamedTuple


class Setting(NamedTuple):
    """An interval, and the steps of its training; None where these are the config's own."""

    low: float
    high: float
    steps: int | None = None

    @property
    def overrides(self) -> list[str]:
        """What makes it in a config."""
        steps = [] if self.steps is None else [f"control.steps={self.steps}"]
        return [f"ci.low={self.low:.12g}", f"ci.high={self.high:.12g}", *steps]


@dataclass(frozen=True)
class Space:
    """Intervals within [first, last], and budgets from `steps[0]` to `steps[1]`."""

    first: float = 0
    last: float = 1000
    steps: tuple[int, int] | None = None

    @property
    def axes(self) -> list[str]:
        """Names of the coordinates."""
        return ["u", "v", *(["steps"] if self.steps else [])]

    def setting(self, point: dict[str, float]) -> Setting:
        """The setting at a point, in whole steps."""
        ends = sorted(self.first + (self.last - self.first) * point[axis] for axis in "uv")
        low = min(round(ends[0]), int(self.last) - 1)
        high = max(round(ends[1]), low + 1)
        if self.steps is None:
            return Setting(low, high)
        least, most = map(log, self.steps)
        return Setting(low, high, round(exp(least + (most - least) * point["steps"])))

    def points(self, setting: Setting) -> list[dict[str, float]]:
        """Both places where a setting is found."""
        u, v = ((end - self.first) / (self.last - self.first) for end in setting[:2])
        third = {}
        if self.steps is not None and setting.steps is not None:
            least, most = map(log, self.steps)
            third["steps"] = (log(setting.steps) - least) / (most - least)
        return [{"u": u, "v": v, **third}, {"u": v, "v": u, **third}]

    def holds(self, setting: Setting) -> bool:
        """Whether a setting is one of its own."""
        within = self.first <= setting.low < setting.high <= self.last
        if self.steps is None:
            return within and setting.steps is None
        return within and self.steps[0] <= (setting.steps or 0) <= self.steps[1]
