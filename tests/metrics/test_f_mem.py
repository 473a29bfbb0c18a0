"""The signs of copying, on generators whose answer is known."""

import numpy as np
import pytest
from scipy.stats import binomtest

from memctl.data import split
from memctl.data.base import Examples
from memctl.metrics import dcr, f_mem
from memctl.metrics.distance import Neighbours, distances, neighbours, scan
from memctl.metrics.generators import blur

N, D = 200, 24


@pytest.fixture(scope="module")
def sides() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Train, held-out and fresh examples of one distribution: smooth signals of 6 factors."""
    rng = np.random.default_rng(0)
    basis = np.sin(np.outer(np.arange(1, 7), np.linspace(0, np.pi, D)))
    train, heldout, fresh = (
        rng.normal(size=(N, 6)) @ basis + 0.02 * rng.normal(size=(N, D)) for _ in range(3)
    )
    return train, heldout, fresh


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def pair(
    samples: np.ndarray, train: np.ndarray, heldout: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Distances to the nearest of either side, which are the one pair of sides: shape (1, m)."""
    return neighbours(samples, train).first[None], neighbours(samples, heldout).first[None]


def near(first: list[float], second: list[float]) -> Neighbours:
    return Neighbours(
        np.array(first), np.array(second), np.zeros(len(first), int), np.ones(len(first))
    )


def test_f_mem_is_the_share_below_the_threshold(sides):
    train, _, fresh = sides
    found = neighbours(fresh, train)
    for threshold in (0.2, 1 / 3, 0.8, 0.95):
        hits = 0
        for g in fresh:
            d = sorted(np.sqrt(((g - x) ** 2).mean()) for x in train)
            hits += d[0] / d[1] < threshold
        measured = f_mem.f_mem(found, threshold)
        interval = binomtest(hits, N).proportion_ci(method="exact")
        assert measured.value == hits / N
        assert (measured.low, measured.high) == pytest.approx((interval.low, interval.high))


def test_the_threshold_itself_is_no_hit():
    assert (
        f_mem.f_mem(near([1, 1 - 1e-9, 0, 0], [2, 2, 1, 0]), 0.5).value == 0.5
    )  # the second and the third


def test_copies_have_a_example_to_themselves(sides, rng: np.random.Generator):
    train, heldout, _ = sides
    copies = train[rng.integers(N, size=N)]
    assert f_mem.f_mem(neighbours(copies, train)).value == 1
    assert (f_mem.ratios(neighbours(copies, train)) == 0).all()
    assert dcr.dcr_share(*pair(copies, train, heldout), rng, 100) == (1, 1, 1)
    assert dcr.delta_nn(*pair(copies, train, heldout), rng, 100).low > 0


def test_fresh_examples_are_fair(sides, rng: np.random.Generator):
    train, heldout, fresh = sides
    assert f_mem.f_mem(neighbours(fresh, train)).value <= 0.02
    share = dcr.dcr_share(*pair(fresh, train, heldout), rng, 500)
    # 200 fresh examples: a share of 0.5 has the standard error 0.035; its 95 % interval of about
    # +-0.07 holds 0.5 at this seed.
    assert share.low <= 0.5 <= share.high
    assert abs(share.value - 0.5) < 4 * 0.035
    delta = dcr.delta_nn(*pair(fresh, train, heldout), rng, 500)
    assert delta.low <= 0 <= delta.high


@pytest.mark.parametrize("copied", [0.1, 0.5, 0.9])
def test_a_share_of_copies_is_seen_by_both(sides, rng: np.random.Generator, copied: float):
    train, heldout, fresh = sides
    samples = np.concatenate([train[: int(copied * N)], fresh[int(copied * N) :]])
    hits = round(N * f_mem.f_mem(neighbours(samples, train)).value)
    chance = sum(f_mem.ratios(neighbours(fresh[int(copied * N) :], train)) < 1 / 3)
    assert hits == int(copied * N) + chance
    # Copies are all nearer to train, fresh ones half of them: 0.5 + copied/2, with a standard error
    # below sqrt(0.25/200) = 0.035.
    assert (
        abs(dcr.dcr_share(*pair(samples, train, heldout), rng, 50).value - (0.5 + copied / 2))
        < 4 * 0.035
    )


def test_soft_copies_hide_from_f_mem_alone(sides, rng: np.random.Generator):
    train, heldout, _ = sides
    d1 = np.median(neighbours(train, train, own=np.arange(len(train))).first)
    soft = train + 0.7 * d1 * rng.normal(size=train.shape)
    assert f_mem.f_mem(neighbours(soft, train)).value < 0.1
    assert dcr.dcr_share(*pair(soft, train, heldout), rng, 50).low > 0.6


