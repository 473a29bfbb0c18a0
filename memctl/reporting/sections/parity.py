"""The paper's one correlation, as the paper computes it."""

from memctl.analysis.parity import parity
from memctl.analysis.sweep_results import SweepResults
from memctl.metrics.distance_to_train import DISTANCE_TO_TRAIN
from memctl.reporting.section import Section, over_cells


def needs(sweep: SweepResults) -> bool:
    """Whether there are cells, and the paper's metric of them."""
    return over_cells(sweep) and f"metrics/{DISTANCE_TO_TRAIN.name}" in sweep.table


PARITY = Section(
    name="parity",
    title="The paper's own analysis",
    note="Pooled Pearson over cells up to width 800, and the paper's numbers.",
    table=lambda sweep: parity({sweep.dataset: sweep.cells}),
    needs=needs,
)
