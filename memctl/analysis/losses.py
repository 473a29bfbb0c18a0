"""The training losses of a sweep's runs, and what one fixed model would read instead.

A run's loss is under its own distribution of t, as the paper plots it (Fig. 7). The squared error
of the noise falls with t by orders of magnitude, so the loss moves with the distribution though no
model changes. How much, the uniform run's own loss by t says: weighted with a cell's realised
shares of t, it is what that one model reads under the cell's distribution.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from memctl.analysis.controls import UNIFORM, references
from memctl.analysis.sweep_results import SweepResults

LAST = 30  # epochs, as the paper shows
BY_T = "loss_t/"
PROBE = "probe_loss"
RUN = ["name", "kind", "seed", "low", "high", "location", "width"]
COLUMNS = [*RUN, "epochs", "loss", "sd", "fixed", "fixed_error", "probe", "probe_width"]
Row = dict[str, Any]


def losses(sweep: SweepResults, last: int = LAST) -> pd.DataFrame:
    """One row a controlled run: its loss over the last epochs.

    Returns:
        name, kind, seed, low, high, location, width; epochs; loss (mean over them) and sd (from
        epoch to epoch); fixed (what the uniform run's model reads under this run's t; NaN without a
        uniform run) and fixed_error (its standard error); probe (`probe_loss`, a loss at one
        distribution of t for all runs, from the record's metrics or the last row that has it) and
        probe_width (of its 95 % interval: columns probe_loss_low, _high); NaN where they were not
        measured.
    """
    runs = sweep.table[sweep.table.kind != "base"]
    epochs = {name: control_epochs(sweep.folder(name).journal.rows())[-last:] for name in runs.name}
    uniform, error = loss_by_t([epochs[name] for name in references(sweep)[UNIFORM]])
    rows: list[Row] = []
    for run in runs[RUN].to_dict("records"):
        name = str(run["name"])
        record, values = sweep.records[name], [float(epoch["loss"]) for epoch in epochs[name]]
        rows.append(
            {
                **{str(key): value for key, value in run.items()},
                "epochs": len(values),
                "loss": float(np.mean(values)) if values else np.nan,
                "sd": float(np.std(values, ddof=1)) if len(values) > 1 else np.nan,
                "fixed": fixed_loss(record, uniform),
                "fixed_error": fixed_loss(record, error, power=2),
                **probe_loss(record, epochs[name]),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def loss_by_t(runs: list[list[Row]]) -> tuple[pd.Series, pd.Series]:
    """The mean loss of runs, each of its epochs, by bin of t, and its standard error; empty
    without runs that have epochs.
    """
    runs = [epochs for epochs in runs if epochs]
    if not runs:
        return pd.Series(dtype=float), pd.Series(dtype=float)
    mean = pd.concat([by_t(epochs) for epochs in runs], axis=1).mean(axis=1)
    errors = pd.concat([by_t(epochs, standard_error) for epochs in runs], axis=1)
    return mean, (errors**2).sum(axis=1, skipna=False) ** 0.5 / len(runs)


def control_epochs(rows: list[Row]) -> list[Row]:
    """The epochs of the controlled training that have a loss."""
    return [row for row in rows if row.get("stage") == "control" and row.get("loss") is not None]


def standard_error(values: list[float]) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def by_t(
    rows: list[Row],
    reduce: Callable[[list[float]], float] = lambda values: float(np.mean(values)),
) -> pd.Series:
    """A run's mean loss by bin of t, or another reduction of its epochs: index the first t of the
    bin.
    """
    bins: dict[int, list[float]] = {}
    for row in rows:
        for name, value in row.items():
            if name.startswith(BY_T) and value is not None:
                start = int(name.removeprefix(BY_T).split("-")[0])
                bins.setdefault(start, []).append(float(value))
    return pd.Series({start: reduce(values) for start, values in sorted(bins.items())}, dtype=float)


def fixed_loss(record: Row, uniform: pd.Series, power: int = 1) -> float:
    """What the model of loss `uniform` by bin of t reads under the record's realised t; NaN where a
    bin that was drawn is unknown.

    Of the loss's standard errors by bin, with power 2, the standard error of that.
    """
    realised = (record["sampler"] or {}).get("realised") or {}
    if not len(uniform) or not realised.get("edges"):
        return float("nan")
    shares = pd.Series(
        realised["realised"], index=[int(edge) for edge in realised["edges"][:-1]], dtype=float
    )
    shares = shares[shares > 0]
    weighted = shares / shares.sum() * uniform.reindex(shares.index)
    return float((weighted**power).sum(skipna=False) ** (1 / power))


def probe_loss(record: Row, rows: list[Row]) -> dict[str, float]:
    """The loss at a fixed distribution of t and the width of its interval, where they were
    measured.
    """
    measure = record["metrics"].get(PROBE)
    if not measure:
        last: Row = next((row for row in reversed(rows) if row.get(PROBE) is not None), {})
        ends = {end: last.get(f"{PROBE}_{end}") for end in ("low", "high")}
        measure = {"value": last.get(PROBE), **ends}
    known = (measure.get(end) for end in ("value", "low", "high"))
    value, low, high = (float("nan") if number is None else float(number) for number in known)
    return {"probe": value, "probe_width": high - low}
