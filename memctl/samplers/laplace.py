"""log SNR Laplace (Hang et al. 2024, arXiv 2407.03297, table 1)."""

from dataclasses import dataclass
from typing import Any

from memctl.samplers.log_snr import LogSnrSampler


@dataclass(frozen=True)
class LaplaceSampler(LogSnrSampler):
    """p(lambda) = exp(-|lambda - mu| / b) / (2 b).

    Attributes:
        mu: The favoured log SNR. b: Width, positive.
    """

    name = "laplace"
    mu: float = 0.0
    b: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("mu", lambda v: True, "a finite number")
        self.check("b", lambda v: v > 0, "positive")

    def density(self) -> Any:
        from scipy.stats import laplace

        return laplace(self.mu, self.b)
