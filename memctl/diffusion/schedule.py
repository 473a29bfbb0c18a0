"""The forward process q(x_t | x_0) = N(sqrt(abar_t) x_0, (1 - abar_t) I), abar_t = prod_{s<=t} (1 - beta_s) (Ho et al. 2020)."""

import numpy as np
from diffusers import DDIMScheduler, DDPMScheduler

from memctl.config import Diffusion, Generate
from memctl.samplers.base import Floats


def forward_process(config: Diffusion) -> DDPMScheduler:
    """Diffusers' scheduler of the forward process; it also holds the betas, index t - 1."""
    return DDPMScheduler(
        num_train_timesteps=config.timesteps,
        beta_schedule=config.schedule,
        beta_start=config.beta_start,
        beta_end=config.beta_end,
        prediction_type=config.prediction,
        clip_sample=False,
    )


def reverse_process(config: Diffusion, how: Generate, clip: float | None) -> DDPMScheduler | DDIMScheduler:
    """Diffusers' scheduler of the reverse process, its steps spaced evenly from T down.

    Args:
        clip: Clip the predicted x_0 to [-clip, clip], the data's own range: near t = T the least error of the predicted
            noise is amplified by 1 / sqrt(abar_T), about 160. None leaves it.
    """
    kind = {"ddpm": DDPMScheduler, "ddim": DDIMScheduler}[how.method]
    scheduler = kind.from_config(
        forward_process(config).config, clip_sample=clip is not None, clip_sample_range=clip or 1.0, timestep_spacing="trailing"
    )
    scheduler.set_timesteps(how.steps)
    return scheduler


def log_snr(scheduler: DDPMScheduler) -> Floats:
    """log(abar_t / (1 - abar_t)), index t - 1: float64, shape (T,)."""
    log_abar = np.cumsum(np.log1p(-scheduler.betas.double().numpy()))
    return np.asarray(log_abar - np.log(-np.expm1(log_abar)))
