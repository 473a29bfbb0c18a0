"""The logit-normal sampler against quadrature, the normal distribution and diffusers' own draws."""

import math

import numpy as np
import pytest
import torch
from diffusers.training_utils import compute_density_for_timestep_sampling
from scipy.integrate import quad
from scipy.stats import norm

from memctl.samplers import LogitNormalSampler

SETTINGS = [(0.0, 1.0), (0.5, 0.6), (-1.5, 2.0), (1.0, 0.1)]
settings = pytest.mark.parametrize(("mean", "std"), SETTINGS, ids=str)


@settings
@pytest.mark.parametrize("steps", [1, 2, 7, 100])
def test_the_pmf_is_the_integral_of_the_density(mean: float, std: float, steps: int):
    def density(x: float) -> float:  # Eq. 19 of Stable Diffusion 3; it vanishes at both ends
        if not 0 < x < 1:
            return 0.0
        z = (math.log(x / (1 - x)) - mean) / std
        return math.exp(-z * z / 2) / (std * math.sqrt(2 * math.pi) * x * (1 - x))

    top = 1 / (1 + math.exp(-mean))
    expected = [
        quad(
            density, k / steps, (k + 1) / steps, points=[np.clip(top, k / steps, (k + 1) / steps)]
        )[0]
        for k in range(steps)
    ]
    np.testing.assert_allclose(
        LogitNormalSampler(steps, mean, std).pmf, expected, rtol=1e-7, atol=1e-9
    )


@settings
def test_the_cdf_is_that_of_the_normal_distribution_at_the_logit(mean: float, std: float):
    t = np.arange(1, 1000)
    expected = norm.cdf((np.log(t / (1000 - t)) - mean) / std)
    np.testing.assert_allclose(
        LogitNormalSampler(1000, mean, std).cdf[:-1], expected, rtol=0, atol=1e-13
    )


@settings
def test_the_other_mean_is_the_mirror_image_to_the_smallest_mass(mean: float, std: float):
    here, there = LogitNormalSampler(1000, mean, std).pmf, LogitNormalSampler(1000, -mean, std).pmf
    np.testing.assert_allclose(here, there[::-1], rtol=1e-9, atol=1e-300)


def test_a_larger_mean_is_more_noise():
    means = [LogitNormalSampler(logit_mean=m).statistics()["mean"] for m in (-1.0, 0.0, 1.0)]
    assert means[0] < means[1] < means[2]
    assert means[1] == pytest.approx(500.5)


@settings
def test_diffusers_draws_have_this_distribution(mean: float, std: float):
    n = 100_000
    u = compute_density_for_timestep_sampling(
        "logit_normal", n, mean, std, generator=torch.Generator().manual_seed(0)
    )
    found = np.bincount((u * 20).long().clamp(max=19).numpy(), minlength=20) / n
    p = LogitNormalSampler(20, mean, std).pmf
    assert (
        np.abs(found - p) <= 4 * np.sqrt(p * (1 - p) / n) + 1 / n
    ).all()  # 4 standard errors of a share of n draws
