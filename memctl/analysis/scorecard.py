"""The paper's claims beside this sweep's numbers, each with a verdict by a stated rule.

Trends (over cells, seeds averaged) are judged by two intervals of 95 %: that of r, and that of the
change of a straight line from the leftmost (narrowest) cell to the rightmost (widest), held against
the floor, the width of the range in which fresh real data read by chance:

    reproduced        r's whole interval has the paper's sign, and the whole interval of the change is beyond the floor, that way
    not reproduced    the whole interval of the change falls short of the floor (or goes the other way)
    can't tell        neither

Where there is nothing to find, r's interval errs to the paper's side in 2.5 % of sweeps, and so
each claim is reproduced in at most 2.5 %. That a claim is reproduced says that the number moves,
not that it means what the paper reads in it.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy import stats

from memctl.analysis.inference import Yardsticks, floor_width
from memctl.analysis.losses import losses
from memctl.analysis.permutation import correlation_p
from memctl.analysis.regression import line
from memctl.analysis.statistics import averaged, correlation
from memctl.analysis.sweep_results import SweepResults

REPRODUCED, NOT, UNKNOWN = "reproduced", "not reproduced", "can't tell"
TREND = (
    "r's 95 % interval on the paper's side of 0, and the change along the line beyond what fresh"
    " data read by chance"
)
NARROW, WIDE = (
    100,
    700,
)  # widths of Fig. 7: where the location matters most, and from where on not at all
TENTH = 0.1  # of the decade that the loss falls by in the paper at width 100: less does not matter
NEARLY = 1 / 3  # of the spread at width 100: "nearly identical"
NAN = float("nan")
Z = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, and this sweep's answer.

    Attributes:
        paper, value, low, high: The paper's number and this sweep's, of `number`; with its 95 %
            interval.
        change, change_low, change_high, floor: What the metric moves by over the sweep, and must
            move by to count.
        yardstick: What it reads where nothing was learnt, or for fresh data.
        same_size: Whether the paper's number lies within the interval: yes, no, or unknown.
    """

    claim: str
    source: str
    number: str
    paper: str
    value: float
    low: float
    high: float
    change: float
    change_low: float
    change_high: float
    floor: float
    yardstick: str
    verdict: str
    same_size: str
    rule: str
    note: str = ""


COLUMNS = list(Claim.__dataclass_fields__)


def scorecard(sweep: SweepResults) -> pd.DataFrame:
    """One row a claim, with the columns of `Claim`.

    Args:
        sweep: Of cells. Metrics that it does not have give no row; losses are read from its runs'
            metrics.jsonl.
    """
    cells, yardsticks = averaged(sweep.cells), sweep.yardsticks
    claims = [
        *(
            distance(cells, yardsticks, *which)
            for which in DISTANCES
            if f"metrics/{which[0]}" in cells
        ),
        *(
            component(cells, yardsticks, *which)
            for which in COMPONENTS
            if f"metrics/{which[0]}" in cells
        ),
    ]
    read = losses(sweep)
    means = averaged(read[read.kind == "cell"])
    claims += [own_loss(means), learnt_loss(means), probe_loss(means), merging(means)]
    return pd.DataFrame([asdict(claim) for claim in claims], columns=COLUMNS)


def judge(sign: int, r: tuple[float, float], change: tuple[float, float], floor: float) -> str:
    """The verdict on a trend: the module's rule.

    Args:
        sign: The paper's, +1 or -1.
        r, change: Ends (low, high) of the intervals.
        floor: What the change must exceed; NaN where it is not known.
    """
    near, far = (
        sorted(sign * end for end in change) if not any(map(math.isnan, change)) else (NAN, NAN)
    )
    if min(sign * end for end in r) > 0 and near > floor:
        return REPRODUCED
    return NOT if far < floor else UNKNOWN


