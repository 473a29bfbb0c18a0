"""When along a training generation becomes good, and when memorization sets in.

Bonnaire et al. 2025 (arXiv 2505.17638) find two times along the training of a diffusion model: an
early tau_gen, from which it generates samples of high quality, and a later tau_mem, beyond which
memorization emerges; between them lies the window in which to stop. They are read off here from
checkpoints, at each of which f_mem and the energy distance to held-out examples were measured:

    tau_mem   f_mem passes 1 % beyond what fresh examples read. It counts as seen at the first
              checkpoint whose whole 95 % interval lies above that; the time is where f_mem itself
              last passed it before, interpolated, f_mem linear in log(step), and lies between the
              last checkpoint whose whole interval is not above, and the one where it is seen
    tau_gen   the energy distance comes down to twice the least that any checkpoint of the sweep on
              this split reads, or to what fresh examples read, interpolated likewise, and lies
              between the checkpoints before and after (the distance has no interval)

One bar for all runs of a split makes their tau_gen comparable. Intervals of single checkpoints are
not corrected for being several.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from memctl.analysis.against_uniform import comparable
from memctl.analysis.sweep_results import SweepResults, kind
from memctl.metrics.coverage import PRECISION, RECALL
from memctl.metrics.dcr import DCR_SHARE
from memctl.metrics.energy import ENERGY_HELDOUT
from memctl.metrics.f_mem import F_MEM
from memctl.metrics.measure import Floats
from memctl.metrics.mmd import KID
from memctl.metrics.suite import Suite, read
from memctl.runs.along import SamplesAlong
from memctl.runs.record import measures

METRICS = tuple(m.name for m in (F_MEM, DCR_SHARE, ENERGY_HELDOUT, KID, PRECISION, RECALL))
LEVEL = 0.01  # of f_mem, beyond fresh examples
GOOD = 2.0  # times the least energy distance
NAN = float("nan")


def curve(suite: Suite, along: SamplesAlong | None) -> list[dict[str, Any]]:
    """What METRICS read at each checkpoint: step, and metrics, metric -> {value, low, high}."""
    if along is None:
        return []
    chosen = [metric for metric in suite.metrics if metric.name in METRICS]
    return [
        {"step": int(step), "metrics": measures(read(suite.compare(samples), chosen))}
        for step, samples in zip(along.steps, along.samples, strict=True)
    ]


class Curve(NamedTuple):
    """A metric along a training: shape (k,) each, NaN for ends that are not known."""

    steps: Floats
    value: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], metric: str) -> "Curve":
        """From a record's `along`; of the checkpoints that have the metric."""
        rows = [row for row in rows if metric in row["metrics"]]
        ends = (
            np.array([row["metrics"][metric][end] for row in rows], dtype=float)
            for end in ("value", "low", "high")
        )
        return cls(np.array([row["step"] for row in rows], dtype=float), *ends)


class Onset(NamedTuple):
    """When something sets in.

    Attributes:
        step: NaN where it was not seen.
        low: It had not set in by then; 0 before the first checkpoint.
        high: It had by then; NaN where it was not seen.
    """

    step: float
    low: float
    high: float

    def over(self, other: "Onset") -> "Onset":
        """The ratio to another, and between what it lies."""
        low = self.low / other.high  # NaN where the other was not seen
        high = self.high / other.low if other.low else NAN
        return Onset(self.step / other.step, low, high)


def passing(steps: Floats, value: Floats, k: int, level: float) -> float:
    """Where a curve passes the level between checkpoints k - 1 and k, linear in log(step); the
    first step where k is 0.
    """
    if k == 0:
        return float(steps[0])
    a, b = value[k - 1], value[k]
    share = (level - a) / (b - a)
    return float(np.exp((1 - share) * np.log(steps[k - 1]) + share * np.log(steps[k])))


def memorization_onset(f_mem: Curve, level: float) -> Onset:
    """tau_mem, as above."""
    seen = np.flatnonzero(f_mem.low > level)
    first = int(seen[0]) if len(seen) else len(f_mem.steps)
    unseen = np.flatnonzero(f_mem.high[:first] <= level)
    low = float(f_mem.steps[unseen[-1]]) if len(unseen) else 0.0
    if not len(seen):
        return Onset(NAN, low, NAN)
    below = np.flatnonzero(f_mem.value[:first] <= level)
    k = int(below[-1]) + 1 if len(below) else 0
    return Onset(passing(f_mem.steps, f_mem.value, k, level), low, float(f_mem.steps[first]))


