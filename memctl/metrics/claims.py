"""What several metrics claim to tell from fresh examples (memctl.metrics.generators)."""

from memctl.metrics.metric import UP

COPIES = {"copies": UP, "copies_50": UP, "copies_10": UP, "copies_2": UP}
SOFT_COPIES = {"kde_20": UP, "kde_40": UP, "interpolated": UP}
UNLIKE_THE_DATA = {"mean": UP, "shrunk": UP, "contrast": UP}
