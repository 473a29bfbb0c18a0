"""Training examples that some sample is nearer to than any other training example.

Notation: X train.
"""

from memctl.metrics.comparison import Comparison
from memctl.metrics.coverage import radii
from memctl.metrics.distance import TIE, neighbours
from memctl.metrics.equal_sets import EqualSets, equal_sets
from memctl.metrics.measure import Floats, Measure, binomial
from memctl.metrics.metric import UP, Metric


def identifiability(to_samples: Floats, within: Floats) -> Measure:
    """Share of X with a sample nearer than the nearest other example of X.

    Range [0, 1], higher is more examples exposed. m fresh samples give m/(m + n - 1) in
    expectation, whatever the data (half for m = n), so it compares only at equal m; m exact copies
    drawn with replacement expose 1 - exp(-m/n), 0.63 for m = n, and with a little noise on them
    more (0.77), by chance among neighbours. Blur moves it either way; collapse lowers it, though
    every sample be a copy. Costs the pass from X to G. The weights by attribute of the source are
    left out.
    Source: Yoon et al. 2020 (ADS-GAN, IEEE JBHI 24(8)).

    Args:
        to_samples: Distance of each example of X to its nearest sample, shape (n,).
        within: Distance of each example of X to the nearest other, shape (n,).
    """
    nearer = to_samples < (1 - TIE) * within  # not equally near: a copy of the nearest other
    return binomial(int(nearer.sum()), len(within))


def exposed(sets: EqualSets) -> Measure:
    """`identifiability` of as many training examples as there are samples: 1/2 for fresh ones."""
    return identifiability(neighbours(sets.train, sets.samples).first, radii(sets.train, 1))


def read(c: Comparison) -> Measure | None:
    """That of a comparison's sets of equal size."""
    sets = c.once(equal_sets)
    return None if sets is None else exposed(sets)


IDENTIFIABILITY = Metric(
    name="identifiability",
    read=read,
    of_sets=lambda sets: exposed(sets).value,
    title="share of training examples exposed",
    about="share of training examples with a sample nearer than any other training example",
    range="0 to 1, fair 0.5",
    needs=("full",),
    bad="high",
    claims={"copies": UP},
    version=2,
)
