"""t / T logit-normal (Esser et al. 2024, Stable Diffusion 3, arXiv 2403.03206, Eq. 19)."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from memctl.samplers.base import Floats, TimestepSampler
from memctl.samplers.normal import masses


@dataclass(frozen=True)
class LogitNormalSampler(TimestepSampler):
    """logit(t / T) ~ N(logit_mean, logit_std^2); a larger mean is more noise, as in the paper.

    diffusers' `compute_density_for_timestep_sampling` indexes descending timesteps with the same
    number: there a larger mean is less noise.

    Attributes:
        logit_mean: Finite. logit_std: Positive.
    """

    name = "logit_normal"
    logit_mean: float = 0.0
    logit_std: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("logit_mean", lambda v: True, "a finite number")
        self.check("logit_std", lambda v: v > 0, "positive")

    def probabilities(self) -> Floats:
        return masses(
            (logit(np.arange(self.timesteps + 1) / self.timesteps) - self.logit_mean)
            / self.logit_std
        )
