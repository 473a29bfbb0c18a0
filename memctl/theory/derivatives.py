"""What moving an interval's middle does to its distribution: by Eq. 8, and truly."""

import numpy as np
from scipy import stats

from memctl.samplers import IntervalSampler
from memctl.samplers.base import Floats


def eq_8(sampler: IntervalSampler) -> Floats:
    """dp(t)/d mu by Eq. 8, (t - mu) / sigma^2 p(t) of the untruncated normal, at the middle of each
    step's interval: shape (T,).
    """
    t = np.arange(1, sampler.timesteps + 1) - 0.5
    return np.asarray(
        (t - sampler.mu) / sampler.sigma**2 * stats.norm.pdf(t, sampler.mu, sampler.sigma)
    )


def drawn_derivative(sampler: IntervalSampler) -> Floats:
    """dp(t)/d mu, sigma fixed, of the distribution that is really drawn from, tail mass and all:
    shape (T,).
    """
    edges = (np.arange(sampler.timesteps + 1) - sampler.mu) / sampler.sigma
    density = stats.norm.pdf(edges) / sampler.sigma
    # Of each step's mass, and of the two tails'.
    inside, below, above = -np.diff(density), -density[0], density[-1]
    if sampler.tail == "mixture":
        return np.asarray(inside + (below + above) / sampler.timesteps)
    if sampler.tail == "clamp":
        inside[[0, -1]] += [below, above]
        return np.asarray(inside)
    return np.asarray((inside - sampler.pmf * inside.sum()) / sampler.inside)
