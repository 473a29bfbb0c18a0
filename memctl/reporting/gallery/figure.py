"""The figure: every sampler over t and over log SNR, the same scale for all. No display is needed.

Up to `PANELS` samplers have axes of their own; more of them become rows of one pair of axes, so
that 45 fit a page.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from memctl.reporting.gallery.curve import Curve
from memctl.reporting.gallery.entry import Entry
from memctl.reporting.gallery.layout import OVERLAP, Layout, own_axes, shared_axes
from memctl.reporting.gallery.scale import Scale, axis_height, log_snr_scale, t_scale
from memctl.reporting.gallery.style import COLOURS, DASHED, DOTTED, DRAWN, REFERENCE, STYLE, WEIGHT

PANELS = 6
DOTS = (25, 50)  # ranges of t in which draws are counted: for many samplers, for few


def figure(entries: Sequence[Entry]) -> Figure:
    """Left p(t) in units of 1/T over t, right the density per unit of log SNR, for at least one
    sampler, all with the same T.
    """
    with mpl.rc_context(STYLE):
        columns = [[scale(entry) for entry in entries] for scale in (t_scale, log_snr_scale)]
        peaks = [
            [scale.peak(entry.pmf) for scale, entry in zip(column, entries, strict=True)]
            for column in columns
        ]
        tops = [axis_height(column) for column in peaks]
        layout = own_axes(entries) if len(entries) <= PANELS else shared_axes(entries, tops)
        colours, dots = palette(entries), int(np.clip(1000 / len(entries), *DOTS))
        for k, (column, top) in enumerate(zip(columns, tops, strict=True)):
            for i, entry in enumerate(entries):
                curve = Curve(layout.axes[i][k], column[i], layout.bases[i] * top, top)
                curve.draw(entry, colours[i], dots, weights=k == 0)
        set_limits(layout, columns, tops, reach(layout.bases, peaks, tops))
        left, right = layout.axes[-1]
        left.set_xlabel("diffusion step t")
        left.xaxis.get_major_locator().set_params(integer=True)
        right.set_xlabel("log SNR(t), from signal to noise")
        legend(layout.figure, entries)
    return layout.figure


def reach(bases: Sequence[float], peaks: Sequence[Sequence[float]], tops: Sequence[float]) -> float:
    """How high the highest curve or the first row's label is, in heights of the axes."""
    ends = [
        base + min(1.08 * peak / top, 1)
        for column, top in zip(peaks, tops, strict=True)
        for base, peak in zip(bases, column, strict=True)
    ]
    return max(bases[0] + 1 / OVERLAP, *ends)


def set_limits(
    layout: Layout, columns: Sequence[Sequence[Scale]], tops: Sequence[float], height: float
) -> None:
    """The same limits for all samplers; log SNR falls to the right, as t grows."""
    for k, (column, top) in enumerate(zip(columns, tops, strict=True)):
        low = min(float(scale.edges.min()) for scale in column)
        high = max(float(scale.edges.max()) for scale in column)
        for pair in layout.axes:
            pair[k].set(xlim=(high, low) if k else (low, high), ylim=(0, top * height))


def palette(entries: Sequence[Entry]) -> list[Any]:
    """Distinct colours for a few; for many, the order of their mean t along a scale."""
    if len(entries) <= len(COLOURS):
        return list(COLOURS[: len(entries)])
    order = np.argsort(np.argsort([entry.row["mean"] for entry in entries], kind="stable"))
    return [mpl.colormaps["viridis"](0.85 * rank / (len(entries) - 1)) for rank in order]


def legend(image: Figure, entries: Sequence[Entry]) -> None:
    """What lines and dots mean, above; what a reader must know besides, below."""
    handles: list[Any] = [
        Patch(facecolor="#b8d0e3", edgecolor=COLOURS[0], label="the sampler, p(t)"),
        Line2D([], [], color=REFERENCE, lw=0.9, ls=DOTTED, label="uniform t"),
    ]
    draws = [entry.draws.n for entry in entries if entry.draws is not None]
    if draws:
        number = f"{min(draws):,}" + (f" to {max(draws):,}" if max(draws) > min(draws) else "")
        handles.append(
            Line2D([], [], ls="", marker="o", ms=3, mew=0, color=DRAWN, label=f"{number} draws")
        )
    if any(entry.weights is not None for entry in entries):
        handles.append(Line2D([], [], color=WEIGHT, lw=0.9, ls=DASHED, label="loss weight w(t)"))
    image.legend(handles=handles, loc="outside upper left", ncols=len(handles), frameon=False)
    notes = [f"* {note}" for note in sorted({entry.note for entry in entries if entry.note})]
    if any(not np.isfinite(entry.schedule.log_snr).all() for entry in entries):
        notes.append("The last step has no signal, log SNR = -inf, and so no place on the right.")
    if notes:
        image.supxlabel("   ".join(notes), x=0.01, ha="left", fontsize=7, color=REFERENCE)
