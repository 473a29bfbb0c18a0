"""Precision, recall, density and coverage against loops, the reference implementation, and
expectations free of the data.
"""

import numpy as np
import pytest

from memctl.metrics import coverage, distance
from memctl.metrics.coverage import Prdc, prdc, radii


def expected_coverage(m: int, n: int, k: int = coverage.K) -> float:
    """1 less the chance that the k nearest of an example's m + n - 1 fellows are all real (Naeem et
    al. 2020).
    """
    i = np.arange(1, k + 1)
    return float(1 - np.prod((n - i) / (m + n - i)))


def means(found: Prdc) -> list[float]:
    return [float(values.mean()) for values in found]


def loop(samples: np.ndarray, real: np.ndarray, k: int) -> list[list[float]]:
    def d(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.sqrt(((a - b) ** 2).mean()))

    def radius(examples: np.ndarray, i: int) -> float:
        return sorted(d(examples[i], x) for j, x in enumerate(examples) if j != i)[k - 1]

    ours, theirs = ([radius(s, i) for i in range(len(s))] for s in (samples, real))
    in_real = [[d(g, x) <= r for x, r in zip(real, theirs, strict=True)] for g in samples]
    in_ours = [[d(g, x) <= r for g, r in zip(samples, ours, strict=True)] for x in real]
    return [
        [any(row) for row in in_real],
        [any(row) for row in in_ours],
        [sum(row) / k for row in in_real],
        np.any(in_real, axis=0),
    ]


def test_four_points_on_a_line():
    real, samples = np.array([[0.0], [1], [2], [10]]), np.array([[0.5], [1.5], [2.5], [30]])
    np.testing.assert_array_equal(radii(real, 1, "norm"), [1, 1, 1, 8])
    found = prdc(samples, real, 1, "norm")
    np.testing.assert_array_equal(found.precision, [1, 1, 1, 0])
    np.testing.assert_array_equal(found.density, [2, 2, 2, 0])  # 2.5 is within 8 of 10
    np.testing.assert_array_equal(found.coverage, [1, 1, 1, 1])
    np.testing.assert_array_equal(
        found.recall, [1, 1, 1, 1]
    )  # the ball of the stray sample, at 30, reaches all


@pytest.mark.parametrize("k", [1, 3, 5])
def test_it_is_a_loop(k: int):
    rng = np.random.default_rng(0)
    samples, real = rng.normal(0.4, 1.3, size=(25, 3)), rng.normal(size=(31, 3))
    for ours, theirs in zip(prdc(samples, real, k), loop(samples, real, k), strict=True):
        np.testing.assert_allclose(ours, theirs)


@pytest.mark.parametrize(
    ("k", "expected"),  # compute_prdc of prdc 0.2 (PyPI), on these very numbers
    [
        (1, [0.8222222222, 0.4666666667, 1.4666666667, 0.3666666667]),
        (5, [1, 0.7666666667, 1.3644444444, 0.8]),
    ],
)
def test_it_is_the_reference_implementation(k: int, expected: list[float]):
    rng = np.random.default_rng(0)
    real, samples = rng.normal(size=(60, 4)), rng.normal(0.5, 0.7, size=(45, 4))
    assert means(prdc(samples, real, k)) == pytest.approx(expected)


@pytest.mark.parametrize("block", [1, 40, 100])
def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch, block: int):
    rng = np.random.default_rng(0)
    samples, real = rng.normal(size=(25, 3)), rng.normal(size=(31, 3))
    whole, asked = prdc(samples, real), []
    monkeypatch.setattr(distance, "BLOCK", block)
    monkeypatch.setattr(
        coverage,
        "distances",
        lambda a, b, how: asked.append(len(a) * len(b)) or distance.distances(a, b, how),
    )
    for ours, theirs in zip(prdc(samples, real), whole, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert max(asked) <= max(block, 31)  # at least one example against the others


def test_neither_order_nor_scale_nor_place_matters(made):
    a, b = made.fresh[:60], made.train[:80]
    expected = means(prdc(a, b))
    assert means(prdc(a[::-1], b)) == pytest.approx(expected)
    assert means(prdc(a, b[::-1])) == pytest.approx(expected)
    assert means(prdc(3 * a + 5, 3 * b + 5)) == pytest.approx(expected)
    swapped = prdc(b, a)  # recall is precision the other way round
    assert swapped.precision.mean() == pytest.approx(expected[1])
    assert swapped.recall.mean() == pytest.approx(expected[0])


def test_fresh_examples_have_a_density_of_1_and_the_expected_coverage():
    """Whatever the data: 200 draws of 30 examples against 40, in 4 standard errors of the mean of
    200.
    """
    rng, found = np.random.default_rng(0), []
    for _ in range(200):
        pool = rng.standard_t(3, size=(70, 3)) * [1, 5, 0.1]
        found.append(means(prdc(pool[:30], pool[30:]))[2:])
    error = np.std(found, axis=0, ddof=1) / np.sqrt(200)
    assert (np.abs(np.mean(found, axis=0) - [1, expected_coverage(30, 40)]) < 4 * error).all()
    assert (error < 0.02).all()
    assert expected_coverage(1, 2, 1) == 0.5  # the nearest of two is either
    assert expected_coverage(10**7, 500) == pytest.approx(1)


def test_generators_rank_as_their_names_say(made):
    found = {name: Prdc(*means(prdc(getattr(made, name), made.train))) for name in made._fields}
    se = 4 * np.sqrt(0.25 / 300)  # at most: 4 standard errors of a share of 300
    fresh = found["fresh"]
    assert abs(fresh.coverage - expected_coverage(300, 300)) < se
    assert found["copies"].precision == 1  # copies pass for the best samples there are
    assert found["copies"].coverage > fresh.coverage
    assert found["copies"].density == pytest.approx(fresh.density, abs=0.4)
    assert found["noisy"].precision < fresh.precision - se
    assert found["noisy"].recall > fresh.recall - se  # larger balls hide what is wrong
    assert (
        found["shrunk"].density > 1.5 * fresh.density
    )  # and half the contrast looks better than real
    assert found["shrunk"].recall < fresh.recall - se
    assert found["collapsed"].precision > 0.5
    assert found["collapsed"].coverage < 0.3
    assert found["collapsed"].recall < 0.1


def test_exact_ties_are_within():
    """Balls are closed: with open ones, equal examples would not be among themselves."""
    assert means(prdc(np.zeros((9, 2)), np.zeros((8, 2)))) == [1, 1, 8 / 5, 1]
    real = np.random.default_rng(0).normal(size=(50, 3))
    assert means(prdc(real, real)) == [
        1,
        1,
        pytest.approx(6 / 5),
        1,
    ]  # an example's own ball, and those that it is k-th of
    assert prdc(np.repeat(real[:5], 10, axis=0), real).recall.mean() == 5 / 50
