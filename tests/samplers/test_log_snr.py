"""The samplers in log SNR against cells found by a loop, the density's slope form, and the nearest
step of continuous draws.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
from diffusers import DDPMScheduler

from memctl.samplers import CauchySampler, LaplaceSampler, LogNormalSampler, NoiseSchedule
from memctl.samplers.log_snr import LogSnrSampler
from memctl.samplers.schedule import SCHEDULES

Cdf = Callable[[float], float]


def laplace(mu: float, b: float) -> Cdf:
    return lambda x: math.exp((x - mu) / b) / 2 if x < mu else 1 - math.exp(-(x - mu) / b) / 2


def cauchy(mu: float, gamma: float) -> Cdf:
    return lambda x: 0.5 + math.atan((x - mu) / gamma) / math.pi


def lognormal(mean: float, std: float) -> Cdf:
    """Of lambda = -2 ln sigma: P(lambda <= x) = P(ln sigma >= -x / 2)."""
    return lambda x: math.erfc((-x / 2 - mean) / (std * math.sqrt(2))) / 2


CASES: dict[str, tuple[Callable[..., LogSnrSampler], Cdf]] = {
    "laplace": (lambda **kw: LaplaceSampler(**kw), laplace(0, 0.5)),
    "laplace, wide": (lambda **kw: LaplaceSampler(mu=-1.5, b=2, **kw), laplace(-1.5, 2)),
    "cauchy": (lambda **kw: CauchySampler(**kw), cauchy(0, 1)),
    "cauchy, narrow": (lambda **kw: CauchySampler(mu=2, gamma=0.25, **kw), cauchy(2, 0.25)),
    "lognormal": (lambda **kw: LogNormalSampler(**kw), lognormal(-1.2, 1.2)),
    "lognormal, high noise": (
        lambda **kw: LogNormalSampler(P_mean=0.5, P_std=0.8, **kw),
        lognormal(0.5, 0.8),
    ),
}
cases = pytest.mark.parametrize(("make", "cdf"), CASES.values(), ids=CASES.keys())
STEPS = [
    (False, 2),
    (False, 3),
    (False, 20),
    (False, 1000),
    (True, 3),
    (True, 20),
    (True, 1000),
]  # (True, 2): see below


def log_snr(name: str, steps: int, zero: bool) -> list[float]:
    """log SNR in float64 from the betas of diffusers, which are in float32."""
    betas = DDPMScheduler(steps, beta_schedule=name, rescale_betas_zero_snr=zero).betas
    found, abar = [], 1.0
    for beta in betas.tolist():
        abar *= 1 - beta
        found.append(math.log(abar / (1 - abar)) if abar > 0 else -math.inf)
    return found


def cells(lam: list[float]) -> list[tuple[float, float]]:
    """The share of lambda of each step, (lower, upper): halfway to its neighbours, and as far
    beyond the ends.
    """
    shares = []
    for k, here in enumerate(lam):
        above = (lam[k - 1] - here) / 2 if k else (here - lam[1]) / 2
        below = (here - lam[k + 1]) / 2 if k + 1 < len(lam) else above
        if math.isinf(here):
            shares.append((-math.inf, shares[-1][0]))
        elif k + 1 < len(lam) and math.isinf(lam[k + 1]):
            shares.append((here - above, here + above))
        else:
            shares.append((here - below, here + above))
    return shares


@cases
@pytest.mark.parametrize(
    ("zero", "steps"), STEPS, ids=[f"{n}{', zero terminal SNR' * zero}" for zero, n in STEPS]
)
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_step_takes_the_mass_nearest_to_its_log_snr(
    name: str, zero: bool, steps: int, make: Callable[..., LogSnrSampler], cdf: Cdf
):
    lam = log_snr(name, steps, zero)
    expected = np.array([cdf(upper) - cdf(lower) for lower, upper in cells(lam)])
    found = make(timesteps=steps, schedule=NoiseSchedule(steps, name, zero_terminal_snr=zero)).pmf
    # The loop subtracts numbers near 1, whose rounding is 1e-16; and abar of a thousand products
    # near 0 is known to 1e-13.
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["laplace", "cauchy", "lognormal"])
def test_two_steps_of_which_the_last_has_no_signal(name: str):
    """Both have mass: lambda near the first step's is not pure noise."""
    schedule = NoiseSchedule(2, zero_terminal_snr=True)
    assert (CASES[name][0](timesteps=2, schedule=schedule).pmf > 0).all()


