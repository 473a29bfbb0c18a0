"""The energy distance against a loop, closed forms and its permutation null."""

import math

import numpy as np
import pytest

from memctl.metrics.distance import distances
from memctl.metrics.energy import energies, under_relabelling


def energy(a: np.ndarray, b: np.ndarray, reduce: str = "rms") -> float:
    """The first of these values, that of the sides as they are."""
    return float(under_relabelling(a, b, np.random.default_rng(0), 0, reduce)[0])


def permuted(a: np.ndarray, b: np.ndarray, rng: np.random.Generator, repeats: int) -> np.ndarray:
    return under_relabelling(a, b, rng, repeats)[1:]


def loop(a: np.ndarray, b: np.ndarray) -> float:
    def d(x: np.ndarray, y: np.ndarray) -> float:
        return math.sqrt(sum((p - q) ** 2 for p, q in zip(x, y, strict=True)) / len(x))

    def within(s: np.ndarray) -> float:
        return np.mean([d(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j])

    return 2 * np.mean([d(x, y) for x in a for y in b]) - within(a) - within(b)


@pytest.mark.parametrize(("n", "m"), [(12, 17), (2, 30), (20, 2)], ids=str)
def test_it_is_a_loop(n: int, m: int):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(n, 5)), rng.normal(0.5, 2, size=(m, 5))
    assert energy(a, b) == pytest.approx(loop(a, b))
    assert energy(b, a) == pytest.approx(loop(a, b))


@pytest.mark.parametrize(
    ("reduce", "expected"), [("norm", 10.0), ("rms", 10 / math.sqrt(2)), ("mse", 25.0)]
)
def test_two_points_apart(reduce: str, expected: float):
    a, b = np.zeros((4, 2)), np.tile([3.0, 4.0], (6, 1))  # 5 apart, and none within
    assert energy(a, b, reduce) == pytest.approx(expected)


def test_normal_distributions_have_their_closed_form():
    rng = np.random.default_rng(0)
    n, shift = 1000, 1.0
    found = energy(rng.normal(size=(n, 1)), rng.normal(shift, 1, size=(n, 1)))
    # E|X - Y| for a difference N(shift, 2), less E|X - X'| = 2 / sqrt(pi)
    across = 2 / math.sqrt(math.pi) * math.exp(-(shift**2) / 4) + shift * math.erf(shift / 2)
    expected = 2 * across - 4 / math.sqrt(math.pi)
    # Its slope by the shift is below 1.1, and the difference of both means has the standard error
    # sqrt(2/1000) = 0.045; 4 of them.
    assert found == pytest.approx(expected, abs=4 * 1.1 * 0.045)
    assert expected > 4 * 1.1 * 0.045


def test_equal_distributions_lie_within_the_permutation_null():
    rng = np.random.default_rng(0)
    inside, values = 0, []
    for _ in range(20):
        a, b = rng.normal(size=(60, 8)), rng.normal(size=(50, 8))
        null = permuted(a, b, rng, 200)
        low, high = np.quantile(null, (0.025, 0.975))
        values.append(energy(a, b))
        inside += low <= values[-1] <= high
    assert (
        inside >= 16
    )  # of 20, each with probability 0.95: fewer than 16 come by chance once in 400
    assert abs(np.mean(values)) < 4 * np.std(values, ddof=1) / math.sqrt(
        20
    )  # 4 standard errors of the mean of 20
    assert min(values) < 0  # unbiased, so also below 0


def test_the_null_has_mean_0_and_different_distributions_lie_beyond_it():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(60, 8)), rng.normal(0.6, 1, size=(60, 8))
    null = permuted(a, b, rng, 300)
    assert null.shape == (300,)
    assert abs(null.mean()) < 4 * null.std() / math.sqrt(
        300
    )  # 4 standard errors of the mean of 300
    assert energy(a, b) > null.max()


def test_copies_are_near_0():
    train = np.random.default_rng(0).normal(size=(100, 8))
    heldout = np.random.default_rng(1).normal(size=(100, 8))
    copies = train[np.random.default_rng(2).integers(100, size=100)]
    null = permuted(train, heldout, np.random.default_rng(3), 200)
    assert energy(copies, heldout) < 3 * np.quantile(
        null, 0.975
    )  # copies repeat examples, which spreads it a little more
    assert energy(heldout + 1, heldout) > 10 * np.quantile(null, 0.975)


def test_the_labels_choose_the_sides():
    pool = np.random.default_rng(0).normal(size=(40, 3))
    first = np.random.default_rng(1).permutation(np.arange(40) < 15)
    both = np.stack([first, ~first], axis=1).astype(float)
    expected = loop(pool[first], pool[~first])
    assert energies(distances(pool, pool), both[:, :1]) == pytest.approx([expected])
    assert energies(distances(pool, pool), both[:, 1:]) == pytest.approx([expected])


def test_the_null_follows_the_generator():
    a, b = np.random.default_rng(0).normal(size=(2, 20, 3))
    draws = [permuted(a, b, np.random.default_rng(seed), 10) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
