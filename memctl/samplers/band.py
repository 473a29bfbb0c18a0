"""A band of steps, favoured, left out or alone: the "range" timestep bias of diffusers' training
script of SDXL.
"""

from dataclasses import dataclass

import numpy as np

from memctl.samplers.base import Floats, TimestepSampler


@dataclass(frozen=True)
class BandSampler(TimestepSampler):
    """p(t) constant for low < t <= high and for the other steps, `multiplier` times as large in
    the band as elsewhere.

    Attributes:
        low, high: Whole numbers, 0 <= low < high <= T.
        multiplier: At least 0, which leaves the band out; null: nothing is drawn outside it.
    """

    name = "band"
    low: int = 0
    high: int | None = None
    multiplier: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.high is None:
            object.__setattr__(self, "high", self.timesteps)
        self.check(
            "high",
            lambda v: isinstance(v, int) and 1 <= v <= self.timesteps,
            f"a whole number in [1, {self.timesteps}]",
        )
        self.check(
            "low",
            lambda v: isinstance(v, int) and 0 <= v < (self.high or 0),
            f"a whole number in [0, {self.high}), below sampler.high",
        )
        if self.multiplier is not None:
            self.check("multiplier", lambda v: v >= 0, "at least 0, or null for the band alone")

    @property
    def label(self) -> str:
        end = "" if self.high == self.timesteps else f"_high{self.high}"
        return f"band_low{self.low}{end}" + (
            f"_multiplier{self.multiplier:.12g}" if self.multiplier is not None else ""
        )

    def probabilities(self) -> Floats:
        within, outside = (1.0, 0.0) if self.multiplier is None else (self.multiplier, 1.0)
        if within > 1:
            within, outside = 1.0, 1 / within
        p = np.full(self.timesteps, outside)
        p[self.low : self.high] = within
        return p
