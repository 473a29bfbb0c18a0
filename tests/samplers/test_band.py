"""The band against the weights of diffusers' SDXL training script (`generate_timestep_weights`,
strategy "range").
"""

import numpy as np
import pytest

from memctl.errors import UserError
from memctl.samplers import BandSampler


def sdxl(steps: int, begin: int, end: int, multiplier: float) -> np.ndarray:
    """The script's: weights of the indices 0..T-1, those of [begin, end) multiplied, then
    normalised.
    """
    weights = [1.0] * steps
    for index in range(steps)[slice(begin, end)]:
        weights[index] *= multiplier
    return np.array([w / sum(weights) for w in weights])


@pytest.mark.parametrize("multiplier", [0, 0.25, 1, 2, 3.5, 1e6])
@pytest.mark.parametrize(("low", "high"), [(0, 1), (250, 750), (999, 1000)], ids=str)
def test_it_is_the_range_bias_of_diffusers(low: int, high: int, multiplier: float):
    np.testing.assert_allclose(
        BandSampler(1000, low, high, multiplier).pmf, sdxl(1000, low, high, multiplier), rtol=1e-12
    )


def test_a_band_of_all_steps_is_uniform_and_cannot_be_left_out():
    assert np.ptp(BandSampler(multiplier=3).pmf) == 0
    with pytest.raises(UserError, match="leaves no valid distribution"):
        _ = BandSampler(multiplier=0).pmf


def test_without_a_multiplier_it_is_the_limit_of_a_large_one():
    np.testing.assert_allclose(BandSampler(20, 3, 9).pmf, sdxl(20, 3, 9, 1e15), atol=1e-14)
    assert np.flatnonzero(BandSampler(20, 3, 9).pmf).tolist() == [
        3,
        4,
        5,
        6,
        7,
        8,
    ]  # the steps 4..9


def test_the_bias_later_and_earlier_are_bands_at_the_ends():
    """The script's "later" favours the last quarter of the indices, "earlier" the first."""
    np.testing.assert_allclose(BandSampler(1000, 750, multiplier=2).pmf, sdxl(1000, -250, 1000, 2))
    np.testing.assert_allclose(BandSampler(1000, 0, 250, 2).pmf, sdxl(1000, 0, 250, 2))


def test_the_upper_end_is_all_steps_unless_given():
    assert BandSampler(20, 3) == BandSampler(20, 3, 20)
