"""The Frechet distance against closed forms and SciPy's matrix root, where that works and where it
does not.
"""

import math

import numpy as np
import pytest
from scipy.linalg import sqrtm
from sklearn.decomposition import PCA

from memctl.metrics.frechet import frechet


def exactly(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Examples whose sample mean and diagonal sample covariance are these, to rounding: plus and
    minus each axis.
    """
    d = len(sd)
    cross = np.concatenate([np.eye(d), -np.eye(d)]) * math.sqrt((2 * d - 1) / 2)
    return mean + cross * sd


def frechet_bias(reference: np.ndarray, m: int, n: int) -> float:
    """Its expectation between m and n examples of one Gaussian with the covariance of reference, to
    first order in 1/m + 1/n: the means' part, and the expansion of the covariances'.
    """
    roots = np.linalg.eigvalsh(np.cov(reference.T))
    roots = roots[roots > 1e-12 * roots.max()]
    pairs = np.outer(roots, roots) / np.add.outer(roots, roots)
    return float((1 / m + 1 / n) * (roots.sum() + (pairs.sum() + np.trace(pairs)) / 2))


def by_root(a: np.ndarray, b: np.ndarray) -> float:
    s, t = np.cov(a.T), np.cov(b.T)
    return float(
        ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
        + np.trace(s + t)
        - 2 * np.trace(sqrtm(s @ t)).real
    )


def test_diagonal_covariances_have_a_closed_form():
    mean, sd, other = np.array([1.0, -2, 0]), np.array([1.0, 2, 3]), np.array([2.0, 2, 0])
    found = frechet(exactly(mean, sd), exactly(np.zeros(3), other))
    assert found == pytest.approx((mean**2).sum() + ((sd - other) ** 2).sum())
    one = frechet(
        np.array([[0.0], [2]]), np.array([[5.0], [5.0 + 4]])
    )  # means 1 and 7, standard deviations sqrt 2 and sqrt 8
    assert one == pytest.approx(36 + 2)


@pytest.mark.parametrize(("m", "n"), [(40, 60), (200, 30)])
def test_it_is_the_matrix_root_where_that_is_regular(m: int, n: int):
    rng = np.random.default_rng(0)
    a, b = (
        rng.normal(size=(m, 6)) @ rng.normal(size=(6, 6)),
        1 + rng.normal(size=(n, 6)) @ rng.normal(size=(6, 6)),
    )
    assert frechet(a, b) == pytest.approx(by_root(a, b))
    assert frechet(b, a) == pytest.approx(frechet(a, b))


def test_singular_covariances_keep_their_digits():
    """Fewer examples than components, and a collapsed generator: the root of eigenvalues would be
    off by some 1e-8.
    """
    rng = np.random.default_rng(0)
    a = rng.normal(size=(5, 12))
    assert all(
        0 <= frechet(x, x) < 1e-13 * np.square(x).sum() for x in rng.normal(size=(30, 5, 12))
    )
    assert frechet(a, a + 0.5) == pytest.approx(12 * 0.25, rel=1e-12)
    point = np.repeat(a[:1], 7, axis=0)
    assert frechet(point, a) == pytest.approx(
        np.square(a[0] - a.mean(axis=0)).sum() + np.trace(np.cov(a.T)), rel=1e-12
    )
    assert frechet(point, point) == pytest.approx(0, abs=1e-25)


def test_rotations_and_orders_do_not_matter_and_units_square():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(30, 4)) * [4, 2, 1, 0.1], 1 + rng.normal(size=(40, 4))
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    expected = frechet(a, b)
    assert frechet(a[::-1], b) == pytest.approx(expected)
    assert frechet(a @ turn + 3, b @ turn + 3) == pytest.approx(expected)
    assert frechet(10 * a, 10 * b) == pytest.approx(100 * expected)


@pytest.mark.parametrize("sd", [[1.0] * 6, [5.0, 2, 1, 0.5, 0.1]], ids=["equal", "decaying"])
def test_the_bias_is_the_expected_value_of_fresh_examples(sd: list[float]):
    """80 draws of 150 against 100: their mean within 4 standard errors, and a tenth for what is
    beyond first order.
    """
    rng, d = np.random.default_rng(0), len(sd)
    found = [
        frechet(rng.normal(size=(150, d)) * sd, rng.normal(size=(100, d)) * sd) for _ in range(80)
    ]
    expected = frechet_bias(exactly(np.zeros(d), np.array(sd)), 150, 100)
    assert (
        abs(np.mean(found) - expected) < 4 * np.std(found, ddof=1) / math.sqrt(80) + 0.1 * expected
    )
    assert expected > 4 * np.std(found, ddof=1) / math.sqrt(80)


def test_the_bias_of_equal_axes():
    assert frechet_bias(exactly(np.zeros(6), np.ones(6)), 50, 200) == pytest.approx(
        (1 / 50 + 1 / 200) * (6 + 42 / 4)
    )
    assert frechet_bias(exactly(np.zeros(2), np.array([1.0, 0])), 10, 10) == pytest.approx(
        0.2 * 1.5
    )  # an empty axis


def test_generators_rank_as_their_names_say(made):
    pca = PCA(6).fit(made.train)
    scores = {name: pca.transform(getattr(made, name)) for name in made._fields}
    found = {name: frechet(s, scores["train"]) for name, s in scores.items()}
    bias = frechet_bias(scores["train"], 300, 300)
    assert 0 < found["fresh"] < 3 * bias
    assert found["train"] < 1e-10
    assert found["copies"] < 2 * bias  # no worse than fresh ones: the trap
    assert min(found["shrunk"], found["collapsed"]) > 10 * bias
