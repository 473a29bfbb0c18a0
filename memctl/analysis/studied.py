"""Which metrics a report is about, and what it calls them."""

import pandas as pd

from memctl.metrics import catalogue

MAIN = tuple(metric.name for metric in catalogue.METRICS.values() if metric.main)  # shown first


def title(name: str) -> str:
    """What a figure calls the metric of that name."""
    metric = catalogue.known().get(name)
    return f"{name}: {metric.title}" if metric else name


def studied_metrics(table: pd.DataFrame) -> list[str]:
    """Of the metrics that are tested together, and corrected for being so many, those that a table
    of runs has.
    """
    names = [metric.name for metric in catalogue.known().values() if metric.studied]
    return [name for name in names if f"metrics/{name}" in table]


def varying_metrics(table: pd.DataFrame) -> list[str]:
    """Of those, the ones that are not the same in all runs: a constant has no trend."""
    return [metric for metric in studied_metrics(table) if table[f"metrics/{metric}"].nunique() > 1]
