"""Stratified draws: the same distribution at every place, one draw a stratum, in random order, and
less variance.
"""

import math

import numpy as np
import pytest
import torch

from memctl.samplers import (
    BetaSampler,
    FixedSampler,
    IntervalSampler,
    LaplaceSampler,
    LogitNormalSampler,
    ScheduleSampler,
    TimestepSampler,
    UniformSampler,
)

EXAMPLES: dict[str, TimestepSampler] = {
    "uniform": UniformSampler(),
    "interval": IntervalSampler(low=100, high=300),
    "right edge": IntervalSampler(low=900, high=1000),
    "logit-normal": LogitNormalSampler(),
    "laplace": LaplaceSampler(),
    "beta": BetaSampler(alpha=0.4, beta=0.5),
}
every = pytest.mark.parametrize("sampler", EXAMPLES.values(), ids=EXAMPLES.keys())


def batches(sampler: TimestepSampler, count: int, n: int, seed: int = 0) -> torch.Tensor:
    g = torch.Generator().manual_seed(seed)
    return torch.stack([sampler.stratified(n, g) for _ in range(count)])


def independent(sampler: TimestepSampler, count: int, n: int, seed: int = 1) -> torch.Tensor:
    return sampler.sample(count * n, torch.Generator().manual_seed(seed)).view(count, n)


@pytest.mark.parametrize("n", [1, 2, 7, 64, 1000])
@every
def test_each_stratum_has_exactly_one_draw(sampler: TimestepSampler, n: int):
    """Sorted, draw i is a step whose share of the cdf, (P(step < t), P(step <= t)], meets the
    stratum [i/n, (i + 1)/n].
    """
    below, cdf = np.concatenate([[0], sampler.cdf[:-1]]), sampler.cdf
    for batch in batches(sampler, 20, n):
        t = np.sort(batch.numpy())
        assert (below[t] <= (np.arange(n) + 1) / n + 1e-12).all()
        assert (cdf[t] >= np.arange(n) / n - 1e-12).all()


def test_where_strata_are_whole_steps_each_is_drawn_as_often_as_is_due():
    for batch in batches(UniformSampler(20), 50, 60):
        assert np.bincount(batch.numpy(), minlength=20).tolist() == [3] * 20


