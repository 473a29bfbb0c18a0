"""A sweep's heat-maps in a terminal."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.colors import to_hex
from rich.console import Console
from rich.text import Text

from memctl.analysis.sweep_results import read
from memctl.errors import UserError
from memctl.reporting.anchor import Anchor, number, sentence
from memctl.reporting.headline import headline
from memctl.reporting.heatmaps import Map, decimals
from memctl.reporting.report import check_metrics
from memctl.reporting.sections.overview import content

LABEL = 6  # columns of c_h
LEAST = 6  # of a cell with a number
SIGNS = {-1: "-", 0: " ", 1: "+"}  # below, within and above the floor


def draw(directory: Path, metrics: Sequence[str]) -> None:
    """Print the heat-map of each metric over the cells of a sweep: colours as in the pictures, and
    + and - for cells above and below the noise floor.

    Raises:
        UserError: no sweep, no grid of cells in it, or a metric that it lacks.
    """
    sweep = read(directory)
    check_metrics(sweep, metrics)
    if not (len(sweep.cells) and sweep.plain):
        raise UserError(
            f"{directory} has no grid of cells to be drawn; `memctl report {directory}` lists its"
            " runs"
        )
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
    console.print(Text(headline(sweep)))
    for metric in metrics:
        console.print(Text("\n").append_text(triangle(content(sweep, metric), console.width - 1)))


def triangle(content: Map, width: int) -> Text:
    """A heat-map in lines of at most `width` columns; one of signs where numbers have no room; a
    sentence where all cells read the same.
    """
    out = Text()
    if content.said:
        return out.append(content.said)
    lows, highs = sorted({c[0] for c in content.cells}), sorted({c[1] for c in content.cells})
    values = {(low, high): value for low, high, value in content.cells}
    anchor, digits = Anchor.of(content.values, content.floor), decimals(content.values_known)
    room = max(min((width - LABEL) // len(lows), 9), 2)
    out.append(f"{content.title}\n{sentence(anchor, content.values)}\n", "bold")
    for high in reversed(highs):
        out.append(f"{high:{LABEL - 1}g} ")
        for low in lows:
            value = values.get((low, high), np.nan)
            out.append(*cell(value, anchor, digits, room) if low < high else (" " * room, ""))
        out.append("\n")
    labels = "".join(f"{low:>{room - 1}g} " if room >= LEAST else " " * room for low in lows)
    out.append(f"{'c_h':>{LABEL - 1}} {labels}\n" if room >= LEAST else f"{'c_h':>{LABEL - 1}}\n")
    ends = f"c_l{'' if room >= LEAST else f' from {lows[0]:g} to {lows[-1]:g}'}"
    marks = "  ".join(f"{name} {number(v)}" for name, v in content.marks.items() if v == v)
    return out.append(f"{'':{LABEL}}{ends}; {marks}\n" if marks else f"{'':{LABEL}}{ends}\n")


def cell(value: float, anchor: Anchor, digits: int, room: int) -> tuple[str, str]:
    """A cell's text, `room` columns wide, and its style."""
    if not np.isfinite(value):
        return f"{'? ' if room >= LEAST else '?':>{room}}", "dim"
    beyond = float(anchor.beyond(value))
    sign = SIGNS[int(np.sign(beyond))]
    text = f"{value:.{min(digits, room - 4)}f}{sign}" if room >= LEAST else sign
    red, green, blue, _ = anchor.shades(value)
    background = to_hex((red, green, blue))
    dark = abs(beyond) > 0.7
    return f"{text:>{room}}", f"{'#ffffff' if dark else '#000000'} on {background}"
