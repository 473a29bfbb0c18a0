"""The figure: every sampler over t and over log SNR, the same scale for all. No display is needed.

Up to `PANELS` samplers have axes of their own; more of them become rows of one pair of axes, so
that 45 fit a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, StepPatch

from memctl.reporting.gallery.shown import Draws, Shown
from memctl.samplers.base import Floats

PANELS = 6
OVERLAP = 2.0  # how many rows high the axes' highest peak is
COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#b8860b",
    "#56b4e9",
)  # told apart by colour-blind readers too
DRAWN, REFERENCE, WEIGHT = "#1b1f23", "#5f6a72", "#a3123a"
DOTTED, DASHED = (0, (1, 1.5)), (0, (5, 2))
DOTS = (25, 50)  # ranges of t in which draws are counted: for many samplers, for few
FLAT = 12  # a peak more than this many times the lowest one is cut off
STYLE: Any = {
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Side:
    """What one column of the figure shows: a density over some axis, as heights between edges.

    Attributes:
        edges: Ends of the steps' shares of the axis: shape (n + 1,), n at most T.
        unit: Factor of the densities: T, where they are in units of 1 / T.
    """

    edges: Floats
    unit: float = 1.0

    def density(self, mass: Floats) -> Floats:
        """Of masses of the steps 1..T."""
        return self._per_unit(mass[: len(self.edges) - 1], self.edges)

    def counted(self, draws: Draws, ranges: int) -> tuple[Floats, Floats]:
        """Where on the axis, and how densely, draws fell; without a range that reaches beyond the
        axis.
        """
        bars = draws.coarse(ranges)
        edges = self.edges[bars.edges[bars.edges < len(self.edges)]]
        return (edges[1:] + edges[:-1]) / 2, self._per_unit(
            bars.counts[: len(edges) - 1] / draws.n, edges
        )

    def _per_unit(self, mass: Floats, edges: Floats) -> Floats:
        return mass / np.abs(np.diff(edges)) * self.unit


def over_t(one: Shown) -> Side:
    timesteps = one.schedule.timesteps
    return Side(np.arange(timesteps + 1.0), timesteps)


def over_log_snr(one: Shown) -> Side:
    """Step t's share of the axis ends midway to its neighbours; a step without signal (log SNR
    -inf) has none.
    """
    return Side(one.schedule.log_snr_edges)


def top(peaks: Sequence[float]) -> float:
    """The height of the axes: of the highest peak, leaving aside those that would flatten the
    lowest.
    """
    least = min((p for p in peaks if p > 0), default=1.0)
    return 1.08 * min(max(*peaks, least), max(3 * least, *(p for p in peaks if p <= FLAT * least)))


def figure(shown: Sequence[Shown]) -> Figure:
    """Left p(t) in units of 1/T over t, right the density per unit of log SNR, for at least one
    sampler, all with the same T.
    """
    with mpl.rc_context(STYLE):
        sides = [(over_t(one), over_log_snr(one)) for one in shown]
        peaks = [
            [
                float(pair[k].density(one.pmf).max(initial=0))
                for pair, one in zip(sides, shown, strict=True)
            ]
            for k in (0, 1)
        ]
        tops = [top(found) for found in peaks]
        image, axes, bases = _panels(shown) if len(shown) <= PANELS else _rows(shown, tops)
        colours, dots = _colours(shown), int(np.clip(1000 / len(shown), *DOTS))
        height = max(
            [
                bases[0] + 1 / OVERLAP,
                *(
                    b + min(1.08 * p / tops[k], 1)
                    for k in (0, 1)
                    for b, p in zip(bases, peaks[k], strict=True)
                ),
            ]
        )
        for k in (0, 1):
            for one, pair, row, base, colour in zip(
                shown, sides, axes, bases, colours, strict=True
            ):
                if len(pair[k].edges) > 1:
                    _draw(
                        row[k], pair[k], one, colour, base * tops[k], tops[k], dots, weights=k == 0
                    )
            low, high = (f(float(f(pair[k].edges)) for pair in sides) for f in (min, max))
            for row in axes:
                row[k].set(xlim=(high, low) if k else (low, high), ylim=(0, tops[k] * height))
        axes[-1][0].set_xlabel("diffusion step t")
        axes[-1][0].xaxis.get_major_locator().set_params(integer=True)
        axes[-1][1].set_xlabel("log SNR(t), from signal to noise")
        _legend(image, shown)
    return image


def _draw(
    axis: Any,
    side: Side,
    one: Shown,
    colour: Any,
    base: float,
    top: float,
    dots: int,
    weights: bool,
) -> None:
    """One sampler between base and base + top."""
    density, uniform = (
        side.density(one.pmf),
        side.density(np.full(one.schedule.timesteps, 1 / one.schedule.timesteps)),
    )

    def steps(
        heights: Floats, **style: Any
    ) -> None:  # `axis.stairs` would search each step for its limits, 40 ms a curve
        axis.add_artist(StepPatch(base + np.minimum(heights, top), side.edges, **style))

    steps(density, baseline=base, fill=True, color=colour, alpha=0.28, lw=0)
    steps(uniform, baseline=None, fill=False, color=REFERENCE, lw=0.7, ls=DOTTED)
    steps(density, baseline=None, fill=False, color=colour, lw=1.1)
    if weights and (w := one.weights) is not None:
        axis.plot(
            np.arange(len(w)) + 0.5,
            np.where(w <= top, base + w, np.nan),
            color=WEIGHT,
            lw=0.9,
            ls=DASHED,
        )
    if one.draws is not None:
        fine = min(
            one.schedule.timesteps / max(one.spread, 1) * 2, one.schedule.timesteps
        )  # for one narrower than a range
        x, heights = side.counted(one.draws, max(dots, round(fine)))
        seen = (heights > 0) & (heights <= top)
        axis.plot(x[seen], base + heights[seen], ls="", marker="o", ms=1.5, mew=0, color=DRAWN)
    if density.max() > top:
        where = int(density.argmax())
        x = (side.edges[where] + side.edges[where + 1]) / 2
        text = (
            f"peak {density[where]:,.3g}"
            if density[where] < 1000
            else f"peak {density[where]:,.0f}"
        )
        axis.annotate(
            text,
            (x, base + top),
            (3, 0),
            textcoords="offset points",
            va="top",
            fontsize=6.5,
            color=colour,
        )


def _panels(shown: Sequence[Shown]) -> tuple[Figure, list[Any], list[float]]:
    """A pair of axes for each sampler."""
    n = len(shown)
    image = Figure(figsize=(9.5, 0.9 + (2.6 if n == 1 else 1.55 * n)), layout="constrained")
    axes = image.subplots(n, 2, squeeze=False, sharex="col")
    for (left, right), one in zip(axes, shown, strict=True):
        left.set_title(
            _title(one, 50 if one.weights is None else 36), loc="left", fontweight="bold"
        )
        if one.weights is not None:
            left.set_title(
                f"w(t) from {one.weights.min():.2g} to {one.weights.max():.2g}",
                loc="right",
                color=WEIGHT,
                fontsize=8,
            )
        right.set_title(_numbers(one), loc="left", color=REFERENCE, fontsize=8)
        left.set_ylabel("p(t) in 1/T")
        right.set_ylabel("per unit of log SNR")
    return image, list(axes), [0.0] * n


def _rows(shown: Sequence[Shown], tops: Sequence[float]) -> tuple[Figure, list[Any], list[float]]:
    """One pair of axes with a row for each sampler, the first on top; high peaks reach into the row
    above.
    """
    n = len(shown)
    pitch = min(0.42, max(8.5 / n, 0.14))
    small = 8 if pitch > 0.25 else 6.5
    image = Figure(figsize=(10.5, 1.2 + pitch * (n + 0.5)), layout="constrained")
    axes = image.subplots(1, 2)
    bases = [(n - 1 - i) / OVERLAP for i in range(n)]
    for axis, height, title in zip(
        axes, tops, ("p(t), in units of 1/T", "density per unit of log SNR"), strict=True
    ):
        axis.hlines(
            [b * height for b in bases],
            0,
            1,
            transform=axis.get_yaxis_transform(),
            color="#dfe3e6",
            lw=0.6,
            zorder=0,
        )
        axis.spines.left.set_visible(False)
        axis.tick_params(axis="y", length=0)
        axis.set_title(title, loc="left")
        bar = max(
            nice
            for power in range(-6, 7)
            for k in (1, 2, 5)
            if (nice := k * 10.0**power) <= 0.9 * height / OVERLAP
        )
        axis.plot(
            [0.985] * 2,
            [bases[0] * height, bases[0] * height + bar],
            transform=axis.get_yaxis_transform(),
            color=DRAWN,
            lw=2,
        )
        axis.annotate(f"{bar:g}", (0.985, bases[0] * height + bar / 2), (-4, 0), xycoords=axis.get_yaxis_transform(),
                      textcoords="offset points", ha="right", va="center", fontsize=7)  # fmt: skip
    left, right = axes
    left.set_yticks(
        [(b + 0.2 / OVERLAP) * tops[0] for b in bases],
        [_title(one, 44) for one in shown],
        fontsize=small,
    )
    right.yaxis.tick_right()
    right.tick_params(axis="y", length=0)
    cells = [_cells(one) for one in shown]
    right.set_yticks(
        [(b + 0.2 / OVERLAP) * tops[1] for b in bases],
        cells,
        fontsize=small - 0.5,
        family="monospace",
    )
    right.annotate(HEADER, (1, 1), (3.5, 5), xycoords="axes fraction", textcoords="offset points", fontsize=small - 0.5,
                   family="monospace", color=REFERENCE)  # fmt: skip
    return image, [axes] * n, bases


def _colours(shown: Sequence[Shown]) -> list[Any]:
    """Distinct colours for a few; for many, the order of their mean t along a scale."""
    if len(shown) <= len(COLOURS):
        return list(COLOURS[: len(shown)])
    order = np.argsort(np.argsort([one.row["mean"] for one in shown], kind="stable"))
    return [mpl.colormaps["viridis"](0.85 * rank / (len(shown) - 1)) for rank in order]


def _title(one: Shown, longest: int) -> str:
    """The sampler's name, its middle left out where it is too long, and a mark where there is a
    note.
    """
    title = (
        one.title if len(one.title) <= longest else f"{one.title[: longest - 14]}…{one.title[-13:]}"
    )
    return f"{title} *" if one.note else title


def _value(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _numbers(one: Shown) -> str:
    row = one.row
    text = (
        f"mean t {row['mean']:.4g}, sd {row['sd']:.3g}, E[log SNR]"
        f" {_value(row['mean_log_snr'], 'z.2f')}, KL {row['kl_to_uniform']:.2f}"
    )
    return text + (f", ess {row['ess']:.2f}" if row["ess"] < 0.995 else "")


HEADER = f"{'mean t':>7} {'E logSNR':>9} {'KL':>5} {'ess':>5}"


def _cells(one: Shown) -> str:
    row = one.row
    return (
        f"{row['mean']:7.1f} {_value(row['mean_log_snr'], 'z.2f'):>9} {row['kl_to_uniform']:5.2f}"
        f" {row['ess']:5.2f}"
    )


def _legend(image: Figure, shown: Sequence[Shown]) -> None:
    handles: list[Any] = [
        Patch(facecolor="#b8d0e3", edgecolor=COLOURS[0], label="the sampler, p(t)")
    ]
    handles.append(Line2D([], [], color=REFERENCE, lw=0.9, ls=DOTTED, label="uniform t"))
    draws = [one.draws.n for one in shown if one.draws is not None]
    if draws:
        number = f"{min(draws):,}" + (f" to {max(draws):,}" if max(draws) > min(draws) else "")
        handles.append(
            Line2D([], [], ls="", marker="o", ms=3, mew=0, color=DRAWN, label=f"{number} draws")
        )
    if any(one.weights is not None for one in shown):
        handles.append(Line2D([], [], color=WEIGHT, lw=0.9, ls=DASHED, label="loss weight w(t)"))
    image.legend(handles=handles, loc="outside upper left", ncols=len(handles), frameon=False)
    notes = [f"* {note}" for note in sorted({one.note for one in shown if one.note})]
    if any(not np.isfinite(one.schedule.log_snr).all() for one in shown):
        notes.append("The last step has no signal, log SNR = -inf, and so no place on the right.")
    if notes:
        image.supxlabel("   ".join(notes), x=0.01, ha="left", fontsize=7, color=REFERENCE)
