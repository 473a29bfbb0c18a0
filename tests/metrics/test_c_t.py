"""C_T: rank statistics against SciPy's, a loop over cells, its null, and generators whose answer is
known.
"""

import math

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, ranksums

from memctl.metrics.c_t import c_t, partition, z_u
from memctl.metrics.distance import neighbours


def test_z_u_is_the_rank_sum_statistic():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=70), rng.normal(0.3, 1, size=50)
    assert z_u(a, b) == pytest.approx(ranksums(a, b).statistic)
    assert z_u(b, a) == pytest.approx(-z_u(a, b))
    assert z_u(np.exp(a), np.exp(b)) == pytest.approx(z_u(a, b))
    wins = np.mean(
        [(x > y) + (x == y) / 2 for x in np.round(a, 1) for y in np.round(b, 1)]
    )  # with ties
    assert z_u(np.round(a, 1), np.round(b, 1)) == pytest.approx(
        (wins - 0.5) * 3500 / math.sqrt(3500 * 121 / 12)
    )
    assert z_u(np.zeros(70), np.ones(50)) == pytest.approx(-math.sqrt(3 * 3500 / 121))
    assert z_u(np.zeros(70), np.zeros(50)) == 0


def test_one_cell_is_no_cell(made):
    one = c_t(made.fresh, made.heldout, made.train, partition(made.train, 1))
    whole = z_u(
        neighbours(made.fresh, made.train).first, neighbours(made.heldout, made.train).first
    )
    assert one.value == pytest.approx(whole)
    assert one.sd == 1


def test_cells_follow_the_seed():
    x = np.random.default_rng(0).uniform(
        size=(150, 4)
    )  # no clusters, so the best of 10 starts is a matter of chance
    centres = [partition(x, 9, seed).cluster_centers_ for seed in (0, 0, 1)]
    np.testing.assert_array_equal(centres[0], centres[1])
    assert not np.allclose(np.sort(centres[0], axis=0), np.sort(centres[2], axis=0))


def test_c_t_is_a_loop_over_cells(made):
    cells = partition(made.train, 3, seed=1)
    found = c_t(made.fresh, made.heldout, made.train, cells)
    centres = cells.cluster_centers_

    def side(examples: np.ndarray, c: int) -> np.ndarray:
        return np.array([x for x in examples if np.argmin(((x - centres) ** 2).sum(axis=1)) == c])

    z, weight = [], []
    for c in range(3):
        g, y, x = (side(examples, c) for examples in (made.fresh, made.heldout, made.train))
        d_g, d_y = ([min(math.dist(a, b) for b in x) for a in s] for s in (g, y))
        u = mannwhitneyu(d_g, d_y).statistic
        z.append(
            (u - len(g) * len(y) / 2) / math.sqrt(len(g) * len(y) * (len(g) + len(y) + 1) / 12)
        )
        weight.append(len(y) / len(made.heldout))
    np.testing.assert_allclose(found.z, z)
    np.testing.assert_allclose(found.weight, weight)
    assert found.value == pytest.approx(np.dot(weight, z))
    assert found.sd == pytest.approx(math.sqrt(sum(w**2 for w in weight)))


def test_cells_without_enough_examples_do_not_count():
    """Four cells at the corners: few samples in one, no held-out example in another, one training
    example in the third.
    """
    rng = np.random.default_rng(0)
    at = lambda x, y, n: rng.normal((100 * x, 100 * y), 1, size=(n, 2))
    train = np.concatenate([at(0, 0, 30), at(1, 0, 30), at(0, 1, 30), at(1, 1, 1)])
    heldout = np.concatenate([at(0, 0, 30), at(1, 0, 30), at(1, 1, 40)])
    samples = np.concatenate([at(0, 0, 40), at(1, 0, 20), at(0, 1, 40), at(1, 1, 40)])
    cells = partition(train, 4)
    found = c_t(samples, heldout, train, cells)  # more than 20 samples, so the second cell is out
    kept = cells.predict(np.zeros((1, 2)))[0]
    assert found.weight[kept] == 1
    assert found.weight.sum() == 1
    assert found.value == found.z[kept]
    assert np.isnan(found.z).sum() == 3
    both = c_t(samples, heldout, train, cells, tau=0.1)
    np.testing.assert_allclose(
        np.sort(both.weight), [0, 0, 0.5, 0.5]
    )  # weighed by held-out examples
    none = c_t(samples, heldout, train, cells, tau=1.0)
    assert np.isnan(none.value)
    assert none.weight.sum() == 0


def test_the_null_of_c_t_is_normal_with_its_sd():
    """value / sd of 60 perfect models: mean 0 and standard deviation 1, in 4 standard errors,
    4/sqrt(60) and 4/sqrt(120).
    """
    rng, found = np.random.default_rng(0), []
    train = rng.normal(size=(90, 3)) * [3, 1, 1]
    cells = partition(train)
    for _ in range(60):
        result = c_t(
            rng.normal(size=(100, 3)) * [3, 1, 1],
            rng.normal(size=(80, 3)) * [3, 1, 1],
            train,
            cells,
        )
        assert result.sd < 1
        found.append(result.value / result.sd)
    assert abs(np.mean(found)) < 4 / math.sqrt(60)
    assert abs(np.std(found, ddof=1) - 1) < 4 / math.sqrt(120)


def test_c_t_of_known_generators(made):
    cells = partition(made.train)
    at = {name: c_t(getattr(made, name), made.heldout, made.train, cells) for name in made._fields}
    z = {name: result.value / result.sd for name, result in at.items()}
    assert abs(z["fresh"]) < 4
    assert z["copies"] < -15  # of a bound of sqrt(3 * 300^2 / 601) = 21
    assert z["noisy"] > 4
    assert z["shrunk"] < -4  # no copies: the trap
    few = np.concatenate([made.copies[:9], made.fresh[9:]])
    assert (
        c_t(few, made.heldout, made.train, cells).value > at["fresh"].value - 4 * at["fresh"].sd
    )  # 3 %: not seen
