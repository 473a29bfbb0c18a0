"""The main metrics over the grid at one look."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from memctl.analysis import controls
from memctl.analysis.studied import MAIN, title
from memctl.analysis.sweep_results import SweepResults
from memctl.reporting import heatmaps
from memctl.reporting.figures import REAL
from memctl.reporting.section import Section

Run = tuple[str, float, float, float, float, float]


def overview(sweep: SweepResults, metrics: Sequence[str]) -> Figure:
    """Heat-maps of metrics over the cells, side by side; under each title the references, exact
    copies and the noise floor.

    Runs of other distributions, or of cells used in several ways, stand in a list instead, in the
    order of their mean t.
    """
    columns = min(2, len(metrics))
    rows = -(-len(metrics) // columns)
    figure = Figure(figsize=(6.2 * columns, 5.2 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flat
    cells = sweep.cells.groupby(["low", "high"], as_index=False).mean(numeric_only=True)
    for axis, metric in zip(axes, metrics, strict=True):
        text = f"{title(metric)}\n{references(sweep, metric)}"
        if len(cells) and sweep.plain:
            values = cells[["low", "high", f"metrics/{metric}"]]
            heatmaps.triangle(axis, list(values.itertuples(index=False, name=None)), text)
        else:
            dots(axis, run_rows(sweep, metric), text)
    return figure


def references(sweep: SweepResults, metric: str) -> str:
    """What the references, exact copies and fresh real data read, in two lines."""
    beside: dict[str, float | None] = {
        kind: sweep.mean(names, metric) for kind, names in controls.references(sweep).items()
    }
    if copies := sweep.yardsticks.get("copies", {}).get(metric):
        beside["copies"] = copies["value"]
    note = "   ".join(f"{k} {v:.3g}" for k, v in beside.items() if v is not None and v == v)
    if floor := sweep.yardsticks.get("floor", {}).get(metric):
        note += f"\nfresh real data would read {floor['low']:.4g} to {floor['high']:.4g}"
    return note


def run_rows(sweep: SweepResults, metric: str) -> list[Run]:
    """(name, value, low, high, floor's low, floor's high) of each run, by n_train and mean t."""
    column = f"metrics/{metric}"
    runs = sweep.main_runs if len(sweep.main_runs) and sweep.splits == 1 else sweep.table
    order = ["n_train", "sampler/mean"]
    runs = runs.reindex(columns=["name", column, f"{column}_low", f"{column}_high", *order])
    rows = runs.sort_values(order, na_position="first").itertuples(index=False, name=None)
    return [(*row[:4], *sweep.floor(row[0], metric)) for row in rows]


def dots(axis: Any, runs: Sequence[Run], title: str) -> None:
    """A value a run with its interval over its noise floor, one below the other.

    Args:
        runs: As `listed` gives them; NaN where there is no interval or floor.
    """
    for row, (_, value, low, high, floor_low, floor_high) in enumerate(runs):
        if floor_low == floor_low:
            width = floor_high - floor_low
            axis.barh(row, width, left=floor_low, height=1, color="#ececec", zorder=0)
        if low == low:
            axis.plot([low, high], [row, row], color=REAL, lw=1.2)
        axis.plot(value, row, "o", color=REAL, ms=4)
    axis.set_yticks(range(len(runs)), [name for name, *_ in runs], fontsize=7)
    axis.invert_yaxis()
    axis.set_title(title, fontsize=10, loc="left")
    axis.spines[["top", "right"]].set_visible(False)


def draw(sweep: SweepResults, table: pd.DataFrame) -> Figure:
    """The overview of the main metrics."""
    return overview(sweep, MAIN)


OVERVIEW = Section(
    name="overview",
    title="The main metrics at a glance",
    note=(
        "One value a cell c_l < c_h, seeds averaged, where the runs are cells of one grid; else one"
        " row a run, grey: what fresh real data read."
    ),
    figure=draw,
)
