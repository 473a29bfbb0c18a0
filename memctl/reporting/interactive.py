"""A sweep's maps and its front as figures of Plotly, given as JSON, which W&B draws."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from memctl.analysis import front
from memctl.analysis.controls import UNIFORM
from memctl.analysis.studied import MAIN
from memctl.analysis.sweep_results import SweepResults
from memctl.reporting.anchor import Anchor, number, sentence
from memctl.reporting.front import AXES, styles
from memctl.reporting.front import MAIN as PLANE
from memctl.reporting.heatmaps import Map, decimals
from memctl.reporting.sections.overview import content

TITLE = "Less copying at least loss"
# What matplotlib's markers are called there.
SYMBOLS = {"o": "circle", "s": "square", "D": "diamond", "^": "triangle-up", "v": "triangle-down"}
SYMBOLS |= {"P": "cross", "*": "star"}
STOPS = 64  # of a scale of colours, between which Plotly interpolates
Json = dict[str, Any]


def figures(sweep: SweepResults) -> dict[str, Json]:
    """By name: a map of each main metric over the cells, and the front where the sweep has one."""
    out = {name: heatmap(map) for name, map in maps(sweep).items()}
    return {**out, "front": plane(front.points(sweep))} if front.has_front(sweep) else out


def maps(sweep: SweepResults) -> dict[str, Map]:
    """By name, the maps of the main metrics that are not the same in all cells; none where runs are
    not the cells of a grid.
    """
    over_cells = len(sweep.cells) and sweep.plain
    known = {m: content(sweep, m) for m in MAIN if over_cells and m in sweep.metrics}
    return {f"heatmaps/{name}": map for name, map in known.items() if not map.said}


def heatmap(content: Map) -> Json:
    """A map in the colours of the pictures: white from one end of the floor to the other."""
    anchor = Anchor.of(content.values, content.floor)
    low, high = anchor.limits(content.values)
    lows, highs = sorted({c[0] for c in content.cells}), sorted({c[1] for c in content.cells})
    known = {(a, b): value for a, b, value in content.cells if np.isfinite(value)}
    rows = [[known.get((a, b)) for a in lows] for b in highs]
    digits = decimals(content.values_known)
    marks = ", ".join(f"{name} {number(v)}" for name, v in content.marks.items() if v == v)
    about = [f"<b>{content.title}</b>", sentence(anchor, content.values), marks]
    cells = {
        "type": "heatmap",
        "x": [f"{a:g}" for a in lows],
        "y": [f"{b:g}" for b in highs],
        "z": rows,
        "zmin": low,
        "zmax": high,
        "colorscale": scale(anchor, low, high),
        "colorbar": {"thickness": 12, "outlinewidth": 1},
        "text": [["" if v is None else f"{v:.{digits}f}" for v in row] for row in rows],
        "texttemplate": "%{text}",
        "hovertemplate": "c_l %{x}, c_h %{y}: %{z:.4g}<extra></extra>",
        "hoverongaps": False,
        "xgap": 1,
        "ygap": 1,
    }
    return {
        "data": [cells],
        "layout": {
            "title": {"text": "<br>".join(filter(None, about)), "font": {"size": 12}},
            "xaxis": {"title": {"text": "c_l"}, "type": "category", "showgrid": False},
            "yaxis": {"title": {"text": "c_h"}, "type": "category", "showgrid": False},
            "plot_bgcolor": "#e9ebee",  # on which a white cell is seen
        },
    }


def scale(anchor: Anchor, low: float, high: float) -> list[list[Any]]:
    """Plotly's scale of colours from `low` to `high`: a place in 0..1 and a colour each."""
    inner = [end for end in (anchor.low, anchor.high) if low < end < high]
    stops = np.unique([*np.linspace(low, high, STOPS), *inner])
    shades = [to_hex(shade) for shade in anchor.shades(stops)]
    places = (stops - low) / (high - low)
    return [[float(place), shade] for place, shade in zip(places, shades, strict=True)]


def plane(rows: pd.DataFrame) -> Json:
    """Copying against quality: a point a setting, its control a colour, and the front.

    Args:
        rows: As `front.points` gives them.
    """
    copying, quality = PLANE
    look = styles(rows)
    drawn = []
    measured = rows.dropna(subset=[copying, quality])
    for control, own in measured.groupby("control", sort=False):
        texts = [f"{r['setting']} ({r['run']})" for r in own.to_dict("records")]
        colour, symbol = look[str(control)]["color"], SYMBOLS[look[str(control)]["marker"]]
        marker = {"color": colour, "symbol": symbol, "size": 14 if control == UNIFORM else 9}
        drawn.append(
            {"type": "scatter", "mode": "markers", "name": str(control), "text": texts}
            | {"x": [*own[copying]], "y": [*own[quality]], "marker": marker}
        )
    if front.comparable(rows) and len(measured):
        best = front.front(measured, copying, quality)
        x, y = [*best[copying], measured[copying].max()], [*best[quality], best[quality].iloc[-1]]
        drawn.append(
            {"type": "scatter", "mode": "lines", "name": "front", "hoverinfo": "skip"}
            | {"x": x, "y": y, "line": {"shape": "hv", "color": "#666666", "width": 1}}
        )
    corners = front.box(rows, copying, quality)
    top = corners[1][1] if corners else float("inf")
    said = [TITLE if front.comparable(rows) else "No front: the uniform run copies too little"]
    if far := int((measured[quality] > top).sum()):
        said.append(f"{far} of {len(measured)} settings lose more than fits: a double click shows")
    layout: Json = {"title": {"text": "<br>".join(said), "font": {"size": 12}}}
    layout |= {"xaxis": {"title": {"text": AXES[copying]}, "zeroline": False}}
    layout |= {"yaxis": {"title": {"text": AXES[quality]}, "zeroline": False}}
    if far:
        least = min(0.0, float(measured[quality].min()))
        layout["yaxis"] |= {"range": [least - 0.04 * (top - least), top]}
    return {"data": drawn, "layout": layout}
