"""One sampler on one axis: its distribution, uniform t, loss weights, draws."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.patches import StepPatch

from memctl.reporting.gallery.entry import Entry
from memctl.reporting.gallery.scale import Scale
from memctl.reporting.gallery.style import DASHED, DOTTED, DRAWN, REFERENCE, WEIGHT
from memctl.samplers.base import Floats


@dataclass(frozen=True)
class Curve:
    """A place in the figure: the axis, what lies along it, and the band from base to base + top."""

    axis: Any
    scale: Scale
    base: float
    top: float

    def draw(self, entry: Entry, colour: Any, dots: int, weights: bool) -> None:
        """Draw a sampler; a scale on which no step has a place stays empty.

        Args:
            dots: Ranges of t in which its draws are counted, at least.
            weights: Whether its loss weights are drawn, which are over t.
        """
        timesteps = entry.schedule.timesteps
        if len(self.scale.edges) < 2:
            return
        density = self.scale.density(entry.pmf)
        uniform = self.scale.density(np.full(timesteps, 1 / timesteps))
        self._steps(density, baseline=self.base, fill=True, color=colour, alpha=0.28, lw=0)
        self._steps(uniform, baseline=None, fill=False, color=REFERENCE, lw=0.7, ls=DOTTED)
        self._steps(density, baseline=None, fill=False, color=colour, lw=1.1)
        if weights and (w := entry.weights) is not None:
            height = np.where(w <= self.top, self.base + w, np.nan)
            self.axis.plot(np.arange(len(w)) + 0.5, height, color=WEIGHT, lw=0.9, ls=DASHED)
        self._draws(entry, dots)
        if density.max() > self.top:
            self._peak(density, colour)

    def _steps(self, heights: Floats, **style: Any) -> None:
        # `axis.stairs` would search each step for its limits, 40 ms a curve.
        heights = self.base + np.minimum(heights, self.top)
        self.axis.add_artist(StepPatch(heights, self.scale.edges, **style))

    def _draws(self, entry: Entry, dots: int) -> None:
        """A dot for every range of t that was drawn; more ranges for a sampler narrower than
        one.
        """
        if entry.draws is None:
            return
        timesteps = entry.schedule.timesteps
        fine = min(timesteps / max(entry.spread, 1) * 2, timesteps)
        x, heights = self.scale.histogram(entry.draws, max(dots, round(fine)))
        inside = (heights > 0) & (heights <= self.top)
        self.axis.plot(
            x[inside], self.base + heights[inside], ls="", marker="o", ms=1.5, mew=0, color=DRAWN
        )

    def _peak(self, density: Floats, colour: Any) -> None:
        """The height of a peak that is cut off."""
        where = int(density.argmax())
        x = (self.scale.edges[where] + self.scale.edges[where + 1]) / 2
        value = density[where]
        self.axis.annotate(
            f"peak {value:,.3g}" if value < 1000 else f"peak {value:,.0f}",
            (x, self.base + self.top),
            (3, 0),
            textcoords="offset points",
            va="top",
            fontsize=6.5,
            color=colour,
        )
