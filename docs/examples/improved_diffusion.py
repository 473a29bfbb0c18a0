"""memctl's samplers where improved-diffusion (Nichol and Dhariwal 2021) has its own: `sample` gives
t and the weights of the losses.

    python docs/examples/improved_diffusion.py

That code is not on PyPI, so its Gaussian diffusion is here in small. Few steps T let the adaptive
sampler warm up in seconds.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from memctl.samplers import (
    IntervalSampler,
    LaplaceSampler,
    LossSecondMomentSampler,
    NoiseSchedule,
    ScheduleSampler,
)

T = 100
BETAS = np.linspace(0.1 / T, 20 / T, T)  # Ho et al.'s linear schedule, for T steps instead of 1000


class Diffusion:
    """The forward process of given betas, and the loss of a network that predicts the noise."""

    def __init__(self, betas: np.ndarray) -> None:
        kept = np.cumprod(1 - betas)
        self.signal, self.noise = (
            torch.tensor(np.sqrt(v), dtype=torch.float32) for v in (kept, 1 - kept)
        )

    def training_losses(
        self, model: Callable[[Tensor, Tensor], Tensor], x: Tensor, t: Tensor
    ) -> Tensor:
        """One loss a record."""
        eps = torch.randn_like(x)
        noisy = self.signal[t, None] * x + self.noise[t, None] * eps
        return (model(noisy, t) - eps).square().mean(dim=1)


class Denoiser(nn.Module):
    """A small network that gets x_t and sines and cosines of t."""

    def __init__(self, size: int, width: int = 128, waves: int = 16) -> None:
        super().__init__()
        self.register_buffer("waves", torch.exp(torch.linspace(0, -math.log(T), waves)))
        self.layers = nn.Sequential(
            nn.Linear(size + 2 * waves, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, size),
        )

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        angle = t[:, None] * self.waves
        return self.layers(torch.cat([x, angle.sin(), angle.cos()], dim=1))


def train(
    schedule_sampler: ScheduleSampler, steps: int = 200, batch_size: int = 128
) -> list[float]:
    """The training loop, and nothing in it knows which sampler it has: returns the loss of every
    step.
    """
    torch.manual_seed(0)
    digits = torch.tensor(load_digits().data, dtype=torch.float32) / 8 - 1  # from 0..16 to [-1, 1]
    diffusion, model = Diffusion(BETAS), Denoiser(digits.shape[1])
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    history = []
    for _ in range(steps):
        batch = digits[torch.randint(0, len(digits), (batch_size,))]
        t, weights = schedule_sampler.sample(len(batch), batch.device)
        losses = diffusion.training_losses(model, batch, t)
        schedule_sampler.update_with_local_losses(
            t, losses.detach()
        )  # nothing, but for an adaptive sampler
        loss = (losses * weights).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    return history


def schedule_samplers() -> dict[str, ScheduleSampler]:
    """One of each mode."""
    schedule = NoiseSchedule(
        timesteps=T, betas=tuple(BETAS)
    )  # what a sampler in log SNR has to know
    return {
        # Draws in proportion to the loss and divides by it: the loss in expectation is that of
        # uniform t.
        "loss second moment, corrected": ScheduleSampler(
            LossSecondMomentSampler(timesteps=T, history=5), mode="correct"
        ),
        # Draws more than half of all t from the steps 20 to 60, and leaves it at that: another loss
        # than that of uniform t.
        "interval [20, 60]": ScheduleSampler(IntervalSampler(timesteps=T, low=20, high=60)),
        # Draws uniform t, and weights the losses by a density around log SNR 0.
        "Laplace, as a weight": ScheduleSampler(
            LaplaceSampler(timesteps=T, schedule=schedule, b=1.0), mode="weight"
        ),
    }


def main(steps: int = 200) -> dict[str, list[float]]:
    """Train with each, say where it drew before and after, and return the losses of every step."""
    found = {}
    for name, schedule_sampler in schedule_samplers().items():
        before = schedule_sampler.weights()
        found[name] = train(schedule_sampler, steps)
        print(
            f"{name}: loss {found[name][0]:.3f} at first, {found[name][-1]:.3f} at last; % of draws"
            " in each tenth of the steps"
        )
        for when, p in (("before", before), ("after", schedule_sampler.weights())):
            print(
                f"  {when:7}", *(f"{share:5.1f}" for share in 100 * p.reshape(10, -1).sum(axis=1))
            )
    return found


if __name__ == "__main__":
    main()
