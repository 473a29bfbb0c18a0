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


def along(values: Tensor, like: Tensor) -> Tensor:
    """Shape (n,) to (n, 1, ..., 1), to broadcast over examples of the shape of `like`."""
    return values.view(-1, *[1] * (like.ndim - 1))


def predicted_x0(prediction: Tensor, x_t: Tensor, abar: Tensor, kind: str) -> Tensor:
    """x_0 as the network's prediction has it.

    epsilon: (x_t - sqrt(1 - abar) eps) / sqrt(abar), v: sqrt(abar) x_t - sqrt(1 - abar) v, sample:
    itself. By epsilon an error near t = T is amplified by 1 / sqrt(abar).

    Args:
        prediction, x_t: Shape (m, channels, *dims).
        abar: Shape (m,).
        kind: Diffusers' prediction_type: epsilon, v_prediction or sample.
    """
    abar = along(abar, x_t)
    return {
        "epsilon": lambda: (x_t - (1 - abar).sqrt() * prediction) / abar.sqrt(),
        "v_prediction": lambda: abar.sqrt() * x_t - (1 - abar).sqrt() * prediction,
        "sample": lambda: prediction,
    }[kind]()
