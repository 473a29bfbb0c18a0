"""Diffusers' schedulers of the forward and the reverse process (Ho et al. 2020; Song et al. 2021),
from the config.
"""

from diffusers import DDIMScheduler, DDPMScheduler

from memctl.config import Diffusion, Generate
from memctl.samplers import NoiseSchedule


def forward_process(config: Diffusion) -> DDPMScheduler:
    """Diffusers' scheduler of the forward process; it also holds the betas, index t - 1."""
    return NoiseSchedule.from_config(config).forward_process(
        prediction_type=config.prediction, clip_sample=False
    )


def reverse_process(
    config: Diffusion, how: Generate, clip: float | None
) -> DDPMScheduler | DDIMScheduler:
    """Diffusers' scheduler of the reverse process, its steps spaced evenly from T down.

    Args:
        clip: Clip the predicted x_0 to [-clip, clip], the data's own range: near t = T the least
            error of the predicted noise is amplified by 1 / sqrt(abar_T), about 160. None leaves
            it.
    """
    kind = {"ddpm": DDPMScheduler, "ddim": DDIMScheduler}[how.method]
    scheduler = kind(
        num_train_timesteps=config.timesteps,
        trained_betas=forward_process(
            config
        ).betas.tolist(),  # not their name: DDIMScheduler does not know all that DDPMScheduler does
        prediction_type=config.prediction,
        clip_sample=clip is not None,
        clip_sample_range=clip or 1.0,
        timestep_spacing="trailing",
    )
    scheduler.set_timesteps(how.steps)
    return scheduler
