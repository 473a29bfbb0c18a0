"""The training objective, one value an example: the mean square of what the network predicts minus
its target.

x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps
target: eps, x_0 or v = sqrt(abar_t) eps - sqrt(1 - abar_t) x_0
"""

from collections.abc import Callable

import torch
from diffusers import DDPMScheduler
from torch import Tensor


def losses(
    network: Callable[[Tensor, Tensor], Tensor],
    scheduler: DDPMScheduler,
    x0: Tensor,
    t: Tensor,
    eps: Tensor,
) -> Tensor:
    """The loss of each example.

    Args:
        network: Predicts the target from x_t and t.
        x0, eps: Examples and noise, shape (n, channels, *dims).
        t: Indices t - 1 in [0, T), shape (n,).

    Returns:
        Shape (n,), float32.
    """
    x_t = scheduler.add_noise(x0, eps, t)
    target = {
        "epsilon": lambda: eps,
        "sample": lambda: x0,
        "v_prediction": lambda: scheduler.get_velocity(x0, eps, t),
    }[scheduler.config.prediction_type]()
    error = network(x_t, t).float() - target
    return torch.mean(error.square(), dim=tuple(range(1, error.ndim)))
