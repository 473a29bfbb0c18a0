"""t / T beta-distributed, as in OneTrainer (recommended there: alpha 0.8, beta 1)."""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincc

from memctl.samplers.base import Floats, TimestepSampler


@dataclass(frozen=True)
class BetaSampler(TimestepSampler):
    """t / T ~ Beta(alpha, beta).

    Attributes:
        alpha, beta: Positive. alpha > beta favours noisy steps; alpha = beta = 1 is uniform.
    """

    name = "beta"
    alpha: float = 0.8
    beta: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("alpha", lambda v: v > 0, "positive")
        self.check("beta", lambda v: v > 0, "positive")

    def probabilities(self) -> Floats:
        x = np.arange(self.timesteps + 1) / self.timesteps
        middle = self.alpha / (self.alpha + self.beta)  # beyond it the upper tails keep more digits
        lower, upper = betainc(self.alpha, self.beta, x), betaincc(self.alpha, self.beta, x)
        return np.where(x[:-1] > middle, upper[:-1] - upper[1:], lower[1:] - lower[:-1])
