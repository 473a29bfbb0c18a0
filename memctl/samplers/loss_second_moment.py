"""More draws where the loss is large: the adaptive sampler of Nichol and Dhariwal (2021, arXiv
2102.09672, section 3.3).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from memctl.samplers.base import Floats, TimestepSampler

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class LossSecondMomentSampler(TimestepSampler):
    """p(t) proportional to sqrt(E[L_t^2]) over the last `history` losses of t, with a share of
    uniform.

    Uniform until every step has been drawn `history` times: with the authors' 10 and T = 1000,
    after more than 10,000 draws. The authors use it with the weight 1 / (T p(t)), `mode = correct`,
    which reduces the variance of the gradient and leaves its mean. `update` brings the losses to
    the host.

    Attributes:
        history: Losses kept a step, at least 1.
        uniform_prob: The share of uniform, in (0, 1]: every step keeps being drawn.
    """

    name = "loss_second_moment"
    adaptive = True
    history: int = 10
    uniform_prob: float = 0.001

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check(
            "history", lambda v: isinstance(v, int) and v >= 1, "a whole number of at least 1"
        )
        self.check("uniform_prob", lambda v: 0 < v <= 1, "in (0, 1]")

    @cached_property
    def _losses(self) -> Floats:
        return np.zeros((self.timesteps, self.history))

    @cached_property
    def _seen(self) -> np.ndarray:
        return np.zeros(self.timesteps, dtype=np.int64)

    @property
    def warm(self) -> bool:
        """Whether every step has its losses, so that the distribution follows them."""
        return bool((self._seen >= self.history).all())

    def probabilities(self) -> Floats:
        root = np.sqrt(np.mean(self._losses**2, axis=1))
        if not self.warm or not root.sum():
            return np.ones(self.timesteps)
        return (1 - self.uniform_prob) * root / root.sum() + self.uniform_prob / self.timesteps

    def sample(
        self,
        n: int,
        generator: "torch.Generator | None" = None,
        device: "torch.device | str | None" = None,
    ) -> "torch.Tensor":
        """Draw as `TimestepSampler.sample`, exactly: a table would be made anew at every step."""
        return self.exact(n, generator, device)

    def update(self, t: "torch.Tensor", losses: "torch.Tensor") -> None:
        for index, loss in zip(t.tolist(), losses.tolist(), strict=True):
            self._losses[index, self._seen[index] % self.history] = loss
            self._seen[index] += 1
        if self.warm:
            self._forget()

    def _forget(self) -> None:
        for key in ("pmf", "cdf", "_inverse"):
            self.__dict__.pop(key, None)

    def state_dict(self) -> dict[str, Any]:
        import torch

        return {
            "losses": torch.from_numpy(self._losses.copy()),
            "seen": torch.from_numpy(self._seen.copy()),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._losses[:], self._seen[:] = state["losses"].numpy(), state["seen"].numpy()
        self._forget()

    def statistics(self, log_snr: Floats | None = None) -> dict[str, float]:
        """As of now; `warm` is the share of steps that have all their losses: below 1, the
        distribution is uniform.
        """
        return {**super().statistics(log_snr), "warm": float((self._seen >= self.history).mean())}
