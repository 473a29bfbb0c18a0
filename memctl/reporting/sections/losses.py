"""Training losses by location and width, as the paper's Fig. 7, and what one fixed model reads."""

from textwrap import fill

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from memctl.analysis.losses import losses
from memctl.analysis.sweep_results import SweepResults
from memctl.reporting.figures import WIDTH
from memctl.reporting.section import Section, over_cells

PANELS = {
    "loss": "the paper's Fig. 7: each under its own t",
    "fixed": "one model, the uniform run's, under the same t",
    "probe": "each under one distribution of t (held-out)",
}


def draw(sweep: SweepResults, table: pd.DataFrame) -> Figure:
    """Losses of the cells by location, a line a width: their own beside what one model reads."""
    table = table[table.kind == "cell"]
    panels = [column for column in PANELS if table[column].notna().any()] or ["loss"]
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    widths = sorted(set(table.width))
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, column in zip(axes, panels, strict=True):
        for k, width in enumerate(widths):
            line = table[table.width == width].groupby("location")[column].mean()
            colour = mpl.colormaps["viridis"](k / max(len(widths) - 1, 1))
            label = f"width {width:g}" if k in (0, len(widths) - 1) else None
            axis.plot(line.index, line, ".-", color=colour, lw=1, ms=4, label=label)
        axis.set_ylim(0, 1.1 * float(np.nanmax([*table[column], 1e-9])))
        axis.set_title(fill(PANELS[column], 96 // len(panels)), fontsize=8, loc="left")
        axis.set(xlabel="mean of the interval", ylabel="loss")
        axis.spines[["top", "right"]].set_visible(False)
    figure.axes[0].legend(frameon=False, fontsize=8)
    return figure


LOSSES = Section(
    name="losses",
    title="Training losses",
    note=(
        "loss and sd: mean and spread over the last epochs, each run under its own t; fixed: what"
        " the uniform run's model reads under that t; probe: the loss at one distribution of t."
    ),
    table=losses,
    figure=draw,
    needs=over_cells,
)
