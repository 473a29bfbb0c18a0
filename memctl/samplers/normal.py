"""Masses of the normal distribution between edges, exact in both tails."""

import numpy as np
from scipy.special import ndtr

from memctl.samplers.base import Floats


def masses(z: Floats) -> Floats:
    """P(z[i] < Z <= z[i + 1]) for a standard normal Z and rising edges z of shape (n + 1,): shape (n,)."""
    # Above 0 the upper tails are subtracted: differences of numbers near 1 would lose all digits.
    return np.where(z[:-1] > 0, ndtr(-z[:-1]) - ndtr(-z[1:]), ndtr(z[1:]) - ndtr(z[:-1]))
