"""The figure's two horizontal axes, t and log SNR, the densities over them, and their height."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memctl.reporting.gallery.draws import Draws
from memctl.reporting.gallery.entry import Entry
from memctl.samplers.base import Floats

FLAT = 12  # a peak more than this many times the lowest one is cut off


@dataclass(frozen=True)
class Scale:
    """A horizontal axis over which a distribution of t becomes a density.

    Attributes:
        edges: Ends of the steps' shares of the axis: shape (n + 1,), n at most T.
        unit: Factor of the densities: T, where they are in units of 1 / T.
    """

    edges: Floats
    unit: float = 1.0

    def density(self, mass: Floats) -> Floats:
        """Of masses of the steps 1..T: shape (n,)."""
        return self._per_unit(mass[: len(self.edges) - 1], self.edges)

    def peak(self, mass: Floats) -> float:
        """The density's largest value; 0 where no step has a place on the axis."""
        return float(self.density(mass).max(initial=0))

    def histogram(self, draws: Draws, ranges: int) -> tuple[Floats, Floats]:
        """Where on the axis, and how densely, draws fell; without a range that reaches beyond the
        axis.
        """
        bars = draws.coarse(ranges)
        edges = self.edges[bars.edges[bars.edges < len(self.edges)]]
        shares = bars.counts[: len(edges) - 1] / draws.n
        return (edges[1:] + edges[:-1]) / 2, self._per_unit(shares, edges)

    def _per_unit(self, mass: Floats, edges: Floats) -> Floats:
        return mass / np.abs(np.diff(edges)) * self.unit


def t_scale(entry: Entry) -> Scale:
    """Over t, with densities in units of 1 / T."""
    timesteps = entry.schedule.timesteps
    return Scale(np.arange(timesteps + 1.0), timesteps)


def log_snr_scale(entry: Entry) -> Scale:
    """Step t's share of the axis ends midway to its neighbours; a step without signal (log SNR
    -inf) has none.
    """
    return Scale(entry.schedule.log_snr_edges)


def axis_height(peaks: Sequence[float]) -> float:
    """The height of the axes: of the highest peak, leaving aside those that would flatten the
    lowest.
    """
    least = min((p for p in peaks if p > 0), default=1.0)
    return 1.08 * min(max(*peaks, least), max(3 * least, *(p for p in peaks if p <= FLAT * least)))
