"""Authentic samples: farther from train than their nearest training example is from the next.

Notation: G generated, X train.
"""

from memctl.metrics.comparison import Comparison
from memctl.metrics.distance import Neighbours
from memctl.metrics.means import share_floor
from memctl.metrics.measure import Floats, Measure, binomial
from memctl.metrics.metric import DOWN, UP, Metric


def authentic(to_train: Neighbours, within: Floats) -> Floats:
    """1 for each query farther from its nearest x of X than x is from the nearest other example of
    X, else 0: shape (m,).

    Args:
        to_train: From the queries to X.
        within: Distance of each example of X to the nearest other, shape (n,).
    """
    return (within[to_train.nearest] < to_train.first).astype(float)


def authpct(to_train: Neighbours, within: Floats) -> Measure:
    """100 * mean(`authentic`) of G, with its exact interval.

    Range [0, 100], lower is more copying. A perfect model's value is that of held-out examples, not
    50: a third for uniform data in one dimension, half in very many; two data sets had 48 and 67.
    So read it beside theirs. Noisy samples read as authentic, and so does a copy of a near
    duplicate unless it is exact; blurred ones read as either, one example repeated as 0 or 100.
    Costs no distance beyond those passed in. The interval takes X as given. Source: Alaa et al.
    2022 (arXiv 2102.08921).

    Args:
        to_train, within: As in `authentic`.
    """
    return in_percent(binomial(int(authentic(to_train, within).sum()), len(to_train.first)))


def in_percent(share: Measure) -> Measure:
    """A share and its interval, in per cent."""
    return Measure(*(100 * value for value in share if value is not None))


def within(c: Comparison) -> Floats:
    """Distance to the nearest other of the training examples that are some sample's nearest."""
    return c.sides.nearest_other(c.scan.near[0].nearest)


FLOOR = share_floor(lambda c: authentic(c.scan.near[0], c.once(within)))


AUTHPCT = Metric(
    name="authpct",
    read=lambda c: authpct(c.scan.near[0], c.once(within)),
    floor=lambda name, fresh: in_percent(FLOOR(name, fresh)),
    title="authentic samples in %",
    about="samples in % farther from their nearest training example than that is from the next",
    range="0 to 100, fair what held-out reads, not 50",
    needs=("full",),
    bad="low",
    claims={"copies": DOWN, "copies_50": DOWN, "kde_20": DOWN, "noise": UP},
    studied=True,
)
