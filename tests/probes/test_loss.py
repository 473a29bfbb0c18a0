"""The loss by t: bins, groups, and what two sides' losses tell, against scikit-learn, SciPy and
loops.
"""

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from scipy import stats
from sklearn.metrics import roc_auc_score
from torch import Tensor

from memctl.diffusion.objective import losses
from memctl.probes.loss import GROUP, bins, compare, groups, membership, predict


def sides(n: int = 70, seed: int = 0, rounded: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.round(rng.normal(size=n), rounded), np.round(rng.normal(0.4, 1.3, size=n), rounded)


def labelled_auc(train: np.ndarray, heldout: np.ndarray) -> float:
    """scikit-learn's: a training example is told by a low loss."""
    return float(
        roc_auc_score(
            np.repeat([1, 0], [len(train), len(heldout)]), -np.concatenate([train, heldout])
        )
    )


@pytest.mark.parametrize(
    ("timesteps", "count"), [(1000, 20), (1000, 7), (20, 20), (7, 20), (1, 20)], ids=str
)
def test_bins_cover_every_step_once(timesteps: int, count: int):
    found = bins(timesteps, count)
    assert [t for b in found for t in range(b.low, b.high + 1)] == list(range(1, timesteps + 1))
    assert all(b.low <= t <= b.high for b in found for t in b.steps)
    assert len(found) == min(count, timesteps)


def test_the_steps_of_a_bin_are_the_middles_of_equal_parts():
    assert bins(1000, 20, 4)[0].steps == (7, 19, 32, 44)
    assert bins(1000, 20, 1)[-1].steps == (976,)
    assert bins(40, 20, 2)[3] == (7, 8, (7, 8))


@pytest.mark.parametrize("n", [2, 16, 17, 245, 256], ids=str)
def test_groups_are_consecutive_and_of_almost_one_size(n: int):
    group = groups(n)
    sizes = np.bincount(group)
    assert (np.diff(group) >= 0).all()
    assert sizes.max() <= GROUP
    assert np.ptp(sizes) <= 1
    assert len(sizes) == -(-n // GROUP)


@pytest.mark.parametrize("rounded", [8, 0], ids=["distinct", "ties"])
def test_auc_is_scikit_learns(rounded: int):
    train, heldout = sides(rounded=rounded)
    assert membership(train, heldout)[0] == pytest.approx(labelled_auc(train, heldout))
    group = groups(len(train))
    within = [
        labelled_auc(train[group == g], heldout[group == g]) for g in group
    ]  # one an example: larger groups count more
    assert membership(train, heldout, group)[0] == pytest.approx(np.mean(within))


def test_the_error_of_auc_is_delongs_loop():
    train, heldout = sides(40)
    a = [np.mean([(x < y) + 0.5 * (x == y) for y in heldout]) for x in train]
    b = [np.mean([(x < y) + 0.5 * (x == y) for x in train]) for y in heldout]
    assert membership(train, heldout)[1] == pytest.approx(
        ((np.var(a, ddof=1) + np.var(b, ddof=1)) / 40) ** 0.5
    )


@pytest.mark.parametrize("grouped", [False, True], ids=["all with all", "in groups"])
def test_equal_distributions_are_told_apart_by_chance_alone(grouped: bool):
    rng, n, repeats, group = np.random.default_rng(0), 64, 400, groups(64)
    found = []
    for _ in range(repeats):
        luck = 3 * rng.normal(size=group.max() + 1)[group]  # a group's noise moves all its losses
        train, heldout = (rng.normal(size=n) + (luck if grouped else 0) for _ in range(2))
        found.append(
            (*membership(train, heldout, group if grouped else None), compare(train, heldout))
        )
    auc, error = np.array([f[0] for f in found]), np.array([f[1] for f in found])
    each = np.sqrt((2 * n + 1) / (12 * n * n)) * (
        1.03 if grouped else 1
    )  # of Mann and Whitney's statistic; and of groups of 16
    assert abs(auc.mean() - 0.5) < 4 * each / repeats**0.5
    assert auc.std() == pytest.approx(
        each, rel=4 / (2 * repeats) ** 0.5
    )  # 4 standard errors of a standard deviation
    assert error.mean() == pytest.approx(each, rel=0.08)
    share = 4 * (0.05 * 0.95 / repeats) ** 0.5  # 4 standard errors of a share of 0.95
    assert np.mean(np.abs(auc - 0.5) < 1.96 * error) > 0.95 - share
    assert np.mean([f[2]["gap_low"] <= 0 <= f[2]["gap_high"] for f in found]) > 0.95 - share


def test_the_gap_is_scipys_paired_test():
    train, heldout = sides()
    found, expected = (
        compare(train, heldout),
        stats.ttest_rel(heldout, train).confidence_interval(0.95),
    )
    assert found["gap"] == pytest.approx(heldout.mean() - train.mean())
    assert (found["gap_low"], found["gap_high"]) == pytest.approx((expected.low, expected.high))
    assert found["loss_train"] == pytest.approx(train.mean())
    assert found["loss_heldout_se"] == pytest.approx(stats.sem(heldout))


def test_swapped_sides_turn_the_signs():
    train, heldout = sides()
    ours, theirs = compare(train, heldout, groups(70)), compare(heldout, train, groups(70))
    assert theirs["gap"] == pytest.approx(-ours["gap"])
    assert (theirs["gap_low"], theirs["gap_high"]) == pytest.approx(
        (-ours["gap_high"], -ours["gap_low"])
    )
    assert theirs["auc"] == pytest.approx(1 - ours["auc"])
    assert theirs["auc_se"] == pytest.approx(ours["auc_se"])
    assert theirs["loss_train"] == ours["loss_heldout"]


def test_the_order_within_groups_does_not_matter():
    (train, heldout), group, rng = sides(), groups(70), np.random.default_rng(1)
    within = np.lexsort((rng.random(70), group))
    assert membership(train[within], heldout, group) == pytest.approx(
        membership(train, heldout, group)
    )
    order = rng.permutation(70)
    ours, theirs = (
        compare(train, heldout, group),
        compare(train[order], heldout[order], group[order]),
    )
    assert theirs == pytest.approx(ours)


def test_a_monotone_map_of_the_losses_leaves_auc():
    train, heldout = sides()
    assert membership(np.exp(train), np.exp(heldout), groups(70)) == membership(
        train, heldout, groups(70)
    )


def test_sides_that_do_not_overlap_are_told_apart():
    found = compare(np.arange(5.0), 10 + np.arange(5.0))
    assert (found["auc"], found["auc_se"], found["auc_low"], found["auc_high"]) == (1, 0, 1, 1)
    assert found["gap_low"] == found["gap"] == 10


def test_each_example_is_looked_at_at_its_own_step():
    g, scheduler, counted = torch.Generator().manual_seed(0), DDPMScheduler(1000), []
    x0, eps = torch.randn(7, 2, 5, generator=g), torch.randn(7, 2, 5, generator=g)
    t = torch.tensor([1, 1000, 500, 3, 3, 77, 900])

    def network(x: Tensor, index: Tensor) -> Tensor:
        return 0.3 * x + index[:, None, None] / 1000

    seen = predict(network, scheduler, x0, eps, t, batch=3, advance=counted.append)
    assert counted == [3, 3, 1]
    for i in range(7):
        one = slice(i, i + 1)
        assert seen.losses[i] == pytest.approx(
            losses(network, scheduler, x0[one], t[one] - 1, eps[one]).item(), rel=1e-6
        )
        x_t = scheduler.add_noise(x0[one], eps[one], t[one] - 1)
        torch.testing.assert_close(seen.x_t[one], x_t)
        torch.testing.assert_close(seen.prediction[one], network(x_t, t[one] - 1))
