"""Gradients of the loss at single steps t, one for each example, and what they have in common (Eqs.
1 and 3).
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from diffusers import DDPMScheduler
from torch import Tensor, nn

from memctl.diffusion.objective import losses


def steps_of(timesteps: int, points: int) -> list[int]:
    """About `points` steps t in 1..T: half spread evenly, half by factors, since SNR falls by most
    at small t.
    """
    even, factors = (
        np.linspace(1, timesteps, -(-points // 2)),
        np.geomspace(1, timesteps, -(-points // 2)),
    )
    return sorted({round(float(t)) for t in [*even, *factors]})


def gradients(
    network: nn.Module, scheduler: DDPMScheduler, x0: Tensor, eps: Tensor, t: int
) -> Iterator[tuple[float, Tensor]]:
    """The loss of each example at step t and its gradient in all parameters, float32, shape
    (parameters,).

    Args:
        x0, eps: Examples and their noise, shape (n, channels, *dims).
    """
    parameters = [p for p in network.parameters() if p.requires_grad]
    index = torch.tensor([t - 1], device=x0.device)
    for i in range(len(x0)):
        loss = losses(network, scheduler, x0[i : i + 1], index, eps[i : i + 1])[0]
        slopes = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
        yield loss.item(), torch.cat([g.reshape(-1) for g in slopes])


def summary(each: list[tuple[float, Tensor]]) -> dict[str, float]:
    """What n gradients g_i of one step say, with standard errors.

    Returns:
        loss, loss_se: mean loss.
        norm, norm_se: mean of ||g_i||, the left side of Eq. 3.
        alignment, alignment_se: mean of cos(g_i, g_j) over pairs i != j, in [-1 / (n - 1), 1], 1
            where all examples pull one way, about 0 where each pulls its own; its error by the
            jackknife.
        mean_norm: norm of the expected gradient; its square by the unbiased mean of g_i . g_j over
            pairs, 0 where that is negative.
    """
    n, (loss, g) = len(each), (np.array([v for v, _ in each]), torch.stack([g for _, g in each]))
    gram = (g @ g.T).double().cpu().numpy()
    norms = np.sqrt(np.diag(gram))
    cosines = gram / np.maximum(np.outer(norms, norms), np.finfo(np.float64).tiny)
    rows = cosines.sum(axis=1) - np.diag(cosines)
    total = rows.sum()
    without = (total - 2 * rows) / ((n - 1) * (n - 2))  # the mean over pairs without example i
    pairs = (gram.sum() - np.trace(gram)) / (n * (n - 1))
    return {
        "loss": float(loss.mean()),
        "loss_se": float(loss.std(ddof=1) / np.sqrt(n)),
        "norm": float(norms.mean()),
        "norm_se": float(norms.std(ddof=1) / np.sqrt(n)),
        "alignment": float(total / (n * (n - 1))),
        "alignment_se": float(np.sqrt((n - 1) / n * np.sum((without - without.mean()) ** 2))),
        "mean_norm": float(np.sqrt(max(pairs, 0.0))),
    }


def measure(
    network: nn.Module,
    scheduler: DDPMScheduler,
    x0: Tensor,
    eps: Tensor,
    t: int,
    advance: Callable[[int], None],
) -> dict[str, Any]:
    """`summary` of the gradients at step t.

    It holds n gradients at once: n times the network's parameters, 4 bytes each.
    """
    each = []
    for pair in gradients(network, scheduler, x0, eps, t):
        each.append(pair)
        advance(1)
    return {"t": t, **summary(each)}
