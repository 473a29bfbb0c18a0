"""Ranks of distances to train: closed forms that hold whatever the data, loops, and generators
whose answer is known.
"""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, mannwhitneyu, ranksums

from memctl.metrics.authenticity import (
    AuthPct,
    authentic,
    authpct,
    c_t,
    identifiability,
    partition,
    z_u,
)
from memctl.metrics.distance import neighbours


def own(train: np.ndarray) -> np.ndarray:
    return neighbours(train, train, own=np.arange(len(train))).first


def percent(samples: np.ndarray, made) -> AuthPct:
    return authpct(
        neighbours(samples, made.train), neighbours(made.heldout, made.train), own(made.train)
    )


def test_authentic_by_hand():
    train = np.array([[0.0], [1.0], [5.0], [5.0]])  # nearest others at 1, 1, 0, 0
    samples = np.array(
        [[0.0], [-2.0], [-1.0], [5.0], [5.1]]
    )  # a copy; 2 and 1 away; an exact and a near copy of a double
    np.testing.assert_array_equal(
        authentic(neighbours(samples, train, "norm"), own(train)), [0, 1, 0, 0, 1]
    )


def test_authentic_is_a_loop(made):
    expected = []
    for g in made.fresh[:40]:
        d = [math.dist(g, x) for x in made.train]
        x = made.train[int(np.argmin(d))]
        expected.append(sorted(math.dist(x, other) for other in made.train)[1] < min(d))
    np.testing.assert_array_equal(
        authentic(neighbours(made.fresh[:40], made.train), own(made.train)), expected
    )


def test_a_third_of_fresh_uniform_numbers_is_authentic():
    """In one dimension a point and its nearest are each other's nearest 2 times in 3 (Poisson), and
    then no x is authentic.
    """
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(30):
        train, fresh = rng.uniform(size=(400, 1)), rng.uniform(size=(200, 1))
        shares.append(authentic(neighbours(fresh, train), own(train)).mean())
    assert (
        abs(np.mean(shares) - 1 / 3) < 4 * np.std(shares, ddof=1) / math.sqrt(30) + 1 / 400
    )  # the ends of the line
    assert np.std(shares, ddof=1) < 0.06


def test_authpct_has_exact_intervals_and_newcombes_difference(made):
    found = percent(made.fresh, made)
    for near, measure in zip((made.fresh, made.heldout), found[:2], strict=True):
        k = int(authentic(neighbours(near, made.train), own(made.train)).sum())
        interval = binomtest(k, len(near)).proportion_ci(method="exact")
        assert measure == pytest.approx(
            (100 * k / len(near), 100 * interval.low, 100 * interval.high)
        )
    p, q = found.samples, found.heldout
    assert found.difference.value == pytest.approx(p.value - q.value)
    assert found.difference.low == pytest.approx(
        p.value - q.value - math.hypot(p.value - p.low, q.high - q.value)
    )
    assert found.difference.high == pytest.approx(
        p.value - q.value + math.hypot(p.high - p.value, q.value - q.low)
    )
    near = neighbours(made.heldout, made.train)
    assert authpct(near, near, own(made.train)).difference.value == 0


def test_authpct_of_known_generators(made):
    assert percent(made.copies, made).samples.value == 0
    assert percent(made.copies, made).difference.high < 0
    fresh = percent(made.fresh, made).difference
    assert fresh.low < 0 < fresh.high
    assert percent(made.noisy, made).difference.low > 0
    assert percent(made.shrunk, made).difference.high < 0  # no copies: the trap
    half = np.concatenate([made.copies[:150], made.fresh[150:]])
    fair = 100 * authentic(neighbours(made.fresh[150:], made.train), own(made.train)).mean()
    assert percent(half, made).samples.value == pytest.approx(fair / 2)


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


def share(pool: np.ndarray, n: int) -> float:
    train, samples = pool[:n], pool[n:]
    return identifiability(neighbours(train, samples).first, own(train)).value


def test_identifiability_by_hand():
    found = identifiability(np.array([0.0, 1, 2, 3]), np.array([1.0, 1, 3, 0]))
    interval = binomtest(2, 4).proportion_ci(method="exact")
    assert found == pytest.approx((0.5, interval.low, interval.high))  # a tie is not nearer


@pytest.mark.parametrize(("m", "n"), [(40, 40), (20, 60)])
def test_fresh_examples_identify_m_in_m_plus_n_minus_1(m: int, n: int):
    """Whatever the data; 60 draws, 4 standard errors of their mean."""
    rng, found = np.random.default_rng(0), []
    for _ in range(60):
        found.append(share(rng.standard_t(3, size=(m + n, 3)) * [1, 5, 0.1], n))
    assert abs(np.mean(found) - m / (m + n - 1)) < 4 * np.std(found, ddof=1) / math.sqrt(60)
    assert np.std(found) < 0.12


def test_identifiability_of_known_generators(made):
    value = {
        name: share(np.concatenate([made.train, getattr(made, name)]), 300) for name in made._fields
    }
    assert value["train"] == 1  # every example copied
    # Copies with replacement: just those copied, as no other example is nearer than the nearest
    # other example.
    assert value["copies"] == len(np.unique(made.copies, axis=0)) / 300
    assert abs(value["fresh"] - 300 / 599) < 4 * math.sqrt(
        0.25 / 300
    )  # optimistic: neighbours are shared
    assert value["collapsed"] < 0.1
    assert value["noisy"] < value["fresh"]
    assert (
        share(np.concatenate([made.train, np.repeat(made.train[:1], 300, axis=0)]), 300) == 1 / 300
    )
