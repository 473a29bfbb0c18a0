"""Least squares against numpy by hand, and intervals that hold what they promise."""

import math

import numpy as np
import pytest
from scipy import stats

from memctl.analysis.regression import EFFECTIVE, NOMINAL, design, line, regress


def by_name(fit):
    return fit.set_index("term")


def test_an_exact_surface_is_found(cells):
    surface = lambda location, width, rng: (
        2 + 0.03 * (location - 550) - 0.01 * width + 1e-5 * location * width + 1e-9 * rng.normal()
    )
    fit = by_name(regress(cells(m=surface), "metrics/m"))
    mean_width = cells().width.mean()
    assert fit.coefficient["location"] == pytest.approx(100 * (0.03 + 1e-5 * mean_width), rel=1e-6)
    assert fit.coefficient["width"] == pytest.approx(100 * (-0.01 + 1e-5 * 550), rel=1e-6)
    assert fit.coefficient["location x width"] == pytest.approx(1e4 * 1e-5, rel=1e-6)
    assert set(fit.errors) == {"HC3"}


def test_one_run_a_cell_has_hc3_errors(cells):
    table = cells(m=lambda location, width, rng: location / 500 + rng.normal() * width / 300)
    x, y = design(table, NOMINAL).to_numpy(), table["metrics/m"].to_numpy()
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ y
    weight = ((y - x @ beta) / (1 - np.einsum("ij,jk,ik->i", x, inverse, x))) ** 2
    se = np.sqrt(np.diag(inverse @ (x.T * weight) @ x @ inverse))
    fit = regress(table, "metrics/m")
    np.testing.assert_allclose(fit.coefficient, beta, rtol=1e-9)
    np.testing.assert_allclose(fit.se, se, rtol=1e-9)
    np.testing.assert_allclose(
        fit.high - fit.coefficient, stats.t.ppf(0.975, 45 - 4) * se, rtol=1e-9
    )


def test_several_seeds_are_clustered_by_cell(cells):
    table = cells(3, m=lambda location, width, rng: location / 500 + rng.normal())
    x, y = design(table, NOMINAL).to_numpy(), table["metrics/m"].to_numpy()
    n, k = x.shape
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ y
    left = y - x @ beta
    sums = [x[rows.index].T @ left[rows.index] for _, rows in table.groupby(["low", "high"])]
    meat = sum(np.outer(s, s) for s in sums) * 45 / 44 * (n - 1) / (n - k)
    se = np.sqrt(np.diag(inverse @ meat @ inverse))
    fit = regress(table, "metrics/m")
    assert list(fit.term) == [
        "intercept",
        "location",
        "width",
        "location x width",
        "seed 1",
        "seed 2",
    ]
    assert (fit.n == 135).all()
    assert (fit.cells == 45).all()
    assert set(fit.errors) == {"cluster"}
    np.testing.assert_allclose(fit.se, se, rtol=1e-9)
    np.testing.assert_allclose(fit.high - fit.coefficient, stats.t.ppf(0.975, 44) * se, rtol=1e-9)


def test_an_offset_of_a_seed_moves_its_own_coefficient_only(cells):
    table = cells(2, m=lambda location, width, rng: rng.normal())
    moved = table.assign(**{"metrics/m": table["metrics/m"] + 5.0 * table.seed})
    one, two = by_name(regress(table, "metrics/m")), by_name(regress(moved, "metrics/m"))
    assert two.coefficient["seed 1"] == pytest.approx(one.coefficient["seed 1"] + 5)
    np.testing.assert_allclose(two.coefficient[:4], one.coefficient[:4], atol=1e-9)


def test_effective_place_may_stand_for_nominal(cells):
    table = cells(m=lambda location, width, rng: location + rng.normal())
    nominal, effective = (
        by_name(regress(table, "metrics/m")),
        by_name(regress(table, "metrics/m", EFFECTIVE)),
    )
    assert effective.coefficient["sampler/mean"] == pytest.approx(
        nominal.coefficient["location"] / 0.8
    )
    assert effective.p["sampler/sd"] == pytest.approx(nominal.p["width"])


def test_what_cannot_be_told_apart_gives_no_rows(cells):
    table = cells(
        m=lambda location, width, rng: rng.normal(), same=lambda location, width, rng: 1.0
    )
    assert not len(regress(table[table.width == 100], "metrics/m"))
    assert not len(regress(table[:4], "metrics/m"))
    assert not len(regress(table, "metrics/same"))
    assert not len(regress(table, "metrics/absent"))


def test_intervals_hold_the_truth_as_often_as_they_say(cells):
    table, rng = cells(3), np.random.default_rng(5)
    cell = table.groupby(["low", "high"]).ngroup().to_numpy()
    inside, repeats = 0, 80
    for _ in range(repeats):
        table["metrics/m"] = (
            0.002 * table.location + rng.normal(size=45)[cell] + 0.3 * rng.normal(size=135)
        )  # runs of a cell alike
        fit = by_name(regress(table, "metrics/m")).loc["location"]
        inside += fit.low <= 0.2 <= fit.high
    assert inside / repeats >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / repeats)


def test_a_line_says_what_changes_from_end_to_end():
    x = np.array([150.0, 250, 550, 850, 950])
    fit = line(x, 10 - x / 100 + 1e-9 * np.array([1, -1, 1, -1, 1]))
    assert (fit["start"], fit["end"], fit["change"], fit["fall"]) == pytest.approx(
        (8.5, 0.5, -8, 8 / 8.5)
    )
    assert fit["change_low"] <= fit["change"] <= fit["change_high"]


def test_the_fall_of_a_line_has_the_interval_of_repeated_draws():
    x, rng, repeats = np.linspace(150, 950, 45), np.random.default_rng(0), 120
    draws = [line(x, 2 - (x - 150) / 800 + 0.1 * rng.normal(size=45)) for _ in range(repeats)]
    inside = np.mean([d["fall_low"] <= 0.5 <= d["fall_high"] for d in draws])
    assert abs(inside - 0.95) <= 4 * math.sqrt(0.95 * 0.05 / repeats)


def test_what_is_the_same_throughout_changes_by_nothing():
    fit = line([1, 2, 3, 4], [2, 2, 2, 2])
    assert (fit["start"], fit["end"]) == (2, 2)
    assert {fit[k] for k in ("change", "change_low", "change_high", "fall", "fall_high")} == {0}
    assert math.isnan(line([1, 2, 3, 4], [0, 0, 0, 0])["fall"])


@pytest.mark.parametrize(
    ("x", "y"),
    [([1, 2, 3], [1, 2, 3]), ([], []), ([1, 1, 1, 1], [1, 2, 3, 4])],
    ids=str,
)
def test_no_line_without_four_values(x, y):
    assert all(math.isnan(value) for value in line(x, y).values())


def test_a_line_that_starts_below_zero_has_no_fall():
    fit = line([0, 1, 2, 3, 4], [-5, -4.1, -3, -2, -1])
    assert math.isnan(fit["fall"])
    assert fit["change"] == pytest.approx(4, abs=0.1)
