"""The figure: every sampler over t and over log SNR, the same scale for all. No display is needed.

Up to `PANELS` samplers have axes of their own; more of them become rows of one pair of axes, so that 45 fit a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from memctl.samplers.base import Floats
from memctl.samplers.gallery.shown import Draws, Shown

PANELS = 6
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9")  # told apart by colour-blind readers too
DRAWN, REFERENCE, WEIGHT = "#c9ced3", "#5f6a72", "#1b1f23"
HISTOGRAM = 50  # bars of the draws
ORDINARY = 12  # a peak this many times the median peak is cut off, lest it flatten all others
STYLE = {"font.size": 8, "axes.titlesize": 9, "axes.spines.top": False, "axes.spines.right": False, "pdf.fonttype": 42}


@dataclass(frozen=True)
class Side:
    """What one column of the figure shows: a density over some axis, as heights between edges.

    Attributes:
        edges: Ends of the steps' shares of the axis: shape (n + 1,), n at most T.
        unit: What a density of 1 is divided by.
    """

    edges: Floats
    unit: float = 1.0

    def density(self, mass: Floats) -> Floats:
        """Of masses of the steps 1..T."""
        return mass[: len(self.edges) - 1] / np.abs(np.diff(self.edges)) * self.unit

    def histogram(self, draws: Draws) -> tuple[Floats, Floats]:
        """Density and edges of draws, without a range that reaches beyond the axis."""
        bars = draws.coarse(HISTOGRAM)
        inside = bars.edges < len(self.edges)
        edges = self.edges[bars.edges[inside]]
        return bars.counts[: len(edges) - 1] / draws.n / np.abs(np.diff(edges)) * self.unit, edges


def over_t(one: Shown) -> Side:
    timesteps = one.schedule.timesteps
    return Side(np.arange(timesteps + 1.0), timesteps)


def over_log_snr(one: Shown) -> Side:
    """Step t's share of the axis ends midway to its neighbours; a step without signal (log SNR -inf) has none."""
    lam = one.schedule.log_snr
    lam = lam[np.isfinite(lam)]
    if len(lam) < 2:
        return Side(np.concatenate([lam + 0.5, lam - 0.5]) if len(lam) else np.zeros(1))
    mid = (lam[1:] + lam[:-1]) / 2
    return Side(np.concatenate([[2 * lam[0] - mid[0]], mid, [2 * lam[-1] - mid[-1]]]))


