"""Which band of t carries memorization, over t."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from memctl.analysis.bands import bands, has_bands, sentence, uniform_probe
from memctl.analysis.sweep_results import SweepResults
from memctl.reporting.figures import GENERATED, REAL, WIDTH
from memctl.reporting.section import Section

CHANGES = {
    "own_change": "copies: change of their share",
    "follows_change": "following: change",
}
COLOURS = (GENERATED, "#2980b9", "#27ae60", "#8e44ad")  # of multipliers, as they rise


def draw(sweep: SweepResults, table: pd.DataFrame) -> Figure:
    """What each band changes, the energy it costs, and the uniform run's probe, over t."""
    figure = Figure(figsize=(WIDTH, 11), layout="constrained")
    axes = figure.subplots(5, 1, sharex=True)
    kinds = [*table[1:].groupby("multiplier")]
    for axis, (column, title) in zip(axes, CHANGES.items(), strict=False):
        for k, (multiplier, rows) in enumerate(kinds):
            value = rows[column].to_numpy(float)
            ends = [rows[f"{column}_{end}"].to_numpy(float) for end in ("low", "high")]
            points(axis, rows, value, k, multiplier, [np.abs(end - value) for end in ends])
        axis.axhline(0, color="0.6", lw=0.8)
        axis.set_title(f"{title} against uniform t, with 95 % intervals for all", **TITLE)
    for k, (multiplier, rows) in enumerate(kinds):
        points(axes[2], rows, rows.energy_heldout.to_numpy(float), k, multiplier)
    axes[2].axhline(table.iloc[0].energy_heldout, color=REAL, lw=0.9, ls=":", label="uniform t")
    if (table.energy_heldout > 0).all():
        axes[2].set_yscale("log")
    axes[2].set_title("energy distance to held-out: is it a good generator still?", **TITLE)
    probe = uniform_probe(sweep)
    for axis, name, title, fair in (
        (axes[3], "gap", "uniform run's probe: (held-out - train) / held-out loss", 0),
        (axes[4], "auc", "uniform run's probe: AUC of membership by the loss", 0.5),
    ):
        axis.plot(probe.t, probe[name], "o-", ms=3.5, lw=1, color=REAL)
        axis.fill_between(
            probe.t, probe[f"{name}_low"], probe[f"{name}_high"], color=REAL, alpha=0.15
        )
        axis.axhline(fair, color="0.6", lw=0.8)
        axis.set_title(title, **TITLE)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8, which="both")
    axes[0].legend(frameon=False, fontsize=8)
    axes[2].legend(frameon=False, fontsize=8)
    axes[-1].set_xlabel("diffusion step t", fontsize=9)
    axes[-1].set_xlim(0, sweep.timesteps)
    return figure


TITLE: dict[str, Any] = {"fontsize": 9, "loc": "left"}


def points(
    axis: Any,
    rows: pd.DataFrame,
    value: Any,
    k: int,
    multiplier: Any,
    reach: Any = None,
) -> None:
    """The values of the bands of the k-th multiplier, each across its band, side by side."""
    middle, width = (rows.low + rows.high) / 2, rows.high - rows.low
    axis.errorbar(
        middle + (k - 0.5) * 0.12 * width,
        value,
        reach,
        width / 2,
        fmt="o",
        ms=4,
        lw=1.2,
        color=COLOURS[k % len(COLOURS)],
        label="band left out" if multiplier == 0 else f"band drawn {multiplier:g} times as often",
    )


BANDS = Section(
    name="bands",
    title="Which band of t",
    note=(
        "Uniform t without a band (multiplier 0) or with it drawn more often, against the uniform"
        " run of the same seed and noise. own, near, follows and their changes are as in the"
        " answer; probe_gap and probe_auc: where in t the uniform run's loss tells its training"
        " examples. Read a fall of copying beside the energy: a model that has not learned a band"
        " may be no generator."
    ),
    table=bands,
    figure=draw,
    text=sentence,
    needs=has_bands,
)
