"""Heat-maps over the triangle of intervals, anchored to the noise floor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from memctl.reporting.anchor import Anchor, draw_scale, number, sentence
from memctl.reporting.figures import WIDTH

SMALL, TEXT, TITLE = 6.5, 7.5, 8.5  # points, in pictures that are shown as wide as they are
MISSING = "#d9d9d9"
HEIGHTS = (1, 0.04)  # of a map and of its scale


@dataclass(frozen=True)
class Map:
    """A heat-map's content.

    Attributes:
        title: What a metric is called.
        cells: (c_l, c_h, value) each; NaN where there is no value.
        floor: The ends of the noise floor; NaN where it is not known.
        marks: What else the metric reads, by name: held-out, copies, uniform, base.
    """

    title: str
    cells: Sequence[tuple[float, float, float]]
    floor: tuple[float, float]
    marks: Mapping[str, float]

    @property
    def values(self) -> NDArray[np.float64]:
        return np.array([value for *_, value in self.cells], dtype=float)

    @property
    def values_known(self) -> NDArray[np.float64]:
        return self.values[np.isfinite(self.values)]

    @property
    def said(self) -> str:
        """A sentence that says all there is to see where every cell reads the same; else empty."""
        known = self.values_known
        if len(known) and np.ptp(known) > 0:
            return ""
        what = (
            f"reads {number(known[0])} in all {len(known)} cells" if len(known) else "has no value"
        )
        fresh = [f"fresh data read {number(self.floor[0])} to {number(self.floor[1])}"]
        fresh = fresh if self.floor[0] <= self.floor[1] else []
        beside = [f"{name}\u00a0{number(v)}" for name, v in self.marks.items() if v == v]
        return f"{self.title.partition(':')[0]} {what}; {', '.join([*fresh, *beside])}."


def maps(contents: Sequence[Map]) -> Figure:
    """Heat-maps in one or two columns, each above its scale."""
    columns = min(2, len(contents))
    lines = -(-len(contents) // columns)
    figure = Figure(figsize=(WIDTH, (4.2 if columns > 1 else 5.4) * lines), layout="constrained")
    figure.get_layout_engine().set(hspace=0.04, wspace=0.03)  # type: ignore[call-arg, union-attr]
    grid = figure.add_gridspec(lines, columns)
    for k, content in enumerate(contents):
        own = grid[k // columns, k % columns].subgridspec(2, 1, height_ratios=HEIGHTS)
        draw_map(figure.add_subplot(own[0]), figure.add_subplot(own[1]), content, 96 // columns)
    return figure


def draw_map(axis: Any, below: Any, content: Map, width: int) -> None:
    """A map and, on the axis below it, its scale; a sentence where there is nothing to see.

    Args:
        width: Of a line of text, in letters.
    """
    if content.said:
        for empty in (axis, below):
            empty.set_axis_off()
        axis.set_title(fill(content.title, width), fontsize=TITLE, loc="left")
        axis.text(
            0, 0.97, fill(content.said, width), transform=axis.transAxes, va="top", fontsize=TITLE
        )
        return
    anchor = Anchor.of(content.values, content.floor)
    triangle(axis, content, anchor)
    low, high = anchor.limits(content.values)
    draw_scale(below, anchor.colours(low, high), anchor, content.marks, TEXT)
    about = f"{fill(content.title, width)}\n"
    axis.set_title(about, fontsize=TITLE, loc="left")
    axis.text(
        0,
        1.015,
        sentence(anchor, content.values),
        transform=axis.transAxes,
        va="bottom",
        fontsize=TEXT,
    )


def triangle(axis: Any, content: Map, anchor: Anchor) -> None:
    """The map over c_l < c_h, with a number in each cell; those that are missing are grey."""
    cells = content.cells
    lows, highs = sorted({c[0] for c in cells}), sorted({c[1] for c in cells})
    grid = np.full((len(highs), len(lows)), np.nan)
    for low, high, value in cells:
        grid[highs.index(high), lows.index(low)] = value
    mappable = anchor.colours(anchor.low - anchor.reach, anchor.high + anchor.reach)
    axis.imshow(grid, origin="lower", cmap=mappable.cmap, norm=mappable.norm, aspect="auto")
    for i, high in enumerate(highs):
        for j, low in enumerate(lows):
            if low < high:  # a cell, with a border that is seen where it is white
                missing = not np.isfinite(grid[i, j])
                fill = MISSING if missing else "none"
                axis.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, fc=fill, ec="0.8", lw=0.5))
                if missing:
                    write_number(axis, j, i, "-", False, SMALL)
    digits, strong = decimals(grid[np.isfinite(grid)]), np.abs(anchor.beyond(grid)) > 0.7
    for (i, j), value in np.ndenumerate(grid):
        if np.isfinite(value):
            write_number(axis, j, i, f"{value:.{digits}f}", bool(strong[i, j]), SMALL)
    axis.set_xticks(range(len(lows)), [f"{v:g}" for v in lows], fontsize=TEXT)
    axis.set_yticks(range(len(highs)), [f"{v:g}" for v in highs], fontsize=TEXT)
    axis.set_xlabel("$c_l$", fontsize=TITLE, labelpad=1)
    axis.set_ylabel("$c_h$", fontsize=TITLE)
    axis.spines[:].set_visible(False)


def decimals(values: NDArray[np.float64]) -> int:
    """As many as tell the values of the middle half apart, at most 4."""
    span = float(np.ptp(np.quantile(values, [0.25, 0.75]))) or float(np.ptp(values))
    return int(np.clip(1 - np.floor(np.log10(span)), 0, 4)) if span else 3


def write_number(axis: Any, x: int, y: int, text: str, dark: bool, size: float) -> None:
    """A cell's number in its middle; `dark` is the cell's colour."""
    colour = "white" if dark else "black"
    axis.text(x, y, text, ha="center", va="center", fontsize=size, color=colour)
