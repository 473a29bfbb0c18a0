"""The paper's Eqs. 2-8 beside what was measured, in eight panels."""

from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from memctl.reporting.figures import GENERATED, REAL, WIDTH, save
from memctl.samplers import IntervalSampler
from memctl.theory.derivatives import drawn_derivative, eq_8
from memctl.theory.learning import Theory

PREDICTED, MEASURED = GENERATED, REAL


def draw(theory: Theory, title: str, path: Path) -> None:
    """Write the figure."""
    figure = Figure(figsize=(WIDTH, 12.4), layout="constrained")
    axes = figure.subplots(4, 2).flat
    colours = dict(
        zip(
            theory.samplers,
            mpl.colormaps["viridis"](np.linspace(0, 0.92, len(theory.samplers))),
            strict=True,
        )
    )
    t = np.arange(1, len(theory.log_snr) + 1)
    for axis, panel in zip(axes, PANELS, strict=True):
        panel(axis, theory, t, colours)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
        axis.xaxis.label.set_fontsize(9)
    figure.suptitle(fill(title, 90), x=0.01, ha="left", fontsize=10)
    save(figure, path)


def label(axis: Any, title: str, xlabel: str = "diffusion step t", **settings: Any) -> None:
    axis.set(xlabel=xlabel, **settings)
    axis.set_title(fill(title, 50), loc="left", fontsize=9)


def snr(axis: Any, theory: Theory, t: Any, colours: Any) -> None:
    axis.semilogy(t, np.where(theory.snr > 0, theory.snr, np.nan), color=PREDICTED)
    axis.axhline(1, color="0.8", lw=0.8, zorder=0)
    label(axis, "SNR(t) of the schedule (Eq. 2)")


def norm(axis: Any, theory: Theory, t: Any, colours: Any) -> None:
    value, error = theory.column("norm"), theory.column("norm_se")
    # The prediction is up to a factor: they meet at SNR = 1.
    middle = int(np.argmin(np.abs(theory.log_snr[theory.steps - 1])))
    scale = value[middle] / theory.snr[theory.steps[middle] - 1]
    axis.semilogy(
        t,
        np.where(theory.snr > 0, scale * theory.snr, np.nan),
        color=PREDICTED,
        label="predicted, ~ SNR(t)",
    )
    axis.errorbar(
        theory.steps,
        value,
        2 * error,
        fmt=".",
        ms=4,
        lw=0.8,
        color=MEASURED,
        label="measured, 2 s.e.",
    )
    axis.semilogy(
        theory.steps,
        np.maximum(theory.column("mean_norm"), 1e-6),
        "_",
        ms=4,
        color="0.55",
        label="norm of the mean gradient",
    )
    axis.legend(frameon=False, fontsize=8)
    label(
        axis,
        r"mean gradient norm $E\|\nabla\ell_t\|$ (Eq. 3)",
        ylim=(max(1e-6, scale * theory.snr[theory.snr > 0].min() / 3), None),
    )


def alignment(axis: Any, theory: Theory, t: Any, colours: Any) -> None:
    axis.axhline(0, color="0.8", lw=0.8, zorder=0)
    axis.errorbar(
        theory.steps,
        theory.column("alignment"),
        2 * theory.column("alignment_se"),
        fmt=".",
        ms=4,
        lw=0.8,
        color=MEASURED,
    )
    axis.axvspan(0, int((theory.log_snr >= 0).sum()), color="0.95", zorder=0)
    axis.text(2, axis.get_ylim()[1], " SNR > 1", va="top", fontsize=8, color="0.5")
    label(axis, "cosine between examples' gradients, 2 s.e.")


def cumulative(axis: Any, theory: Theory, t: Any, colours: Any) -> None:
    uniform = next(iter(theory.samplers.values()))
    axis.plot(t, np.cumsum(theory.predicted(uniform)), color=PREDICTED, label="predicted")
    axis.plot(t, np.cumsum(theory.measured(uniform)), color=MEASURED, label="mean norm")
    axis.plot(
        t,
        np.cumsum(theory.measured(uniform, "mean_norm")),
        color=MEASURED,
        ls="--",
        lw=1,
        label="mean gradient",
    )
    axis.plot(t, np.cumsum(uniform.pmf), color="0.75", lw=1, label="draws")
    axis.legend(frameon=False, fontsize=8)
    label(axis, "uniform: share of learning up to t (Eqs. 4, 5)", ylim=(0, 1.02))


def contributions(axis: Any, theory: Theory, t: Any, colours: Any, share: Any, title: str) -> None:
    for name, sampler in theory.samplers.items():
        height = np.maximum(share(sampler), 1e-12)
        axis.semilogy(t, height, color=colours[name], lw=1.2, label=name)
    label(axis, title, ylim=(1e-9, 1))


def predicted_shares(axis: Any, theory: Theory, t: Any, colours: Any) -> None:
    contributions(
        axis, theory, t, colours, theory.predicted, "predicted share, C(t) ~ p(t) SNR(t) (Eq. 6)"
    )
    axis.legend(frameon=False, fontsize=8, ncols=2)


def measured_shares(axis: Any, theory: Theory, t: Any, colours: Any) -> None:
    contributions(
        axis, theory, t, colours, theory.measured, r"measured share, ~ p(t) $E\|\nabla\ell_t\|$"
    )


def derivatives(axis: Any, theory: Theory, t: Any, colours: Any) -> None:
    for name, sampler in theory.samplers.items():
        if isinstance(sampler, IntervalSampler):
            axis.plot(t, drawn_derivative(sampler), color=colours[name], lw=1.2)
            axis.plot(t, eq_8(sampler), color=colours[name], lw=1, ls=":")
    axis.axhline(0, color="0.8", lw=0.8, zorder=0)
    label(axis, r"$\partial p(t)/\partial\mu$: drawn from (line), Eq. 8 (dots)")


def places(axis: Any, theory: Theory, t: Any, colours: Any) -> None:
    means = theory.places()
    for row, place in enumerate(means.values()):
        axis.plot([place["predicted"], place["measured"]], [row, row], color="0.85", lw=2, zorder=0)
        axis.plot(place["draws"], row, "|", color="0.5", ms=14)
        axis.plot(place["predicted"], row, "o", color=PREDICTED, ms=6)
        axis.plot(place["measured"], row, "o", color=MEASURED, ms=6)
        axis.plot(place["followed"], row, "o", color=MEASURED, ms=6, mfc="white")
    axis.set_yticks(range(len(means)), list(means))
    axis.invert_yaxis()
    key = "red: predicted, dot: by the mean norm,\nring: by the mean gradient, bar: draws"
    label(
        axis,
        "mean t of learning (Eq. 6)",
        f"diffusion step t\n{key}",
        xlim=(0, len(theory.log_snr)),
    )


PANELS = (
    snr,
    norm,
    alignment,
    cumulative,
    predicted_shares,
    measured_shares,
    derivatives,
    places,
)
