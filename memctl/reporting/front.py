"""The figure of the front: one large plane, three small ones, and what each control gains."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from memctl.analysis import front
from memctl.analysis.controls import UNIFORM
from memctl.analysis.pareto import attained
from memctl.metrics.measure import Floats

# Okabe and Ito's colours, told apart by the colour-blind; then the same with another marker.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7a6a00")
MARKERS = "osD^vP"
MAIN = ("f_mem", "energy_heldout")
SMALL = (("f_mem", "kid"), ("f_mem", "recall"), ("dcr_share", "energy_heldout"))
EDGE: dict[str, Any] = {"ls": "", "mec": "white", "mew": 0.4}
AXES = {
    "f_mem": "share of copies (f_mem)",
    "dcr_share": "nearer to train (dcr_share)",
    "energy_heldout": "energy to held-out",
    "kid": "KID",
    "recall": "1 - recall",
}
LARGE, LITTLE = 6.0, 4.0  # sizes of markers
TICKS = (0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1)
PLACES = ((6, 5), (6, -9), (-6, 5), (-6, -9), (0, 8), (0, -13))  # of a label, in points


def styles(rows: pd.DataFrame) -> dict[str, Any]:
    """Colour and marker of each control, and of the uniform run."""
    return {UNIFORM: {"color": "black", "marker": "*"}} | {
        control: {
            "color": COLOURS[k % len(COLOURS)],
            "marker": MARKERS[k // len(COLOURS) % len(MARKERS)],
        }
        for k, control in enumerate(front.controls(rows))
    }


def draw(rows: pd.DataFrame) -> Figure:
    """The planes of `front.points` that were measured (metrics.full=false has no KID); with only
    the points where there is no front.
    """
    figure = Figure(figsize=(7.6, 6.4), layout="constrained")
    grid = figure.add_gridspec(2, 3, height_ratios=(1.5, 1))
    look = styles(rows)
    large = figure.add_subplot(grid[0, :2])
    draw_plane(large, rows, *MAIN, look, LARGE)
    gains(figure.add_subplot(grid[0, 2]), rows, look)
    for k, (copying, quality) in enumerate(SMALL):
        if rows[copying].notna().any() and rows[quality].notna().any():
            draw_plane(figure.add_subplot(grid[1, k]), rows, copying, quality, look, LITTLE)
    figure.draw_without_rendering()  # places everything, so that labels know what they would cover
    name_settings(large, rows)
    return figure


def draw_plane(
    axis: Any, rows: pd.DataFrame, copying: str, quality: str, look: dict[str, Any], size: float
) -> None:
    """Settings with their intervals, the front and its band; what loses more than fits stands at
    the upper edge as an arrow.

    Args:
        look: Colour and marker by control.
        size: Of the markers.
    """
    values = front.plane(rows, copying, quality)
    corners = front.box(rows, copying, quality)
    top = corners[1][1] if corners else 1.1 * float(np.nanmax(values[:, 1])) or 1.0
    right = 1.04 * float(np.nanmax([*values[:, 0], rows[f"{copying}_high"].iloc[0]]))
    if copying == "f_mem":
        ticks = spaced(right, 0.08 if size == LARGE else 0.17)
        axis.set_xscale("function", functions=(lambda v: np.sqrt(np.abs(v)), np.square))
        axis.set_xticks(ticks, [f"{100 * v:g} %" for v in ticks])
    if front.comparable(rows):
        draw_front(axis, rows, copying, quality)
    for (x, y), row in zip(values, rows.to_dict("records"), strict=True):
        style = look[row["control"]]
        if y > top:
            axis.plot(x, 0.985 * top, "^", color=style["color"], ms=size, mfc="none")
            continue
        across = [row[f"{copying}_{end}"] for end in ("low", "high")]
        along = [front.loss(quality, row[f"{quality}_{end}"]) for end in ("low", "high")]
        for place in ((across, (y, y)), ((x, x), along)):
            axis.plot(*place, color=style["color"], lw=0.8, alpha=0.5)
        larger = 2.2 if row["control"] == UNIFORM else 1
        axis.plot(x, y, ms=larger * size, zorder=3 + larger, clip_on=False, **EDGE, **style)
    left = 0.0 if copying == "f_mem" else float(np.nanmin(values[:, 0])) - 0.02
    axis.set(xlim=(left, right), ylim=(min(0.0, float(np.nanmin(values[:, 1]))), top))
    axis.set_xlabel(AXES[copying], fontsize=8)
    axis.set_ylabel(AXES[quality], fontsize=8)
    axis.tick_params(labelsize=7)
    axis.spines[["top", "right"]].set_visible(False)


def spaced(right: float, least: float) -> list[float]:
    """Ticks of an axis of square roots up to `right`, at least that part of it apart."""
    out = [0.0]
    for tick in TICKS[1:]:
        if tick <= right and np.sqrt(tick / right) - np.sqrt(out[-1] / right) >= least:
            out.append(tick)
    return out


def draw_front(axis: Any, rows: pd.DataFrame, copying: str, quality: str) -> None:
    """The least loss at no more copying than x, and where it would lie if the front's settings
    read other values of their intervals.
    """
    best = front.front(rows, copying, quality)
    seen = front.plane(best, copying, quality)
    again = front.drawn(rows, copying, quality)[:, rows.index.get_indexer(best.index)]
    at = np.linspace(0, float(rows[copying].max()) * 1.1, 400)
    several: Floats = np.stack([attained(plane, at) for plane in again])
    low, high = np.quantile(several, (0.025, 0.975), axis=0, method="inverted_cdf")
    axis.fill_between(at, low, np.minimum(high, 1e6), color="#dddddd", lw=0, zorder=0)
    axis.plot(at, attained(seen, at), color="#666666", lw=1, drawstyle="steps-post", zorder=1)


def gains(axis: Any, rows: pd.DataFrame, look: dict[str, Any]) -> None:
    """Hypervolume of each control in the main plane with its interval; the key of the colours."""
    table = front.hypervolumes(rows, [MAIN])
    found = table.set_index("control").to_dict("index") if len(table) else {}
    names = sorted(look, key=lambda c: -found.get(c, {"hypervolume": 0.0})["hypervolume"])
    for k, name in enumerate(names):
        if name in found:
            ends = [found[name][end] for end in ("low", "high")]
            axis.plot(ends, [k, k], color=look[name]["color"], lw=1.2)
        at = found[name]["hypervolume"] if name in found else 0.0
        axis.plot(at, k, ms=12 if name == UNIFORM else 6, clip_on=False, **EDGE, **look[name])
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5))
    if found:
        axis.set_xlabel("gained over uniform\n(hypervolume)", fontsize=8)
    else:
        axis.set_xticks([])
    axis.tick_params(labelsize=7, axis="x")
    axis.tick_params(length=0, axis="y")
    axis.yaxis.tick_right()
    axis.spines[["top", "right", "left"]].set_visible(False)


def name_settings(axis: Any, rows: pd.DataFrame) -> None:
    """Names beside the settings of the front, the uniform run, and the least lossy setting of each
    control, where there is room.
    """
    best = front.front(rows, *MAIN)
    each = rows.sort_values(MAIN[1]).drop_duplicates("control")
    order = pd.concat([rows.iloc[:1], best, each]).drop_duplicates(["control", "setting"])
    values = axis.transData.transform(front.plane(rows, *MAIN))
    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in values]
    for text, here in zip(order.setting, front.plane(order, *MAIN), strict=True):
        if here[1] <= axis.get_ylim()[1]:
            place(axis, text, (here[0], here[1]), taken)


def place(axis: Any, text: str, here: tuple[float, float], taken: list[Bbox]) -> None:
    """Write a text beside a point where it covers nothing, or not at all."""
    for right, up in PLACES:
        side = "left" if right > 0 else "right" if right < 0 else "center"
        label = axis.annotate(
            text, here, (right, up), textcoords="offset points", ha=side, fontsize=7, zorder=5
        )
        extent = label.get_window_extent()
        fits = axis.bbox.fully_contains(extent.x0, extent.y0) and axis.bbox.fully_contains(
            extent.x1, extent.y1
        )
        if fits and not any(extent.overlaps(other) for other in taken):
            taken.append(extent)
            return
        label.remove()
