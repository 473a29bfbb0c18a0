"""Whether generated examples hold the classes that real ones hold, and are of use to tell them
apart; for data with labels, of two or more classes that both sides have.

A network without classes gives no labels, so the nearest training example gives them.

    class_tv   1/2 sum_c |share of c in G, as classified - share of c in the held-out labels|
               (total variation)
    tstr       accuracy on held-out examples of the nearest-neighbour classifier of G so labelled
               (train on synthetic, test on real: Esteban et al. 2017, arXiv 1706.02633)

Range [0, 1]. class_tv: lower is better; the classifier's own errors are in it, as in that of
held-out examples, which stands beside it.
tstr: higher is better; copies of train read what real training data do.

Blind spots: neither sees copying. The labels of G are only as good as the classifier: what is no
example of any class gets a label all the same. Rare classes count little. By chance m generated and
n held-out examples of one distribution have a class_tv of about
sum_c sqrt(p_c (1 - p_c) (1/m + 1/n) / (2 pi)). Cost: a pass over the distances of held-out to
generated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.metrics.comparison import Comparison
from memctl.metrics.distance import distances
from memctl.metrics.measure import Floats, Measure, binomial, spread
from memctl.metrics.metric import DOWN, UP, Metric, Reader
from memctl.metrics.sides import Indices, Sides
from memctl.metrics.subsample import subsample

PART = 100  # examples mirrored at a time, for the memory's sake
Labels = NDArray[Any]


def total_variation(a: Labels, b: Labels) -> float:
    """Between the shares of classes in two lists of labels: the share of one that would have to
    change class to match the other.
    """
    classes = np.union1d(a, b)
    share = lambda labels: (labels[:, None] == classes).mean(axis=0)
    return float(np.abs(share(a) - share(b)).sum() / 2)


@dataclass(frozen=True)
class Classification:
    """Samples with the labels of their nearest training examples, shape (m,), and held-out examples
    with theirs, shape (n,).

    Attributes:
        distances: From each held-out example to each sample, shape (n, m).
    """

    samples: Labels
    heldout: Labels
    distances: Floats

    def class_tv(self) -> Measure:
        """Total variation between the classes of both."""
        return Measure(total_variation(self.samples, self.heldout))

    def tstr(self) -> Measure:
        """Share of held-out examples whose nearest sample has their class, with its interval."""
        right = self.samples[self.distances.argmin(axis=1)] == self.heldout
        return binomial(int(right.sum()), len(right))

    def part(self, samples: NDArray[np.bool_], heldout: NDArray[np.bool_]) -> "Classification":
        """Some samples and some held-out examples alone."""
        return Classification(
            self.samples[samples], self.heldout[heldout], self.distances[np.ix_(heldout, samples)]
        )


def classification(c: Comparison) -> Classification:
    """The samples, each with the class of its nearest training example, beside held-out examples;
    at most LIMIT a side.
    """
    sides = c.sides
    assert sides.labels is not None
    return of_nearest(sides, c.samples, c.scan.near[0].nearest)


def of_nearest(sides: Sides, samples: Floats, nearest: Indices) -> Classification:
    """Samples with the classes of these training examples, shape (m,)."""
    assert sides.labels is not None
    some, real, reduce = subsample(samples), subsample(sides.heldout), sides.config.reduce
    d = distances(real, some, reduce)
    if turned := sides.mirrored:
        for part in np.array_split(np.arange(len(real)), -(-len(real) // PART)):
            d[part] = np.minimum(d[part], distances(turned(real[part]), some, reduce))
    labels = sides.labels
    return Classification(subsample(labels[nearest]), subsample(labels[sides.n_train :]), d)


def halvings(c: Comparison) -> list[Classification]:
    """Those of random halves of the held-out examples in which there are both."""
    whole, sides, parts = c.once(classification), c.sides, []
    heldout = subsample(np.arange(sides.n_train, len(sides.pool)))
    for half in c.halvings():
        samples, tested = subsample(half.samples), np.isin(heldout, half.heldout)
        if samples.any() and tested.any():
            parts.append(whole.part(samples, tested))
    return parts


def floor_of_tv(_: str, fresh: Comparison) -> Measure:
    """That of n draws from the held-out examples, as classified, against their labels, whose shares
    are the data's own, for the split is stratified.
    """
    return spread(fresh.once(draws)[0])


def floor_of_tstr(_: str, fresh: Comparison) -> Measure:
    """As many training examples as there are, at most n."""
    train = fresh.once(draws)[1]
    return of_nearest(fresh.sides, fresh.sides.train[train], train).tstr()


def draws(fresh: Comparison) -> tuple[list[float], Indices]:
    """What both floors draw from one stream: class_tv by chance, and training examples."""
    heldout, rng, n = fresh.once(classification), fresh.rng("floors of classes"), fresh.n
    lost = []
    for _ in range(fresh.sides.config.repeats):
        labels = heldout.samples[rng.integers(len(heldout.samples), size=n)]
        lost.append(total_variation(labels, heldout.heldout))
    n_train = fresh.sides.n_train
    return lost, rng.choice(n_train, min(n, n_train), replace=False)


def over_halvings(value: Callable[[Classification], Measure]) -> Reader:
    """The spread of a value over halvings."""

    def reading(c: Comparison) -> Measure | None:
        values = [value(part).value for part in c.once(halvings)]
        return spread(values) if values else None

    return reading


CLASS_TV = Metric(
    name="class_tv",
    read=lambda c: c.once(classification).class_tv(),
    over_halvings=over_halvings(Classification.class_tv),
    floor=floor_of_tv,
    title="classes lost or added",
    about="of data with labels: share of samples in other classes than held-out examples are",
    range="0 to 1, fair its floor",
    needs=("full", "labels"),
    bad="high",
    claims={"mean": UP},
)
TSTR = Metric(
    name="tstr",
    read=lambda c: c.once(classification).tstr(),
    over_halvings=over_halvings(Classification.tstr),
    floor=floor_of_tstr,
    title="accuracy of a classifier trained on samples",
    about="of data with labels: train on synthetic, test on real",
    range="0 to 1, fair its floor",
    needs=("full", "labels"),
    bad="low",
    claims={"mean": DOWN},
)