@pytest.mark.parametrize("kind", ["blurred", "shrunk to the mean"])
def test_blur_is_no_copying(sides, kind: str):
    train, _, fresh = sides
    samples = (
        blur(fresh[:, None])[:, 0] if kind == "blurred" else 0.5 * fresh + 0.5 * train.mean(axis=0)
    )
    assert f_mem.f_mem(neighbours(samples, train)).value <= 0.02


def test_the_duplicate_trap(sides):
    train = sides[0]
    doubled = np.concatenate([train, train])
    assert f_mem.f_mem(neighbours(train, doubled)).value == 0  # every copy has two nearest examples
    assert (f_mem.ratios(neighbours(train, doubled)) == 1).all()
    # The split takes duplicates out first, and copies are seen again.
    kept = split(Examples(doubled[:, None].astype(np.float32))).train[:, 0].astype(float)
    assert f_mem.f_mem(neighbours(kept, kept)).value == 1


def test_ratios():
    np.testing.assert_array_equal(f_mem.ratios(near([1, 0, 0, 2], [4, 3, 0, 2])), [0.25, 0, 1, 1])


def test_ties_count_half(rng: np.random.Generator):
    x, y = np.array([1.0, 2, 3, 0]), np.array([2.0, 2, 1, 0])
    np.testing.assert_array_equal(dcr.closer_to_train(x, y), [1, 0.5, 0, 0.5])
    assert dcr.dcr_share(x[None], y[None], rng, 10).value == 0.5
    assert dcr.dcr_share(x[None], x[None], rng, 10) == (0.5, 0.5, 0.5)


def test_the_value_is_the_mean_over_pairs_of_sides(rng: np.random.Generator):
    x, y = rng.normal(size=(2, 3, 40))
    each = [dcr.dcr_share(x[k : k + 1], y[k : k + 1], rng, 10).value for k in range(3)]
    assert dcr.dcr_share(x, y, rng, 10).value == pytest.approx(np.mean(each))
    assert dcr.delta_nn(x, y, rng, 10).value == pytest.approx(np.mean(y - x))


def test_delta_nn_is_a_paired_difference(sides, rng: np.random.Generator):
    train, heldout, fresh = sides
    expected = np.mean(
        [
            min(np.sqrt(((g - y) ** 2).mean()) for y in heldout)
            - min(np.sqrt(((g - x) ** 2).mean()) for x in train)
            for g in fresh
        ]
    )
    assert dcr.delta_nn(*pair(fresh, train, heldout), rng, 20).value == pytest.approx(expected)
    swapped = dcr.delta_nn(*pair(fresh, heldout, train), rng, 20).value
    assert swapped == pytest.approx(-expected)
    assert dcr.dcr_share(*pair(fresh, heldout, train), rng, 20).value == pytest.approx(
        1 - dcr.dcr_share(*pair(fresh, train, heldout), rng, 20).value
    )


def test_the_permutation_p_is_uniform_for_fresh_examples_and_small_for_copies():
    """Fresh draws: 40 p values, of which 8 are expected in (0, .2]; 4 standard errors are 4 *
    sqrt(40 * .2 * .8) = 10.1.
    """
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        pool, fresh = rng.normal(size=(40, 3)), rng.normal(size=(60, 3))
        found.append(dcr.permutation_p(scan(fresh, pool).tied, np.arange(40) < 20, rng, 99))
    assert sum(p <= 0.2 for p in found) <= 18
    copies = pool[rng.integers(20, size=60)]
    assert dcr.permutation_p(scan(copies, pool).tied, np.arange(40) < 20, rng, 99) == 1 / 100


def test_the_permutation_p_is_that_of_the_distances_themselves(rng: np.random.Generator):
    """Against the share computed anew from all distances for every relabelling; whole numbers, so
    that there are ties.
    """
    pool, samples = (
        rng.integers(4, size=(30, 2)).astype(float),
        rng.integers(4, size=(25, 2)).astype(float),
    )
    d, labels = distances(samples, pool), np.arange(30) < 12

    def share(mine: np.ndarray) -> float:
        return dcr.closer_to_train(d[:, mine].min(axis=1), d[:, ~mine].min(axis=1)).mean()

    tied = scan(samples, pool).tied
    assert len(tied[0]) > len(samples)
    again = np.random.default_rng(7)
    expected = (
        1 + sum(share(again.permutation(labels)) >= share(labels) for _ in range(200))
    ) / 201
    assert dcr.permutation_p(tied, labels, np.random.default_rng(7), 200) == expected
