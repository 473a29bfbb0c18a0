"""Which metrics a report is about."""

import pandas as pd

from memctl.metrics.catalogue import METRICS

# What it shows first, and what it calls them.
MAIN = tuple(metric.name for metric in METRICS.values() if metric.main)
TITLES = {metric.name: f"{metric.name}: {metric.title}" for metric in METRICS.values()}
# Metrics that are tested together, and corrected for being so many: one of each kind, for
# duplicates would count twice.
STUDIED = tuple(metric.name for metric in METRICS.values() if metric.studied)


def studied(table: pd.DataFrame) -> list[str]:
    """Of STUDIED, the metrics that a table of runs has."""
    return [metric for metric in STUDIED if f"metrics/{metric}" in table]


def varied(table: pd.DataFrame) -> list[str]:
    """Of those, the ones that are not the same in all runs: a constant has no trend."""
    return [metric for metric in studied(table) if table[f"metrics/{metric}"].nunique() > 1]
