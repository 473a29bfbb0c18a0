"""A noise schedule as a value: what turns a step t into a signal-to-noise ratio and back. diffusers
computes the betas.
"""

from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from memctl.errors import UserError
from memctl.samplers.base import Floats

SCHEDULES = ("linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid")


@dataclass(frozen=True)
class NoiseSchedule:
    """The betas of a forward process q(x_t | x_0) = N(sqrt(abar_t) x_0, (1 - abar_t) I), abar_t =
    prod_{s<=t} (1 - beta_s).

    Attributes:
        timesteps: T.
        schedule: linear (Ho et al. 2020), scaled_linear (latent diffusion), squaredcos_cap_v2 (the
            cosine schedule of Nichol and Dhariwal 2021, beta at most 0.999; it has no beta_start
            and beta_end) or sigmoid (GeoDiff).
        zero_terminal_snr: Rescale so that abar_T = 0 (Lin et al. 2023, arXiv 2305.08891).
        betas: Given betas instead, of length T.

    Raises:
        UserError: an unknown schedule; no 0 < beta_start <= beta_end < 1; or betas that are not T
            numbers in (0, 1] (1 at the last step only).
    """

    timesteps: int = 1000
    schedule: str = "linear"
    beta_start: float = 1e-4
    beta_end: float = 0.02
    zero_terminal_snr: bool = False
    betas: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        whole = isinstance(self.timesteps, int) and not isinstance(self.timesteps, bool)
        if not whole or self.timesteps < 1 + self.zero_terminal_snr:
            least = "2 where the terminal SNR is zero" if self.zero_terminal_snr else "1"
            raise UserError(
                f"diffusion.timesteps={self.timesteps} must be a whole number of at least {least}"
            )
        for key in ("beta_start", "beta_end"):
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
                raise UserError(f"diffusion.{key}={value} must be in (0, 1)")
        if self.beta_start > self.beta_end:
            raise UserError(
                f"diffusion.beta_start={self.beta_start} must not exceed"
                f" diffusion.beta_end={self.beta_end}"
            )
        if self.schedule not in SCHEDULES:
            raise UserError(
                f"diffusion.schedule={self.schedule} must be {', '.join(SCHEDULES[:-1])} or"
                f" {SCHEDULES[-1]}"
            )
        if self.betas is not None:
            object.__setattr__(self, "betas", tuple(float(b) for b in self.betas))
            if len(self.betas) != self.timesteps:
                raise UserError(
                    f"a noise schedule of {self.timesteps} steps cannot have {len(self.betas)}"
                    " betas"
                )
            if not all(0 < b < 1 for b in self.betas[:-1]) or not 0 < self.betas[-1] <= 1:
                raise UserError(
                    "the betas of a noise schedule must lie in (0, 1); the last may be 1"
                )

    @classmethod
    def from_config(cls, config: Any) -> "NoiseSchedule":
        """From any object with these attributes, such as memctl's `Diffusion` config."""
        return cls(
            **{f.name: getattr(config, f.name) for f in fields(cls) if hasattr(config, f.name)}
        )

    @classmethod
    def of(cls, scheduler: Any) -> "NoiseSchedule":
        """That of any object with `betas`: a scheduler of diffusers, a GaussianDiffusion of other
        code.
        """
        betas = tuple(float(b) for b in scheduler.betas)
        return cls(timesteps=len(betas), betas=betas)

    def forward_process(self, **settings: Any) -> Any:
        """Diffusers' DDPMScheduler with these betas and other `settings` of it."""
        from diffusers import DDPMScheduler  # here alone: it takes seconds, and needs torch

        return DDPMScheduler(
            num_train_timesteps=self.timesteps,
            beta_schedule=self.schedule,
            beta_start=self.beta_start,
            beta_end=self.beta_end,
            rescale_betas_zero_snr=self.zero_terminal_snr,
            trained_betas=list(self.betas) if self.betas else None,
            **settings,
        )

    @cached_property
    def log_snr(self) -> Floats:
        """log(abar_t / (1 - abar_t)), index t - 1: float64, shape (T,), falling; -inf where abar_t
        = 0.
        """
        betas = (
            np.asarray(self.betas) if self.betas else self.forward_process().betas.double().numpy()
        )
        with np.errstate(divide="ignore"):
            log_abar = np.cumsum(np.log1p(-betas))
        values = np.asarray(log_abar - np.log(-np.expm1(log_abar)))
        values.flags.writeable = False
        return values

    @cached_property
    def log_snr_edges(self) -> Floats:
        """The ends of the steps' shares of the log SNR axis, midway to their neighbours and as far
        beyond the outermost.

        Falling, shape (n + 1,), for the n steps that have signal; a step alone has half a unit on
        either side.
        """
        lam = self.log_snr[np.isfinite(self.log_snr)]
        if len(lam) < 2:
            return np.concatenate([lam + 0.5, lam - 0.5]) if len(lam) else np.zeros(1)
        mid = (lam[1:] + lam[:-1]) / 2
        return np.concatenate([[2 * lam[0] - mid[0]], mid, [2 * lam[-1] - mid[-1]]])

    def spec(self) -> dict[str, Any]:
        """The schedule as JSON: `NoiseSchedule(**schedule.spec()) == schedule`."""
        values = asdict(self)
        return (
            {**values, "betas": list(self.betas)}
            if self.betas
            else {k: v for k, v in values.items() if k != "betas"}
        )

    science = spec

    def __getstate__(self) -> dict[str, Any]:
        return asdict(self)


LINEAR = NoiseSchedule()
