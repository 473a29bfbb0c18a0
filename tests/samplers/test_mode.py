"""Mode sampling against its map f(u), evaluated on a grid and solved, and against diffusers' own
draws.
"""

import math

import numpy as np
import pytest
import torch
from diffusers.training_utils import compute_density_for_timestep_sampling
from scipy.optimize import brentq

from memctl.samplers import ModeSampler

scales = pytest.mark.parametrize("scale", [-1.0, -0.4, 0.0, 0.81, 1.29, 1.75], ids=str)


def f(u: np.ndarray | float, scale: float) -> np.ndarray | float:
    """Eq. 20 of Stable Diffusion 3."""
    return 1 - u - scale * (np.cos(np.pi / 2 * u) ** 2 - 1 + u)


@scales
@pytest.mark.parametrize("steps", [1, 2, 13, 1000])
def test_the_pmf_is_the_share_of_u_that_the_map_sends_to_a_step(scale: float, steps: int):
    n = 400_000
    u = (np.arange(n) + 0.5) / n
    step = np.ceil(f(u, scale) * steps).clip(1, steps).astype(int)
    found = np.bincount(step - 1, minlength=steps) / n
    # The u of a step are an interval (the map falls), so the midpoints in it are n times its length
    # to within one at each end.
    np.testing.assert_allclose(ModeSampler(steps, scale).pmf, found, rtol=0, atol=2 / n)


@scales
def test_the_cdf_solves_the_map(scale: float):
    sampler = ModeSampler(1000, scale)
    for t in (1, 10, 250, 500, 777, 999):
        u = brentq(lambda u, x=t / 1000: f(u, scale) - x, 0, 1, xtol=1e-15)
        # At the ends of the range of s the map is flat, f(u) = 1 - O(u^2) or f(1/2 + d) = 1/2 -
        # O(d^3): u is known to a root of 1e-16.
        assert sampler.cdf[t - 1] == pytest.approx(1 - u, abs=2e-8 if scale == -1 else 1e-11)


@scales
def test_it_is_symmetric(scale: float):
    p = ModeSampler(1000, scale).pmf
    np.testing.assert_allclose(p, p[::-1], rtol=0, atol=2e-8 if scale == -1 else 1e-11)  # as above


@pytest.mark.parametrize("scale", [-0.4, 0.81, 1.29], ids=str)
def test_the_density_at_the_middle_and_the_ends_is_one_over_the_slope(scale: float):
    p = ModeSampler(1000, scale).pmf
    # The density is 1 / |f'(u)|, f'(u) = -1 - s (1 - pi/2 sin(pi u)); half a step from there it has
    # changed by less than 1 %.
    assert 1000 * p[499] == pytest.approx(1 / (1 - scale * (math.pi / 2 - 1)), rel=0.01)
    assert 1000 * p[0] == pytest.approx(1 / (1 + scale), rel=0.01)


def test_zero_is_uniform_and_the_sign_tells_middle_from_ends():
    np.testing.assert_allclose(ModeSampler(mode_scale=0).pmf, 1 / 1000, rtol=0, atol=1e-15)
    assert ModeSampler(mode_scale=1).pmf.argmax() in (499, 500)
    assert ModeSampler(mode_scale=-0.9).pmf.argmin() in (499, 500)


@pytest.mark.parametrize("scale", [-0.9, 0.81, 1.29], ids=str)
def test_diffusers_draws_have_this_distribution(scale: float):
    n = 100_000
    u = compute_density_for_timestep_sampling(
        "mode", n, mode_scale=scale, generator=torch.Generator().manual_seed(0)
    )
    found = np.bincount((u * 20).long().clamp(0, 19).numpy(), minlength=20) / n
    p = ModeSampler(20, scale).pmf
    assert (
        np.abs(found - p) <= 4 * np.sqrt(p * (1 - p) / n) + 1 / n
    ).all()  # 4 standard errors of a share of n draws
