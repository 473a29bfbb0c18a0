"""Where the samplers stand in the figure: axes of their own, or rows of one pair of axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from memctl.reporting.gallery.entry import Entry
from memctl.reporting.gallery.style import DRAWN, REFERENCE, WEIGHT

OVERLAP = 2.0  # how many rows high the axes' highest peak is
NICE = [k * 10.0**power for power in range(-6, 7) for k in (1, 2, 5)]  # lengths of a scale bar
HEADER = f"{'mean t':>7} {'E logSNR':>9} {'KL':>5} {'ess':>5}"


@dataclass(frozen=True)
class Layout:
    """An empty figure.

    Attributes:
        axes: Of each sampler: over t, over log SNR.
        bases: Where each sampler's zero lies, in heights of its axes.
    """

    figure: Figure
    axes: Sequence[Sequence[Any]]
    bases: Sequence[float]


def own_axes(entries: Sequence[Entry]) -> Layout:
    """A pair of axes for each sampler."""
    n = len(entries)
    figure = Figure(figsize=(9.5, 0.9 + (2.6 if n == 1 else 1.55 * n)), layout="constrained")
    axes = figure.subplots(n, 2, squeeze=False, sharex="col")
    for (left, right), entry in zip(axes, entries, strict=True):
        w = entry.weights
        left.set_title(label(entry, 50 if w is None else 36), loc="left", fontweight="bold")
        if w is not None:
            text = f"w(t) from {w.min():.2g} to {w.max():.2g}"
            left.set_title(text, loc="right", color=WEIGHT, fontsize=8)
        right.set_title(numbers(entry), loc="left", color=REFERENCE, fontsize=8)
        left.set_ylabel("p(t) in 1/T")
        right.set_ylabel("per unit of log SNR")
    return Layout(figure, list(axes), [0.0] * n)


def shared_axes(entries: Sequence[Entry], tops: Sequence[float]) -> Layout:
    """One pair of axes with a row for each sampler, the first on top; high peaks reach into the row
    above.

    Args:
        tops: The height of the axes over t and over log SNR.
    """
    n = len(entries)
    pitch = min(0.42, max(8.5 / n, 0.14))
    size = 8 if pitch > 0.25 else 6.5
    figure = Figure(figsize=(10.5, 1.2 + pitch * (n + 0.5)), layout="constrained")
    left, right = figure.subplots(1, 2)
    bases = [(n - 1 - i) / OVERLAP for i in range(n)]
    titles = ("p(t), in units of 1/T", "density per unit of log SNR")
    for axis, height, title in zip((left, right), tops, titles, strict=True):
        base_lines(axis, [base * height for base in bases])
        scale_bar(axis, bases[0] * height, 0.9 * height / OVERLAP)
        axis.set_title(title, loc="left")
    ticks = [[(base + 0.2 / OVERLAP) * top for base in bases] for top in tops]
    left.set_yticks(ticks[0], [label(entry, 44) for entry in entries], fontsize=size)
    right.yaxis.tick_right()
    right.tick_params(axis="y", length=0)
    columns = [table_row(entry) for entry in entries]
    right.set_yticks(ticks[1], columns, fontsize=size - 0.5, family="monospace")
    right.annotate(
        HEADER,
        (1, 1),
        (3.5, 5),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=size - 0.5,
        family="monospace",
        color=REFERENCE,
    )
    return Layout(figure, [(left, right)] * n, bases)


def base_lines(axis: Any, heights: Sequence[float]) -> None:
    """A thin line at every row's zero instead of the axis."""
    across = axis.get_yaxis_transform()
    axis.hlines(heights, 0, 1, transform=across, color="#dfe3e6", lw=0.6, zorder=0)
    axis.spines.left.set_visible(False)
    axis.tick_params(axis="y", length=0)


def scale_bar(axis: Any, base: float, longest: float) -> None:
    """A bar of a round length at the right of a row, with its length beside it."""
    across = axis.get_yaxis_transform()
    length = max(nice for nice in NICE if nice <= longest)
    axis.plot([0.985] * 2, [base, base + length], transform=across, color=DRAWN, lw=2)
    axis.annotate(
        f"{length:g}",
        (0.985, base + length / 2),
        (-4, 0),
        xycoords=across,
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=7,
    )


def label(entry: Entry, longest: int) -> str:
    """The sampler's name, its middle left out where it is too long, and a mark where there is a
    note.
    """
    title = entry.title
    if len(title) > longest:
        title = f"{title[: longest - 14]}…{title[-13:]}"
    return f"{title} *" if entry.note else title


def number(value: float | None, form: str) -> str:
    """A formatted number, or a dash for none."""
    return "-" if value is None else format(value, form)


def numbers(entry: Entry) -> str:
    """The sampler's statistics, for a title."""
    row = entry.row
    text = (
        f"mean t {row['mean']:.4g}, sd {row['sd']:.3g}, E[log SNR]"
        f" {number(row['mean_log_snr'], 'z.2f')}, KL {row['kl_to_uniform']:.2f}"
    )
    return text + (f", ess {row['ess']:.2f}" if row["ess"] < 0.995 else "")


def table_row(entry: Entry) -> str:
    """The sampler's statistics in the columns of HEADER."""
    row = entry.row
    return (
        f"{row['mean']:7.1f} {number(row['mean_log_snr'], 'z.2f'):>9} {row['kl_to_uniform']:5.2f}"
        f" {row['ess']:5.2f}"
    )
