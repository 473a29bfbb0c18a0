"""What location alone does, over cells that are mirror images of each other."""

from memctl.analysis.inference import mirrors
from memctl.analysis.studied import varying_metrics
from memctl.reporting.section import Section, over_cells

MIRROR_PAIRS = Section(
    name="mirror_pairs",
    title="Location alone",
    note=(
        "Cells [l, h] beside [1000 - h, 1000 - l], alike but for their location: mean difference"
        " right less left, its 95 % interval, sign-flip permutation p, corrected."
    ),
    table=lambda sweep: mirrors(sweep.cells, varying_metrics(sweep.cells), sweep.timesteps),
    needs=over_cells,
)
