"""Every metric against location and width."""

from collections.abc import Sequence

import pandas as pd

from memctl.analysis.statistics import correlations
from memctl.analysis.sweep_results import SweepResults
from memctl.reporting.section import Section


def over_grid(sweep: SweepResults, metrics: Sequence[str]) -> pd.DataFrame:
    """`correlations` over the cells; NaN where they cannot be laid on one grid."""
    return correlations(sweep.cells if sweep.plain else sweep.cells[:0], metrics)


CORRELATIONS = Section(
    name="correlations",
    title="Correlation with the interval's place and width",
    note=(
        "Pearson with Fisher's 95 % interval, Spearman; n cells, taken as independent though they"
        " share one base."
    ),
    table=lambda sweep: over_grid(sweep, sweep.metrics),
)
