"""The paper's claims on training losses (5.2, Fig. 7), beside what one fixed model would read."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from memctl.analysis.claim import (
    NAN,
    NOT,
    REPRODUCED,
    TREND,
    UNKNOWN,
    Claim,
    Trend,
    contains,
    judge,
)
from memctl.analysis.permutation import correlation_p
from memctl.analysis.statistics import Floats, correlation

NARROW, WIDE = 100, 700  # widths: where the location matters most, and from where on not at all
TENTH = 0.1  # of the decade that the loss falls by in the paper at width 100: less does not matter
NEARLY = 1 / 3  # of the spread at width 100: "nearly identical"
Z = float(stats.norm.ppf(0.975))
FALL_RULE = (
    "Spearman's rho over the cells has the paper's sign with p <= 0.05 by permutation, and the"
    " whole interval of the change from end to end, by the error of a mean over epochs, is beyond a"
    " tenth of the paper's decade (a fall of 21 %); else: it falls short"
)


def loss_claims(means: pd.DataFrame) -> list[Claim]:
    """Claims 4 and 5.

    Args:
        means: One row a cell, with the columns of `losses.losses`.
    """
    return [own_loss(means), learnt_loss(means), probe_loss(means), merging(means)]


def own_loss(means: pd.DataFrame) -> Claim:
    """Claim 4, as the paper shows it: the training loss of the cells of width 100, each under its
    own t.
    """
    x, loss, sd, fixed, epochs = narrow_cells(means, "loss", "sd", "fixed", "epochs")
    yardstick = "no uniform run"
    if len(x) and fixed[0] > 0:
        yardstick = f"one fixed model's fall under the same t: {1 - fixed[-1] / fixed[0]:.1%}"
    return Claim(
        claim="at width 100 the training loss falls as the median grows from 150 to 950",
        paper="90 % (about 0.10 to below 0.01)",
        yardstick=yardstick,
        **loss_fall(
            x,
            loss,
            sd / np.sqrt(epochs),
            "each loss is under another distribution of t; the yardstick is the uniform run's"
            " model, never trained on these cells",
            paper=(0.9, 1.0),
        ),
    )


def learnt_loss(means: pd.DataFrame) -> Claim:
    """Claim 4, less what the change of t alone does: the same losses in units of what one fixed
    model reads.
    """
    x, loss, sd, fixed, fixed_error, epochs = narrow_cells(
        means, "loss", "sd", "fixed", "fixed_error", "epochs"
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = loss / fixed
        error = ratio * np.hypot(sd / np.sqrt(epochs) / loss, fixed_error / fixed)
    return Claim(
        claim="and falls by more than one fixed model's loss under the same t does",
        paper="implied (no number)",
        yardstick="0: no cell learnt its own t better than the uniform run did",
        **loss_fall(
            x, ratio, error, "loss over what the uniform run's model reads under the cell's t"
        ),
    )


def loss_fall(
    x: Floats,
    loss: Floats,
    error: Floats,
    note: str,
    paper: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """How a loss of the cells of width 100 goes with location, as the other fields of a `Claim`;
    the change is of log10, for the loss spans decades.

    Args:
        x, loss, error: By location, shape (cells,); the error is the standard error of the loss, a
            mean over epochs.
        paper: The paper's fall, as a range.
    """
    rho, change, half = NAN, NAN, NAN
    if len(x) >= 4 and np.isfinite(loss).all() and (loss > 0).all():
        rho = correlation(x, loss)["spearman"]
        change = math.log10(loss[-1] / loss[0])
        half = float(Z * np.hypot(error[0] / loss[0], error[-1] / loss[-1]) / math.log(10))
    significant = correlation_p(x, loss, np.random.default_rng(0), ranks=True) <= 0.05
    low, high = 1 - 10 ** (change + half), 1 - 10 ** (change - half)
    sides = (rho, rho) if significant else (-1, 1)
    return {
        "source": "5.2, Fig. 7",
        "number": "fall from the leftmost to the rightmost cell",
        "value": 1 - 10**change,
        "low": low,
        "high": high,
        "change": change,
        "change_low": change - half,
        "change_high": change + half,
        "floor": TENTH,
        "verdict": judge(-1, sides, (change - half, change + half), TENTH),
        "same_size": "unknown" if paper is None else contains(low, high, paper),
        "rule": FALL_RULE,
        "note": f"{note}. Spearman's rho {rho:+.2f}",
    }


def probe_loss(means: pd.DataFrame) -> Claim:
    """Claim 4 with one ruler: the same cells' loss at one distribution of t, judged as trends
    are.
    """
    x, loss, width = narrow_cells(means, "probe", "probe_width")
    trend = Trend.of(x, loss, float(width.max()) if len(x) else NAN)
    return Claim(
        claim="at width 100 the loss at one fixed distribution of t falls as the median grows",
        source="5.2, Fig. 7 (implied)",
        number="fall along the line, leftmost to rightmost cell",
        paper="implied (no number)",
        **trend.fall,
        **trend.change,
        yardstick="0: no change",
        verdict=trend.verdict(-1),
        same_size="unknown",
        rule=f"{TREND}; that is here the width of the loss's own interval",
        note="" if len(x) else "no run has probe_loss",
    )


def narrow_cells(means: pd.DataFrame, *names: str) -> tuple[Floats, ...]:
    """Location and other columns of the cells of width 100 that have the first of them, by
    location: each of shape (cells,).
    """
    cells = means[means.width == NARROW].dropna(subset=[names[0]]).sort_values("location")
    return tuple(cells[name].to_numpy(float) for name in ("location", *names))


def merging(means: pd.DataFrame) -> Claim:
    """Claim 5: the losses of one width hardly depend on location at widths of 700 and more, as they
    do at width 100.
    """
    widths = sorted(w for w in set(means.width) if w >= WIDE and (means.width == w).sum() > 1)
    narrow = means[means.width == NARROW]
    ratios = {width: spread_ratio(means[means.width == width], narrow) for width in widths}
    known = [ratio for ratio in ratios.values() if ratio[0] == ratio[0]]
    value, low, high = NAN, NAN, NAN
    if len(known) == len(widths) > 0:
        value, low, high = max(known, key=lambda ratio: ratio[0])
    fixed = [f"width {w:g}: {np.ptp(means.fixed[means.width == w]):.3g}" for w in widths]
    yardstick = "no uniform run"
    if means.fixed.notna().any():
        yardstick = f"one fixed model's spread under the same t: {', '.join(fixed)}"
    return Claim(
        claim="at widths of 700 and more the losses are nearly the same whatever the location",
        source="5.2, Fig. 7",
        number=(
            f"largest spread of the losses of one width over that at width {NARROW} in the same"
            " places"
        ),
        paper="nearly identical (no number)",
        value=value,
        low=low,
        high=high,
        change=value,
        change_low=low,
        change_high=high,
        floor=NEARLY,
        yardstick=yardstick,
        verdict=REPRODUCED if high < NEARLY else NOT if low > NEARLY else UNKNOWN,
        same_size="unknown",
        rule="reproduced: the whole interval is below a third; not reproduced: above",
        note="; ".join(f"width {w:g}: {ratio[0]:.3g}" for w, ratio in ratios.items()),
    )


def spread_ratio(wide: pd.DataFrame, narrow: pd.DataFrame) -> tuple[float, float, float]:
    """Spread (largest less smallest) of the mean losses of one width over that of width 100 in the
    same places, with its interval.

    The losses of width 100 are interpolated between its cells. NaN where those are not surely
    apart: nothing is there to merge.
    """
    narrow = narrow.dropna(subset=["loss", "sd"]).sort_values("location")
    if len(narrow) < 2 or not (narrow.sd > 0).all() or not (wide.sd > 0).all():
        return NAN, NAN, NAN
    between = np.interp(wide.location, narrow.location, narrow.loss)
    spread, reference = float(np.ptp(wide.loss)), float(np.ptp(between))
    chance, reference_chance = (chance_range(cells, len(wide)) for cells in (wide, narrow))
    if reference <= reference_chance:
        return NAN, NAN, NAN
    return (
        spread / reference,
        max(spread - chance, 0.0) / (reference + reference_chance),
        (spread + chance) / (reference - reference_chance),
    )


def chance_range(cells: pd.DataFrame, k: int) -> float:
    """The range that k means over epochs of one curve stay in with 95 %."""
    error = np.sqrt((cells.sd**2 / cells.epochs).mean())
    return float(stats.studentized_range.ppf(0.95, k, 1e6) * error)
