"""Copying against quality: which settings of a sweep no other beats in both.

    copying    f_mem; dcr_share and the answers' `follows` effect, which see soft copies too
    loss       energy_heldout, kid, 1 - recall

Each pair of the two is a plane. Its box reaches from what fresh samples read (the ideal) to the
uniform run's copying and LOSS_LIMIT times its loss (at least that of the noise floor's end), so
that the hypervolume of a control is the part of what could be gained over the uniform run that it
gains, in [0, 1].

Uncertainty. The settings were chosen, not drawn, and so are not resampled; what would come out
otherwise another time is what each of them reads. DRAWS planes are drawn in which every setting
reads another value of its interval (`memctl.analysis.readings`: over seeds where there are any,
else over samples), independently, as a normal distribution with a side of its own above and below.
A setting's `front_COPYING_QUALITY` is the share of these planes in which it is on the front.

The best of many settings reads too well by chance, and once more so in planes that are drawn from
what was read. So a hypervolume is what is seen less how much the drawn ones exceed, on average,
that of the drawn settings' means; and its interval is the basic bootstrap's, turned round in the
same way. In simulations (normal noise of 2 to 15 % of the box) it held the truth in 87 to 97 % of
cases for 3 settings, in 59 to 95 % for 10, and in fewer for 40 that are alike: what is left of
chance favours the control with more settings.

Where the uniform run copies so little that its interval lies below LITTLE there is nothing to
compare: `comparable` is False, and there is no front.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from memctl.analysis import pareto
from memctl.analysis.controls import UNIFORM, Setting, settings
from memctl.analysis.pareto import hypervolume, nondominated
from memctl.analysis.readings import Readings
from memctl.analysis.sweep_results import SweepResults
from memctl.metrics.measure import Floats
from memctl.metrics.streams import rng

COPYING = {"f_mem": 0.0, "dcr_share": 0.5, "follows": 0.0}  # and what fresh samples read
QUALITY = ("energy_heldout", "kid", "recall")
PLANES = tuple(product(COPYING, QUALITY))
LITTLE = 0.01  # of the samples, which the uniform run's f_mem may exceed
LOSS_LIMIT = 3.0
DRAWS = 500
NORMAL = 1.96


def loss(measure: str, value: Any) -> Any:
    """A quality's loss: 0 at best, or about 0 for fresh samples."""
    return 1 - value if measure == "recall" else value


def has_front(sweep: SweepResults) -> bool:
    """Whether a sweep has a uniform run, something to compare with it, and what that takes."""
    found = settings(sweep)
    known = {"f_mem", "energy_heldout"} <= set(sweep.metrics)
    return known and len(found) > 1


def points(sweep: SweepResults) -> pd.DataFrame:
    """One row a setting, the uniform run's first: control, setting, seeds, run (the first); of each
    measure the value, `_low` and `_high`; of each quality how much more is lost than by the
    uniform run, `_lost` with its ends, the noise floor's worse end, `_floor`, and `_as_good`:
    whether it reads as fresh samples do or is not shown to lose more; and where the uniform run
    copies, of each plane the share of drawn planes in which it is on the front.

    Intervals are over seeds where any setting has several, else of the samples: `over`.
    """
    found = settings(sweep)
    readings = {m: Readings(sweep, found, m) for m in (*COPYING, *QUALITY)}
    over = "seeds" if readings["f_mem"].spread.degrees else "samples"
    rows = pd.DataFrame([described(k, one, readings) for k, one in enumerate(found)])
    rows.insert(3, "over", over)
    return rows.assign(**shares(rows)) if comparable(rows) else rows


def described(k: int, setting: Setting, readings: dict[str, Readings]) -> dict[str, Any]:
    """The row of a setting, the k-th."""
    row: dict[str, Any] = {
        "control": setting.control,
        "setting": setting.label,
        "seeds": len(setting.runs),
        "run": next(iter(setting.runs.values())),
    }
    for measure, own in readings.items():
        value, low, high = own.reading(k)
        row |= {measure: value, f"{measure}_low": low, f"{measure}_high": high}
    for measure in QUALITY:
        own = readings[measure]
        value, low, high = own.change(k)
        if measure == "recall":
            value, low, high = -value, -high, -low
        worse = own.floor.low if measure == "recall" else own.floor.high
        fresh = loss(measure, row[measure]) <= loss(measure, worse)
        row |= {f"{measure}_lost": value, f"{measure}_lost_low": low, f"{measure}_lost_high": high}
        row |= {f"{measure}_floor": worse, f"{measure}_as_good": bool(fresh or low <= 0)}
    return row


