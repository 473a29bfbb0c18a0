"""SpeeD's asymmetric sampling (Wang et al. 2024, arXiv 2405.17403): fewer draws where the noise
level hardly changes any more.
"""

from dataclasses import dataclass

import numpy as np

from memctl.samplers.base import Floats
from memctl.samplers.schedule_aware import ScheduleAwareSampler


@dataclass(frozen=True)
class SpeedSampler(ScheduleAwareSampler):
    """p(t) is k times as large where the change g(t) of sqrt(1 - abar_t) a step exceeds a threshold
    as where it does not.

    p(t) proportional to tanh(1e6 (g(t) - threshold)) + (k + 1) / (k - 1), g by central differences;
    the authors' code has k = 5 and 1e-4. The pairs t, tau - t that it draws together are not part
    of the distribution.

    Attributes:
        k: Ratio, above 1. threshold: Change of the noise level a step, positive.
    """

    name = "speed"
    k: float = 5.0
    threshold: float = 1e-4

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("k", lambda v: v > 1, "above 1")
        self.check("threshold", lambda v: v > 0, "positive")

    def probabilities(self) -> Floats:
        # sqrt(1 - abar) = (1 + SNR)^-1/2
        noise = np.exp(-0.5 * np.logaddexp(0, self.schedule.log_snr))
        change = np.gradient(noise) if self.timesteps > 1 else np.zeros(1)
        return np.asarray(np.tanh(1e6 * (change - self.threshold)) + (self.k + 1) / (self.k - 1))
