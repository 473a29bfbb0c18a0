"""f_mem, dcr_share and energy of every splice over t."""

from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from memctl.reporting.figures import GENERATED, REAL, WIDTH, save

METRICS = {
    "f_mem": "share of copies, f_mem",
    "dcr_share": "nearer to train, dcr_share",
    "energy_heldout": "energy to held-out",
}
PANELS = {
    "t: the middle of each band": (
        ("inside", "memorising weights in this band alone"),
        ("outside", "memorising weights everywhere but there"),
    ),
    "t*, the step at which weights change": (
        ("above", "memorising weights at t > t*"),
        ("below", "memorising weights at t <= t*"),
    ),
}


def write(table: pd.DataFrame, title: str, path: Path) -> None:
    """Write the figure of a table of cuts."""
    figure = Figure(figsize=(WIDTH, 8.4), layout="constrained")
    axes = figure.subplots(len(METRICS), len(PANELS), sharex=True, sharey="row")
    for line, (metric, label) in zip(axes, METRICS.items(), strict=True):
        line[0].set_ylabel(label, fontsize=9)
        for axis, kinds in zip(line, PANELS.values(), strict=True):
            panel(axis, table, metric, kinds)
            axis.set_xlim(0, table.high.max())
            axis.spines[["top", "right"]].set_visible(False)
            axis.tick_params(labelsize=8)
    for axis, place in zip(axes[-1], PANELS, strict=True):
        axis.set_xlabel(place, fontsize=9)
    for axis in axes[0]:
        axis.legend(
            frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0
        )
    figure.suptitle(fill(title, 90), x=0.01, ha="left", fontsize=10)
    save(figure, path)


def panel(axis: Any, table: pd.DataFrame, metric: str, kinds: tuple[tuple[str, str], ...]) -> None:
    """Two kinds of cuts, and what either model reads alone."""
    above = table[table.kind == "above"]
    for row, colour, label in (
        (above.iloc[0], GENERATED, "memorising weights alone"),
        (above.iloc[-1], REAL, "generalising weights alone"),
    ):
        axis.axhline(row[metric], color=colour, lw=0.9, ls=":", label=label)
        ends = row[f"{metric}_low"], row[f"{metric}_high"]
        if not any(pd.isna(end) for end in ends):
            axis.axhspan(*ends, color=colour, alpha=0.1, lw=0)
    for (kind, label), colour, marker in zip(kinds, (GENERATED, REAL), "os", strict=True):
        cuts = table[table.kind == kind]
        x = {"above": cuts.low, "below": cuts.high}.get(kind, (cuts.low + cuts.high) / 2)
        value = cuts[metric].to_numpy(float)
        reach = [
            np.nan_to_num(np.abs(cuts[f"{metric}_{end}"].to_numpy(float) - value))
            for end in ("low", "high")
        ]
        axis.errorbar(
            x, value, reach, fmt=f"{marker}-", ms=4, lw=1.2, color=colour, capsize=2, label=label
        )
