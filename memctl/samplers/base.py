"""A timestep sampler: a distribution p(t) over the diffusion steps t = 1..T that training draws
from.

In arrays, step t has index t - 1, the index diffusers' schedulers use. The mass of step t is that
of the interval (t - 1, t] of the continuous axis [0, T], unless a sampler says otherwise.
"""

import hashlib
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from memctl.errors import UserError

if TYPE_CHECKING:
    import torch

    from memctl.samplers.inverse import InverseCdf

Floats = NDArray[np.float64]


def to_json(value: Any, method: str) -> Any:
    """A field as JSON; a sampler or schedule in it is asked for its `method`.

    To `science`, 3.0 and 3 are one number.
    """
    if hasattr(value, method):
        return getattr(value, method)()
    if isinstance(value, tuple | list):
        return [to_json(item, method) for item in value]
    return (
        int(value)
        if method == "science" and isinstance(value, float) and value.is_integer()
        else value
    )


def folder_name(label: str) -> str:
    """The label, or, where it is long or has signs that a folder's name should not have, the like
    of it with a digest.
    """
    clean = re.sub(r"[^A-Za-z0-9._+-]", "-", label)
    return (
        clean
        if clean == label and len(label) <= 100
        else f"{clean[:60]}_{hashlib.sha256(label.encode()).hexdigest()[:8]}"
    )


