"""Stable Diffusion 3's mode sampling with heavy tails (Esser et al. 2024, arXiv 2403.03206, Eq.
20).
"""

import math
from dataclasses import dataclass

import numpy as np

from memctl.samplers.base import Floats, TimestepSampler

LARGEST = 2 / (math.pi - 2)  # beyond it the map is not monotone


@dataclass(frozen=True)
class ModeSampler(TimestepSampler):
    """t / T = f(u) = 1 - u - s (cos^2(pi u / 2) - 1 + u), u uniform in [0, 1].

    Attributes:
        mode_scale: s in [-1, 2 / (pi - 2)]. Positive favours the middle, negative the ends, 0 is
            uniform; the paper's best is 1.29.
    """

    name = "mode"
    mode_scale: float = 1.29

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("mode_scale", lambda v: -1 <= v <= LARGEST, f"in [-1, {LARGEST:.4f}]")

    def probabilities(self) -> Floats:
        # f(1 - v) = 1 - f(v) = g(v): p is symmetric, and P(t / T <= x) is the v for which g(v) = x,
        # solved for x <= 1/2.
        x = np.arange(self.timesteps // 2 + 1) / self.timesteps
        low, high = np.zeros_like(x), np.ones_like(x)
        for _ in range(100):  # halving, to the last digit
            v = (low + high) / 2
            below = v * (1 + self.mode_scale) - self.mode_scale * np.sin(math.pi * v / 2) ** 2 < x
            low, high = np.where(below, v, low), np.where(below, high, v)
            if not (high - low > np.spacing(high)).any():
                break
        p = np.diff(high)
        middle = [1 - 2 * high[-1]] if self.timesteps % 2 else []
        return np.concatenate([p, middle, p[::-1]])
