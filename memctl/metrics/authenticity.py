"""Copying by ranks: samples against what train examples, or held-out examples, do among themselves. G
generated, X train, Y held-out.

All change with the number of examples, so compare cells of equal sizes; and all mistake a change of
quality for copying or its
opposite: blurred samples lie nearer to train than real ones where data is one smooth cloud, and
farther where it has clusters.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import mannwhitneyu
from sklearn.cluster import KMeans

from memctl.metrics.distance import Neighbours, neighbours
from memctl.metrics.measure import Floats, Measure, binomial
from memctl.metrics.metric import DOWN, UP, Metric


class AuthPct(NamedTuple):
    """The share of authentic examples, in per cent: of the samples, of held-out examples, and the
    first less the second.
    """

    samples: Measure
    heldout: Measure
    difference: Measure


def authentic(to_train: Neighbours, within: Floats) -> Floats:
    """1 for each query farther from its nearest x of X than x is from the nearest other example of
    X, else 0: shape (m,).

    Args:
        to_train: From the queries to X.
        within: Distance of each example of X to the nearest other, shape (n,).
    """
    return (within[to_train.nearest] < to_train.first).astype(float)


def authpct(samples: Neighbours, heldout: Neighbours, within: Floats) -> AuthPct:
    """100 * mean(`authentic`) of G and of Y, with exact intervals, and their difference (Newcombe
    1998).

    Range [0, 100], lower is more copying. A perfect model's value is Y's, not 50: a third for
    uniform data in one dimension, half in very many; two data sets had 48 and 67. So read the
    difference, in [-100, 100], below 0 for copying. Noisy samples read as authentic, and so does a
    copy of a near duplicate unless it is exact; blurred ones read as either, one example repeated as
    0 or 100. Costs no distance beyond those passed in. Intervals take X as given. Source: Alaa et
    al. 2022 (arXiv 2102.08921).

    Args:
        samples, heldout: From G and from Y to X.
        within: As in `authentic`.
    """
    found = [
        binomial(int(authentic(near, within).sum()), len(near.first)) for near in (samples, heldout)
    ]
    (p, low, high), (q, q_low, q_high) = (np.array(share, dtype=float) * 100 for share in found)
    difference = Measure(
        p - q, p - q - np.hypot(p - low, q_high - q), p - q + np.hypot(high - p, q - q_low)
    )
    return AuthPct(Measure(p, low, high), Measure(q, q_low, q_high), difference)


def z_u(generated: Floats, heldout: Floats) -> float:
    """Mann-Whitney U of the distances to train, standardised: (U - m n/2) / sqrt(m n (m + n +
    1)/12); `c_t` without cells.

    Standard normal where G and Y come from one distribution, at any number of dimensions. Below 0:
    samples are nearer to train than held-out examples are, by copying or, on some data, by blur.
    Within +-sqrt(3 m n/(m + n + 1)). Costs a sort.
    Source: Meehan et al. 2020.

    Args:
        generated, heldout: Distance of each to the nearest of X, shapes (m,) and (n,).
    """
    m, n = len(generated), len(heldout)
    u = mannwhitneyu(
        generated, heldout, method="asymptotic"
    ).statistic  # counts a tie 1/2; only U is used
    return float((u - m * n / 2) / np.sqrt(m * n * (m + n + 1) / 12))


class CT(NamedTuple):
    """C_T and what it is made of.

    Attributes:
        value: The weighted mean of `z`; NaN where no cell counts.
        sd: Its standard deviation where G and Y come from one distribution: below 1, for cells are
            averaged.
        z, weight: Of each cell, NaN and 0 where it does not count, shape (cells,).
    """

    value: float
    sd: float
    z: Floats
    weight: Floats


def partition(train: Floats, cells: int = 3, seed: int = 0) -> KMeans:
    """Cells of X by k-means, the best of 10 starts."""
    return KMeans(cells, n_init=10, random_state=seed).fit(train)


def c_t(
    samples: Floats, heldout: Floats, train: Floats, cells: KMeans, tau: float | None = None
) -> CT:
    """C_T: the mean over cells of `z_u` within the cell, weighted by each cell's share of Y.

    No bound but that of `z_u`; below 0 is data copying, above 0 underfitting, and value / sd is
    standard normal for a perfect model. Cells see a copier of one mode that invents elsewhere, whom
    the whole hides. A cell counts with more than a share tau of G, some of Y and two examples of X.
    Cannot tell copying from what else shortens distances (blur and collapse can read either way),
    and grows with the root of the number of examples; a few per cent of copies are below its noise.
    Costs k-means once, and len(G) + len(Y) distances to each cell's X. Source: Meehan et al. 2020
    (arXiv 2004.05675).

    Args:
        samples, heldout, train: G, Y and X, shape (any, D); Y from the population of X.
        cells: `partition` of X.
        tau: 20/len(G) unless given, so that z_u is near normal.
    """
    tau = 20 / len(samples) if tau is None else tau
    sides = (samples, heldout, train)
    labels = [cells.predict(side) for side in sides]
    counts = np.array([np.bincount(label, minlength=cells.n_clusters) for label in labels])
    counted = (counts[0] > tau * len(samples)) & (counts[1] > 0) & (counts[2] > 1)
    z = np.full(cells.n_clusters, np.nan)
    for c in np.flatnonzero(counted):
        x = train[labels[2] == c]
        z[c] = z_u(
            *(
                neighbours(side[label == c], x).first
                for side, label in zip(sides[:2], labels[:2], strict=True)
            )
        )
    if not counted.any():
        return CT(np.nan, np.nan, z, np.zeros(len(z)))
    weight = np.where(counted, counts[1], 0) / counts[1][counted].sum()
    return CT(float(weight[counted] @ z[counted]), float(np.sqrt(weight @ weight)), z, weight)


def identifiability(to_samples: Floats, within: Floats) -> Measure:
    """Share of X with a sample nearer than the nearest other example of X.

    Range [0, 1], higher is more examples exposed. m fresh samples give m/(m + n - 1) in expectation,
    whatever the data (half for m = n), so it compares only at equal m; m exact copies drawn with
    replacement expose 1 - exp(-m/n), 0.63 for m = n, and with a little noise on them more (0.77),
    by chance among neighbours. Blur moves it either way; collapse lowers it, though every sample be
    a copy. Costs the pass from X to G. The weights by attribute of the source are left out.
    Source: Yoon et al. 2020 (ADS-GAN, IEEE JBHI 24(8)).

    Args:
        to_samples: Distance of each example of X to its nearest sample, shape (n,).
        within: Distance of each example of X to the nearest other, shape (n,).
    """
    return binomial(int(np.sum(to_samples < within)), len(within))


AUTHPCT = Metric(
    name="authpct",
    title="authentic samples in %",
    about="samples in % farther from their nearest training example than that is from the next",
    range="0 to 100, fair what held-out reads, not 50",
    needs=("full",),
    bad="low",
    claims={"copies": DOWN, "copies_50": DOWN, "kde_20": DOWN, "noise": UP},
    studied=True,
)
C_T = Metric(
    name="c_t",
    title="C_T in its sd (copying: below 0)",
    about="Mann-Whitney test of the distances to train against held-out ones, in its sd",
    range="any, fair -2 to 2",
    needs=("full",),
    bad="low",
    claims={"copies": DOWN, "copies_50": DOWN, "kde_20": DOWN, "noise": UP},
)
IDENTIFIABILITY = Metric(
    name="identifiability",
    title="share of training examples exposed",
    about="share of training examples with a sample nearer than any other training example",
    range="0 to 1, fair 0.5",
    needs=("full",),
    bad="high",
    claims={"copies": UP},
)
