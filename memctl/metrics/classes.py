"""Whether generated examples hold the classes that real ones hold, and are of use to tell them
apart; for data with labels.

A network without classes gives no labels, so the nearest training example gives them.

    class_tv   1/2 sum_c |share of c in G, as classified - share of c in the held-out labels|            (total variation)
    tstr       accuracy on held-out examples of the nearest-neighbour classifier of G so labelled (train on synthetic, test on
               real: Esteban et al. 2017, arXiv 1706.02633)

Range [0, 1]. class_tv: lower is better; the classifier's own errors are in it, as in that of
held-out examples, which stands beside it.
tstr: higher is better; copies of train read what real training data do.

Blind spots: neither sees copying. The labels of G are only as good as the classifier: what is no
example of any class gets a label all the same. Rare classes count little. By chance m generated and
n held-out examples of one distribution have a class_tv of about sum_c sqrt(p_c (1 - p_c) (1/m + 1/n)
/ (2 pi)). Cost: a pass over the distances of held-out to generated.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.metrics.measure import Floats, Measure, binomial
from memctl.metrics.metric import DOWN, UP, Metric

Labels = NDArray[Any]


def total_variation(a: Labels, b: Labels) -> float:
    """Between the shares of classes in two lists of labels: the share of one that would have to
    change class to match the other.
    """
    classes = np.union1d(a, b)
    share = lambda labels: (labels[:, None] == classes).mean(axis=0)
    return float(np.abs(share(a) - share(b)).sum() / 2)


@dataclass(frozen=True)
class Classified:
    """Samples with the labels of their nearest training examples, shape (m,), and held-out examples
    with theirs, shape (n,).

    Attributes:
        distances: From each held-out example to each sample, shape (n, m).
    """

    samples: Labels
    heldout: Labels
    distances: Floats

    def measure(self) -> dict[str, Measure]:
        """class_tv and tstr."""
        right = self.samples[self.distances.argmin(axis=1)] == self.heldout
        return {
            "class_tv": Measure(total_variation(self.samples, self.heldout)),
            "tstr": binomial(int(right.sum()), len(right)),
        }

    def part(self, samples: NDArray[np.bool_], heldout: NDArray[np.bool_]) -> "Classified":
        """Some samples and some held-out examples alone."""
        return Classified(
            self.samples[samples], self.heldout[heldout], self.distances[np.ix_(heldout, samples)]
        )


CLASS_TV = Metric(
    name="class_tv",
    title="classes lost or added",
    about="of data with labels: share of samples in other classes than held-out examples are",
    range="0 to 1, fair its floor",
    needs=("full", "labels"),
    bad="high",
    claims={"mean": UP},
)
TSTR = Metric(
    name="tstr",
    title="accuracy of a classifier trained on samples",
    about="of data with labels: train on synthetic, test on real",
    range="0 to 1, fair its floor",
    needs=("full", "labels"),
    bad="low",
    claims={"mean": DOWN},
)