@cases
@pytest.mark.parametrize("name", SCHEDULES)
def test_it_is_the_density_times_the_slope_of_lambda(
    name: str, make: Callable[..., LogSnrSampler], cdf: Cdf
):
    """p(t) = p(lambda_t) |dlambda/dt|, to 1 % of the largest p at least 50 steps from the ends."""
    schedule = NoiseSchedule(schedule=name)
    sampler = make(schedule=schedule)
    density = sampler.density().pdf(schedule.log_snr) * -np.gradient(schedule.log_snr)
    inside = density.sum()  # of the sampler, the mass beyond the last step is dropped
    np.testing.assert_allclose(
        sampler.pmf[50:-50], density[50:-50] / inside, rtol=0, atol=0.01 * sampler.pmf.max()
    )


@cases
@pytest.mark.parametrize("zero", [False, True], ids=["", "zero terminal SNR"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_continuous_draws_fall_on_their_nearest_step(
    name: str, zero: bool, make: Callable[..., LogSnrSampler], cdf: Cdf
):
    n = 100_000
    schedule = NoiseSchedule(20, name, 1e-3, 0.8, zero)  # log SNR from 6.9 to -12 and less
    sampler, lam = make(timesteps=20, schedule=schedule), schedule.log_snr
    drawn = sampler.density().rvs(n, random_state=0)
    upper, lower = (
        lam[0] + (lam[0] - lam[1]) / 2,
        lam[-1] - (lam[-2] - lam[-1]) / 2 if not zero else -np.inf,
    )
    drawn = drawn[(drawn <= upper) & (drawn >= lower)]
    finite = lam[np.isfinite(lam)]
    step = np.abs(drawn[:, None] - finite).argmin(axis=1)
    if zero:  # the last step has what is left below the share of the last but one
        step[drawn < lam[-2] - (lam[-3] - lam[-2]) / 2] = 19
    found, p = np.bincount(step, minlength=20) / len(drawn), sampler.pmf
    assert len(drawn) > 0.8 * n
    # 4 standard errors of a share of the draws that are left
    assert (np.abs(found - p) <= 4 * np.sqrt(p * (1 - p) / len(drawn)) + 1 / len(drawn)).all()


@cases
@pytest.mark.parametrize("name", SCHEDULES)
def test_zero_terminal_snr_leaves_the_steps_before_almost_as_they_were(
    name: str, make: Callable[..., LogSnrSampler], cdf: Cdf
):
    """Its last step has the tail beyond the others, whole: nothing is dropped at that end."""
    schedule = NoiseSchedule(schedule=name, zero_terminal_snr=True)
    sampler, lam = make(schedule=schedule), schedule.log_snr
    edge = lam[-2] - (lam[-3] - lam[-2]) / 2
    top = lam[0] + (lam[0] - lam[1]) / 2
    assert sampler.pmf[-1] == pytest.approx(cdf(edge) / cdf(top), rel=1e-9)


def test_tails_keep_their_digits_on_both_sides():
    """Of a density far from the schedule's middle, masses of 1e-20 and less are still exponentials
    of the right slope.
    """
    lam = NoiseSchedule().log_snr
    for mu in (-40.0, 40.0):
        p = LaplaceSampler(mu=mu, b=0.5).pmf
        slope = np.log(p[400] / p[401]) - np.log(-np.gradient(lam)[400] / -np.gradient(lam)[401])
        assert slope == pytest.approx(np.sign(mu) * (lam[400] - lam[401]) / 0.5, rel=1e-3)


def test_lognormal_is_that_of_sigma():
    """E[ln sigma] and its spread over the steps are P_mean and P_std: the schedule ends 3 standard
    deviations and more away.
    """
    sampler = LogNormalSampler(P_mean=0, P_std=0.8)
    ln_sigma = -NoiseSchedule().log_snr / 2
    mean = sampler.pmf @ ln_sigma
    assert mean == pytest.approx(0, abs=1e-3)
    assert np.sqrt(sampler.pmf @ (ln_sigma - mean) ** 2) == pytest.approx(0.8, rel=1e-3)
