"""The reverse process of every schedule, prediction and method, with the exact denoiser of Gaussian
data.
"""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from memctl.config import Diffusion, Generate
from memctl.diffusion.generate import generate
from memctl.diffusion.schedule import forward_process, reverse_process
from memctl.samplers.schedule import SCHEDULES

CPU = torch.device("cpu")
CENTRE, SPREAD = 0.7, 0.5  # of the data, N(CENTRE, SPREAD^2) in every value
PROCESSES = [
    pytest.param(
        schedule, zero, prediction, id=f"{schedule}{', zero terminal SNR' * zero}, {prediction}"
    )
    for schedule in SCHEDULES
    for zero in (False, True)
    for prediction in ("epsilon", "sample", "v_prediction")
    if not (zero and prediction == "epsilon")
]


def exact(config: Diffusion):
    """E[x_0 | x_t] of Gaussian data, said as what the config has the network predict."""
    abar = forward_process(config).alphas_cumprod.double()

    def network(x: Tensor, t: Tensor) -> Tensor:
        a, s = abar[t].sqrt().view(-1, 1, 1), (1 - abar[t]).sqrt().view(-1, 1, 1)
        gain = SPREAD**2 * a / (SPREAD**2 * a**2 + s**2)
        x0 = CENTRE + gain * (x.double() - a * CENTRE)
        eps = (x.double() - a * x0) / s
        return {"epsilon": eps, "sample": x0, "v_prediction": a * eps - s * x0}[
            config.prediction
        ].float()

    return network


def cases():
    for method in ("ddim", "ddpm"):
        for process in PROCESSES:
            yield pytest.param(*process.values, method, id=f"{method}, {process.id}")


@pytest.mark.parametrize(("schedule", "zero", "prediction", "method"), list(cases()))
def test_the_exact_denoiser_gives_back_the_distribution_of_the_data(
    schedule: str, zero: bool, prediction: str, method: str
) -> None:
    config = Diffusion(schedule=schedule, zero_terminal_snr=zero, prediction=prediction)
    n = 60 * 64
    found = generate(
        exact(config), config, Generate(method=method, steps=100), range(60), (1, 64), CPU
    ).numpy()
    assert np.isfinite(found).all()
    # 4 standard errors of a mean and of a standard deviation of n independent values; and what 100
    # steps miss of 1,000: under 5 % of it.
    assert found.mean() == pytest.approx(CENTRE, abs=4 * SPREAD / math.sqrt(n) + 0.05 * SPREAD)
    assert found.std() == pytest.approx(SPREAD, rel=4 / math.sqrt(2 * n) + 0.05)


@pytest.mark.parametrize("method", ["ddim", "ddpm"])
@pytest.mark.parametrize(("schedule", "zero", "prediction"), PROCESSES)
def test_forward_and_reverse_have_the_same_noise_levels(
    schedule: str, zero: bool, prediction: str, method: str
) -> None:
    config = Diffusion(schedule=schedule, zero_terminal_snr=zero, prediction=prediction)
    reverse = reverse_process(config, Generate(method=method, steps=10), None)
    assert torch.equal(reverse.alphas_cumprod, forward_process(config).alphas_cumprod)
    assert reverse.config.prediction_type == prediction
    assert reverse.timesteps.tolist() == list(range(999, 0, -100))


@pytest.mark.parametrize("method", ["ddim", "ddpm"])
@pytest.mark.parametrize("prediction", ["sample", "v_prediction"])
def test_without_terminal_signal_the_first_step_does_not_see_the_noise(
    prediction: str, method: str
) -> None:
    """x_T says nothing of x_0: the exact denoiser's first guess is the mean of the data, whatever
    the noise.
    """
    config = Diffusion(zero_terminal_snr=True, prediction=prediction)
    scheduler = reverse_process(config, Generate(method=method, steps=10), None)
    x = torch.randn(5, 1, 4, generator=torch.Generator().manual_seed(0))
    t = int(scheduler.timesteps[0])
    step = scheduler.step(
        exact(config)(x, torch.full((5,), t)), t, x, generator=torch.Generator().manual_seed(1)
    )
    torch.testing.assert_close(
        step.pred_original_sample, torch.full_like(x, CENTRE), rtol=0, atol=1e-5
    )
    assert step.prev_sample.isfinite().all()