@every
def test_each_place_of_a_batch_has_the_distribution(sampler: TimestepSampler):
    count = 4000
    drawn = batches(sampler, count, 8).numpy()
    p = np.array([part.sum() for part in np.array_split(sampler.pmf, 10)])
    for place in range(8):
        found = np.bincount(drawn[:, place] // 100, minlength=10) / count
        assert (
            np.abs(found - p) <= 4 * np.sqrt(p * (1 - p) / count) + 1 / count
        ).all()  # 4 standard errors of a share of `count`


@every
def test_the_order_is_random(sampler: TimestepSampler):
    count, n = 2000, 16
    drawn = batches(sampler, count, n).double()
    centred = drawn - drawn.mean(dim=1, keepdim=True)
    place = torch.arange(n).double() - (n - 1) / 2
    # In each batch a random order has a correlation with the place of mean 0 and variance 1/(n -
    # 1).
    r = (centred @ place) / (centred.norm(dim=1) * place.norm())
    assert abs(float(r.mean())) <= 4 / math.sqrt((n - 1) * count)
    assert float(r.var()) == pytest.approx(
        1 / (n - 1), rel=4 * math.sqrt(2 / count)
    )  # a variance's own 4 standard errors
    neighbours = ((centred[:, 1:] * centred[:, :-1]).sum(1) / centred.square().sum(1)).mean()
    # Of n values that sum to 0, two at random have the correlation -1/(n - 1): over n - 1 pairs,
    # -1/n of the sum of squares.
    assert float(neighbours) == pytest.approx(-1 / n, abs=4 / math.sqrt(n * count))


def within_strata(sampler: TimestepSampler, f: np.ndarray, n: int) -> float:
    """The variance of the mean of f over a batch, sum_i Var(f | stratum i) / n^2, from the overlaps
    of strata and steps.
    """
    low, high = np.concatenate([[0], sampler.cdf[:-1]]), sampler.cdf
    total = 0.0
    for i in range(n):
        share = n * np.clip(np.minimum(high, (i + 1) / n) - np.maximum(low, i / n), 0, None)
        total += share @ f**2 - (share @ f) ** 2
    return total / n**2


# That variance as a share of the variance of independent draws, at most, for batches of 8, 32 and
# 128. For a smooth quantile it falls as 1/n^2. Where a share of uniform is mixed in, or a tail is
# long, a few strata hold all of the small t, and it falls as 1/n or so.
SHARES = {
    "uniform": (0.35, 0.07, 0.006),
    "interval": (0.28, 0.05, 0.005),
    "right edge": (0.68, 0.30, 0.06),
    "logit-normal": (0.26, 0.09, 0.03),
    "laplace": (0.27, 0.11, 0.05),
    "beta": (0.05, 0.004, 0.0004),
}


@pytest.mark.parametrize(("n", "column"), [(8, 0), (32, 1), (128, 2)], ids=["8", "32", "128"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_variance_of_a_batch_is_lower_and_as_computed(name: str, n: int, column: int):
    sampler = EXAMPLES[name]
    count = 1500
    f = 1 / (1 + np.arange(1, 1001) / 20)  # falls as the loss of the noise does
    exact = sampler.pmf @ f
    variances = {
        "stratified": within_strata(sampler, f, n),
        "independent": float(sampler.pmf @ (f - exact) ** 2) / n,
    }
    assert variances["stratified"] <= SHARES[name][column] * variances["independent"]
    for kind, batch in (
        ("stratified", batches(sampler, count, n)),
        ("independent", independent(sampler, count, n)),
    ):
        means = torch.from_numpy(f)[batch].mean(dim=1).numpy()
        # 4 standard errors of a mean of `count` values, and of their variance, by its fourth
        # moment; the table's rounding
        assert abs(means.mean() - exact) <= 4 * means.std() / math.sqrt(count) + 1e-6
        error = math.sqrt(np.mean((means - exact) ** 4) - means.var() ** 2) / math.sqrt(count)
        assert abs(means.var() - variances[kind]) <= 4 * error


def test_the_variance_of_a_smooth_mean_falls_with_the_cube_of_the_batch():
    """For f(t) = t and uniform t: independent, Var t / n; stratified, Var t / n^3, while strata
    hold many steps.
    """
    count = 4000
    for n in (4, 16):
        found = float(batches(UniformSampler(), count, n).double().mean(dim=1).var())
        expected = (1000**2 - 1) / 12 / n**3
        # 4 standard errors of a variance, sqrt(2 / count) each; within a step t does not vary,
        # under 1 % for 1000/16 steps a stratum
        assert found == pytest.approx(expected, rel=4 * math.sqrt(2 / count) + 0.01)


@pytest.mark.parametrize("mode", ["sample", "weight", "correct"])
def test_every_use_of_a_sampler_can_be_stratified(mode: str):
    n, count = 32, 1000
    loss = 1 / (1 + torch.arange(1000).double() / 20)
    sampler = IntervalSampler(low=100, high=900)
    variance = {}
    for stratified in (False, True):
        drawing, g = (
            ScheduleSampler(sampler, mode, stratified=stratified),
            torch.Generator().manual_seed(3),
        )
        drawn = [drawing.sample(n, generator=g) for _ in range(count)]
        means = torch.stack([(w.double() * loss[t]).mean() for t, w in drawn])
        exact = float((drawing.weights() * drawing.loss_weights) @ loss.numpy())
        assert abs(float(means.mean()) - exact) <= 4 * float(means.std()) / math.sqrt(count) + 1e-5
        variance[stratified] = float(means.var())
    assert variance[True] < 0.2 * variance[False]


def test_a_point_is_drawn_all_the_same():
    assert FixedSampler(t=7).stratified(5).tolist() == [6] * 5
