"""p(t) = 1/T: the sampler of DDPM (Ho et al. 2020)."""

from dataclasses import dataclass

import numpy as np

from memctl.samplers.base import Floats, TimestepSampler


@dataclass(frozen=True)
class UniformSampler(TimestepSampler):
    """Every step is equally likely."""

    name = "uniform"

    def probabilities(self) -> Floats:
        return np.ones(self.timesteps)

    @property
    def label(self) -> str:
        return "uniform"
