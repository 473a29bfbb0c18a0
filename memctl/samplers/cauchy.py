"""log SNR Cauchy (Hang et al. 2024, arXiv 2407.03297, table 1)."""

from dataclasses import dataclass
from typing import Any

from memctl.samplers.log_snr import LogSnrSampler


@dataclass(frozen=True)
class CauchySampler(LogSnrSampler):
    """p(lambda) = gamma / (pi ((lambda - mu)^2 + gamma^2)).

    Attributes:
        mu: The favoured log SNR. gamma: Half width at half maximum, positive.
    """

    name = "cauchy"
    mu: float = 0.0
    gamma: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("mu", lambda v: True, "a finite number")
        self.check("gamma", lambda v: v > 0, "positive")

    def density(self) -> Any:
        from scipy.stats import cauchy

        return cauchy(self.mu, self.gamma)
