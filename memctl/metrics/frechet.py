"""Frechet distance between two Gaussians with the means and covariances of two sets of scores
(Dowson and Landau 1982).

    FD = |mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2))

It is the 2-Wasserstein distance of the Gaussians, squared. With Inception's features this is FID
(Heusel et al. 2017). Here the scores are those of a PCA fitted on train.
"""

import numpy as np

from memctl.metrics.axes import PrincipalAxes
from memctl.metrics.claims import UNLIKE_THE_DATA
from memctl.metrics.equal_sets import EqualSets, read
from memctl.metrics.measure import Floats
from memctl.metrics.metric import Metric
from memctl.metrics.sides import Sides
from memctl.metrics.subsample import subsample

COMPONENTS = 32  # well below the number of examples


def centred(scores: Floats) -> tuple[Floats, Floats]:
    """The mean, and a triangular R with R^T R the covariance, shapes (d,) and (min(n, d), d)."""
    average = scores.mean(axis=0)
    return average, np.linalg.qr((scores - average) / np.sqrt(len(scores) - 1)).R


def frechet(samples: Floats, reference: Floats) -> float:
    """FD of samples and reference, in squared units of the scores.

    At least 0, no upper bound, lower is better. Biased upwards with few examples: fresh real ones
    read up to (1/m + 1/n) (1 + (d + 1)/4) tr S, so compare cells of equal m, few components, and
    against the floor. Cannot see beyond two moments, nor the axes left out, nor
    copying: copies win against train. Costs (m + n) d^2.

    Args:
        samples: shape (m, d), m above 1; d well below m, or most of what it reads is bias.
        reference: shape (n, d).
    """
    (mu_a, a), (mu_b, b) = centred(samples), centred(reference)
    # tr (S_a S_b)^(1/2) is the sum of the singular values of R_a R_b^T. A matrix square root of S_a
    # S_b, which is not symmetric, turns complex or fails where that is singular, and roots of
    # eigenvalues lose half the digits.
    cross = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return max(
        0.0,
        float(np.square(mu_a - mu_b).sum() + np.square(a).sum() + np.square(b).sum() - 2 * cross),
    )


def axes(sides: Sides) -> PrincipalAxes:
    """The training data's principal axes, fitted on at most LIMIT examples."""
    some = subsample(sides.train)
    return PrincipalAxes.fit(some, max(1, min(COMPONENTS, len(some) // 4, some.shape[1])))


def value(sets: EqualSets) -> float:
    """FD of samples and real examples along these axes."""
    pca = sets.sides.once(axes)
    return frechet(pca.transform(sets.samples), pca.transform(sets.real))


FRECHET = Metric(
    name="frechet",
    read=read(value),
    of_sets=value,
    title="Frechet distance to real examples",
    about="Frechet distance to held-out in 32 principal components of train",
    range="0 up, fair its floor",
    needs=("full",),
    bad="high",
    claims=UNLIKE_THE_DATA,
)
