"""Distance to the closest training example beside that to the closest held-out one (DCR).

Notation: G generated, X train, Y held-out, X and Y of equal size.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from memctl.metrics.claims import COPIES, SOFT_COPIES
from memctl.metrics.comparison import Comparison
from memctl.metrics.means import mean_of, resampling_floor
from memctl.metrics.measure import Floats, Measure, mean
from memctl.metrics.metric import Metric, Reader
from memctl.metrics.sides import equal_sides

PERMUTATIONS = 199  # at least: of fewer than 99 no p is as small as 0.01


def closer_to_train(d_train: Floats, d_heldout: Floats) -> Floats:
    """1 for each sample nearer to X than to Y, 1/2 for a tie, else 0."""
    return (d_train < d_heldout) + 0.5 * (d_train == d_heldout)


def dcr_share(
    d_train: Floats, d_heldout: Floats, rng: np.random.Generator, repeats: int
) -> Measure:
    """Share of G nearer to X than to Y, X and Y of equal size.

    The interval is a bootstrap over G with X and Y as they are; `permutation_p` is the test that
    allows for their chance.

    Range [0, 1]; 0.5 says that train examples have no advantage over held-out ones, 1 that every
    sample follows train. Needs X and Y exchangeable. First-order blind to image quality; weak for
    few exact copies, which f_mem sees.
    Source: distance-to-closest-example practice for synthetic tables (SDMetrics'
    DCROverfittingProtection).

    Args:
        d_train, d_heldout: Each sample's distance to its nearest of X and of Y, by pair of sides of
            equal size, shape (pairs, m); the value is the mean over pairs.
    """
    return mean(closer_to_train(d_train, d_heldout).mean(axis=0), rng, repeats)


def delta_nn(d_train: Floats, d_heldout: Floats, rng: np.random.Generator, repeats: int) -> Measure:
    """Mean of d(g, Y) - d(g, X), X and Y of equal size, in units of the distance: positive is
    nearer to train, 0 is fair. Arguments as of `dcr_share`.
    """
    return mean(d_heldout.mean(axis=0) - d_train.mean(axis=0), rng, repeats)


def permutation_p(
    tied: tuple[np.ndarray, np.ndarray], train: np.ndarray, rng: np.random.Generator, repeats: int
) -> float:
    """One-sided p of dcr_share: how often a random split of the pool into train and held-out gives
    G as large a share.

    It holds G fixed and asks whether the labels matter, so it allows for what a bootstrap over G
    leaves out: that X and Y are samples too. Small p: G is nearer to train than a split at random
    would make it. Range [1/(repeats + 1), 1].

    Args:
        tied: Each sample with every example of the pool that is nearest to it (`Scan.tied`).
        train: Which examples of the pool are X, bool, shape (N,).
    """
    sample, example = tied
    first = np.flatnonzero(np.diff(sample, prepend=-1))

    def share(labels: np.ndarray) -> float:
        mine = labels[example]  # a tie between X and Y counts 1/2
        return (
            float(
                np.logical_or.reduceat(mine, first).mean()
                + np.logical_and.reduceat(mine, first).mean()
            )
            / 2
        )

    observed = share(train)
    return (1 + sum(share(rng.permutation(train)) >= observed for _ in range(repeats))) / (
        1 + repeats
    )


class Nearest(NamedTuple):
    """Distances of the samples to the nearest of either side, shape (pairs, m) each."""

    train: Floats
    heldout: Floats


def nearest(c: Comparison) -> Nearest:
    """Those to the comparison's pairs of sides."""
    return Nearest(c.scan.subsets[::2], c.scan.subsets[1::2])


def p(c: Comparison) -> Measure:
    """`permutation_p` of a comparison."""
    train = np.arange(len(c.sides.pool)) < c.sides.n_train
    repeats = max(c.sides.config.repeats, PERMUTATIONS)
    return Measure(permutation_p(c.scan.tied, train, c.rng("dcr_p"), repeats))


def of_nearest(name: str, value: Callable[[Floats, Floats, Generator, int], Measure]) -> Reader:
    """The reading of a metric of that name by a function of both distances."""
    return lambda c: value(*nearest(c), c.rng(name), c.sides.config.repeats)


def share_over_halvings(c: Comparison) -> Measure | None:
    """dcr_share over halvings."""
    return c.over_halvings(lambda h: float(closer_to_train(h.to_train, h.to_heldout).mean()))


def delta_over_halvings(c: Comparison) -> Measure | None:
    """delta_nn over halvings."""
    return c.over_halvings(lambda h: float((h.to_heldout - h.to_train).mean()))


DCR_SHARE = Metric(
    name="dcr_share",
    read=of_nearest("dcr_share", dcr_share),
    over_halvings=share_over_halvings,
    floor=lambda _, fresh: share_over_halvings(fresh),
    title="nearer to train than to held-out (fair: 0.5)",
    about="share of samples nearer to train than to as many held-out examples",
    range="0 to 1, fair 0.5",
    bad="high",
    claims=COPIES | SOFT_COPIES,
    main=True,
    studied=True,
)

DCR_P = Metric(
    name="dcr_p",
    read=p,
    yardsticks=False,
    title="p of dcr_share by random splits",
    about="how often a random split into train and held-out would give as large a dcr_share",
    range="0 to 1; small: nearer to train",
    bad="low",
    brief=True,
)

DELTA_NN = Metric(
    name="delta_nn",
    read=of_nearest("delta_nn", delta_nn),
    over_halvings=delta_over_halvings,
    floor=lambda _, fresh: delta_over_halvings(fresh),
    title="how much nearer to train than to held-out (fair: 0)",
    about="by how much nearer: mean distance to the nearest held-out less the nearest training one",
    range="any, fair 0",
    bad="high",
    claims=COPIES | SOFT_COPIES,
    brief=True,
    studied=True,
)


def fresh_to_train(fresh: Comparison) -> Floats:
    """Of each held-out example the distance to the nearest of as many training examples as samples
    are compared with: with more of them all would be nearer.
    """
    sides = fresh.sides
    if sides.n_train <= len(sides.heldout):
        return fresh.scan.near[0].first
    pairs = sides.once(equal_sides)
    return np.asarray(sides.scan(sides.heldout, pairs).subsets[::2].mean(axis=0))


NN_TRAIN = Metric(
    name="nn_train",
    read=mean_of("nn_train", lambda c: nearest(c).train.mean(axis=0)),
    floor=resampling_floor(fresh_to_train),
    yardsticks=False,
    title="mean distance to the nearest training example",
    about="mean distance to the nearest training example, sides of equal size",
    range="0 up",
    bad="both",
)

NN_HELDOUT = Metric(
    name="nn_heldout",
    read=mean_of("nn_heldout", lambda c: nearest(c).heldout.mean(axis=0)),
    yardsticks=False,
    title="mean distance to the nearest held-out example",
    about="the same to the nearest held-out example",
    range="0 up",
    bad="both",
)
