"""The paper's distance by third of location and by width, as its Fig. 3 c, d."""

from textwrap import fill

import pandas as pd
from matplotlib.figure import Figure

from memctl.analysis.parity import boxes
from memctl.analysis.studied import MAIN, title
from memctl.analysis.sweep_results import SweepResults
from memctl.reporting.figures import GENERATED, WIDTH
from memctl.reporting.section import Section, over_cells

ENDS = {"whislo": "min", "q1": "q1", "med": "median", "q3": "q3", "whishi": "max"}


def draw(sweep: SweepResults, table: pd.DataFrame) -> Figure:
    """Box plots, whiskers to the ends; the noise floor lies behind them where it is known."""
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    axis = figure.subplots()
    rows = table[table.n > 0].to_dict("records")
    marks = [{**{mark: row[key] for mark, key in ENDS.items()}, "fliers": []} for row in rows]
    axis.bxp(marks, medianprops={"color": GENERATED})
    labels = [f"{row['group']}\n{row['n']} cells" for row in rows]
    axis.set_xticks(range(1, len(rows) + 1), labels, fontsize=6.5)
    low, high = sweep.floor(next(iter(sweep.records)), MAIN[0])
    if low == low:
        axis.axhspan(low, high, color="#ececec", zorder=0)
    text = f"{title(MAIN[0])}, by third of location and by width; grey: fresh real data"
    axis.set_title(fill(text, 100), fontsize=9, loc="left")
    axis.spines[["top", "right"]].set_visible(False)
    return figure


BOXES = Section(
    name="boxes",
    title="The paper's box plots",
    note="As the paper's Fig. 3 c, d: one value a cell, whiskers to the smallest and the largest.",
    table=lambda sweep: boxes(sweep.cells, MAIN[0], sweep.timesteps),
    figure=draw,
    needs=over_cells,
)
