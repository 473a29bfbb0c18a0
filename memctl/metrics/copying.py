"""Nearest-neighbour signs of copying.

Notation: G generated, X train, Y held-out; d1, d2 to the nearest two of X.
"""

import numpy as np

from memctl.metrics.distance import Neighbours
from memctl.metrics.measure import Floats, Measure, binomial, mean
from memctl.metrics.metric import UP, Metric


def f_mem(to_train: Neighbours, threshold: float = 1 / 3) -> Measure:
    """Share of G with d1/d2 < threshold: samples that have one training example to themselves.

    Range [0, 1], higher is more copying, 0 for fresh real data. Blind to samples between several
    near duplicates in X, and to soft copies with more than a little noise. Source: Yoon et al.
    2023; Gu et al. 2023 (arXiv 2310.02664).
    """
    # d1 < threshold d2 is the same condition, and calls an exact copy of a duplicated example (0/0)
    # no hit, as d1 ~ d2.
    return binomial(int(np.sum(to_train.first < threshold * to_train.second)), len(to_train.first))


def ratios(to_train: Neighbours) -> Floats:
    """d1/d2 of each sample, in [0, 1]; 1 where both are 0."""
    safe = np.where(to_train.second > 0, to_train.second, 1.0)
    return np.where(to_train.second > 0, to_train.first / safe, 1.0)


def adaptive_ratio(nearest: Floats, alpha: float = 0.5) -> Floats:
    """d1 / (alpha * mean(d1, ..., dn)) of each sample: its nearest training example against the
    neighbourhood's own scale, shape (m,).

    Range [0, 1/alpha], lower is more copying. Below 1 is the natural cut: an example nearer than half
    the mean of the n nearest. But fresh examples of d intrinsic dimensions pass it with the chance 1
    - exp(-n (alpha d/(d + 1))^d): 0.27 at d = 6, 0.02 at 10, 0 at 20 (n = 50), and more where
    clusters hold fewer than n; so read it beside held-out examples. A copy of one among few near
    duplicates still reads low, where d1/d2 is 1; among n or more it reads 1/alpha. Costs the n
    nearest distances, one pass. Cannot see lost variety; blur hides copying.
    Source: Carlini et al. 2023 (arXiv 2301.13188), n = 50.

    Args:
        nearest: Distances to the n nearest of X in increasing order, shape (m, n).
    """
    scale = alpha * nearest.mean(axis=1)
    safe = np.where(scale > 0, scale, 1.0)
    return np.where(
        scale > 0, nearest[:, 0] / safe, 1 / alpha
    )  # all 0: the nearest is as far as the others, as in `ratios`


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
        d_train, d_heldout: Each sample's distance to its nearest of X and of Y, shape (m,).
    """
    return mean(closer_to_train(d_train, d_heldout), rng, repeats)


def delta_nn(d_train: Floats, d_heldout: Floats, rng: np.random.Generator, repeats: int) -> Measure:
    """Mean of d(g, Y) - d(g, X), X and Y of equal size, in units of the distance: positive is
    nearer to train, 0 is fair.
    """
    return mean(d_heldout - d_train, rng, repeats)


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


COPIES = {"copies": UP, "copies_50": UP, "copies_10": UP, "copies_2": UP}
SOFT_COPIES = {"kde_20": UP, "kde_40": UP, "interpolated": UP}

F_MEM = Metric(
    name="f_mem",
    title="share of copies (d1/d2 < 1/3)",
    about="share of samples with one training example to themselves, d1/d2 < 1/3; exact interval",
    range="0 to 1, fair 0",
    bad="high",
    claims=COPIES,
    verdict=True,
    needed=True,
    main=True,
    studied=True,
)
RATIO_Q01, RATIO_Q10, RATIO_MEDIAN = (
    Metric(
        name=f"ratio_{name}",
        title=f"d1/d2 that {share} of samples are below",
        about=f"the {share} quantile over samples of d1/d2, which ratios.png shows",
        range="0 to 1",
        bad="low",
    )
    for name, share in (("q01", "1 %"), ("q10", "10 %"), ("median", "50 %"))
)
DCR_SHARE = Metric(
    name="dcr_share",
    title="nearer to train than to held-out (fair: 0.5)",
    about="share of samples nearer to train than to as many held-out examples",
    range="0 to 1, fair 0.5",
    bad="high",
    claims=COPIES | SOFT_COPIES,
    verdict=True,
    needed=True,
    main=True,
    studied=True,
)
DCR_P = Metric(
    name="dcr_p",
    title="p of dcr_share by random splits",
    about="how often a random split into train and held-out would give as large a dcr_share",
    range="0 to 1; small: nearer to train",
    bad="low",
    brief=True,
)
DELTA_NN = Metric(
    name="delta_nn",
    title="how much nearer to train than to held-out (fair: 0)",
    about="by how much nearer: mean distance to the nearest held-out less the nearest training one",
    range="any, fair 0",
    bad="high",
    claims=COPIES | SOFT_COPIES,
    verdict=True,
    needed=True,
    brief=True,
    studied=True,
)
NN_TRAIN = Metric(
    name="nn_train",
    title="mean distance to the nearest training example",
    about="mean distance to the nearest training example, sides of equal size",
    range="0 up",
    bad="both",
    verdict=True,
)
NN_HELDOUT = Metric(
    name="nn_heldout",
    title="mean distance to the nearest held-out example",
    about="the same to the nearest held-out example",
    range="0 up",
    bad="both",
)
ADAPTIVE_SHARE = Metric(
    name="adaptive_share",
    title="share of copies by the neighbourhood's scale",
    about="share of samples nearer to train than half the mean of the 50 nearest (Carlini's ratio)",
    range="0 to 1, fair what held-out reads",
    needs=("full",),
    bad="high",
    claims=COPIES | {"kde_20": UP},
)
