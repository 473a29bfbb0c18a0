"""The empirical-optimal denoiser against loops, limits and the Gaussian's closed form."""

import math

import pytest
import torch
from diffusers import DDPMScheduler
from torch import Tensor

from memctl.diffusion.objective import predicted_x0
from memctl.probes import optimal
from memctl.probes.optimal import denoise, squares

KINDS = ("epsilon", "v_prediction", "sample")


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_it_is_a_loop(monkeypatch: pytest.MonkeyPatch):
    x_t, examples, abar = (
        drawn(5, 2, 3),
        drawn(11, 2, 3, seed=1),
        torch.tensor([0.999, 0.8, 0.5, 0.1, 1e-4]),
    )
    expected = torch.zeros(5, 2, 3, dtype=torch.float64)
    for k in range(5):
        a = float(abar[k])
        weights = []
        for x in examples:
            square = sum(
                (p - math.sqrt(a) * q) ** 2
                for p, q in zip(x_t[k].flatten().tolist(), x.flatten().tolist(), strict=True)
            )
            weights.append(math.exp(-square / (2 * (1 - a)) + 1e-9))
        if sum(weights) == 0:  # all underflow: the nearest example alone
            weights = [
                float(
                    i
                    == torch.argmin(
                        torch.stack([(x_t[k] - math.sqrt(a) * x).norm() for x in examples])
                    )
                )
                for i in range(11)
            ]
        expected[k] = sum(
            w / sum(weights) * x.double() for w, x in zip(weights, examples, strict=True)
        )
    torch.testing.assert_close(denoise(x_t, examples, abar), expected, rtol=1e-9, atol=1e-9)
    monkeypatch.setattr(optimal, "BLOCK", 24)  # four examples a block
    torch.testing.assert_close(denoise(x_t, examples, abar), expected, rtol=1e-9, atol=1e-9)


def test_without_signal_it_is_the_mean_and_without_noise_the_nearest():
    x_t, examples = drawn(6, 1, 8), drawn(30, 1, 8, seed=1)
    torch.testing.assert_close(
        denoise(x_t, examples, torch.zeros(6)), examples.double().mean(dim=0).expand(6, 1, 8)
    )
    nearest = examples[torch.cdist(x_t.flatten(1), examples.flatten(1)).argmin(dim=1)].double()
    torch.testing.assert_close(
        denoise(x_t, examples, torch.full((6,), 1 - 1e-9, dtype=torch.float64)), nearest
    )


def test_the_order_of_the_examples_does_not_matter():
    x_t, examples, abar = drawn(6, 1, 8), drawn(30, 1, 8, seed=1), torch.full((6,), 0.7)
    torch.testing.assert_close(denoise(x_t, examples.flip(0), abar), denoise(x_t, examples, abar))


def test_of_many_gaussian_examples_it_is_wieners():
    n, spread = 20_000, 1.5
    x_t, examples = torch.tensor([-2.0, 0.0, 1.0, 3.0]).view(4, 1, 1), spread * drawn(n, 1, 1)
    for a in (0.9, 0.5, 0.05):
        found = denoise(x_t, examples, torch.full((4,), a))
        expected = math.sqrt(a) * spread**2 / (a * spread**2 + 1 - a) * x_t
        weights = torch.softmax(
            -((x_t.view(4, 1) - math.sqrt(a) * examples.view(1, n)).square()) / (2 * (1 - a)), dim=1
        )
        error = (
            weights.square() @ examples.view(n, 1).square()
        ).sqrt() + 1e-3  # an upper bound of the weighted mean's
        assert ((found - expected).abs().view(4) < 4 * error.view(4)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_target_gives_back_the_example(kind: str):
    scheduler = DDPMScheduler(1000, prediction_type=kind)
    x0, eps, t = drawn(5, 2, 7), drawn(5, 2, 7, seed=1), torch.tensor([1, 10, 300, 600, 900])
    x_t = scheduler.add_noise(x0, eps, t - 1)
    target = {"epsilon": eps, "v_prediction": scheduler.get_velocity(x0, eps, t - 1), "sample": x0}[
        kind
    ]
    found = predicted_x0(target, x_t, scheduler.alphas_cumprod[t - 1], kind)
    torch.testing.assert_close(
        found, x0, rtol=0, atol=3e-4
    )  # float32 divided by sqrt(abar_900) = 0.016


def test_the_squares_are_those_of_a_loop_and_clipping_bounds_the_network_alone():
    scheduler, t = DDPMScheduler(1000, prediction_type="sample"), torch.tensor([50, 400, 800])
    x0, examples, said = drawn(3, 1, 6), drawn(9, 1, 6, seed=1), 5 * drawn(3, 1, 6, seed=2)
    x_t = scheduler.add_noise(x0, drawn(3, 1, 6, seed=3), t - 1)
    best = denoise(x_t, examples, scheduler.alphas_cumprod[t - 1])
    found = squares(said, x_t, x0, scheduler, t, {"a": examples}, clip=2.0)
    clipped = said.clamp(-2, 2)
    assert found["truth"] == pytest.approx(float((clipped - x0).square().mean()), rel=1e-6)
    assert found["a"] == pytest.approx(float((clipped - best).square().mean()), rel=1e-6)
    assert found["a_truth"] == pytest.approx(float((best - x0).square().mean()), rel=1e-6)
    assert squares(said, x_t, x0, scheduler, t, {})["truth"] == pytest.approx(
        float((said - x0).square().mean()), rel=1e-6
    )
