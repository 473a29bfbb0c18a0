"""SpeeD's sampling against the formula of its authors' code."""

import numpy as np
import pytest

from memctl.samplers import NoiseSchedule, SpeedSampler
from memctl.samplers.schedule import SCHEDULES


def formula(schedule: NoiseSchedule, k: float, threshold: float) -> np.ndarray:
    """tanh(1e6 (d sqrt(1 - abar)/dt - 1e-4)) + 1.5, normalised; 1.5 makes the ratio 5: (1.5 + 1) /
    (1.5 - 1).
    """
    abar = np.cumprod(1 - schedule.forward_process().betas.double().numpy())
    p = np.tanh(1e6 * (np.gradient(np.sqrt(1 - abar)) - threshold)) + (k + 1) / (k - 1)
    return p / p.sum()


@pytest.mark.parametrize(("k", "threshold"), [(5.0, 1e-4), (2.0, 3e-4), (50.0, 1e-3)], ids=str)
@pytest.mark.parametrize("zero", [False, True], ids=["", "zero terminal SNR"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_it_is_the_authors_formula(name: str, zero: bool, k: float, threshold: float):
    schedule = NoiseSchedule(schedule=name, zero_terminal_snr=zero)
    # Rounding of sqrt(1 - abar), 1e-16 a step, times the formula's 1e6, over p of at least 1/(2k)
    # of the largest.
    np.testing.assert_allclose(
        SpeedSampler(1000, k=k, threshold=threshold, schedule=schedule).pmf,
        formula(schedule, k, threshold),
        rtol=1e-7,
    )


def test_the_linear_schedule_is_drawn_five_times_less_where_its_noise_level_hardly_changes():
    abar = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
    slow = np.gradient(np.sqrt(1 - abar)) < 1e-4
    switch = int(slow.argmax())  # the first index below the threshold
    assert slow[switch:].all()
    p = SpeedSampler().pmf
    assert 600 < switch < 750
    np.testing.assert_allclose(p[: switch - 5], p[0], rtol=1e-3)
    np.testing.assert_allclose(p[switch + 5 :], p[0] / 5, rtol=1e-3)
    # tanh's own step is 1e-6 of the slope, which falls by more than that from one t to the next
    assert p[switch - 1] > 3 * p[switch + 1]


@pytest.mark.parametrize("k", [1.5, 5.0, 100.0])
def test_k_is_the_ratio(k: float):
    p = SpeedSampler(k=k).pmf
    assert p.max() / p.min() == pytest.approx(k, rel=1e-9)


def test_a_single_step_has_no_change_of_the_noise_level():
    assert SpeedSampler(1, schedule=NoiseSchedule(1)).pmf.tolist() == [1.0]
