"""C_T: whether samples are nearer to train than held-out examples are, by ranks, cell by cell.

Notation: G generated, X train, Y held-out. It changes with the number of examples, so compare cells
of equal sizes, and it mistakes a change of quality for copying or its opposite: blurred samples lie
nearer to train than real ones where data is one smooth cloud, and farther where it has clusters.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy

from memctl.metrics.comparison import Comparison
from memctl.metrics.distance import neighbours
from memctl.metrics.measure import Floats, Measure
from memctl.metrics.metric import DOWN, UP, Metric
from memctl.metrics.sides import Sides
from memctl.metrics.subsample import subsample

if TYPE_CHECKING:
    from sklearn.cluster import KMeans


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
    u = scipy.stats.mannwhitneyu(
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


def partition(train: Floats, cells: int = 3, seed: int = 0) -> "KMeans":
    """Cells of X by k-means, the best of 10 starts."""
    from sklearn.cluster import KMeans  # here alone: it takes half a second

    return KMeans(cells, n_init=10, random_state=seed).fit(train)


def c_t(
    samples: Floats, heldout: Floats, train: Floats, cells: "KMeans", tau: float | None = None
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
    enough = (counts[0] > tau * len(samples)) & (counts[1] > 0) & (counts[2] > 1)
    z = np.full(cells.n_clusters, np.nan)
    for c in np.flatnonzero(enough):
        x = train[labels[2] == c]
        z[c] = z_u(
            *(
                neighbours(side[label == c], x).first
                for side, label in zip(sides[:2], labels[:2], strict=True)
            )
        )
    if not enough.any():
        return CT(np.nan, np.nan, z, np.zeros(len(z)))
    weight = np.where(enough, counts[1], 0) / counts[1][enough].sum()
    return CT(float(weight[enough] @ z[enough]), float(np.sqrt(weight @ weight)), z, weight)


def cells(sides: Sides) -> "KMeans":
    """Those of the training examples."""
    return partition(subsample(sides.train), seed=sides.config.seed)


def in_sd(sides: Sides, samples: Floats, heldout: Floats) -> Measure:
    """C_T in units of its standard deviation: standard normal for a perfect model, below 0 for
    copying; NaN where no cell counts.
    """
    g, y, x = (subsample(examples) for examples in (samples, heldout, sides.train))
    raw = c_t(g, y, x, sides.once(cells))
    return Measure(raw.value / raw.sd if raw.sd else float("nan"))


def first_halving(c: Comparison) -> Measure | None:
    """Over the first halving alone: the samples that count in it, beside its held-out side."""
    train, heldout = c.pairs[:2]
    rows = c.counts(train, heldout)
    return in_sd(c.sides, c.samples[rows], c.sides.pool[heldout]) if rows.any() else None


def floor(_: str, __: Comparison) -> Measure:
    """The ends of a standard normal distribution."""
    reach = float(scipy.stats.norm.ppf(0.975))
    return Measure(0.0, -reach, reach)


C_T = Metric(
    name="c_t",
    read=lambda c: in_sd(c.sides, c.samples, c.sides.heldout),
    over_halvings=first_halving,
    floor=floor,
    title="C_T in its sd (copying: below 0)",
    about="Mann-Whitney test of the distances to train against held-out ones, in its sd",
    range="any, fair -2 to 2",
    needs=("full",),
    bad="low",
    claims={"copies": DOWN, "copies_50": DOWN, "kde_20": DOWN, "noise": UP},
)
