"""One step alone, for studies of what a single noise level teaches."""

from dataclasses import dataclass

import numpy as np

from memctl.samplers.base import Floats, TimestepSampler


@dataclass(frozen=True)
class FixedSampler(TimestepSampler):
    """All mass on one step.

    Attributes:
        t: The step, a whole number in [1, T].
    """

    name = "fixed"
    t: int = 500

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check(
            "t",
            lambda v: isinstance(v, int) and 1 <= v <= self.timesteps,
            f"a whole number in [1, {self.timesteps}]",
        )

    def probabilities(self) -> Floats:
        return np.eye(self.timesteps)[self.t - 1]
