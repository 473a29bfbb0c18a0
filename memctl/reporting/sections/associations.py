"""How every studied metric goes with location and width, and what could have been seen."""

import pandas as pd

from memctl.analysis.inference import associations
from memctl.analysis.studied import varying_metrics
from memctl.analysis.sweep_results import SweepResults
from memctl.reporting.section import Section, over_cells


def table(sweep: SweepResults) -> pd.DataFrame:
    """`associations` of this sweep's data set."""
    cells, dataset = sweep.cells, sweep.dataset
    return associations({dataset: cells}, varying_metrics(cells), {dataset: sweep.yardsticks})


ASSOCIATIONS = Section(
    name="associations",
    title="Metrics by location and width",
    note=(
        "Pearson with Fisher's interval; Spearman's p by permutation; holm and bh: corrected over"
        " the metrics; detectable_r: what this many cells would find with 80 % power. Cells share"
        " one base and are taken as independent."
    ),
    table=table,
    needs=over_cells,
)
