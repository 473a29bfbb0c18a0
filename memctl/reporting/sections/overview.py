"""The main metrics over the grid at one look."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from memctl.analysis import controls
from memctl.analysis.studied import MAIN, title
from memctl.analysis.sweep_results import SweepResults
from memctl.metrics.measure import Floats
from memctl.reporting.anchor import number
from memctl.reporting.figures import GENERATED, REAL, WIDTH
from memctl.reporting.heatmaps import SMALL, TEXT, Map, maps
from memctl.reporting.section import Section

Run = tuple[str, float, float, float, float, float]
NAN = float("nan")


def overview(sweep: SweepResults, metrics: Sequence[str]) -> Figure:
    """Heat-maps of metrics over the cells, white where they read what fresh data do; on each scale
    what the references, held-out examples and exact copies read.

    Runs of other distributions, or of cells used in several ways, stand in a list instead, in the
    order of their mean t.
    """
    if len(sweep.cells) and sweep.plain:
        return maps([content(sweep, metric) for metric in metrics])
    return lists(sweep, metrics)


def content(sweep: SweepResults, metric: str) -> Map:
    """The heat-map of a metric over the cells, seeds averaged."""
    cells = sweep.cells.groupby(["low", "high"], as_index=False).mean(numeric_only=True)
    values = cells[["low", "high", f"metrics/{metric}"]]
    floor = sweep.yardsticks.get("floor", {}).get(metric) or {}
    low, high = (floor.get(end) for end in ("low", "high"))
    return Map(
        title(metric),
        list(values.itertuples(index=False, name=None)),
        (NAN if low is None else low, NAN if high is None else high),
        references(sweep, metric),
    )


def references(sweep: SweepResults, metric: str) -> dict[str, float]:
    """What the metric reads of held-out examples, exact copies, the uniform run and the base, as
    far as it is known.
    """
    known: dict[str, float | None] = {
        name: (sweep.yardsticks.get(yardstick, {}).get(metric) or {}).get("value")
        for name, yardstick in (("held-out", "heldout"), ("copies", "copies"))
    }
    known |= {k: sweep.mean(names, metric) for k, names in controls.references(sweep).items()}
    return {name: value for name, value in known.items() if value is not None and value == value}


def run_rows(sweep: SweepResults, metric: str) -> list[Run]:
    """(name, value, low, high, floor's low, floor's high) of each run, by n_train and mean t."""
    column = f"metrics/{metric}"
    runs = sweep.main_runs if len(sweep.main_runs) and sweep.splits == 1 else sweep.table
    order = ["n_train", "sampler/mean"]
    runs = runs.reindex(columns=["name", column, f"{column}_low", f"{column}_high", *order])
    rows = runs.sort_values(order, na_position="first").itertuples(index=False, name=None)
    return [(*row[:4], *sweep.floor(row[0], metric)) for row in rows]


def lists(sweep: SweepResults, metrics: Sequence[str]) -> Figure:
    """A metric a column, a run a line."""
    rows = {metric: run_rows(sweep, metric) for metric in metrics}
    n = max(map(len, rows.values()))
    figure = Figure(figsize=(WIDTH, 1.6 + 0.17 * n), layout="constrained")
    axes = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axis, (metric, runs) in zip(axes, rows.items(), strict=True):
        dots(axis, runs, references(sweep, metric))
        axis.set_title(fill(title(metric), 88 // len(metrics)), fontsize=TEXT, loc="left")
    axes[0].set_yticks(range(n), [name for name, *_ in rows[metrics[0]]])
    axes[0].tick_params(axis="y", labelsize=TEXT, length=0)
    axes[0].set_ylim(n - 0.5, -0.5)
    return figure


def dots(axis: Any, runs: Sequence[Run], marks: Mapping[str, float]) -> None:
    """A value a run with its interval over its noise floor, one below the other: filled where it
    lies outside the floor.

    Args:
        runs: As `run_rows` gives them; NaN where there is no interval or floor.
        marks: What references and copies read, by name; written below the axis.
    """
    left, right = limits(np.array([run[1:] for run in runs], dtype=float))
    for row, (_, value, low, high, floor_low, floor_high) in enumerate(runs):
        if floor_low == floor_low:
            width = floor_high - floor_low
            axis.barh(row, width, left=floor_low, height=1, color="#ececec", zorder=0)
        outside = value < floor_low or value > floor_high
        colour = GENERATED if outside else REAL
        if low == low:
            axis.plot([low, high], [row, row], color=colour, lw=1.2)
        at, marker = min(max(value, left), right), "<" if value < left else ">"
        marker = "o" if left <= value <= right else marker
        axis.plot(at, row, marker, color=colour, ms=4, mfc=colour if outside else "white")
        if at != value and value == value:
            side = "right" if at == right else "left"
            axis.annotate(
                number(value),
                (at, row),
                (-5 if at == right else 5, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=SMALL,
            )
    axis.set_xlim(left - 0.04 * (right - left), right + 0.04 * (right - left))
    axis.tick_params(axis="x", labelsize=TEXT)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel("\n".join(f"{k} {number(v)}" for k, v in marks.items()), fontsize=TEXT)
    axis.spines[["top", "right", "left"]].set_visible(False)


def limits(numbers: Floats) -> tuple[float, float]:
    """Ends of an axis for runs' value, interval and floor, shape (n, 5): without values that are
    far off, by three times the quartiles' distance (Tukey 1977).
    """
    values = numbers[np.isfinite(numbers[:, 0]), 0]
    if not len(values):
        return 0.0, 1.0
    first, third = np.quantile(values, [0.25, 0.75])
    reach = 3 * (float(third - first) or float(np.ptp(values)) or 1.0)
    near = (numbers[:, 0] >= first - reach) & (numbers[:, 0] <= third + reach)
    shown = numbers[near]
    return float(np.nanmin(shown)), float(np.nanmax(shown)) or 1.0


def draw(sweep: SweepResults, table: pd.DataFrame) -> Figure:
    """The overview of the main metrics."""
    return overview(sweep, MAIN)


OVERVIEW = Section(
    name="overview",
    title="The main metrics at a glance",
    note=(
        "White is what fresh real data read: colours are distances from that, blue below and red"
        " above. One value a cell c_l < c_h, seeds averaged, where the runs are cells of one grid;"
        " else one row a run, filled where it lies outside what fresh real data read (grey)."
    ),
    figure=draw,
)
