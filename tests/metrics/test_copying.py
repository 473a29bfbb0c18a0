"""The signs of copying, on generators whose answer is known."""

import numpy as np
import pytest
from scipy.stats import binomtest

from memctl.data import split
from memctl.data.base import Examples
from memctl.metrics import copying
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
    return neighbours(samples, train).first, neighbours(samples, heldout).first


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
        measured = copying.f_mem(found, threshold)
        interval = binomtest(hits, N).proportion_ci(method="exact")
        assert measured.value == hits / N
        assert (measured.low, measured.high) == pytest.approx((interval.low, interval.high))


def test_the_threshold_itself_is_no_hit():
    assert (
        copying.f_mem(near([1, 1 - 1e-9, 0, 0], [2, 2, 1, 0]), 0.5).value == 0.5
    )  # the second and the third


def test_copies_have_a_example_to_themselves(sides, rng: np.random.Generator):
    train, heldout, _ = sides
    copies = train[rng.integers(N, size=N)]
    assert copying.f_mem(neighbours(copies, train)).value == 1
    assert (copying.ratios(neighbours(copies, train)) == 0).all()
    assert copying.dcr_share(*pair(copies, train, heldout), rng, 100) == (1, 1, 1)
    assert copying.delta_nn(*pair(copies, train, heldout), rng, 100).low > 0


def test_fresh_examples_are_fair(sides, rng: np.random.Generator):
    train, heldout, fresh = sides
    assert copying.f_mem(neighbours(fresh, train)).value <= 0.02
    share = copying.dcr_share(*pair(fresh, train, heldout), rng, 500)
    # 200 fresh examples: a share of 0.5 has the standard error 0.035; its 95 % interval of about
    # +-0.07 holds 0.5 at this seed.
    assert share.low <= 0.5 <= share.high
    assert abs(share.value - 0.5) < 4 * 0.035
    delta = copying.delta_nn(*pair(fresh, train, heldout), rng, 500)
    assert delta.low <= 0 <= delta.high


@pytest.mark.parametrize("copied", [0.1, 0.5, 0.9])
def test_a_share_of_copies_is_seen_by_both(sides, rng: np.random.Generator, copied: float):
    train, heldout, fresh = sides
    samples = np.concatenate([train[: int(copied * N)], fresh[int(copied * N) :]])
    hits = round(N * copying.f_mem(neighbours(samples, train)).value)
    chance = sum(copying.ratios(neighbours(fresh[int(copied * N) :], train)) < 1 / 3)
    assert hits == int(copied * N) + chance
    # Copies are all nearer to train, fresh ones half of them: 0.5 + copied/2, with a standard error
    # below sqrt(0.25/200) = 0.035.
    assert (
        abs(copying.dcr_share(*pair(samples, train, heldout), rng, 50).value - (0.5 + copied / 2))
        < 4 * 0.035
    )


def test_soft_copies_hide_from_f_mem_alone(sides, rng: np.random.Generator):
    train, heldout, _ = sides
    d1 = np.median(neighbours(train, train, own=np.arange(len(train))).first)
    soft = train + 0.7 * d1 * rng.normal(size=train.shape)
    assert copying.f_mem(neighbours(soft, train)).value < 0.1
    assert copying.dcr_share(*pair(soft, train, heldout), rng, 50).low > 0.6


@pytest.mark.parametrize("kind", ["blurred", "shrunk to the mean"])
def test_blur_is_no_copying(sides, kind: str):
    train, _, fresh = sides
    samples = (
        blur(fresh[:, None])[:, 0] if kind == "blurred" else 0.5 * fresh + 0.5 * train.mean(axis=0)
    )
    assert copying.f_mem(neighbours(samples, train)).value <= 0.02


def test_the_duplicate_trap(sides):
    train = sides[0]
    doubled = np.concatenate([train, train])
    assert (
        copying.f_mem(neighbours(train, doubled)).value == 0
    )  # every copy has two nearest examples
    assert (copying.ratios(neighbours(train, doubled)) == 1).all()
    # The split takes duplicates out first, and copies are seen again.
    kept = split(Examples(doubled[:, None].astype(np.float32))).train[:, 0].astype(float)
    assert copying.f_mem(neighbours(kept, kept)).value == 1


def test_ratios():
    np.testing.assert_array_equal(copying.ratios(near([1, 0, 0, 2], [4, 3, 0, 2])), [0.25, 0, 1, 1])


def test_ties_count_half(rng: np.random.Generator):
    x, y = np.array([1.0, 2, 3, 0]), np.array([2.0, 2, 1, 0])
    np.testing.assert_array_equal(copying.closer_to_train(x, y), [1, 0.5, 0, 0.5])
    assert copying.dcr_share(x, y, rng, 10).value == 0.5
    assert copying.dcr_share(x, x, rng, 10) == (0.5, 0.5, 0.5)


