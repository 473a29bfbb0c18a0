"""What is called detectable is detected in four sweeps of five."""

import math

import numpy as np
import pytest
from scipy import stats

from memctl.analysis.power import detectable, detectable_r


@pytest.mark.parametrize(("n", "r"), [(45, 0.407), (88, 0.295), (10, 0.785)], ids=str)
def test_known_values(n, r):
    assert detectable_r(n) == pytest.approx(r, abs=5e-4)


def test_too_few_pairs_find_nothing():
    assert math.isnan(detectable_r(3))
    assert math.isnan(detectable([1, 2, 3], [1, 2, 4])["slope"])
    assert math.isnan(detectable([1, 1, 1, 1], [1, 2, 3, 4])["slope"])


def test_more_cells_and_less_power_find_less():
    assert detectable_r(100) < detectable_r(45) < detectable_r(45, power=0.95)
    assert detectable_r(45, alpha=0.01) > detectable_r(45)


def test_its_slope_is_found_with_the_stated_power(cells):
    x, rng, repeats = cells().location.to_numpy(), np.random.default_rng(2), 400
    slope = detectable(x, rng.normal(size=45))["slope"]
    slopes = [detectable(x, rng.normal(size=45))["slope"] for _ in range(50)]
    assert slope == pytest.approx(
        np.mean(slopes), rel=4 * math.sqrt(1 / 90)
    )  # the scatter's relative error is sqrt(1 / 2 n)
    result = np.mean(
        [
            stats.pearsonr(x, np.mean(slopes) * x + rng.normal(size=45)).pvalue < 0.05
            for _ in range(repeats)
        ]
    )
    assert (
        abs(result - 0.8) <= 4 * math.sqrt(0.8 * 0.2 / repeats) + 0.02
    )  # Fisher's z is an approximation


def test_units():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 30))
    one, ten = detectable(x, y, 2.0), detectable(10 * x, 3 * y, 2.0)
    assert ten["slope"] == pytest.approx(0.3 * one["slope"])
    assert ten["change"] == pytest.approx(3 * one["change"])
    assert one["floors"] == pytest.approx(one["change"] / 2)
    assert one["change"] == pytest.approx(one["slope"] * np.ptp(x))
    assert math.isnan(detectable(x, y)["floors"])
    assert detectable(x, y + 7 * x)["slope"] == pytest.approx(
        one["slope"]
    )  # an effect that is there is no scatter
