"""Stable Diffusion 3's mode sampling with heavy tails (Esser et al. 2024, arXiv 2403.03206, Eq. 20)."""

import math
from dataclasses import dataclass

import numpy as np

from memctl.samplers.base import Floats, TimestepSampler

LARGEST = 2 / (math.pi - 2)  # beyond it the map is not monotone


@dataclass(frozen=True)
class ModeSampler(TimestepSampler):
    """t / T = f(u) = 1 - u - s (cos^2(pi u / 2) - 1 + u), u uniform in [0, 1].

    Attributes:
        mode_scale: s in [-1, 2 / (pi - 2)]. Positive favours the middle, negative the ends, 0 is uniform; the paper's best is 1.29.
    """

    name = "mode"
    mode_scale: float = 1.29

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("mode_scale", lambda v: -1 <= v <= LARGEST, f"in [-1, {LARGEST:.4f}]")

    def probabilities(self) -> Floats:
        x = np.arange(self.timesteps + 1) / self.timesteps
        low, high = np.zeros_like(x), np.ones_like(x)
        for _ in range(60):  # f falls from 1 to 0; halving finds u = f^-1(x) to the last digit
            u = (low + high) / 2
            above = 1 - u - self.mode_scale * (np.cos(math.pi * u / 2) ** 2 - 1 + u) > x
            low, high = np.where(above, u, low), np.where(above, high, u)
        return -np.diff((low + high) / 2)
