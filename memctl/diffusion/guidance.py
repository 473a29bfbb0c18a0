"""Dissimilarity guidance: generation is led away from training examples that it comes near to.

Of the anti-memorization guidance (AMG) of Chen, Liu and Xu (CVPR 2024, arXiv 2404.00922), the part
that works without text. At each step of the reverse process, with the predicted x_0 (not clipped)
and its k = 50 nearest training examples n_0, n_1, ..., n_0 the nearest,

    sigma_t = -|x_0 - n_0| / (alpha mean_i |x_0 - n_i|), alpha = 1/2         (Eq. 8, from -2 to 0)
    eps     = eps + 1{sigma_t > lambda_t} c sqrt(1 - abar_t) grad_{x_t} sigma_t    (Eqs. 10, 17)

with the gradient taken through the network. What predicts x_0 or v is moved by as much.

Where it departs from the paper: its two guidances by captions need text and are left out, as is its
similarity of embeddings, for images at scale. lambda_t rises from 1.3 lambda at t = T to lambda at
t = 0 as lambda (1.3 - 0.3 exp(-6.25 t / T)): the paper's from -1.95 to -1.5 in 250 steps, as its
supplement has been quoted. Its lambda is for 50,000 images; of 128 digits the 50 nearest are so far
apart that nearly all fresh ones would be guided. So lambda is by default what 95 % of the training
examples do not exceed among the others. With fewer than k examples, k is their number.

What is guided is, up to the scale, what metrics of nearest training examples measure. A guided run
that reads well by them has to be read by what the guidance does not know, too: the held-out
examples. And it is no cure where the network has its examples by heart at small t: there the
predicted x_0 does not change with x_t, and the gradient vanishes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from memctl.config import Diffusion, Generate
from memctl.diffusion.objective import along, predicted_x0
from memctl.diffusion.schedule import forward_process

NEIGHBOURS, ALPHA = 50, 0.5
LAMBDA_SHARE = 0.95
BLOCK = 64  # examples whose neighbours are held at once
PASSES = 3  # what a guided step costs, in network passes: the gradient is worth two


def similarity(x: Tensor, examples: Tensor, skip: int = 0) -> Tensor:
    """Sigma of each x, shape (m, D), among the examples, shape (n, D): shape (m,), in [-2, 0].

    Memory: m k D numbers.

    Args:
        skip: So many of the nearest are left out: 1 where each x is an example itself.
    """
    k = min(NEIGHBOURS, len(examples) - skip)
    with torch.no_grad():
        nearest = torch.cdist(x, examples).topk(k + skip, largest=False).indices[:, skip:]
    # Not the distances of cdist, whose digits cancel where an example is near.
    each = torch.linalg.vector_norm(x[:, None] - examples[nearest], dim=-1)
    return -each.amin(dim=1) / (ALPHA * each.mean(dim=1))


@dataclass(frozen=True)
class Guidance:
    """Predictions of a network, led away from training examples.

    Attributes:
        examples: What generation is led away from, shape (n, D), on the device.
        scheduler: Of the forward process.
        scale: c.
        threshold: lambda, in [-2, 0).
    """

    examples: Tensor
    scheduler: DDPMScheduler
    scale: float
    threshold: float

    @classmethod
    def of(
        cls, how: Generate, diffusion: Diffusion, train: Tensor, flip: bool = False
    ) -> "Guidance | None":
        """The guidance that the config asks for, if any.

        Args:
            train: Training examples on the device, shape (n, channels, *dims).
            flip: Whether training showed them mirrored, too.
        """
        if not how.guidance:
            return None
        rows, threshold = train.flatten(1), how.guidance_threshold
        if threshold is None:
            own = torch.cat([similarity(some, rows, skip=1) for some in rows.split(BLOCK)])
            threshold = float(own.quantile(LAMBDA_SHARE))
        examples = torch.cat([rows, train.flip(-1).flatten(1)]) if flip else rows
        return cls(examples, forward_process(diffusion), how.guidance, threshold)

    def threshold_at(self, t: int) -> float:
        """lambda_t, of the index t - 1."""
        end = self.scheduler.config.num_train_timesteps
        return self.threshold * (1.3 - 0.3 * math.exp(-6.25 * t / end))

    def __call__(
        self, network: Callable[[Tensor, Tensor], Tensor], x_t: Tensor, t: Tensor
    ) -> Tensor:
        """The guided prediction, float32, shape of x_t.

        Args:
            x_t: Shape (m, channels, *dims).
            t: Index t - 1, the same m times.
        """
        kind = self.scheduler.config.prediction_type
        abar = self.scheduler.alphas_cumprod.to(x_t.device)[t]
        # Generation is in inference mode, whose tensors know no gradient; their clones do.
        with torch.inference_mode(False), torch.enable_grad():
            x = x_t.clone().requires_grad_()
            prediction = network(x, t.clone()).float()
            with torch.autocast(x.device.type, enabled=False):
                x0 = predicted_x0(prediction, x, abar.clone(), kind)
                sigma = similarity(x0.flatten(1), self.examples)
                (gradient,) = torch.autograd.grad(sigma.sum(), x)
        a, s = along(abar.sqrt(), x), along((1 - abar).sqrt(), x)
        # Without signal in x_t there is no x_0 to move, and a = 0.
        near = along(sigma > self.threshold_at(int(t[0])), x) & (a > 0)
        shift = torch.where(near, self.scale * s * gradient, 0.0)
        factor = {"epsilon": torch.ones_like(a), "v_prediction": 1 / a, "sample": -s / a}[kind]
        return prediction.detach() + torch.where(near, factor * shift, 0.0)