def test_delta_nn_is_a_paired_difference(sides, rng: np.random.Generator):
    train, heldout, fresh = sides
    expected = np.mean(
        [
            min(np.sqrt(((g - y) ** 2).mean()) for y in heldout)
            - min(np.sqrt(((g - x) ** 2).mean()) for x in train)
            for g in fresh
        ]
    )
    assert copying.delta_nn(*pair(fresh, train, heldout), rng, 20).value == pytest.approx(expected)
    swapped = copying.delta_nn(*pair(fresh, heldout, train), rng, 20).value
    assert swapped == pytest.approx(-expected)
    assert copying.dcr_share(*pair(fresh, heldout, train), rng, 20).value == pytest.approx(
        1 - copying.dcr_share(*pair(fresh, train, heldout), rng, 20).value
    )


def test_the_permutation_p_is_uniform_for_fresh_examples_and_small_for_copies():
    """Fresh draws: 40 p values, of which 8 are expected in (0, .2]; 4 standard errors are 4 *
    sqrt(40 * .2 * .8) = 10.1.
    """
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        pool, fresh = rng.normal(size=(40, 3)), rng.normal(size=(60, 3))
        found.append(copying.permutation_p(scan(fresh, pool).tied, np.arange(40) < 20, rng, 99))
    assert sum(p <= 0.2 for p in found) <= 18
    copies = pool[rng.integers(20, size=60)]
    assert copying.permutation_p(scan(copies, pool).tied, np.arange(40) < 20, rng, 99) == 1 / 100


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
        return copying.closer_to_train(d[:, mine].min(axis=1), d[:, ~mine].min(axis=1)).mean()

    tied = scan(samples, pool).tied
    assert len(tied[0]) > len(samples)
    again = np.random.default_rng(7)
    expected = (
        1 + sum(share(again.permutation(labels)) >= share(labels) for _ in range(200))
    ) / 201
    assert copying.permutation_p(tied, labels, np.random.default_rng(7), 200) == expected


def nearest(samples: np.ndarray, train: np.ndarray, k: int) -> np.ndarray:
    return np.sort(distances(samples, train), axis=1)[:, :k]


def test_the_adaptive_ratio_in_closed_form():
    d = np.array([[1.0, 2, 3], [0, 2, 4], [2, 2, 2], [0, 0, 0]])
    np.testing.assert_allclose(
        copying.adaptive_ratio(d), [1, 0, 2, 2]
    )  # all alike, and all equal: 1/alpha
    np.testing.assert_allclose(copying.adaptive_ratio(d, alpha=1), [0.5, 0, 1, 1])


def test_the_adaptive_ratio_is_a_loop(sides):
    train, _, fresh = sides
    expected = []
    for g in fresh[:20]:
        d = sorted(np.sqrt(((g - x) ** 2).mean()) for x in train)[:50]
        expected.append(d[0] / (0.5 * sum(d) / 50))
    np.testing.assert_allclose(copying.adaptive_ratio(nearest(fresh[:20], train, 50)), expected)
    np.testing.assert_allclose(
        copying.adaptive_ratio(1e-3 * nearest(fresh[:20], train, 50)), expected
    )  # no unit


def test_the_adaptive_ratio_sees_a_copy_of_a_duplicate(sides):
    train = sides[0]
    doubled = np.concatenate([train, train])
    assert copying.f_mem(neighbours(train, doubled)).value == 0
    assert (copying.adaptive_ratio(nearest(train, doubled, 50)) == 0).all()
    soft = train + 0.1 * np.median(
        neighbours(train, train, own=np.arange(len(train))).first
    ) * np.random.default_rng(0).normal(size=train.shape)
    assert (copying.adaptive_ratio(nearest(soft, train, 50)) < 1).all()


@pytest.mark.parametrize("dimensions", [1, 4, 6, 10, 20])
def test_the_adaptive_cut_passes_fresh_examples_of_few_dimensions(dimensions: int):
    """Distances to uniform examples around one: d^dimensions is uniform. 1000 samples, 4 standard
    errors; 0.02 for the approximation.
    """
    d = np.sort(np.random.default_rng(0).uniform(size=(1000, 500)) ** (1 / dimensions), axis=1)[
        :, :50
    ]
    expected = 1 - np.exp(-50 * (0.5 * dimensions / (dimensions + 1)) ** dimensions)
    assert abs((copying.adaptive_ratio(d) < 1).mean() - expected) < 4 * (0.25 / 1000) ** 0.5 + 0.02