def comparable(rows: pd.DataFrame) -> bool:
    """Whether the uniform run copies enough for less of it to be seen."""
    return bool(rows.f_mem_high.iloc[0] >= LITTLE)


def box(rows: pd.DataFrame, copying: str, quality: str) -> tuple[list[float], list[float]] | None:
    """Ideal and reference of a plane, (copying, loss) each; None where the uniform run leaves
    nothing to gain.
    """
    uniform = rows.iloc[0]
    own, floor = (loss(quality, uniform[m]) for m in (quality, f"{quality}_floor"))
    worst = LOSS_LIMIT * np.fmax(own, floor)  # NaN where neither is measured
    ideal, reference = [COPYING[copying], 0.0], [float(uniform[copying]), float(worst)]
    return (ideal, reference) if all(r > i for i, r in zip(ideal, reference, strict=True)) else None


def plane(rows: pd.DataFrame, copying: str, quality: str) -> Floats:
    """Copying and loss of each setting, shape (n, 2)."""
    return np.column_stack([rows[copying], loss(quality, rows[quality])]).astype(float)


def drawn(rows: pd.DataFrame, copying: str, quality: str) -> Floats:
    """The plane another time: shape (DRAWS, n, 2)."""
    axes = []
    for measure in (copying, quality):
        value, low, high = (
            rows[f"{measure}{end}"].to_numpy(float) for end in ("", "_low", "_high")
        )
        z = rng(0, f"front {measure}").standard_normal((DRAWS, len(rows)))
        side = np.where(z > 0, np.nan_to_num(high - value), np.nan_to_num(value - low))
        axes.append(loss(measure, value + z * side / NORMAL))
    return np.stack(axes, axis=-1)


def shares(rows: pd.DataFrame) -> dict[str, Floats]:
    """Of each plane, the share of draws in which a setting is on the front, by column."""
    return {
        f"front_{c}_{q}": np.mean([nondominated(p) for p in drawn(rows, c, q)], axis=0)
        for c, q in PLANES
    }


def controls(rows: pd.DataFrame) -> list[str]:
    """The controls, in the order of their first settings."""
    return [c for c in dict.fromkeys(rows.control) if c != UNIFORM]


def hypervolumes(rows: pd.DataFrame, planes: Sequence[tuple[str, str]] = PLANES) -> pd.DataFrame:
    """One row a plane and control, and `all` of them together: copying, quality, control, settings,
    hypervolume, low, high, seen (before its chance is taken off), and the reference point,
    copying_at and loss_at. Empty where the uniform run copies too little.

    Args:
        rows: As `points` gives them.
        planes: (copying, quality) of each.
    """
    out = []
    for copying, quality in planes if comparable(rows) else ():
        corners = box(rows, copying, quality)
        if corners is None:
            continue
        seen, again = plane(rows, copying, quality), drawn(rows, copying, quality)
        for control in ["all", *controls(rows)]:
            mine = (
                rows.control != UNIFORM if control == "all" else rows.control == control
            ).to_numpy()
            values = pareto.hypervolumes(again[:, mine], *corners)
            value = hypervolume(seen[mine], *corners)
            middle = value + hypervolume(again.mean(axis=0)[mine], *corners)
            low, high = np.clip(middle - np.quantile(values, (0.975, 0.025)), 0, 1)
            out.append(
                {
                    "copying": copying,
                    "quality": quality,
                    "control": control,
                    "settings": int(mine.sum()),
                    "hypervolume": float(np.clip(middle - np.mean(values), 0, 1)),
                    "low": low,
                    "high": high,
                    "seen": value,
                    "copying_at": corners[1][0],
                    "loss_at": corners[1][1],
                }
            )
    return pd.DataFrame(out)


def front(rows: pd.DataFrame, copying: str, quality: str) -> pd.DataFrame:
    """The settings of the front as seen, least copying first."""
    return rows[nondominated(plane(rows, copying, quality))].sort_values(copying)
