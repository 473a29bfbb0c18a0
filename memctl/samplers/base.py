"""A timestep sampler: a distribution p(t) over the diffusion steps t = 1..T that training draws from.

In arrays, step t has index t - 1, the index diffusers' schedulers use. The mass of step t is that of the interval
(t - 1, t] of the continuous axis [0, T].
"""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from memctl.errors import UserError

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TimestepSampler(ABC):
    """A distribution over t = 1..T; a subclass gives `probabilities` and a `label`.

    Attributes:
        timesteps: T, the number of diffusion steps.
    """

    name: ClassVar[str]
    timesteps: int = 1000

    def __post_init__(self) -> None:
        if not isinstance(self.timesteps, int) or isinstance(self.timesteps, bool) or self.timesteps < 1:
            raise UserError(f"diffusion.timesteps must be a whole number of at least 1, not {self.timesteps!r}")

    @abstractmethod
    def probabilities(self) -> Floats:
        """p(t) up to a factor, float64, shape (T,)."""

    @property
    @abstractmethod
    def label(self) -> str:
        """A short name, fit for a folder, that tells this sampler from others of a sweep."""

    @cached_property
    def pmf(self) -> Floats:
        """p(t), index t - 1: float64, shape (T,), non-negative, summing to 1."""
        p = np.asarray(self.probabilities(), dtype=np.float64)
        p = p / p.sum()
        p.flags.writeable = False
        return p

    @cached_property
    def cdf(self) -> Floats:
        """P(step <= t), index t - 1: float64, shape (T,), ending in exactly 1."""
        c = np.cumsum(self.pmf)
        c[np.flatnonzero(self.pmf)[-1] :] = 1.0
        c.flags.writeable = False
        return c

    def sample(self, n: int, generator: "torch.Generator | None" = None) -> "torch.Tensor":
        """Draw n indices t - 1 in [0, T) by inverting the cdf: int64, shape (n,), on the generator's device."""
        import torch  # here alone: a sweep's controller uses samplers and must start without torch

        device = generator.device if generator is not None else torch.device("cpu")
        u = torch.rand(n, dtype=torch.float64, generator=generator, device=device)
        return torch.searchsorted(self._cdf_on(device), u, right=True)

    def _cdf_on(self, device: "torch.device") -> "torch.Tensor":
        import torch

        cache: dict[Any, torch.Tensor] = self.__dict__.setdefault("_cdfs", {})
        if device not in cache:
            cache[device] = torch.tensor(self.cdf, device=device)
        return cache[device]

    @property
    def nominal(self) -> dict[str, float]:
        """The parameters that the sampler's author speaks of (for an interval: mu, sigma, lambda)."""
        return {}

    def statistics(self, log_snr: Floats | None = None) -> dict[str, float]:
        """What the distribution really is, after truncation and mixture.

        Args:
            log_snr: log SNR(t) of the noise schedule, shape (T,); without it the mean log SNR is left out.

        Returns:
            The nominal parameters, and: mean, sd and median of t (1..T); share_below_100 = P(t <= 100);
            kl_to_uniform = sum p log(T p) in nats, 0 for uniform; mean_log_snr = E[log SNR(t)].
        """
        p, t = self.pmf, np.arange(1, self.timesteps + 1)
        mean = float(p @ t)
        positive = p[p > 0]
        stats = {
            **self.nominal,
            "mean": mean,
            "sd": float(np.sqrt(p @ (t - mean) ** 2)),
            "median": float(t[np.searchsorted(self.cdf, 0.5)]),
            "share_below_100": float(p[:100].sum()),
            "kl_to_uniform": float(np.sum(positive * np.log(self.timesteps * positive))),
        }
        return stats if log_snr is None else {**stats, "mean_log_snr": float(p @ log_snr)}

    def spec(self) -> dict[str, Any]:
        """The sampler as JSON: `samplers.build(sampler.spec()) == sampler`."""
        return {"name": self.name, **asdict(self)}