def contains(low: float, high: float, paper: tuple[float, float]) -> str:
    """Whether an interval meets the paper's number, or the range of its numbers."""
    return (
        "unknown"
        if math.isnan(low) or math.isnan(high)
        else "yes"
        if low <= max(paper) and high >= min(paper)
        else "no"
    )


def reads(yardsticks: Yardsticks, metric: str) -> str:
    """Yardsticks' readings, in a line."""
    known = {name: values.get(metric) or {} for name, values in yardsticks.items()}
    parts = [
        f"{name} {m['value']:.4g}"
        for name, m in known.items()
        if name != "floor" and m.get("value") is not None
    ]
    floor = known.get("floor", {})
    fresh = (
        [f"fresh data {floor['low']:.4g} to {floor['high']:.4g}"]
        if floor.get("low") is not None
        else []
    )
    return ", ".join(fresh + parts)


# metric, axis, sign, the paper's r (None where it gives none), source, claim
DISTANCES = (
    (
        "distance_to_train",
        "location",
        -1,
        -0.7388,
        "5.1, Fig. 3 a-c",
        "the distance to train falls as the interval moves right",
    ),
    (
        "distance_to_train",
        "width",
        1,
        0.316,
        "5.1, Fig. 3 d",
        "the distance to train grows with the interval's width",
    ),
    (
        "js_amplitude",
        "location",
        -1,
        None,
        "5.2, Fig. 6",
        "signals: the JS distance to train falls as the interval moves right",
    ),
)
# metric, the paper's falls from mean 100 to mean 1000: Pokemon, Flowers; source, claim
COMPONENTS = (
    ("wasserstein_C1", (7.21, 0.42), (6.79, 0.84)),
    ("wasserstein_C2", (2.82, 0.17), (6.43, 0.73)),
    ("js_divergence_C1", (0.168, 0.011), (0.111, 0.013)),
    ("js_divergence_C2", (0.109, 0.007), (0.157, 0.015)),
)


def distance(
    cells: pd.DataFrame,
    yardsticks: Yardsticks,
    metric: str,
    axis: str,
    sign: int,
    paper: float | None,
    source: str,
    claim: str,
) -> Claim:
    """Claims 1 and 2: a metric against an axis, by r."""
    x, y = columns(cells, axis, f"metrics/{metric}")
    floor, r, moved = floor_width(yardsticks, metric), correlation(x, y), line(x, y)
    verdict = judge(sign, (r["low"], r["high"]), (moved["change_low"], moved["change_high"]), floor)
    return Claim(
        claim, source, f"r of {metric} with {axis}", "sign only" if paper is None else f"{paper:+.4g}",
        r["pearson"], r["low"], r["high"], moved["change"], moved["change_low"], moved["change_high"], floor,
        reads(yardsticks, metric), verdict, "unknown" if paper is None else contains(r["low"], r["high"], (paper, paper)), TREND,
        range_note(y, yardsticks.get("floor", {}).get(metric)),
    )  # fmt: skip


def component(
    cells: pd.DataFrame,
    yardsticks: Yardsticks,
    metric: str,
    pokemon: tuple[float, float],
    flowers: tuple[float, float],
) -> Claim:
    """Claim 3: a distance between distributions on a principal component, by its fall."""
    x, y = columns(cells, "location", f"metrics/{metric}")
    floor, r, moved = floor_width(yardsticks, metric), correlation(x, y), line(x, y)
    falls = tuple(1 - end / start for start, end in (pokemon, flowers))
    return Claim(
        f"{metric} falls as the mean of the interval grows", "5.1, Fig. 5", "fall along the line, leftmost to rightmost cell",
        f"{falls[0]:.0%} (Pokemon, {pokemon[0]:g} to {pokemon[1]:g}), {falls[1]:.0%} (Flowers, {flowers[0]:g} to {flowers[1]:g})",
        moved["fall"], moved["fall_low"], moved["fall_high"], moved["change"], moved["change_low"], moved["change_high"], floor,
        reads(yardsticks, metric), judge(-1, (r["low"], r["high"]), (moved["change_low"], moved["change_high"]), floor),
        contains(moved["fall_low"], moved["fall_high"], (min(falls), max(falls))), TREND,
        "the paper: means 100 to 1000, perhaps at one width (Fig. 4); here: all cells, means 150 to 950. "
        + range_note(y, yardsticks.get("floor", {}).get(metric)),
    )  # fmt: skip


