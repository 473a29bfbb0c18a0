"""The paper's metric: the mean distance of a sample to all training examples, then over samples.

It depends on a sample only through its distance to the data's mean: a meter of contrast, not of
copying. Source: Vu et al. 2026, section 5.1, of whose readings this is the root mean square
difference (`metrics.reduce`).
"""

from memctl.metrics.comparison import Comparison
from memctl.metrics.means import mean_of, resampling_floor
from memctl.metrics.measure import Floats
from memctl.metrics.metric import DOWN, UP, Metric


def distance(c: Comparison) -> Floats:
    """Mean distance of each sample to the training set: shape (m,)."""
    return c.scan.near[0].mean


DISTANCE_TO_TRAIN = Metric(
    name="distance_to_train",
    read=mean_of("distance_to_train", distance),
    floor=resampling_floor(distance),
    title="mean distance to the training set (the paper's)",
    about="mean distance to the training set, then over samples: of contrast, not of copying",
    range="0 up, fair what held-out reads",
    bad="both",
    claims={"mean": DOWN, "shrunk": DOWN, "blurred": DOWN, "contrast": UP, "noise": UP},
    main=True,
    studied=True,
)
