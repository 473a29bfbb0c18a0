"""Samples that have one training example to themselves, by the ratio of their nearest distances.

Notation: G generated, X train, d1, d2 to the nearest two of X.
"""

import numpy as np
from numpy.typing import NDArray

from memctl.metrics.claims import COPIES
from memctl.metrics.comparison import Comparison
from memctl.metrics.distance import Neighbours
from memctl.metrics.means import share_floor
from memctl.metrics.measure import Floats, Measure, binomial
from memctl.metrics.metric import Metric


def f_mem(to_train: Neighbours, threshold: float = 1 / 3) -> Measure:
    """Share of G with d1/d2 < threshold: samples that have one training example to themselves.

    Range [0, 1], higher is more copying, 0 for fresh real data. Blind to samples between several
    near duplicates in X, and to soft copies with more than a little noise. Source: Yoon et al.
    2023; Gu et al. 2023 (arXiv 2310.02664).
    """
    return binomial(int(alone(to_train, threshold).sum()), len(to_train.first))


def alone(to_train: Neighbours, threshold: float) -> NDArray[np.bool_]:
    """Which samples have d1/d2 < threshold: shape (m,)."""
    # d1 < threshold d2 is the same condition, and calls an exact copy of a duplicated example (0/0)
    # no hit, as d1 ~ d2.
    return to_train.first < threshold * to_train.second


def ratios(to_train: Neighbours) -> Floats:
    """d1/d2 of each sample, in [0, 1]; 1 where both are 0."""
    safe = np.where(to_train.second > 0, to_train.second, 1.0)
    return np.where(to_train.second > 0, to_train.first / safe, 1.0)


def hits(c: Comparison) -> NDArray[np.bool_]:
    """Which samples are such: shape (m,)."""
    return alone(c.scan.near[0], c.sides.config.threshold)


F_MEM = Metric(
    name="f_mem",
    read=lambda c: f_mem(c.scan.near[0], c.sides.config.threshold),
    floor=share_floor(hits),
    title="share of copies (d1/d2 < 1/3)",
    about="share of samples with one training example to themselves, d1/d2 < 1/3; exact interval",
    range="0 to 1, fair 0",
    bad="high",
    claims=COPIES,
    main=True,
    studied=True,
)


def quantile(name: str, share: float) -> Metric:
    """The quantile of d1/d2 over samples."""
    return Metric(
        name=f"ratio_{name}",
        read=lambda c: Measure(float(np.quantile(ratios(c.scan.near[0]), share))),
        title=f"d1/d2 that {share:.0%} of samples are below",
        about=f"the {share:.0%} quantile over samples of d1/d2, which ratios.png shows",
        range="0 to 1",
        bad="low",
    )


RATIO_Q01, RATIO_Q10 = quantile("q01", 0.01), quantile("q10", 0.1)
RATIO_MEDIAN = quantile("median", 0.5)
