"""Fronts and hypervolumes against what can be counted by hand or by brute force."""

import numpy as np
import pytest

from memctl.analysis.pareto import attained, hypervolume, nondominated

STEPS = [[0.2, 0.8], [0.5, 0.5], [0.8, 0.2]]
RNG = np.random.default_rng(0)


def test_hypervolume_of_a_staircase():
    # columns from 0.2, 0.5 and 0.8 on: 0.3 x 0.2 + 0.3 x 0.5 + 0.2 x 0.8
    assert hypervolume(STEPS, [0, 0], [1, 1]) == pytest.approx(0.37)
    assert hypervolume([[0, 0]], [0, 0], [1, 1]) == 1
    assert hypervolume([], [0, 0], [1, 1]) == 0
    assert hypervolume([[1, 0], [0.3, 1.2]], [0, 0], [1, 1]) == 0  # at the edge, and outside


def test_a_box_of_other_units_and_what_is_below_its_ideal():
    box = [10, -1], [30, 4]
    points = np.array(STEPS) * [20, 5] + box[0]
    assert hypervolume(points, *box) == pytest.approx(0.37)
    assert hypervolume([[5, -7]], *box) == 1
    assert hypervolume([[20, np.nan], [20, -1]], *box) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="must be above ideal"):
        hypervolume(STEPS, [0, 0], [1, 0])


@pytest.mark.parametrize("objectives", [2, 3])
def test_hypervolume_is_the_share_of_the_box_that_is_dominated(objectives):
    points, shots = RNG.random((8, objectives)), RNG.random((40_000, objectives))
    dominated = (points[:, None] <= shots[None]).all(axis=2).any(axis=0)
    value = hypervolume(points, [0] * objectives, [1] * objectives)
    # 4 standard errors
    assert value == pytest.approx(dominated.mean(), abs=4 * dominated.std() / 200)


def test_the_front_is_what_a_loop_finds():
    points = RNG.integers(0, 6, size=(60, 2)).astype(float)
    worse = lambda p, q: (q <= p).all() and (q < p).any()
    expected = [not any(worse(p, q) for q in points) for p in points]
    np.testing.assert_array_equal(nondominated(points), expected)
    assert sum(expected) > 1


def test_what_is_not_known_is_on_no_front():
    assert nondominated([[0.5, 0.5], [np.nan, 0], [0.5, 0.5]]).tolist() == [True, False, True]
    assert nondominated(np.full((2, 2), np.nan)).tolist() == [False, False]


def test_the_least_loss_at_no_more_copying():
    at = [0.1, 0.2, 0.79, 1]
    assert attained(STEPS, at).tolist() == [np.inf, 0.8, 0.5, 0.2]
    assert attained(np.empty((0, 2)), at).tolist() == [np.inf] * 4
