"""DID IT MEMORISE, and is it any good: pure functions on arrays, each with its value `Metric`, one
list of them, and loops over that list.

Arrays of examples have shape (n, channels, *dims); metrics see them flattened, shape (n, D). What a
metric of one's own needs is imported here.
"""

from memctl.metrics.comparison import Comparison
from memctl.metrics.means import mean_of, resampling_floor
from memctl.metrics.measure import Measure
from memctl.metrics.metric import DOWN, UP, Metric

__all__ = ["DOWN", "UP", "Comparison", "Measure", "Metric", "mean_of", "resampling_floor"]
