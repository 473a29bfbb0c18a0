"""Sliced W2: quantiles against SciPy's optimal transport, closed forms along known directions, and
a generator's error.
"""

import math

import numpy as np
import pytest
from scipy.optimize import linprog

from memctl.metrics.sliced import directions, sliced_w2, squared_w2


def transport(a: np.ndarray, b: np.ndarray) -> float:
    """The cheapest plan between equally weighed numbers, as a linear programme."""
    m, n = len(a), len(b)
    rows = np.kron(np.eye(m), np.ones(n))
    columns = np.kron(np.ones(m), np.eye(n))
    cost = np.square(a[:, None] - b[None]).ravel()
    marginals = np.concatenate([np.full(m, 1 / m), np.full(n, 1 / n)])
    return linprog(cost, A_eq=np.concatenate([rows, columns]), b_eq=marginals).fun


@pytest.mark.parametrize(("m", "n"), [(6, 6), (4, 6), (7, 5), (1, 4), (8, 3)], ids=str)
def test_one_dimension_is_optimal_transport(m: int, n: int):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(m, 3)), rng.normal(1, 2, size=(n, 3))
    np.testing.assert_allclose(squared_w2(a, b), [transport(a[:, k], b[:, k]) for k in range(3)])
    np.testing.assert_allclose(squared_w2(b, a), squared_w2(a, b))


def test_unequal_sizes_by_hand():
    # 0 and 1 against 0, 0 and 3: a sixth of the mass goes from 1 to 0, and a third from 1 to 3.
    np.testing.assert_allclose(
        squared_w2(np.array([[1.0], [0]]), np.array([[0.0], [3], [0]])), [1 / 6 + 4 / 3]
    )


def test_repeating_all_examples_changes_nothing():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(30, 2)), rng.normal(size=(20, 2))
    along = directions(2, rng, 10)
    expected = sliced_w2(a, b, along)
    assert sliced_w2(np.repeat(a, 2, axis=0), np.repeat(b, 3, axis=0), along) == pytest.approx(
        expected
    )
    assert sliced_w2(np.repeat(a, 3, axis=0), a, along) == pytest.approx(0, abs=1e-12)


def test_along_the_axes_a_shift_is_its_rms():
    rng = np.random.default_rng(0)
    x, shift = rng.normal(size=(40, 5)), np.array([3.0, -1, 0, 2, 0.5])
    assert sliced_w2(x + shift, x, np.eye(5)) == pytest.approx(math.sqrt((shift**2).mean()))
    turned = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    assert sliced_w2(x + shift, x, turned) == pytest.approx(math.sqrt((shift**2).mean()))
    # 500 random directions: (v.shift)^2 D/|shift|^2 has a variance below 2; 4 standard errors, of
    # which a root halves the relative one.
    random = sliced_w2(x + shift, x, directions(5, rng, 500))
    assert random == pytest.approx(math.sqrt((shift**2).mean()), rel=2 * math.sqrt(2 / 500))


def test_a_change_of_contrast_has_its_closed_form():
    x = np.random.default_rng(0).normal(size=(60, 3))
    expected = 0.5 * math.sqrt((x**2).mean())  # each quantile moves by half itself
    assert sliced_w2(x / 2, x, np.eye(3)) == pytest.approx(expected)


def test_directions_are_fixed_unit_vectors():
    first, second = directions(7, np.random.default_rng(3)), directions(7, np.random.default_rng(3))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(np.square(first).sum(axis=1), 1)
    assert first.shape == (200, 7)
    # Uniform: the mean of v v^T is I/D, each entry with a standard error below sqrt(3/200)/7.
    assert np.abs(first.T @ first / 200 - np.eye(7) / 7).max() < 4 * math.sqrt(3 / 200) / 7


def test_it_is_a_distance():
    rng = np.random.default_rng(0)
    a, b, c = (rng.normal(k, 1 + k, size=(n, 4)) for k, n in ((0, 30), (1, 20), (2, 25)))
    along = directions(4, rng, 20)
    assert sliced_w2(a, b, along) == pytest.approx(sliced_w2(b, a, along))
    assert sliced_w2(a, c, along) <= sliced_w2(a, b, along) + sliced_w2(b, c, along)
    assert sliced_w2(10 * a, 10 * b, along) == pytest.approx(10 * sliced_w2(a, b, along))


def test_fresh_examples_are_some_standard_errors_apart():
    """40 draws of normal examples: 1.7 sd sqrt(1/m + 1/n), in a tenth."""
    rng = np.random.default_rng(0)
    along = directions(5, rng, 50)
    found = [
        sliced_w2(rng.normal(size=(400, 5)), rng.normal(size=(300, 5)), along) for _ in range(40)
    ]
    assert np.mean(found) == pytest.approx(1.7 * math.sqrt(1 / 400 + 1 / 300), rel=0.1)


def test_generators_rank_as_their_names_say(made):
    along = directions(made.train.shape[1], np.random.default_rng(0))
    found = {name: sliced_w2(getattr(made, name), made.train, along) for name in made._fields}
    fair = 1.7 * made.train.std(axis=0).mean() * math.sqrt(2 / 300)
    assert 0.3 * fair < found["fresh"] < 2.5 * fair  # few factors, so all directions err alike
    assert found["train"] == 0
    assert found["copies"] < found["fresh"]  # the trap
    assert min(found["shrunk"], found["collapsed"]) > 2 * found["fresh"]
