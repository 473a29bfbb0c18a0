"""The paper's Figs. 2 to 7 of a sweep, with the paper's axes, each as PNG and PDF.

Fig. 1 is a drawing. Where a sweep lacks what a figure shows, that is said with what to run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from omegaconf import OmegaConf
from scipy.stats import norm

from memctl import data
from memctl.analysis.losses import LAST, control_epochs
from memctl.analysis.parity import boxes
from memctl.analysis.sweep_results import SweepResults, read
from memctl.errors import UserError
from memctl.files import atomic, nothing_fetched
from memctl.metrics.amplitude import JS_AMPLITUDE
from memctl.metrics.distance_to_train import DISTANCE_TO_TRAIN
from memctl.metrics.projection import projection
from memctl.metrics.suite import Suite
from memctl.reporting.figures import GENERATED, REAL, WIDTH, save
from memctl.reporting.heatmaps import TEXT, TITLE, draw_map
from memctl.reporting.sections.boxes import ENDS
from memctl.reporting.sections.overview import content
from memctl.samplers import IntervalSampler

LOCATIONS = mpl.colormaps["viridis"]
GRID = "python -m memctl.train -cn multirun_templates/grid"
GREY = "0.6"
SHOWN = 400  # values a box or a histogram is made of, at most, for each model


class Lacks(Exception):
    """A sweep lacks what a figure shows: why, and what to run."""


@dataclass(frozen=True)
class PaperFigure:
    """A figure of the paper.

    Attributes:
        number: In the paper.
        draw: Draws it of a sweep with cells. Raises: Lacks.
    """

    number: int
    draw: Callable[[SweepResults], Figure]


def write(directory: Path) -> str:
    """Write the figures into SWEEP/report/paper, and say which.

    Raises: UserError where there is no sweep, or nothing can be written.
    """
    sweep, folder, lines = read(directory), directory / "report" / "paper", []
    for figure in FIGURES:
        path = folder / f"figure_{figure.number}.png"
        try:
            if not (len(sweep.cells) and sweep.plain):
                raise Lacks(f"the sweep has no grid of cells; run {GRID}")
            drawn = figure.draw(sweep)
        except Lacks as why:
            lines.append(f"Fig. {figure.number} is left out: {why}")
            continue
        save(drawn, path)
        with atomic(path.with_suffix(".pdf")) as file, mpl.rc_context({"pdf.fonttype": 42}):
            drawn.savefig(file, format="pdf")
        lines.append(f"Fig. {figure.number}: {path} and .pdf")
    return "\n".join(lines)


def needs_metric(sweep: SweepResults, name: str, what: str) -> None:
    """Raises: Lacks where no cell has the metric."""
    if f"metrics/{name}" not in sweep.cells or sweep.cells[f"metrics/{name}"].isna().all():
        raise Lacks(f"no cell has {name}; {what}")


def plain(axis: Any, **labels: Any) -> None:
    """Small text, and no frame."""
    axis.set(**labels)
    axis.tick_params(labelsize=TEXT)
    for label in (axis.xaxis.label, axis.yaxis.label):
        label.set_fontsize(TEXT)
    axis.title.set_fontsize(TITLE)
    axis.spines[["top", "right"]].set_visible(False)


def tails(sweep: SweepResults) -> Figure:
    """Fig. 2: the normal distribution of the cell that has most of it outside [0, T], that tail
    mass, and what it is drawn from.
    """
    known = {
        name: record["science"]["sampler"]
        for name, record in sweep.records.items()
        if (record["science"].get("sampler") or {}).get("name") == "interval"
    }
    samplers = [
        IntervalSampler(**{k: v for k, v in settings.items() if k != "name"})
        for settings in known.values()
    ]
    if not samplers:
        raise Lacks(f"no cell is drawn by the interval sampler; run {GRID}")
    chosen = min(samplers, key=lambda sampler: sampler.inside)
    end = chosen.timesteps
    t = np.linspace(-0.4 * end, 1.4 * end, 2000)
    density = norm.pdf(t, chosen.mu, chosen.sigma)
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    axis = figure.subplots()
    axis.plot(t, density, color=GREY, ls="--", lw=1, label="normal")
    axis.fill_between(
        t, density, where=(t < 0) | (t > end), color=GENERATED, alpha=0.3, lw=0,
        label=f"tail mass, {1 - chosen.inside:.1%}",
    )  # fmt: skip
    axis.plot(np.arange(1, end + 1), chosen.pmf, color=REAL, lw=1.4, label="p(t)")
    axis.axvspan(float(chosen.low or 0), float(chosen.high or 0), color="0.95", zorder=0)
    for edge in (0, end):
        axis.axvline(edge, color="0.3", lw=0.8)
    axis.legend(frameon=False, fontsize=TEXT)
    about = f"$c_l$ = {chosen.low:g}, $c_h$ = {chosen.high:g}"
    plain(axis, xlabel="timestep t", ylabel="probability density", title=about, xlim=(t[0], t[-1]))
    return figure


def distances(sweep: SweepResults) -> Figure:
    """Fig. 3: the distance to the training data over c_l and c_h, by thirds of the mean location
    and by width.
    """
    name = DISTANCE_TO_TRAIN.name
    needs_metric(sweep, name, f"run {GRID}")
    figure = Figure(figsize=(WIDTH, 8), layout="constrained")
    grid = figure.add_gridspec(3, 2, height_ratios=(1, 0.04, 0.55))
    above = figure.add_subplot(grid[0, :]), figure.add_subplot(grid[1, :])
    draw_map(*above, content(sweep, name), 96)
    table = boxes(sweep.cells, name, sweep.timesteps)
    by_width = table.group.str.startswith("width")
    for k, (chosen, xlabel) in enumerate(((~by_width, "mean location"), (by_width, "CI width"))):
        axis, rows = figure.add_subplot(grid[2, k]), table[chosen & (table.n > 0)]
        marks = [
            {**{mark: row[key] for mark, key in ENDS.items()}, "fliers": []}
            for row in rows.to_dict("records")
        ]
        axis.bxp(marks, medianprops={"color": GENERATED})
        labels = [str(group).removeprefix("width ") for group in rows.group]
        axis.set_xticks(range(1, len(rows) + 1), labels)
        plain(axis, xlabel=xlabel, ylabel="distance", title=f"({'cd'[k]})")
    return figure


def components(sweep: SweepResults) -> Figure:
    """Fig. 4: generated beside training data on the first two principal components, by mean
    location (a, b), and of the least and the greatest (c to f).
    """
    models = sweep.cells.sort_values(["location", "width"]).drop_duplicates("location")
    some = models.iloc[np.unique(np.linspace(0, len(models) - 1, 10).astype(int))]
    try:
        config: Any = OmegaConf.to_object(sweep.folder(str(some.name.iloc[0])).settings())
        with nothing_fetched():
            suite = Suite.of(data.load(data.build(config.data)), config.metrics)
    except UserError as error:
        raise Lacks(f"the data are not to be had: {error}") from None
    axes_of = suite.sides.once(projection)
    if axes_of.scores.shape[1] < 2:
        raise Lacks("metrics.components is below 2; measure with metrics.components=2")
    scores: dict[float, Any] = {}
    for name, location in zip(some.name, some.location, strict=True):
        samples = sweep.folder(str(name)).kept_samples()
        if samples is not None:
            scores[location] = axes_of.pca.transform(suite.prepare(samples[:SHOWN]))
    if len(scores) < 2:
        raise Lacks(
            "fewer than two cells have kept samples.npy; the sweep's command makes it again"
        )
    figure = Figure(figsize=(WIDTH, 7.4), layout="constrained")
    axes = figure.subplots(3, 2)
    ends = {1: min(scores), 2: max(scores)}
    for k in range(2):
        parts = [axes_of.scores[:, k], *(own[:, k] for own in scores.values())]
        drawn = axes[0, k].boxplot(parts, showfliers=False, widths=0.6, patch_artist=True)
        for box, colour in zip(drawn["boxes"], [REAL, *[GENERATED] * len(scores)], strict=True):
            box.set(facecolor=colour, alpha=0.35, edgecolor=colour)
        names = ["train", *(f"{location:g}" for location in scores)]
        axes[0, k].set_xticks(range(1, len(names) + 1), names, rotation=45)
        about = f"({'ab'[k]}) C{k + 1}"
        plain(axes[0, k], xlabel="mean location", ylabel=f"C{k + 1}", title=about)
        edges = np.histogram_bin_edges(np.concatenate(parts), 40)
        for row, location in ends.items():
            axis = axes[row, k]
            axis.hist(parts[0], edges, density=True, color=REAL, alpha=0.4, label="train")
            axis.hist(scores[location][:, k], edges, density=True, color=GENERATED, alpha=0.4,
                      label=f"generated, mean {location:g}")  # fmt: skip
            axis.legend(frameon=False, fontsize=TEXT)
            about = f"({'cdef'[2 * row + k - 2]}) C{k + 1}, mean location {location:g}"
            plain(axis, xlabel=f"C{k + 1}", ylabel="density", title=about)
    return figure


def divergences(sweep: SweepResults) -> Figure:
    """Fig. 5: Wasserstein and JS distance of the first two principal components by mean location:
    a dot a cell, a line through their means.
    """
    kinds = {"wasserstein": "Wasserstein distance", "js_divergence": "JS divergence"}
    figure = Figure(figsize=(WIDTH, 5.4), layout="constrained")
    for line, component in zip(figure.subplots(2, 2, sharex=True), ("C1", "C2"), strict=True):
        for axis, (kind, ylabel) in zip(line, kinds.items(), strict=True):
            name = f"{kind}_{component}"
            needs_metric(sweep, name, "metrics.components is below the 2 of the paper")
            by_location = sweep.cells.groupby("location")[f"metrics/{name}"].mean()
            axis.plot(sweep.cells.location, sweep.cells[f"metrics/{name}"], ".", color=GREY, ms=4)
            axis.plot(by_location.index, by_location, "o-", color=GENERATED, ms=3, lw=1)
            low, high = sweep.floor(next(iter(sweep.records)), name)
            if low <= high:
                axis.axhspan(low, high, color="0.93", zorder=0)
            axis.set_ylim(bottom=0)
            about = f"{component}; grey: what fresh data read"
            plain(axis, xlabel="mean location", ylabel=ylabel, title=about)
    return figure


def signals(sweep: SweepResults) -> Figure:
    """Fig. 6: the JS distance of signals to the training set over c_l and c_h."""
    name = JS_AMPLITUDE.name
    if (next(iter(sweep.records.values()))["split"].get("shape") or [])[2:]:
        raise Lacks(
            "it is of signals, and these are images; run python -m memctl.train -cn"
            " multirun_templates/ecg5000"
        )
    needs_metric(sweep, name, f"run {GRID}")
    figure = Figure(figsize=(WIDTH, 5.4), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=(1, 0.04))
    draw_map(above, below, content(sweep, name), 96)
    return figure


def training(sweep: SweepResults) -> Figure:
    """Fig. 7: the training loss of the last 30 epochs, a panel a width, a line a mean location."""
    cells = sweep.cells.drop_duplicates(["low", "high"])
    rows = {name: control_epochs(sweep.folder(name).journal.rows())[-LAST:] for name in cells.name}
    if not any(rows.values()):
        raise Lacks("no cell has kept its training's losses, metrics.jsonl; run the sweep anew")
    widths = sorted(set(cells.width))
    columns = min(3, len(widths))
    lines = -(-len(widths) // columns)
    figure = Figure(figsize=(WIDTH, 2.3 * lines + 0.5), layout="constrained")
    axes = figure.subplots(lines, columns, sharey=True, squeeze=False)
    scale = mpl.cm.ScalarMappable(mpl.colors.Normalize(0, sweep.timesteps), LOCATIONS)
    for k, axis in enumerate(axes.flat):
        if k >= len(widths):
            axis.set_axis_off()
            continue
        for cell in cells[cells.width == widths[k]].sort_values("location").itertuples():
            epochs = rows[str(cell.name)]
            x = [epoch.get("epoch", epoch["step"]) for epoch in epochs]
            loss = pd.Series([epoch["loss"] for epoch in epochs], dtype=float)
            axis.plot(x, loss, color=scale.to_rgba(cell.location), lw=1)
        plain(axis, xlabel="epoch", title=f"CI width {widths[k]:g}")
        axis.set_ylabel("training loss" if k % columns == 0 else "", fontsize=TEXT)
        axis.set_ylim(bottom=0)
    bar = figure.colorbar(scale, ax=axes, location="bottom", aspect=60, pad=0.02)
    bar.ax.tick_params(labelsize=TEXT)
    bar.set_label("mean location", fontsize=TEXT)
    return figure


FIGURES = (
    PaperFigure(2, tails),
    PaperFigure(3, distances),
    PaperFigure(4, components),
    PaperFigure(5, divergences),
    PaperFigure(6, signals),
    PaperFigure(7, training),
)