def top(peaks: Sequence[float]) -> float:
    """The height of the axes: of the highest peak, leaving aside those that tower over all others."""
    middle = sorted(peaks)[(len(peaks) - 1) // 2]
    return 1.08 * min(max(peaks), max(3 * middle, *(p for p in peaks if p <= ORDINARY * middle)))


def figure(shown: Sequence[Shown]) -> Figure:
    """Left p(t) in units of 1/T over t, right the density per unit of log SNR, for at least one sampler, all with the same T."""
    with mpl.rc_context(STYLE):
        sides = [(over_t(one), over_log_snr(one)) for one in shown]
        tops = [top([_peak(pair[k], one) for pair, one in zip(sides, shown, strict=True)]) for k in (0, 1)]
        drawing, axes, bases, height = _panels(shown) if len(shown) <= PANELS else _rows(shown, tops)
        colours = _colours(shown)
        for i, (one, pair) in enumerate(zip(shown, sides, strict=True)):
            for k, side in enumerate(pair):
                if len(side.edges) > 1:
                    _draw(axes[i][k], side, one, colours[i], base=bases[i] * tops[k], top=tops[k], weights=k == 0)
        for k in (0, 1):
            for axis in {id(row[k]): row[k] for row in axes}.values():
                axis.set_ylim(0, tops[k] * height)
                _limits(axis, [pair[k] for pair in sides], reverse=k == 1)
        axes[-1][0].set_xlabel("diffusion step t")
        axes[-1][1].set_xlabel("log SNR(t)   (left: signal, right: noise)")
        _legend(drawing, shown)
    return drawing


def _peak(side: Side, one: Shown) -> float:
    """The height that must be seen: of the sampler or, if that is lower, of uniform."""
    return max((float(side.density(p).max(initial=0)) for p in (one.pmf,)), default=0.0) or 1e-9


def _draw(axis: Any, side: Side, one: Shown, colour: Any, base: float, top: float, weights: bool) -> None:
    """One sampler between base and base + top."""
    density = side.density(one.pmf)
    cut = lambda heights: base + np.minimum(heights, top)
    if one.draws is not None:
        heights, edges = side.histogram(one.draws)
        axis.stairs(cut(heights), edges, baseline=base, fill=True, color=DRAWN, lw=0)
    uniform = side.density(np.full(one.schedule.timesteps, 1 / one.schedule.timesteps))
    axis.stairs(cut(uniform), side.edges, baseline=None, color=REFERENCE, lw=0.7, ls=(0, (1, 1.5)))
    axis.stairs(cut(density), side.edges, baseline=base, fill=True, color=colour, alpha=0.22, lw=0)
    axis.stairs(cut(density), side.edges, baseline=None, color=colour, lw=1.1)
    if weights and one.weights is not None:
        hidden = np.where(one.weights <= top, base + one.weights, np.nan)
        axis.plot(np.arange(1, len(hidden) + 1) - 0.5, hidden, color=WEIGHT, lw=0.9, ls=(0, (5, 2)))
    if density.max() > top:
        where = int(density.argmax())
        x = (side.edges[where] + side.edges[where + 1]) / 2
        axis.annotate(
            f"peak {density[where]:.3g}",
            (x, base + top),
            (3, -1),
            textcoords="offset points",
            ha="left",
            va="top",
            fontsize=6.5,
            color=colour,
        )


def _panels(shown: Sequence[Shown]) -> tuple[Figure, list[Any], list[int], float]:
    """A pair of axes for each sampler."""
    n = len(shown)
    drawing = Figure(figsize=(9.5, 0.9 + (2.6 if n == 1 else 1.55 * n)), layout="constrained")
    axes = drawing.subplots(n, 2, squeeze=False, sharex="col")
    for (left, right), one in zip(axes, shown, strict=True):
        left.set_title(_title(one, 70), loc="left", fontweight="bold")
        right.set_title(_numbers(one), loc="left", color=REFERENCE, fontsize=8)
        left.set_ylabel("p(t), in 1/T")
        right.set_ylabel("per unit log SNR")
    return drawing, list(axes), [0] * n, 1.0


def _rows(shown: Sequence[Shown], tops: Sequence[float]) -> tuple[Figure, list[Any], list[int], float]:
    """One pair of axes with a row for each sampler, the first on top."""
    n = len(shown)
    pitch = min(0.42, max(9 / n, 0.14))
    drawing = Figure(figsize=(11, 1.1 + pitch * n), layout="constrained")
    left, right = drawing.subplots(1, 2)
    bases = list(range(n - 1, -1, -1))
    small = 8 if pitch > 0.25 else 6.5
    for axis, height in ((left, tops[0]), (right, tops[1])):
        axis.hlines([b * height for b in bases], 0, 1, transform=axis.get_yaxis_transform(), color="#e3e6e8", lw=0.6, zorder=0)
        axis.spines.left.set_visible(False)
        axis.tick_params(axis="y", length=0)
        axis.set_yticks([])
    left.set_yticks([(b + 0.3) * tops[0] for b in bases], [_title(one, 44) for one in shown], fontsize=small)
    right.yaxis.tick_right()
    right.set_yticks([(b + 0.3) * tops[1] for b in bases], [_cells(one) for one in shown], fontsize=small - 0.5, family="monospace")
    left.set_title(f"p(t), in units of 1/T; a row reaches {tops[0]:.2g}", loc="left")
    right.set_title(f"density per unit of log SNR; a row reaches {tops[1]:.2g}", loc="left")
    right.text(
        1.0, 1.0, f" {'mean t':>7} {'E logSNR':>8} {'KL':>5} {'ess':>5}", transform=right.transAxes, fontsize=small - 0.5,
        family="monospace", va="bottom", color=REFERENCE,
    )  # fmt: skip
    return drawing, [(left, right)] * n, bases, float(n)


def _limits(axis: Any, sides: Sequence[Side], reverse: bool) -> None:
    low, high = (f(float(f(side.edges)) for side in sides) for f in (min, max))
    axis.set_xlim((high, low) if reverse else (low, high))


def _colours(shown: Sequence[Shown]) -> list[Any]:
    """Distinct colours for a few; for many, the order of their mean t along a scale."""
    if len(shown) <= len(COLOURS):
        return list(COLOURS[: len(shown)])
    order = np.argsort(np.argsort([one.row["mean"] for one in shown], kind="stable"))
    return [mpl.colormaps["viridis"](0.85 * rank / (len(shown) - 1)) for rank in order]


def _title(one: Shown, longest: int) -> str:
    """The sampler's name, its middle left out where it is too long, and a mark where there is a note."""
    title = one.title if len(one.title) <= longest else f"{one.title[: longest - 14]}…{one.title[-13:]}"
    return f"{title} *" if one.note else title


def _value(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _numbers(one: Shown) -> str:
    row = one.row
    text = f"mean t {row['mean']:.4g}, sd {row['sd']:.3g}, E[log SNR] {_value(row['mean_log_snr'], '.2f')}, KL {row['kl_to_uniform']:.2f}"
    return text + (f", ess {row['ess']:.2f}" if row["ess"] < 0.995 else "")


def _cells(one: Shown) -> str:
    row = one.row
    return f"{row['mean']:7.1f} {_value(row['mean_log_snr'], '.2f'):>8} {row['kl_to_uniform']:5.2f} {row['ess']:5.2f}"


def _legend(drawing: Figure, shown: Sequence[Shown]) -> None:
    handles: list[Any] = [Patch(facecolor="#9fb8cc", edgecolor="#0072b2", label="the sampler's p(t)")]
    draws = {one.draws.n for one in shown if one.draws is not None}
    if draws:
        number = f"{min(draws):,}" if len(draws) == 1 else f"{min(draws):,} to {max(draws):,}"
        handles.append(Patch(facecolor=DRAWN, label=f"{number} draws"))
    handles.append(Line2D([], [], color=REFERENCE, lw=0.9, ls=(0, (1, 1.5)), label="uniform t"))
    if any(one.weights is not None for one in shown):
        handles.append(Line2D([], [], color=WEIGHT, lw=0.9, ls=(0, (5, 2)), label="loss weight w(t)"))
    notes = sorted({one.note for one in shown if one.note})
    if any(not np.isfinite(one.schedule.log_snr).all() for one in shown):
        notes.append("the last step has no signal, log SNR = -inf, and no place on the right axis")
    if notes:
        handles.append(Line2D([], [], ls="", label="* " + "; ".join(notes)))
    drawing.legend(handles=handles, loc="outside lower left", ncols=len(handles), frameon=False, fontsize=8)
