"""ln sigma normal: EDM's training distribution of noise levels (Karras et al. 2022, arXiv
2206.00364, table 1).
"""

from dataclasses import dataclass
from typing import Any

from memctl.samplers.log_snr import LogSnrSampler


@dataclass(frozen=True)
class LogNormalSampler(LogSnrSampler):
    """ln sigma ~ N(P_mean, P_std^2), so lambda = -2 ln sigma ~ N(-2 P_mean, 4 P_std^2).

    EDM's sigma is that of data with standard deviation sigma_data = 0.5; for data of standard
    deviation 1, add ln 2 to P_mean.

    Attributes:
        P_mean, P_std: Mean and standard deviation of ln sigma, P_std > 0; the defaults are EDM's.
    """

    name = "lognormal"
    P_mean: float = -1.2
    P_std: float = 1.2

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("P_mean", lambda v: True, "a finite number")
        self.check("P_std", lambda v: v > 0, "positive")

    def density(self) -> Any:
        from scipy.stats import norm

        return norm(-2 * self.P_mean, 2 * self.P_std)
