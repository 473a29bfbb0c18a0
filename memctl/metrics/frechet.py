"""Frechet distance between two Gaussians with the means and covariances of two sets of scores
(Dowson and Landau 1982).

    FD = |mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2))     (2-Wasserstein distance of the Gaussians, squared)

With Inception's features this is FID (Heusel et al. 2017). Here the scores are those of a PCA
fitted on train.
"""

import numpy as np

from memctl.metrics.measure import Floats
from memctl.metrics.metric import UP, Metric


def centred(scores: Floats) -> tuple[Floats, Floats]:
    """The mean, and a triangular R with R^T R the covariance, shapes (d,) and (min(n, d), d)."""
    average = scores.mean(axis=0)
    return average, np.linalg.qr((scores - average) / np.sqrt(len(scores) - 1)).R


def frechet(samples: Floats, reference: Floats) -> float:
    """FD of samples and reference, in squared units of the scores.

    At least 0, no upper bound, lower is better. Biased upwards with few examples: fresh real ones
    read `frechet_bias`, at most (1/m + 1/n) (1 + (d + 1)/4) tr S, so compare cells of equal m, few
    components, and against that value. Cannot see beyond two moments, nor the axes left out, nor
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


def frechet_bias(reference: Floats, m: int, n: int) -> float:
    """FD in expectation between m and n examples of one Gaussian with the covariance of reference,
    to first order in 1/m + 1/n.

    (1/m + 1/n) (tr S + 1/2 sum_ij (1 + [i = j]) l_i l_j / (l_i + l_j)), l the eigenvalues of S: the
    means' part, and the expansion of the covariances'. For a given trace it is greatest where all l
    are equal: (1/m + 1/n) (1 + (d + 1)/4) tr S. Heavy tails read more.
    """
    eigenvalues = np.square(np.linalg.svd(centred(reference)[1], compute_uv=False))
    eigenvalues = eigenvalues[eigenvalues > 0]
    pairs = np.outer(eigenvalues, eigenvalues) / np.add.outer(eigenvalues, eigenvalues)
    return float((1 / m + 1 / n) * (eigenvalues.sum() + (pairs.sum() + np.trace(pairs)) / 2))


FRECHET = Metric(
    name="frechet",
    title="Frechet distance to real examples",
    about="Frechet distance to held-out in 32 principal components of train",
    range="0 up, fair its floor",
    needs=("full",),
    bad="high",
    claims={"mean": UP, "shrunk": UP, "contrast": UP},
)
