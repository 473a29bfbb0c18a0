"""The training losses of a sweep's runs, and what one fixed model would read instead.

A run's loss is under its own distribution of t, as the paper plots it (Fig. 7). The squared error
of the noise falls with t by orders of magnitude, so the loss moves with the distribution though no
model changes. How much, the uniform run's own loss by t
says: weighted with a cell's realised shares of t, it is what that one model reads under the cell's
distribution.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from memctl.analysis.sweep_results import SweepResults

LAST = 30  # epochs, as the paper shows
BY_T = "loss_t/"
PROBE = "probe_loss"
COLUMNS = (
    "name", "kind", "seed", "low", "high", "location", "width", "epochs", "loss", "sd", "fixed", "fixed_error", "probe", "probe_width",
)  # fmt: skip


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
    names = [row for row in sweep.table.to_dict("records") if row["kind"] != "base"]
    read = {
        row["name"]: control(sweep.folder(str(row["name"])).journal.rows())[-last:] for row in names
    }
    uniforms = [
        read[row["name"]] for row in names if row["kind"] == "uniform" and read[row["name"]]
    ]
    uniform, error = pd.Series(dtype=float), pd.Series(dtype=float)
    if uniforms:
        uniform = pd.concat([by_t(epochs) for epochs in uniforms], axis=1).mean(axis=1)
        errors = pd.concat([by_t(epochs, standard_error) for epochs in uniforms], axis=1)
        error = (errors**2).sum(axis=1, skipna=False) ** 0.5 / len(uniforms)
    rows = []
    for row in names:
        record, epochs = sweep.records[str(row["name"])], read[row["name"]]
        values = [float(epoch["loss"]) for epoch in epochs]
        rows.append({
            **{name: row[name] for name in COLUMNS[:7]},
            "epochs": len(values),
            "loss": float(np.mean(values)) if values else np.nan,
            "sd": float(np.std(values, ddof=1)) if len(values) > 1 else np.nan,
            "fixed": fixed(record, uniform),
            "fixed_error": fixed(record, error, power=2),
            **probe(record, epochs),
        })  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def control(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The epochs of the controlled training that have a loss."""
    return [row for row in rows if row.get("stage") == "control" and row.get("loss") is not None]


def standard_error(values: list[float]) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def by_t(
    rows: list[dict[str, Any]],
    reduce: Callable[[list[float]], float] = lambda values: float(np.mean(values)),
) -> pd.Series:
    """A run's mean loss by bin of t, or another reduction of its epochs: index the first t of the
    bin.
    """
    found: dict[int, list[float]] = {}
    for row in rows:
        for name, value in row.items():
            if name.startswith(BY_T) and value is not None:
                found.setdefault(int(name.removeprefix(BY_T).split("-")[0]), []).append(
                    float(value)
                )
    return pd.Series(
        {start: reduce(values) for start, values in sorted(found.items())}, dtype=float
    )


def fixed(record: dict[str, Any], uniform: pd.Series, power: int = 1) -> float:
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
    drawn = shares[shares > 0]
    weighted = drawn / drawn.sum() * uniform.reindex(drawn.index)
    return float((weighted**power).sum(skipna=False) ** (1 / power))


def probe(record: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, float]:
    """The loss at a fixed distribution of t and the width of its interval, where they were
    measured.
    """
    later: dict[str, Any] = next((row for row in reversed(rows) if row.get(PROBE) is not None), {})
    found = record["metrics"].get(PROBE) or {
        "value": later.get(PROBE),
        **{e: later.get(f"{PROBE}_{e}") for e in ("low", "high")},
    }
    value, low, high = (
        float("nan") if found.get(end) is None else float(found[end])
        for end in ("value", "low", "high")
    )
    return {"probe": value, "probe_width": high - low}
