"""What location, width and their product each add."""

from memctl.analysis.inference import regressions
from memctl.analysis.studied import varying_metrics
from memctl.reporting.section import Section, over_cells

REGRESSIONS = Section(
    name="regressions",
    title="Regressions",
    note=(
        "On location and width per 100 steps (nominal), or on the mean and sd of the t really drawn"
        " (effective), with their interaction; errors clustered by cell where there are several"
        " seeds."
    ),
    table=lambda sweep: regressions(sweep.cells, varying_metrics(sweep.cells)),
    needs=over_cells,
)