@dataclass(frozen=True)
class TimestepSampler(ABC):
    """A distribution over t = 1..T. A subclass is a frozen dataclass with a `name`, its parameters
    and `probabilities`.

    Attributes:
        timesteps: T, the number of diffusion steps.
    """

    name: ClassVar[str]
    source: ClassVar[str | None] = None  # digest of the file, of a sampler that is not memctl's own
    adaptive: ClassVar[bool] = False  # whether `update` changes the distribution
    scheduled: ClassVar[bool] = False  # whether `set_progress` changes what is drawn from
    timesteps: int = 1000

    def __post_init__(self) -> None:
        if (
            not isinstance(self.timesteps, int)
            or isinstance(self.timesteps, bool)
            or self.timesteps < 1
        ):
            raise UserError(
                f"diffusion.timesteps must be a whole number of at least 1, not {self.timesteps!r}"
            )

    def check(self, key: str, valid: Callable[[Any], bool], text: str) -> None:
        """Raises: UserError, where the field `key` is no finite number for which `valid` holds."""
        value = getattr(self, key)
        if not is_number(value) or not valid(value):
            raise UserError(f"sampler.{key}={value} must be {text}")

    @abstractmethod
    def probabilities(self) -> Floats:
        """p(t) up to a factor, shape (T,)."""

    @property
    def label(self) -> str:
        """A short name, fit for a folder, that tells this sampler from others of a sweep: its name
        and what differs from the defaults.
        """
        changed = [
            f"{f.name}{v:.12g}" if isinstance(v, float) else f"{f.name}{v}"
            for f in fields(self)
            if f.name not in ("timesteps", "schedule") and (v := getattr(self, f.name)) != f.default
        ]
        return folder_name("_".join([self.name, *changed]))

    @cached_property
    def pmf(self) -> Floats:
        """p(t), index t - 1: float64, shape (T,), non-negative, summing to 1.

        Raises: UserError, if it cannot.
        """
        p = np.asarray(self.probabilities(), dtype=np.float64)
        if p.shape != (self.timesteps,):
            raise UserError(
                f"sampler={self.name}: probabilities() has the shape {p.shape}, not"
                f" ({self.timesteps},)"
            )
        if not np.isfinite(p).all() or (p < 0).any() or p.sum() == 0:
            raise UserError(
                f"sampler={self.label} leaves no valid distribution: p(t) must be finite, not"
                " negative, and positive somewhere"
            )
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

    @cached_property
    def _inverse(self) -> "InverseCdf":
        # Here alone: a sweep's controller uses samplers and must start without torch.
        from memctl.samplers.inverse import InverseCdf

        return InverseCdf(self.cdf)

    def sample(
        self,
        n: int,
        generator: "torch.Generator | None" = None,
        device: "torch.device | str | None" = None,
    ) -> "torch.Tensor":
        """Draw n independent indices t - 1 in [0, T): int64, shape (n,), on the generator's device,
        else on `device`.

        A drop-in for `torch.randint(0, T, (n,))`, and as free of synchronisation with the host: u
        of 20 random bits goes through a table of the inverse cdf, so P(step <= t) holds to 2^-21
        and a step of p(t) < 2^-21 may never be drawn.
        """
        return self._inverse.table(n, generator, device)

    def exact(
        self,
        n: int,
        generator: "torch.Generator | None" = None,
        device: "torch.device | str | None" = None,
    ) -> "torch.Tensor":
        """Draw as `sample`, by a search of the cdf with u of 53 random bits: at more cost, and
        right for the rarest steps too.
        """
        return self._inverse.independent(n, generator, device)

    def stratified(
        self,
        n: int,
        generator: "torch.Generator | None" = None,
        device: "torch.device | str | None" = None,
    ) -> "torch.Tensor":
        """Draw n indices, one from each n-th of the probability, in random order: each place has
        p(t) as its distribution.

        u_i = (i + v_i) / n with v_i uniform in [0, 1) goes through the exact inverse cdf. (Kingma
        et al. 2021, arXiv 2107.00630, appendix I.1, share one v among the strata; a v each keeps
        the draws of different strata independent.)
        """
        return self._inverse.stratified(n, generator, device)

    @property
    def constant(self) -> bool:
        """Whether all draws of a training come from one distribution."""
        return not (self.adaptive or self.scheduled)

    @property
    def current(self) -> "TimestepSampler":
        """What the next draws come from: of a scheduled sampler, that of the training's phase."""
        return self

    def set_progress(self, share: float | None) -> None:  # noqa: B027
        """Learn how far the training is that the next draws are for, a share in [0, 1) of its
        steps, or None outside of one: of scheduled samplers.
        """

    def update(self, t: "torch.Tensor", losses: "torch.Tensor") -> None:  # noqa: B027
        """Learn from the losses of drawn indices t, both of shape (n,): of adaptive samplers."""

    def state_dict(self) -> dict[str, Any]:
        """What `update` has learned."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: B027
        """Go on from a `state_dict`."""

    @property
    def nominal(self) -> dict[str, float]:
        """The numbers that the sampler's author speaks of (for an interval: mu, sigma, lambda)."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "timesteps"}
        return {
            k: float(v)
            for k, v in values.items()
            if isinstance(v, int | float) and not isinstance(v, bool)
        }

    def statistics(self, log_snr: Floats | None = None) -> dict[str, float]:
        """What the distribution really is, after truncation and mixture.

        Args:
            log_snr: log SNR(t) of the noise schedule, shape (T,); without it the mean log SNR is
                left out.

        Returns:
            The nominal parameters, and: mean, sd and median of t (1..T); share_below_100 = P(t <=
                100), share_below_300 likewise;
            kl_to_uniform = sum p log(T p) in nats, 0 for uniform; mean_log_snr = E[log SNR(t)],
            over steps of SNR > 0.
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
            "share_below_300": float(p[:300].sum()),
            "kl_to_uniform": float(np.sum(positive * np.log(self.timesteps * positive))),
        }
        if log_snr is None:
            return stats
        signal = np.isfinite(log_snr) & (p > 0)  # a zero-terminal-SNR schedule ends in -inf
        return (
            {**stats, "mean_log_snr": float(p[signal] @ log_snr[signal] / p[signal].sum())}
            if signal.any()
            else stats
        )

    def spec(self) -> dict[str, Any]:
        """The sampler as JSON: `samplers.build(sampler.spec()) == sampler`."""
        return {
            "name": self.name,
            **{f.name: to_json(getattr(self, f.name), "spec") for f in fields(self)},
        }

    def science(self) -> dict[str, Any]:
        """What decides p(t), as JSON: the spec without where a file lies, and with the digest of a
        user's own class.
        """
        values = {f.name: to_json(getattr(self, f.name), "science") for f in fields(self)}
        return {"name": self.name, **values, **({"source": self.source} if self.source else {})}

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles carry the parameters, not the tables made from them."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


def is_number(value: object) -> bool:
    """Whether the value is a number (True is none) and finite as a float64; a whole number may be
    too large for one.
    """
    try:
        return (
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        )
    except OverflowError:
        return False