def generation_onset(energy: Curve, level: float) -> Onset:
    """tau_gen, as above."""
    good = np.flatnonzero(energy.value <= level)
    k = int(good[0]) if len(good) else len(energy.steps)
    low = float(energy.steps[k - 1]) if k else 0.0
    if not len(good):
        return Onset(NAN, low, NAN)
    return Onset(passing(energy.steps, energy.value, k, level), low, float(energy.steps[k]))


def with_checkpoints(sweep: SweepResults) -> dict[str, dict[str, Any]]:
    """The records of runs with checkpoints along their training."""
    return {name: record for name, record in sweep.records.items() if record.get("along")}


def times(sweep: SweepResults) -> pd.DataFrame:
    """One row a run with checkpoints: name, label, kind, low, high, seed; location (the
    interval's middle, or the mean t); steps (of the whole
    training); tau_gen and tau_mem, each with _low and _high as in `Onset`; window, tau_mem over
    tau_gen; ratio, tau_mem over that of the uniform run of the same seed and settings, with _low
    and _high; and what the last checkpoint reads of f_mem, dcr_share and energy_heldout.
    """
    records = with_checkpoints(sweep)
    bars = quality_bars(records)
    found = {name: onsets(record, bars) for name, record in records.items()}
    rows = []
    for name, record in records.items():
        gen, mem = found[name]
        uniform = [u for u, r in records.items() if kind(r) == "uniform" and comparable(record, r)]
        ratio = mem.over(found[uniform[0]][1]) if uniform else Onset(NAN, NAN, NAN)
        last = record["along"][-1]
        run = sweep.table[sweep.table.name == name].iloc[0]
        cell = f"[{run['low']:g}, {run['high']:g}]"
        rows.append(
            {
                **{k: run[k] for k in ("name", "kind", "low", "high", "seed")},
                "label": cell if run["kind"] == "cell" and sweep.plain else without_seed(run),
                "location": run["location"] if run["kind"] == "cell" else run.get("sampler/mean"),
                "steps": last["step"],
                **columns("tau_gen", gen),
                **columns("tau_mem", mem),
                "window": mem.step / gen.step,
                **columns("ratio", ratio),
                **{k: last["metrics"][k]["value"] for k in METRICS[:3]},
            }
        )
    return pd.DataFrame(rows)


def quality_bars(records: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """The energy distance that is good, by split."""
    bars: dict[str, float] = {}
    for record in records.values():
        split, name = record["split"]["hash"], ENERGY_HELDOUT.name
        least = float(Curve.of(record["along"], name).value.min())
        bars[split] = min(bars.get(split, np.inf), GOOD * least)
    for record in records.values():
        fresh = floor(record, ENERGY_HELDOUT.name, "high")
        bars[record["split"]["hash"]] = max(bars[record["split"]["hash"]], fresh)
    return bars


def onsets(record: Mapping[str, Any], bars: Mapping[str, float]) -> tuple[Onset, Onset]:
    """tau_gen and tau_mem of a run."""
    rows = record["along"]
    level = LEVEL + floor(record, F_MEM.name, "value")
    return (
        generation_onset(Curve.of(rows, ENERGY_HELDOUT.name), bars[record["split"]["hash"]]),
        memorization_onset(Curve.of(rows, F_MEM.name), level),
    )


def floor(record: Mapping[str, Any], metric: str, end: str) -> float:
    """What fresh examples read; 0 where that is not known."""
    return float((record["yardsticks"]["floor"].get(metric) or {}).get(end) or 0.0)


def columns(name: str, onset: Onset) -> dict[str, float]:
    """An onset's columns of a table."""
    return {name: onset.step, f"{name}_low": onset.low, f"{name}_high": onset.high}


def without_seed(run: pd.Series) -> str:
    """The name of a run that it shares with other seeds."""
    return str(run["name"]).replace(f"_s{run['seed']}", "", 1)
