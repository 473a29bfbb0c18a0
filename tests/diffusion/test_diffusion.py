"""Forward process, objective and reverse process, against closed forms and diffusers itself."""

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from torch import Tensor

from memctl.config import Diffusion, Generate
from memctl.diffusion.generate import generate
from memctl.diffusion.objective import losses
from memctl.diffusion.schedule import forward_process, reverse_process

CPU = torch.device("cpu")


def dummy(x: Tensor, t: Tensor) -> Tensor:
    """A network whose output depends on x and t, and on nothing else."""
    return torch.sin(x + t.float().view(-1, *[1] * (x.ndim - 1)) / 100)


@pytest.mark.parametrize("prediction", ["epsilon", "sample", "v_prediction"])
@pytest.mark.parametrize("shape", [(5, 1, 12), (5, 3, 4, 4)], ids=["signals", "images"])
def test_the_loss_of_each_example_is_the_mean_square_error(
    prediction: str, shape: tuple[int, ...]
) -> None:
    g = torch.Generator().manual_seed(0)
    x0, eps = torch.randn(shape, generator=g), torch.randn(shape, generator=g)
    t = torch.tensor([0, 10, 400, 900, 999])
    scheduler = forward_process(Diffusion(prediction=prediction))
    found = losses(dummy, scheduler, x0, t, eps)
    abar = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
    for k in range(5):
        a, s = np.sqrt(abar[t[k]]), np.sqrt(1 - abar[t[k]])
        x_t = a * x0[k] + s * eps[k]
        target = {"epsilon": eps[k], "sample": x0[k], "v_prediction": a * eps[k] - s * x0[k]}[
            prediction
        ]
        expected = (dummy(x_t[None], t[k : k + 1])[0] - target).square().mean()
        assert float(found[k]) == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize("method", ["ddim", "ddpm"])
def test_generation_is_diffusers_own_loop(method: str) -> None:
    how = Generate(method=method, steps=20)
    found = generate(dummy, Diffusion(), how, [7], (1, 10), CPU, clip=3.0)
    kind = {"ddim": DDIMScheduler, "ddpm": DDPMScheduler}[method]
    scheduler = kind(
        1000,
        1e-4,
        0.02,
        "linear",
        clip_sample=True,
        clip_sample_range=3.0,
        timestep_spacing="trailing",
    )
    scheduler.set_timesteps(20)
    g = torch.Generator().manual_seed(7)
    x = torch.randn((1, 10), generator=g)[None]
    for t in scheduler.timesteps:
        x = scheduler.step(dummy(x, t[None]), t, x, generator=g).prev_sample
    torch.testing.assert_close(found, x, rtol=0, atol=1e-6)


@pytest.mark.parametrize("method", ["ddim", "ddpm"])
def test_a_sample_depends_on_its_seed_alone(method: str) -> None:
    how = Generate(method=method, steps=10)
    together = generate(dummy, Diffusion(), how, [0, 1, 2, 3], (2, 6), CPU)
    alone = torch.cat([generate(dummy, Diffusion(), how, [seed], (2, 6), CPU) for seed in range(4)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-6)
    assert not torch.allclose(together[0], together[1])


def test_the_reverse_process_starts_at_the_last_step() -> None:
    assert reverse_process(Diffusion(), Generate(steps=50), None).timesteps[0] == 999
    assert reverse_process(
        Diffusion(), Generate(method="ddpm", steps=1000), None
    ).timesteps.tolist() == list(range(999, -1, -1))


def test_an_exact_denoiser_brings_back_the_data() -> None:
    """For a point mass at c, eps(x_t, t) = (x_t - sqrt(abar) c) / sqrt(1 - abar), and every sample
    ends at c.
    """
    c = torch.linspace(-1, 1, 8)
    abar = torch.tensor(np.cumprod(1 - np.linspace(1e-4, 0.02, 1000)), dtype=torch.float32)

    def exact(x: Tensor, t: Tensor) -> Tensor:
        a = abar[t].view(-1, 1, 1)
        return (x - a.sqrt() * c) / (1 - a).sqrt()

    found = generate(exact, Diffusion(), Generate(steps=50), range(3), (1, 8), CPU)
    torch.testing.assert_close(found, c.expand(3, 1, 8), rtol=0, atol=1e-3)


def test_steps_are_reported() -> None:
    seen: list[int] = []
    generate(dummy, Diffusion(), Generate(steps=6), range(5), (1, 4), CPU, on_step=seen.append)
    assert seen == [5] * 6
