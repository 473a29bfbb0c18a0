"""Samplers given by a density over lambda = log SNR, carried to the steps through the noise
schedule.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from memctl.samplers.base import Floats
from memctl.samplers.schedule_aware import ScheduleAwareSampler


@dataclass(frozen=True)
class LogSnrSampler(ScheduleAwareSampler):
    """Step t takes the density's mass nearest to lambda_t: between the midpoints to lambda_{t-1}
    and lambda_{t+1}.

    The first and the last step's share ends as far beyond them as the midpoint lies on the other
    side; mass further out is dropped. Under zero terminal SNR, lambda_T = -inf, the last step has
    all that is left below step T - 1's share.

    Note sigma^2 = 1 / SNR = exp(-lambda), sigma the noise's standard deviation relative to the
    signal's factor (Karras et al. 2022, arXiv 2206.00364).
    """

    @abstractmethod
    def density(self) -> Any:
        """The density over lambda, a frozen distribution of scipy.stats."""

    def edges(self) -> Floats:
        """The ends of the steps' shares of lambda, falling: shape (T + 1,)."""
        if self.timesteps == 1:
            return np.array([np.inf, -np.inf])
        ends = self.schedule.log_snr_edges
        return ends if len(ends) > self.timesteps else np.append(ends, -np.inf)

    def probabilities(self) -> Floats:
        density, edges = self.density(), self.edges()
        upper, lower = edges[:-1], edges[1:]
        # On each side of the median the nearer tail is subtracted, which keeps the digits of small
        # masses.
        return np.where(
            lower > density.median(),
            density.sf(lower) - density.sf(upper),
            density.cdf(upper) - density.cdf(lower),
        )
