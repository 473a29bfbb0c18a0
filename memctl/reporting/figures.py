"""Pictures of runs and sweeps, drawn without a display."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from memctl.data.panels import Examples, fitting, panel
from memctl.files import atomic
from memctl.metrics.measure import Floats

GENERATED, REAL = "#c0392b", "#2c3e50"
MOST = 2000  # points a set


def save(figure: Figure, path: Path, trim: bool = False) -> None:
    """Write the figure as PNG; `trim` cuts its empty margins off."""
    with atomic(path) as file:
        figure.savefig(file, format="png", dpi=110, bbox_inches="tight" if trim else None)


def samples(generated: Examples, real: Examples, path: Path, rows: int = 8) -> None:
    """Generated examples beside held-out ones: shapes (n, channels, *dims)."""
    columns, n = fitting(generated, rows)
    figure = Figure(figsize=(9, 5 if columns == rows else 7))
    for place, examples, title, colour in zip(
        (0.01, 0.51), (generated, real), ("generated", "held-out"), (GENERATED, REAL), strict=True
    ):
        axis = figure.add_axes((place, 0.01, 0.48, 0.93))
        chosen = np.linspace(0, len(examples) - 1, min(n, len(examples))).astype(
            int
        )  # held-out ones lie in the order of labels
        panel(axis, examples[chosen], columns, [colour] * columns, real)
        axis.set_title(title, loc="left")
    save(figure, path)


def suspects(examples: Examples, captions: Sequence[str], path: Path) -> None:
    """Samples beside their nearest training and held-out examples.

    Args:
        examples: Sample, nearest training example, nearest held-out example, of each in turn: shape (3
            n, channels, *dims).
        captions: One a sample.
    """
    figure = Figure(
        figsize=(7, 0.9 * len(captions) + 0.6)
    )  # trimmed, and so without a layout, which costs a second drawing
    axis = figure.add_axes((0, 0, 1, 1))
    width, height = panel(axis, examples, 3, (GENERATED, REAL, "#7f8c8d"))
    for column, title in enumerate(("generated", "nearest\nin train", "nearest\nheld-out")):
        axis.text(
            (column + 0.5) * width, -0.1 * height, title, ha="center", va="bottom", fontsize=9
        )
    for row, caption in enumerate(captions):
        axis.text(-0.1 * width, (row + 0.5) * height, caption, ha="right", va="center", fontsize=8)
    save(figure, path, trim=True)


def pairs(examples: Examples, captions: Sequence[str], path: Path) -> None:
    """Examples in pairs, each with its caption: shape (2 n, channels, *dims)."""
    columns = min(5, len(captions))
    lines = -(-len(captions) // columns)
    figure = Figure(figsize=(2.4 * columns, 1.7 * lines), layout="constrained")
    for k, axis in enumerate(figure.subplots(lines, columns, squeeze=False).flat):
        axis.set_axis_off()
        if k < len(captions):
            panel(axis, examples[2 * k : 2 * k + 2], 2, (REAL, REAL))
            axis.set_title(captions[k], fontsize=6.5)
    save(figure, path)


def calibration(readings: pd.DataFrame, path: Path) -> None:
    """Readings of generators by metrics, each metric scaled to its noise floor: white is within
    what fresh real examples read.

    Args:
        readings: One row a generator, one column a metric; the first two rows are the ends of the
            floor.
    """
    low, high, values = (
        readings.iloc[0],
        readings.iloc[1],
        readings.iloc[2:].dropna(axis=1, how="all"),
    )
    values = values.loc[:, low[values.columns].notna()]
    middle, half = ((high + low) / 2)[values.columns], ((high - low) / 2)[values.columns]
    beyond = ((values - middle) / half.where(half > 0, 1e-12)).clip(-20, 20)
    steps = beyond.to_numpy(dtype=float)
    shown = np.sign(steps) * np.log2(
        np.maximum(np.abs(steps), 1)
    )  # 0 within the floor, then doublings
    figure = Figure(
        figsize=(1.6 + 0.62 * values.shape[1], 1.8 + 0.34 * len(values)), layout="constrained"
    )
    axis = figure.subplots()
    image = axis.imshow(shown, cmap="RdBu_r", vmin=-4.4, vmax=4.4, aspect="auto")
    for (row, column), value in np.ndenumerate(values.to_numpy(dtype=float)):
        dark = abs(shown[row, column]) > 3
        axis.text(
            column,
            row,
            f"{value:.3g}",
            ha="center",
            va="center",
            fontsize=6,
            color="white" if dark else "black",
        )
    axis.set_xticks(
        range(values.shape[1]), list(values.columns), rotation=40, ha="right", fontsize=7
    )
    axis.set_yticks(range(len(values)), list(values.index), fontsize=7)
    axis.set_title("white: within what fresh real examples read by chance", fontsize=8, loc="left")
    figure.colorbar(image, ax=axis, label="doublings of the floor's half-width").ax.tick_params(
        labelsize=7
    )
    axis.spines[:].set_visible(False)
    save(figure, path)


def projection(train: Floats, heldout: Floats, generated: Floats, path: Path) -> None:
    """Scores on the training data's first two principal components, shapes (n, 2 or more): where
    generated examples lie among real ones.
    """
    figure = Figure(figsize=(6, 5))
    axis = figure.add_axes((0.1, 0.1, 0.88, 0.88))
    grey = "#7f8c8d"
    for scores, label, colour, marker in (
        (train, "train", REAL, "o"),
        (heldout, "held-out", grey, "x"),
        (generated, "generated", GENERATED, "."),
    ):
        x, y = scores[:MOST, :2].T
        axis.scatter(
            x,
            y,
            label=f"{label} ({len(scores):,})",
            color=colour,
            marker=marker,
            s=12,
            alpha=0.5,
            linewidths=0.7,
        )
    axis.set(xlabel="C1 of the training data", ylabel="C2")
    axis.legend(frameon=False, fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    save(figure, path)


def ratios(generated: Floats, heldout: Floats, threshold: float, path: Path) -> None:
    """The share of examples whose d1/d2, shape (n,), is at most x; the threshold of f_mem is marked."""
    figure = Figure(figsize=(6, 3))
    axis = figure.add_axes((0.1, 0.17, 0.88, 0.8))
    axis.ecdf(heldout, color=REAL, label=f"held-out ({len(heldout):,})")
    axis.ecdf(generated, color=GENERATED, label=f"generated ({len(generated):,})")
    axis.axvline(threshold, color="#7f8c8d", linestyle=":", label=f"f_mem: below {threshold:.3g}")
    axis.set(
        xlim=(0, 1),
        ylim=(0, 1),
        xlabel="d1/d2: distance to the nearest training example over that to the second",
        ylabel="share of examples",
    )
    axis.legend(frameon=False, fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    save(figure, path)


def timesteps(realised: Mapping[str, Any], title: str, path: Path) -> None:
    """The realised distribution of t over the nominal one, from the callback's summary."""
    edges = np.asarray(realised["edges"], dtype=float)
    width = np.diff(edges)
    figure = Figure(figsize=(6, 3))
    axis = figure.add_axes((0.13, 0.17, 0.83, 0.72))
    axis.bar(
        edges[:-1],
        np.asarray(realised["realised"]) / width,
        width,
        align="edge",
        color="#d5d8dc",
        label=f"realised, {realised['draws']:,} draws",
    )
    axis.stairs(np.asarray(realised["nominal"]) / width, edges, color=GENERATED, label="nominal")
    axis.set(
        xlabel="diffusion step t",
        ylabel="probability of a step",
        title=title,
        xlim=(edges[0], edges[-1]),
    )
    axis.legend(frameon=False)
    save(figure, path)


