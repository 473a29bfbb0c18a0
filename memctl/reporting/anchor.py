"""Colours of a metric that are anchored to its noise floor: white is what fresh data read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, Normalize
from scipy.optimize import isotonic_regression

from memctl.metrics.measure import Floats

# Blue below the floor, red above it (ColorBrewer's); told apart by the colour-blind. The page has
# them from here.
BLUES = ("#053061", "#2166ac", "#4393c3", "#92c5de", "#d1e5f0")
REDS = ("#fddbc7", "#f4a582", "#d6604d", "#b2182b", "#67001f")
PALETTE = (*BLUES, "#ffffff", *REDS)
COLOURS = LinearSegmentedColormap.from_list("floor", PALETTE, N=513)  # odd: one of them is white
STRONGEST = 0.9  # of the map's half, so that a number on a cell is read
SHADES = 512
LEADER: dict[str, Any] = {"arrowstyle": "-", "lw": 0.6, "color": "0.35", "relpos": (0.5, 1)} | {
    "shrinkA": 0,
    "shrinkB": 0,
}  # from a mark to its text


@dataclass(frozen=True)
class Anchor:
    """Where a value lies against a metric's noise floor.

    Attributes:
        low, high: The floor's ends; both the middle of the values where no floor is known.
        reach: Distance from the floor at which a colour is at its strongest, > 0: the width of the
            floor or, where values lie farther out, the farthest.
        known: Whether there is a floor.
    """

    low: float
    high: float
    reach: float
    known: bool = True

    @classmethod
    def of(cls, values: Floats, floor: tuple[float, float]) -> "Anchor":
        """The anchor of values, of any shape; NaN among them is left out.

        A few that are far off, by three times the quartiles' distance (Tukey 1977), do not make all
        others look alike: they have the strongest colour.

        Args:
            floor: Its ends; NaN where it is not known.
        """
        values = values[np.isfinite(values)]
        low, high = floor
        known = low <= high
        if not known:
            low = high = float(np.median(values)) if len(values) else 0.0
        beyond = np.maximum(np.maximum(low - values, values - high), 0)
        reach = high - low
        if len(values):
            first, third = np.quantile(beyond, [0.25, 0.75])
            fence = third + 3 * (float(third - first) or float(np.ptp(beyond)))
            reach = max(reach, float(beyond[beyond <= fence].max()))
        return cls(float(low), float(high), reach or 1.0, known)

    def beyond(self, values: Any) -> Floats:
        """How far outside the floor values lie, in reaches: 0 within it, -1 and 1 from a whole
        reach below and above it on.
        """
        v = np.asarray(values, dtype=float)
        out: Floats = np.clip(
            (np.minimum(v - self.low, 0) + np.maximum(v - self.high, 0)) / self.reach, -1, 1
        )
        return out

    def shades(self, values: Any) -> Floats:
        """The colours of values: red, green, blue and opacity in [0, 1], shape (..., 4)."""
        out: Floats = np.asarray(COLOURS(0.5 + 0.5 * STRONGEST * self.beyond(values)))
        return out

    def limits(self, values: Floats) -> tuple[float, float]:
        """Ends of the scale of values: theirs and the floor's, but for what is a reach off."""
        inside = np.clip(values, self.low - self.reach, self.high + self.reach)
        return float(np.nanmin([*inside, self.low])), float(np.nanmax([*inside, self.high]))

    def colours(self, low: float, high: float) -> ScalarMappable:
        """Colours of the values from `low` to `high`, for an image and its scale, which is linear
        in the metric.
        """
        shades = self.shades(np.linspace(low, high, SHADES))
        return ScalarMappable(Normalize(low, high), ListedColormap(shades))

    def counts(self, values: Floats) -> tuple[int, int, int]:
        """How many values lie below the floor, within it and above it; NaN counts nowhere."""
        v = values[np.isfinite(values)]
        below, above = int((v < self.low).sum()), int((v > self.high).sum())
        return below, len(v) - below - above, above


def number(value: float) -> str:
    """Three significant digits; whole where there are more of these."""
    short = f"{value:.3g}"
    return f"{value:.0f}" if 1000 <= abs(float(short)) < 1e6 else short


def sentence(anchor: Anchor, values: Floats, what: str = "cells") -> str:
    """How many values lie where against the floor: `all 45 cells read above fresh data, 0.435 to
    0.537`.
    """
    n = int(np.isfinite(values).sum())
    if not anchor.known:
        return f"{n} {what}; no noise floor is known, white is their median"
    below, within, above = anchor.counts(values)
    ends = f"{number(anchor.low)} to {number(anchor.high)}"
    places = ((above, "above"), (below, "below"), (within, "as"))
    found = [(count, place) for count, place in places if count]
    if len(found) == 1:
        return f"all {n} {what} read {found[0][1]} fresh data, {ends}"
    listed = ", ".join(f"{count} {place}" for count, place in found)
    return f"of {n} {what} {listed} fresh data, {ends}"


def draw_scale(
    axis: Any, colours: ScalarMappable, anchor: Anchor, marks: Mapping[str, float], size: float
) -> None:
    """The scale of the colours, lying, in an axis of its own: the floor's ends, and below it the
    marks by name, those beyond its ends with an arrow.

    Args:
        size: Of the text, in points.
    """
    low, high = colours.get_clim()
    shades = colours.to_rgba(np.linspace(low, high, SHADES))[None]
    axis.imshow(shades, aspect="auto", extent=(low, high, 0, 1))
    axis.set(xlim=(low, high), ylim=(0, 1), yticks=[])
    axis.spines[:].set_visible(False)
    axis.tick_params(axis="x", labelsize=size, length=2, pad=1, top=True, labeltop=True)
    axis.tick_params(axis="x", bottom=False, labelbottom=False)
    axis.set_xticks(*ends(anchor, low, high))
    if anchor.known:
        axis.axvspan(max(anchor.low, low), min(anchor.high, high), fc="none", ec="0.35", lw=0.8)
    known = {name: value for name, value in marks.items() if value == value}
    order = sorted(known, key=lambda name: known[name])
    places = [(float(np.clip(known[name], low, high)) - low) / (high - low) for name in order]
    width = 1 / max(len(order), 4)
    for name, at, text_at in zip(order, places, spread(places, width), strict=True):
        arrow = " >" if known[name] > high else ""
        before = "< " if known[name] < low else ""
        axis.annotate(
            f"{before}{name}{arrow}\n{number(known[name])}",
            (at, 0),
            (text_at, -0.7),
            xycoords="axes fraction",
            textcoords="axes fraction",
            ha="center",
            va="top",
            fontsize=size,
            linespacing=0.95,
            arrowprops=LEADER,
        )


def ends(anchor: Anchor, low: float, high: float) -> tuple[list[float], list[str]]:
    """Ticks of a scale and their texts: its ends and the floor's, at least an eighth apart."""
    wanted = [low, high]
    inner = [anchor.low, anchor.high] if anchor.known else []
    for value in inner:
        if low < value < high and min(abs(value - w) for w in wanted) > (high - low) / 7:
            wanted.append(value)
    return wanted, [number(value) for value in wanted]


def spread(places: Sequence[float], width: float) -> Floats:
    """Middles of texts of that width as near to the places as can be, ascending in 0..1, none over
    another.
    """
    at = width * np.arange(len(places))
    wanted = np.asarray(places, dtype=float) - at
    out: Floats = (isotonic_regression(wanted).x if len(places) else wanted) + at
    return np.clip(out, width / 2 + at, 1 - width / 2 - at[::-1])
