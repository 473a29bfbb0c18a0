"""p(t) = 1/T: the sampler of DDPM (Ho et al. 2020)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from memctl.samplers.base import Floats, TimestepSampler

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class UniformSampler(TimestepSampler):
    """Every step is equally likely."""

    name = "uniform"

    def probabilities(self) -> Floats:
        return np.ones(self.timesteps)

    def sample(
        self,
        n: int,
        generator: "torch.Generator | None" = None,
        device: "torch.device | str | None" = None,
    ) -> "torch.Tensor":
        import torch

        device = generator.device if generator is not None else device
        return torch.randint(self.timesteps, (n,), generator=generator, device=device)