def own_loss(means: pd.DataFrame) -> Claim:
    """Claim 4, as the paper shows it: the training loss of the cells of width 100, each under its
    own t.
    """
    x, loss, sd, fixed, epochs = narrow(means, "loss", "sd", "fixed", "epochs")
    known = (
        f"one fixed model's fall under the same t: {1 - fixed[-1] / fixed[0]:.1%}"
        if len(x) and fixed[0] > 0
        else "no uniform run"
    )
    return fallen(
        "at width 100 the training loss falls as the median grows from 150 to 950", "90 % (about 0.10 to below 0.01)",
        x, loss, sd / np.sqrt(epochs), known,
        "each loss is under another distribution of t; the yardstick is the uniform run's model, never trained on these cells",
    )  # fmt: skip


def learnt_loss(means: pd.DataFrame) -> Claim:
    """Claim 4, less what the change of t alone does: the same losses in units of what one fixed
    model reads.
    """
    x, loss, sd, fixed, fixed_error, epochs = narrow(
        means, "loss", "sd", "fixed", "fixed_error", "epochs"
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = loss / fixed
        error = ratio * np.hypot(sd / np.sqrt(epochs) / loss, fixed_error / fixed)
    return fallen(
        "and falls by more than one fixed model's loss under the same t does", "implied (no number)", x, ratio, error,
        "0: no cell learnt its own t better than the uniform run did", "loss over what the uniform run's model reads under the cell's t",
    )  # fmt: skip


def fallen(
    claim: str,
    paper: str,
    x: np.ndarray,
    loss: np.ndarray,
    error: np.ndarray,
    yardstick: str,
    note: str,
) -> Claim:
    """A loss of the cells of width 100 against location; the change is of log10, for the loss spans
    decades.

    Args:
        x, loss, error: By location, shape (cells,); the error is the standard error of the loss, a
            mean over epochs.
    """
    rho, change, half = NAN, NAN, NAN
    if len(x) >= 4 and np.isfinite(loss).all() and (loss > 0).all():
        rho = correlation(x, loss)["spearman"]
        change = math.log10(loss[-1] / loss[0])
        half = float(Z * np.hypot(error[0] / loss[0], error[-1] / loss[-1]) / math.log(10))
    sure = correlation_p(x, loss, np.random.default_rng(0), ranks=True) <= 0.05
    low, high = 1 - 10 ** (change + half), 1 - 10 ** (change - half)
    size = "unknown" if "no number" in paper else contains(low, high, (0.9, 1.0))
    return Claim(
        claim, "5.2, Fig. 7", "fall from the leftmost to the rightmost cell", paper, 1 - 10**change, low, high,
        change, change - half, change + half, TENTH, yardstick,
        judge(-1, (rho, rho) if sure else (-1, 1), (change - half, change + half), TENTH), size,
        "Spearman's rho over the cells has the paper's sign with p <= 0.05 by permutation, and the whole interval of the change from end "
        "to end, by the error of a mean over epochs, is beyond a tenth of the paper's decade (a fall of 21 %); else: it falls short",
        f"{note}. Spearman's rho {rho:+.2f}",
    )  # fmt: skip


def probe_loss(means: pd.DataFrame) -> Claim:
    """Claim 4 with one ruler: the same cells' loss at one distribution of t, by the rule of trends."""
    x, loss, width = narrow(means, "probe", "probe_width")
    r, moved, floor = correlation(x, loss), line(x, loss), float(width.max()) if len(x) else NAN
    return Claim(
        "at width 100 the loss at one fixed distribution of t falls as the median grows", "5.2, Fig. 7 (implied)",
        "fall along the line, leftmost to rightmost cell", "implied (no number)", moved["fall"], moved["fall_low"], moved["fall_high"],
        moved["change"], moved["change_low"], moved["change_high"], floor, "0: no change",
        judge(-1, (r["low"], r["high"]), (moved["change_low"], moved["change_high"]), floor), "unknown",
        f"{TREND}; that is here the width of the loss's own interval", "" if len(x) else "no run has probe_loss",
    )  # fmt: skip


def narrow(means: pd.DataFrame, *names: str) -> tuple[np.ndarray, ...]:
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
    found = {
        width: merged(means[means.width == width], means[means.width == NARROW]) for width in widths
    }
    known = {width: ratio for width, ratio in found.items() if ratio[0] == ratio[0]}
    value, low, high = (
        max(known.values(), key=lambda ratio: ratio[0])
        if len(known) == len(widths) > 0
        else (NAN, NAN, NAN)
    )
    fixed = [f"width {w:g}: {np.ptp(means.fixed[means.width == w]):.3g}" for w in widths]
    verdict = REPRODUCED if high < NEARLY else NOT if low > NEARLY else UNKNOWN
    return Claim(
        "at widths of 700 and more the losses are nearly the same whatever the location", "5.2, Fig. 7",
        f"largest spread of the losses of one width over that at width {NARROW} in the same places", "nearly identical (no number)",
        value, low, high, value, low, high, NEARLY,
        f"one fixed model's spread under the same t: {', '.join(fixed)}" if means.fixed.notna().any() else "no uniform run",
        verdict, "unknown", "reproduced: the whole interval is below a third; not reproduced: above",
        "; ".join(f"width {w:g}: {ratio[0]:.3g}" for w, ratio in found.items()),
    )  # fmt: skip


def merged(wide: pd.DataFrame, narrow: pd.DataFrame) -> tuple[float, float, float]:
    """Spread (largest less smallest) of the mean losses of one width over that of width 100 in the
    same places, with its interval.

    The losses of width 100 are interpolated between its cells. NaN where those are not surely
    apart: nothing is there to merge.
    """
    narrow = narrow.dropna(subset=["loss", "sd"]).sort_values("location")
    if len(narrow) < 2 or not (narrow.sd > 0).all() or not (wide.sd > 0).all():
        return NAN, NAN, NAN
    top, own = (
        float(np.ptp(wide.loss)),
        float(np.ptp(np.interp(wide.location, narrow.location, narrow.loss))),
    )
    doubt, doubt_own = (chance_range(cells, len(wide)) for cells in (wide, narrow))
    if own <= doubt_own:
        return NAN, NAN, NAN
    return top / own, max(top - doubt, 0.0) / (own + doubt_own), (top + doubt) / (own - doubt_own)


def chance_range(cells: pd.DataFrame, k: int) -> float:
    """The range that k means over epochs of one curve stay in with 95 %."""
    error = np.sqrt((cells.sd**2 / cells.epochs).mean())
    return float(stats.studentized_range.ppf(0.95, k, 1e6) * error)


def columns(cells: pd.DataFrame, *names: str) -> tuple[np.ndarray, np.ndarray]:
    known = cells.reindex(columns=list(names)).dropna().to_numpy(float)
    return known[:, 0], known[:, 1]


def range_note(y: np.ndarray, floor: Mapping[str, float | None] | None) -> str:
    """What all cells span, and whether it is less than chance makes of fresh data."""
    if not len(y) or not floor or floor.get("low") is None or floor.get("high") is None:
        return "no floor"
    width = float(floor["high"] or 0) - float(floor["low"] or 0)
    inside = "less" if np.ptp(y) < width else "more"
    return (
        f"cells span {y.min():.4g} to {y.max():.4g}, {inside} than the range of fresh data"
        f" ({width:.3g})"
    )
