"""The empirical-optimal denoiser: what a network that has learnt its training set by heart, and
nothing else, would answer.

    D(x_t, t) = E[x_0 | x_t] = sum_i w_i x_i
    w = softmax_i( -||x_t - sqrt(abar_t) x_i||^2 / (2 (1 - abar_t)) )

over the training examples x_i: the least possible training loss at every t (Karras et al. 2022,
arXiv 2206.00364, appendix B.3; Gu et al. 2023, arXiv 2310.02664). At large t, D is near the mean of
the data, and any good network is near it too; at small t, D is the one training example nearest to
x_t, and only a network that memorises answers so when x_t was made from an example that it never
saw.
"""

from collections.abc import Mapping

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from memctl.diffusion.objective import predicted_x0

BLOCK = 4_000_000  # numbers held at once in float64: 32 MB


def denoise(x_t: Tensor, examples: Tensor, abar: Tensor) -> Tensor:
    """D(x_t, t) over the examples, in float64 and in blocks of examples, by a running log-sum-exp.

    Cost: 4 m n D operations for D values an example. Memory: m D numbers, and a block.

    Args:
        x_t: Shape (m, channels, *dims).
        examples: Shape (n, channels, *dims).
        abar: abar_t of each x_t, in [0, 1), shape (m,).

    Returns:
        Shape of x_t, float64.
    """
    x, abar = x_t.flatten(1).double(), abar.double()[:, None]
    top, total, mean = (
        torch.full((len(x), 1), v, dtype=x.dtype, device=x.device) for v in (-torch.inf, 0.0, 0.0)
    )
    for some in examples.flatten(1).split(max(1, BLOCK // max(x.shape))):
        y = some.double()
        # |x_t|^2 is in every exponent, and so is left out
        logits = (abar.sqrt() * (x @ y.T) - abar / 2 * y.square().sum(dim=1)) / (1 - abar)
        highest = torch.maximum(top, logits.amax(dim=1, keepdim=True))
        weights, shrink = (logits - highest).exp(), (top - highest).exp()
        total, mean, top = (
            shrink * total + weights.sum(dim=1, keepdim=True),
            shrink * mean + weights @ y,
            highest,
        )
    return (mean / total).view(x_t.shape)


def mean_square(a: Tensor, b: Tensor) -> float:
    return float((a - b).square().mean())


def squares(
    prediction: Tensor,
    x_t: Tensor,
    x0: Tensor,
    scheduler: DDPMScheduler,
    t: Tensor,
    sets: Mapping[str, Tensor],
    clip: float | None = None,
) -> dict[str, float]:
    """Mean squared distances, over examples and their values.

    Args:
        prediction: The network's, of x_t, which was made from x0: shape (m, channels, *dims) each.
        t: In 1..T, shape (m,).
        sets: Examples over whose empirical-optimal denoiser the network's x_0 is compared, by name.
        clip: Clip the predicted x_0 to [-clip, clip], as the reverse process does; None leaves it.

    Returns:
        truth: Network's x_0 to x0. Of each set, NAME: network's x_0 to D; NAME_truth: D to x0.
    """
    where = doubles(x0.device)
    abar = scheduler.alphas_cumprod.to(where)[t.to(where) - 1]
    x_t, x0 = x_t.to(where), x0.to(where).double()
    ours = predicted_x0(
        prediction.to(where).double(), x_t.double(), abar.double(), scheduler.config.prediction_type
    )
    ours = ours if clip is None else ours.clamp(-clip, clip)
    means = {"truth": mean_square(ours, x0)}
    for name, examples in sets.items():
        best = denoise(x_t, examples.to(where), abar)
        means |= {name: mean_square(ours, best), f"{name}_truth": mean_square(best, x0)}
    return means


def doubles(device: torch.device) -> torch.device:
    """Where float64 can be computed: Apple's MPS has none."""
    return torch.device("cpu") if device.type == "mps" else device