def dots(
    axis: Any, runs: Sequence[tuple[str, float, float, float, float, float]], title: str
) -> None:
    """A value a run with its interval over its noise floor, one below the other.

    Args:
        runs: (name, value, low, high, floor's low, floor's high); NaN where there is no interval or
            floor.
    """
    for row, (_, value, low, high, floor_low, floor_high) in enumerate(runs):
        if floor_low == floor_low:
            axis.barh(
                row, floor_high - floor_low, left=floor_low, height=1, color="#ececec", zorder=0
            )
        if low == low:
            axis.plot([low, high], [row, row], color=REAL, lw=1.2)
        axis.plot(value, row, "o", color=REAL, ms=4)
    axis.set_yticks(range(len(runs)), [name for name, *_ in runs], fontsize=7)
    axis.invert_yaxis()
    axis.set_title(title, fontsize=10, loc="left")
    axis.spines[["top", "right"]].set_visible(False)


def boxes(groups: pd.DataFrame, floor: tuple[float, float], title: str, path: Path) -> None:
    """Box plots, whiskers to the ends, of the groups of `parity.boxes`; the noise floor, if it is
    not NaN, lies behind them.
    """
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axis = figure.subplots()
    rows = groups[groups.n > 0].to_dict("records")
    ends = {"whislo": "min", "q1": "q1", "med": "median", "q3": "q3", "whishi": "max"}
    axis.bxp(
        [{**{mark: row[key] for mark, key in ends.items()}, "fliers": []} for row in rows],
        medianprops={"color": GENERATED},
    )
    axis.set_xticks(
        range(1, len(rows) + 1), [f"{row['group']}\n{row['n']} cells" for row in rows], fontsize=7
    )
    if floor[0] == floor[0]:
        axis.axhspan(*floor, color="#ececec", zorder=0)
    axis.set_title(title, fontsize=10, loc="left")
    axis.spines[["top", "right"]].set_visible(False)
    save(figure, path)


