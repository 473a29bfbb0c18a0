"""Heat-maps with their numbers in the cells."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from memctl.reporting.figures import save


def triangle(axis: Any, cells: Sequence[tuple[float, float, float]], title: str) -> None:
    """A heat-map over the triangle c_l < c_h; cells are (c_l, c_h, value), those without a value
    stay grey.
    """
    lows, highs = sorted({c[0] for c in cells}), sorted({c[1] for c in cells})
    grid = np.full((len(highs), len(lows)), np.nan)
    for low, high, value in cells:
        grid[highs.index(high), lows.index(low)] = value
    colours = mpl.colormaps["viridis"].with_extremes(bad="#ececec")
    known = grid[np.isfinite(grid)]
    low, high, decimals = scale(known)
    image = axis.imshow(grid, origin="lower", cmap=colours, aspect="auto", vmin=low, vmax=high)
    for (i, j), value in np.ndenumerate(grid):
        if np.isfinite(value):
            write_number(axis, j, i, f"{value:.{decimals}f}", image.norm(value) < 0.6, 6.5)
    axis.set_xticks(range(len(lows)), [f"{v:g}" for v in lows], fontsize=8)
    axis.set_yticks(range(len(highs)), [f"{v:g}" for v in highs], fontsize=8)
    axis.set(xlabel="$c_l$", ylabel="$c_h$")
    axis.set_title(title, fontsize=10, loc="left")
    axis.spines[:].set_visible(False)
    beyond = bool((known < low).any()), bool((known > high).any())
    extend = {(True, True): "both", (True, False): "min", (False, True): "max"}
    axis.figure.colorbar(
        image, ax=axis, fraction=0.04, pad=0.02, extend=extend.get(beyond, "neither")
    ).ax.tick_params(labelsize=7)


def scale(values: NDArray[np.float64]) -> tuple[float, float, int]:
    """The ends of the colours, and as many decimals as tell the cells of the middle half apart.

    A few cells that are far off, by three times the quartiles' distance (Tukey 1977), do not make
    all others look alike: they have the colour of the end.
    """
    if not len(values):
        return 0.0, 1.0, 3
    first, third = np.quantile(values, [0.25, 0.75])
    span = float(third - first) or float(np.ptp(values))
    low, high = max(values.min(), first - 3 * span), min(values.max(), third + 3 * span)
    decimals = int(np.clip(1 - np.floor(np.log10(span)), 0, 6)) if span else 3
    return float(low), float(high) if high > low else float(low) + 1.0, decimals


def write_number(axis: Any, x: int, y: int, text: str, dark: bool, size: float) -> None:
    """A cell's number in its middle; `dark` is the cell's colour."""
    colour = "white" if dark else "black"
    axis.text(x, y, text, ha="center", va="center", fontsize=size, color=colour)


def calibration(readings: pd.DataFrame, path: Path) -> None:
    """Readings of generators by metrics, each metric scaled to its noise floor: white is within
    what fresh real examples read.

    Args:
        readings: One row a generator, one column a metric; the first two rows are the ends of the
            floor.
    """
    low, high = readings.iloc[0], readings.iloc[1]
    values = readings.iloc[2:].dropna(axis=1, how="all")
    values = values.loc[:, low[values.columns].notna()]
    middle, half = ((high + low) / 2)[values.columns], ((high - low) / 2)[values.columns]
    beyond = ((values - middle) / half.where(half > 0, 1e-12)).clip(-20, 20)
    steps = beyond.to_numpy(dtype=float)
    doublings = np.sign(steps) * np.log2(np.maximum(np.abs(steps), 1))  # 0 within the floor
    figure = Figure(
        figsize=(1.6 + 0.62 * values.shape[1], 1.8 + 0.34 * len(values)), layout="constrained"
    )
    axis = figure.subplots()
    image = axis.imshow(doublings, cmap="RdBu_r", vmin=-4.4, vmax=4.4, aspect="auto")
    for (row, column), value in np.ndenumerate(values.to_numpy(dtype=float)):
        dark = abs(doublings[row, column]) > 3
        write_number(axis, column, row, f"{value:.3g}", dark, 6)
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
