"""Where in t a network memorises: loss, gap and membership; distances to the empirical-optimal
denoiser and to the example.
"""

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from memctl.metrics.measure import Floats
from memctl.reporting.figures import GENERATED, REAL, WIDTH, save

GREY = "#7f8c8d"
PLACES = {"left": 0.09, "right": 0.97, "top": 0.935, "bottom": 0.115, "hspace": 0.62, "wspace": 0.2}
Rows = Sequence[dict[str, float]]


def draw(rows: Rows, title: str, path: Path) -> None:
    """Write the figure of a probe's rows."""
    figure = Figure(figsize=(WIDTH, 10.2))
    t = (column(rows, "t_low") + column(rows, "t_high")) / 2
    # All places are given: to find them takes longer than to draw.
    grid = figure.subplots(3, 2, gridspec_kw=PLACES)
    for axis, panel in zip(grid.flat, PANELS, strict=True):
        panel(axis, t, rows)
        axis.xaxis.set_label_coords(0.5, -0.13)
        axis.set(xlabel="diffusion step t", xlim=(0, rows[-1]["t_high"] + 1))
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8, which="both")
        axis.xaxis.label.set_fontsize(9)
    figure.suptitle(fill(title, 90), x=0.01, ha="left", fontsize=10)
    save(figure, path)


def column(rows: Rows, name: str) -> Floats:
    """A column of the rows, NaN where JSON kept none."""
    return np.array([row[name] for row in rows], dtype=float)


def label(axis: Any, title: str, fair: float | None = None) -> None:
    """The title, the legend below the axis, where no data is, and a line at what is fair."""
    axis.set_title(fill(title, 48), loc="left", fontsize=9, y=1.0)
    if fair is not None:
        axis.axhline(fair, color="0.7", lw=0.8, zorder=0)
    axis.legend(frameon=False, fontsize=7.5, loc="upper center", bbox_to_anchor=(0.5, -0.2))


def bars(axis: Any, t: Floats, value: Floats, low: Floats, high: Floats) -> None:
    axis.errorbar(
        t,
        value,
        [value - low, high - value],
        fmt="o",
        ms=4,
        lw=1.2,
        color=REAL,
        label="95 % interval over examples",
    )


def loss(axis: Any, t: Floats, rows: Rows) -> None:
    for side, title, colour, style in (
        ("heldout", "held-out", GENERATED, "o-"),
        ("train", "train", REAL, ".--"),
    ):
        value, error = column(rows, f"loss_{side}"), column(rows, f"loss_{side}_se")
        axis.errorbar(
            t, value, 2 * error, fmt=style, ms=5, lw=1, color=colour, label=f"{title}, 2 s.e."
        )
    axis.set_yscale("log")
    label(axis, "loss, both sides under the same noise")


def gap(axis: Any, t: Floats, rows: Rows) -> None:
    """As a share of the loss, which falls with t by orders of magnitude."""
    whole = np.maximum(column(rows, "loss_heldout"), np.finfo(float).tiny)
    bars(axis, t, *(column(rows, end) / whole for end in ("gap", "gap_low", "gap_high")))
    label(axis, "gap: (held-out - train) / held-out loss; above 0 it memorises", 0)


def auc(axis: Any, t: Floats, rows: Rows) -> None:
    value, low, high = (column(rows, end) for end in ("auc", "auc_low", "auc_high"))
    bars(axis, t, value, low, high)
    axis.set_ylim(min(0.4, low.min() - 0.02), max(0.6, high.max() + 0.02))
    label(axis, "AUC of membership by the loss; above 0.5 it memorises", 0.5)


def curves(axis: Any, t: Floats, lines: Sequence[tuple[Floats, str, str, str]]) -> None:
    for value, colour, style, title in lines:
        positive = np.where(value > 0, value, np.nan)
        axis.plot(t, positive, style, color=colour, ms=3.5, lw=1.2, label=title)
    axis.set_yscale("log")


def distance_to_optimal(axis: Any, t: Floats, rows: Rows) -> None:
    lines = (
        (column(rows, "to_optimal_heldout"), GENERATED, "o-", "held-out to train's"),
        (column(rows, "to_control"), GREY, "x--", "train to held-out's (control)"),
        (column(rows, "to_optimal_train"), REAL, ".--", "train to train's"),
    )
    curves(axis, t, lines)
    label(axis, "RMS of the network's $x_0$ to an optimal denoiser")


def relative_distance(axis: Any, t: Floats, rows: Rows) -> None:
    lines = (
        (
            column(rows, "to_optimal_heldout") / column(rows, "optimal_to_truth_heldout"),
            GENERATED,
            "o-",
            "held-out to train's (below grey: memorised)",
        ),
        (column(rows, "to_control") / column(rows, "control_to_truth"), GREY, "x--", "control"),
    )
    curves(axis, t, lines)
    label(axis, "the same / that denoiser's RMS to the example", 1)


def distance_to_truth(axis: Any, t: Floats, rows: Rows) -> None:
    lines = (
        (column(rows, "to_truth_heldout"), GENERATED, "o-", "held-out"),
        (
            column(rows, "optimal_to_truth_heldout"),
            GENERATED,
            ":",
            "held-out, train's optimal denoiser",
        ),
        (column(rows, "to_truth_train"), REAL, ".--", "train"),
        (column(rows, "optimal_to_truth_train"), REAL, ":", "train, train's optimal denoiser"),
    )
    curves(axis, t, lines)
    axis.set_ylim(bottom=max(axis.get_ylim()[0], 1e-3 * column(rows, "to_truth_heldout").max()))
    label(axis, "RMS of $x_0$ to the example that was there")


PANELS = (loss, gap, auc, distance_to_optimal, relative_distance, distance_to_truth)
