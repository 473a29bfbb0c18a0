"""The beta sampler against scipy.stats and quadrature."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from memctl.samplers import BetaSampler, UniformSampler

SETTINGS = [(0.8, 1.0), (1.0, 1.0), (2.0, 5.0), (0.5, 0.5), (6.0, 1.5), (30.0, 30.0)]
settings = pytest.mark.parametrize(("alpha", "beta"), SETTINGS, ids=str)


@settings
@pytest.mark.parametrize("steps", [1, 2, 20, 1000])
def test_the_cdf_is_that_of_the_beta_distribution(alpha: float, beta: float, steps: int):
    expected = stats.beta(alpha, beta).cdf(np.arange(1, steps + 1) / steps)
    np.testing.assert_allclose(BetaSampler(steps, alpha, beta).cdf, expected, rtol=0, atol=1e-13)


@settings
def test_small_masses_keep_their_digits(alpha: float, beta: float):
    density = stats.beta(alpha, beta).pdf
    for index in (1, 30, 500, 960, 998):  # not the ends, where the density may be infinite
        expected = quad(density, index / 1000, (index + 1) / 1000, epsabs=0, epsrel=1e-12)[0]
        assert BetaSampler(1000, alpha, beta).pmf[index] == pytest.approx(expected, rel=1e-9)


@settings
def test_exchanged_parameters_are_the_mirror_image(alpha: float, beta: float):
    np.testing.assert_allclose(
        BetaSampler(1000, alpha, beta).pmf, BetaSampler(1000, beta, alpha).pmf[::-1], rtol=1e-9
    )


@settings
def test_the_mean_is_alpha_over_the_sum(alpha: float, beta: float):
    # t is the upper end of its interval, half a step above its middle; how the density bends within
    # a step moves that by under 0.1.
    assert BetaSampler(1000, alpha, beta).statistics()["mean"] == pytest.approx(
        1000 * alpha / (alpha + beta) + 0.5, abs=0.1
    )


def test_two_ones_are_uniform():
    np.testing.assert_allclose(BetaSampler(alpha=1, beta=1).pmf, UniformSampler().pmf, rtol=1e-9)


def test_alpha_above_beta_favours_noise():
    assert (
        BetaSampler(alpha=3, beta=1).statistics()["mean"]
        > 500.5
        > BetaSampler().statistics()["mean"]
    )