LOSSES = {
    "loss": "the paper's Fig. 7: each under its own t",
    "fixed": "one model, the uniform run's, under the same t",
    "probe": "each under one distribution of t (held-out)",
}


def losses(table: pd.DataFrame, path: Path) -> None:
    """Losses of cells by location, a line a width, from the table of `losses.losses`: their own
    beside what one model would read.
    """
    kinds = [kind for kind in LOSSES if table[kind].notna().any()] or ["loss"]
    figure = Figure(figsize=(4.2 * len(kinds), 3.4), layout="constrained")
    widths = sorted(set(table.width))
    for axis, kind in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
        for k, width in enumerate(widths):
            line = table[table.width == width].groupby("location")[kind].mean()
            colour = mpl.colormaps["viridis"](k / max(len(widths) - 1, 1))
            axis.plot(
                line.index,
                line,
                ".-",
                color=colour,
                lw=1,
                ms=4,
                label=f"width {width:g}" if k in (0, len(widths) - 1) else None,
            )
        axis.set_ylim(0, 1.1 * float(np.nanmax([*table[kind], 1e-9])))
        axis.set_title(LOSSES[kind], fontsize=9, loc="left")
        axis.set(xlabel="mean of the interval", ylabel="loss")
        axis.spines[["top", "right"]].set_visible(False)
    figure.axes[0].legend(frameon=False, fontsize=8)
    save(figure, path)


def triangle(axis: Any, cells: Sequence[tuple[float, float, float]], title: str) -> None:
    """A heat-map over the triangle c_l < c_h; cells are (c_l, c_h, value), those without a value
    stay grey.
    """
    lows, highs = sorted({c[0] for c in cells}), sorted({c[1] for c in cells})
    grid = np.full((len(highs), len(lows)), np.nan)
    for low, high, value in cells:
        grid[highs.index(high), lows.index(low)] = value
    colours = mpl.colormaps["viridis"].with_extremes(bad="#ececec")
    low, span = (
        (float(np.nanmin(grid)), float(np.ptp(grid[np.isfinite(grid)]))) if cells else (0.0, 0.0)
    )
    decimals = (
        int(np.clip(1 - np.floor(np.log10(span)), 0, 6)) if span else 3
    )  # enough to tell the cells apart
    image = axis.imshow(
        grid, origin="lower", cmap=colours, aspect="auto", vmin=low, vmax=low + (span or 1.0)
    )
    for (i, j), value in np.ndenumerate(grid):
        if np.isfinite(value):
            dark = image.norm(value) < 0.6
            axis.text(
                j,
                i,
                f"{value:.{decimals}f}",
                ha="center",
                va="center",
                fontsize=6.5,
                color="white" if dark else "black",
            )
    axis.set_xticks(range(len(lows)), [f"{v:g}" for v in lows], fontsize=8)
    axis.set_yticks(range(len(highs)), [f"{v:g}" for v in highs], fontsize=8)
    axis.set(xlabel="$c_l$", ylabel="$c_h$")
    axis.set_title(title, fontsize=10, loc="left")
    axis.spines[:].set_visible(False)
    axis.figure.colorbar(image, ax=axis, fraction=0.04, pad=0.02).ax.tick_params(labelsize=7)
