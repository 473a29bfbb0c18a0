"""The picture of a calibration: generators of known behaviour by metrics."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from memctl.reporting.anchor import COLOURS
from memctl.reporting.figures import WIDTH, save
from memctl.reporting.heatmaps import SMALL, TEXT, write_number

MOST = 4.4  # doublings of the floor's half-width at which a colour is at its strongest
ROW = 0.185  # inches


def draw(readings: pd.DataFrame, path: Path) -> None:
    """Readings of generators, one a column, by metrics, one a row, each scaled to its noise floor:
    white is within what fresh real examples read.

    Args:
        readings: One row a generator, one column a metric; the first two rows are the ends of the
            floor.
    """
    low, high = readings.iloc[0], readings.iloc[1]
    values = readings.iloc[2:].dropna(axis=1, how="all")
    values = values.loc[:, low[values.columns].notna()]
    middle, half = ((high + low) / 2)[values.columns], ((high - low) / 2)[values.columns]
    beyond = ((values - middle) / half.where(half > 0, 1e-12)).clip(-20, 20)
    steps = beyond.to_numpy(dtype=float).T
    doublings = np.sign(steps) * np.log2(np.maximum(np.abs(steps), 1))  # 0 within the floor
    figure = Figure(figsize=(WIDTH, 1.5 + ROW * values.shape[1]), layout="constrained")
    axis = figure.subplots()
    image = axis.imshow(doublings, cmap=COLOURS, vmin=-1.1 * MOST, vmax=1.1 * MOST, aspect="auto")
    for (row, column), value in np.ndenumerate(values.to_numpy(dtype=float).T):
        dark = abs(doublings[row, column]) > 0.75 * MOST
        if np.isfinite(value):
            write_number(
                axis,
                column,
                row,
                f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}",
                dark,
                SMALL,
            )
    names = [str(name) for name in values.index]
    axis.set_xticks(range(len(values)), names, rotation=40, ha="left", fontsize=TEXT)
    axis.tick_params(axis="x", top=True, labeltop=True, bottom=False, labelbottom=False, pad=1)
    axis.set_yticks(range(values.shape[1]), list(values.columns), fontsize=TEXT)
    bar = figure.colorbar(image, ax=axis, location="bottom", aspect=60, pad=0.01)
    bar.ax.tick_params(labelsize=TEXT)
    bar.ax.set_xlim(-MOST, MOST)
    bar.set_label(
        "white: within what fresh real examples read by chance; colours: doublings of the floor's"
        " half-width beyond it",
        fontsize=TEXT,
    )
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    save(figure, path)
