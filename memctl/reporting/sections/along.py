"""Copying and quality along the training, a line a run."""

from textwrap import fill
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from memctl.analysis.along import LEVEL, Curve, times, with_checkpoints
from memctl.analysis.along_lines import lines
from memctl.analysis.studied import title
from memctl.analysis.sweep_results import SweepResults
from memctl.metrics.dcr import DCR_SHARE
from memctl.metrics.energy import ENERGY_HELDOUT
from memctl.metrics.f_mem import F_MEM
from memctl.reporting.figures import WIDTH
from memctl.reporting.section import Section

NAMED = 10  # labels that a legend has room for
SPREAD = 0.3  # of the distance between two checkpoints: from the first line to the last
STYLES = ("-", "--", "-.", ":")
COLOURS = mpl.colormaps["turbo"]  # of the location


class Look(NamedTuple):
    """How a line is drawn: `shift`, so that intervals lie side by side, is a share of the distance
    between two checkpoints.
    """

    colour: Any
    style: str
    place: float
    shift: float = 0.0


def draw(sweep: SweepResults, table: pd.DataFrame) -> Figure:
    """f_mem above, dcr_share and the energy distance below, against steps."""
    figure = Figure(figsize=(WIDTH, 7), layout="constrained")
    axes = figure.subplot_mosaic(
        [[F_MEM.name] * 2, [DCR_SHARE.name, ENERGY_HELDOUT.name]], height_ratios=(5, 4)
    )
    known = looks(table, sweep.timesteps)
    for metric, axis in axes.items():
        for run in table.to_dict("records"):
            points = Curve.of(sweep.records[run["name"]]["along"], metric)
            line(axis, points, known[run["label"]])
        steps = ticks(sweep, table, 10 if metric == F_MEM.name else 5)
        axis.set_xticks(np.sqrt(steps), [f"{step:,}" for step in steps])
        axis.set_title(fill(title(metric), 50), fontsize=9, loc="left")
        axis.set_xlabel("training steps")
        axis.spines[["top", "right"]].set_visible(False)
    energy = axes[ENERGY_HELDOUT.name]
    energy.set_yscale("log")
    energy.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    energy.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    energy.yaxis.set_minor_formatter(NullFormatter())
    main = axes[F_MEM.name]
    main.set_yscale("symlog", linthresh=LEVEL)
    main.set_ylim(bottom=0)
    main.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:g}"))
    main.axhline(LEVEL, color="#7f8c8d", lw=0.8, ls=":")
    explain(main, known, sweep.timesteps)
    return figure


def ticks(sweep: SweepResults, table: pd.DataFrame, most: int) -> list[int]:
    """Steps of the checkpoints of the longest training, the last and each few before."""
    longest = table["name"].iloc[int(table["steps"].argmax())]
    steps = [row["step"] for row in sweep.records[longest]["along"]]
    return steps[:: -max(1, -(-len(steps) // most))]


def looks(table: pd.DataFrame, timesteps: int) -> dict[str, Look]:
    """Of each label: the colour of its mean t (of few, of its place in their order, which tells
    them apart), the uniform run in black; cells of one colour in styles of their own.
    """
    out: dict[str, Look] = {}
    few = table["label"].nunique() <= NAMED
    places = table["location"].rank(method="dense") - 1
    ordered = table.assign(at=places / max(places.max(), 1) if few else table.location / timesteps)
    for run in ordered.sort_values(["location", "low"]).to_dict("records"):
        place = float(run["at"])
        twins = len({k for k, look in out.items() if look.place == place} - {run["label"]})
        colour = "black" if run["kind"] == "uniform" else COLOURS(0.05 + 0.9 * place)
        out.setdefault(run["label"], Look(colour, STYLES[twins % len(STYLES)], place))
    if not few:
        return out
    shifts = np.linspace(-SPREAD / 2, SPREAD / 2, len(out))
    return {k: look._replace(shift=by) for (k, look), by in zip(out.items(), shifts, strict=True)}


def line(axis: Any, points: Curve, look: Look) -> None:
    """A metric along a training, with its 95 % intervals where it has them, against the square root
    of the steps: so checkpoints are spaced evenly.
    """
    x = np.sqrt(points.steps)
    x += look.shift * np.diff(x, prepend=0).mean()
    error = np.stack([points.value - points.low, points.high - points.value])
    known = np.isfinite(error).all(axis=0)
    axis.plot(x, points.value, look.style, marker=".", color=look.colour, lw=1.3, ms=5)
    axis.errorbar(
        x[known],
        points.value[known],
        error[:, known].clip(min=0),
        fmt="none",
        ecolor=look.colour,
        elinewidth=0.8,
        alpha=0.6,
    )


def explain(axis: Any, known: dict[str, Look], timesteps: int) -> None:
    """A legend or, of many labels, the colours of mean t."""
    if len(known) > NAMED:
        scale = ScalarMappable(Normalize(-0.05 / 0.9 * timesteps, 0.95 / 0.9 * timesteps), COLOURS)
        axis.figure.colorbar(scale, ax=axis, label="mean of the interval (black: uniform t)")
        return
    for label, look in known.items():
        axis.plot([], [], look.style, marker=".", color=look.colour, label=label)
    axis.legend(frameon=False, fontsize=9, loc="upper left")


ALONG = Section(
    name="along",
    title="Along the training",
    note=(
        "Each checkpoint has the averaged weights of its step, and generates from the same noise;"
        " bars are 95 % intervals. tau_mem: the step at which f_mem passes 1 % beyond fresh"
        " examples, seen where its whole interval has; tau_gen: at which the energy distance comes"
        " down to twice the sweep's least, or to what fresh examples read; low and high: between"
        " which checkpoints (no high: not seen). window: tau_mem over tau_gen; ratio: tau_mem over"
        " that of the uniform run of the same seed. Times after Bonnaire et al. 2025 (arXiv"
        " 2505.17638)."
    ),
    table=times,
    figure=draw,
    text=lambda table: "\n".join(lines(table)),
    needs=lambda sweep: bool(with_checkpoints(sweep)),
)
