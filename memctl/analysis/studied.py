"""Which metrics a report is about."""

from memctl.metrics.catalogue import METRICS

# What it shows first, and what it calls them.
MAIN = tuple(metric.name for metric in METRICS.values() if metric.main)
TITLES = {metric.name: f"{metric.name}: {metric.title}" for metric in METRICS.values()}
# Metrics that are tested together, and corrected for being so many: one of each kind, for
# duplicates would count twice.
STUDIED = tuple(metric.name for metric in METRICS.values() if metric.studied)
