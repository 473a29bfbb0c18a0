"""Pictures of runs and sweeps, drawn without a display."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from memctl.results.files import atomic

GENERATED, REAL = "#c0392b", "#2c3e50"


def save(figure: Figure, path: Path) -> None:
    with atomic(path) as file:
        figure.savefig(file, format="png", dpi=110)


def samples(generated: NDArray[np.floating], real: NDArray[np.floating], path: Path, rows: int = 8) -> None:
    """Generated records beside held-out ones: signals, shape (n, channels, length), of which the first channel is drawn, or images."""
    if generated.ndim == 4:
        images(generated, real, path, rows)
        return
    figure = Figure(figsize=(9, 7), layout="constrained")
    for axis, signals, title, colour in zip(
        figure.subplots(1, 2), (generated, real), ("generated", "held-out"), (GENERATED, REAL), strict=True
    ):
        # All signals as one drawing, each moved to its place in two columns: an axis each would take a second and a half.
        shown = spread(signals, 2 * rows)[:, 0]
        height, length = 1.1 * float(np.ptp(real[:, 0])), shown.shape[1]
        column, row = np.divmod(np.arange(len(shown)), rows)
        x = np.arange(length) + 1.1 * length * column[:, None]
        axis.add_collection(LineCollection(list(np.stack([x, shown - height * row[:, None]], axis=-1)), colors=colour, linewidths=0.9))
        axis.autoscale()
        axis.set_axis_off()
        axis.set_title(title, loc="left")
    save(figure, path)


def spread(records: NDArray[np.floating], n: int) -> NDArray[np.floating]:
    """At most n of the records, at equal steps: held-out ones lie in the order of labels."""
    return records[np.linspace(0, len(records) - 1, min(n, len(records))).astype(int)]


def images(generated: NDArray[np.floating], real: NDArray[np.floating], path: Path, rows: int) -> None:
    """Generated images beside held-out ones, values in [-1, 1]: shape (n, channels, height, width)."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    for axis, pictures, title in zip(figure.subplots(1, 2), (generated, real), ("generated", "held-out"), strict=True):
        axis.imshow(mosaic(spread(pictures, rows * rows), rows), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axis.set_axis_off()
        axis.set_title(title, loc="left")
    save(figure, path)


def mosaic(pictures: NDArray[np.floating], columns: int) -> NDArray[np.floating]:
    """Images side by side, with a pixel between them: values in [0, 1], shape (height, width) or (height, width, 3)."""
    n, channels, height, width = pictures.shape
    lines = -(-n // columns)
    out = np.ones((lines * (height + 1) - 1, columns * (width + 1) - 1, channels))
    for k, picture in enumerate(pictures):
        top, left = k // columns * (height + 1), k % columns * (width + 1)
        out[top : top + height, left : left + width] = np.clip((picture.transpose(1, 2, 0) + 1) / 2, 0, 1)
    return out if channels == 3 else out[..., 0]


def timesteps(realised: Mapping[str, Any], title: str, path: Path) -> None:
    """The realised distribution of t over the nominal one, from the callback's summary."""
    edges = np.asarray(realised["edges"], dtype=float)
    width = np.diff(edges)
    figure = Figure(figsize=(6, 3), layout="constrained")
    axis = figure.subplots()
    axis.bar(
        edges[:-1],
        np.asarray(realised["realised"]) / width,
        width,
        align="edge",
        color="#d5d8dc",
        label=f"realised, {realised['draws']:,} draws",
    )
    axis.stairs(np.asarray(realised["nominal"]) / width, edges, color=GENERATED, label="nominal")
    axis.set(xlabel="diffusion step t", ylabel="probability of a step", title=title, xlim=(edges[0], edges[-1]))
    axis.legend(frameon=False)
    save(figure, path)


def dots(axis: Any, runs: Sequence[tuple[str, float, float, float]], title: str, band: tuple[float | None, float | None] | None) -> None:
    """A value a run with its interval, one below the other; runs are (name, value, low, high), without an interval low is NaN."""
    if band is not None and band[0] is not None and band[1] is not None:
        axis.axvspan(band[0], band[1], color="#ececec", zorder=0)
    for row, (_, value, low, high) in enumerate(runs):
        if low == low:
            axis.plot([low, high], [row, row], color=REAL, lw=1.2)
        axis.plot(value, row, "o", color=REAL, ms=4)
    axis.set_yticks(range(len(runs)), [name for name, *_ in runs], fontsize=7)
    axis.invert_yaxis()
    axis.set_title(title, fontsize=10, loc="left")
    axis.spines[["top", "right"]].set_visible(False)


def triangle(axis: Any, cells: Sequence[tuple[float, float, float]], title: str) -> None:
    """A heat-map over the triangle c_l < c_h; cells are (c_l, c_h, value), those without a value stay grey."""
    lows, highs = sorted({c[0] for c in cells}), sorted({c[1] for c in cells})
    grid = np.full((len(highs), len(lows)), np.nan)
    for low, high, value in cells:
        grid[highs.index(high), lows.index(low)] = value
    colours = mpl.colormaps["viridis"].with_extremes(bad="#ececec")
    low, span = (float(np.nanmin(grid)), float(np.ptp(grid[np.isfinite(grid)]))) if cells else (0.0, 0.0)
    decimals = int(np.clip(1 - np.floor(np.log10(span)), 0, 6)) if span else 3  # enough to tell the cells apart
    image = axis.imshow(grid, origin="lower", cmap=colours, aspect="auto", vmin=low, vmax=low + (span or 1.0))
    for (i, j), value in np.ndenumerate(grid):
        if np.isfinite(value):
            dark = image.norm(value) < 0.6
            axis.text(j, i, f"{value:.{decimals}f}", ha="center", va="center", fontsize=6.5, color="white" if dark else "black")
    axis.set_xticks(range(len(lows)), [f"{v:g}" for v in lows], fontsize=8)
    axis.set_yticks(range(len(highs)), [f"{v:g}" for v in highs], fontsize=8)
    axis.set(xlabel="$c_l$", ylabel="$c_h$")
    axis.set_title(title, fontsize=10, loc="left")
    axis.spines[:].set_visible(False)
    axis.figure.colorbar(image, ax=axis, fraction=0.04, pad=0.02).ax.tick_params(labelsize=7)
