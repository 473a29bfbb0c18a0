"""Which band of t carries memorization: uniform t without a band, or with more or less of it,
against uniform t, sample by sample; beside it where in t the uniform run's loss tells its training
examples.
"""

from typing import Any

import numpy as np
import pandas as pd

from memctl.analysis.against_uniform import STATISTICS, against_uniform, read_hits
from memctl.analysis.controls import UNIFORM, references
from memctl.analysis.paired import LEVEL
from memctl.analysis.sweep_results import SweepResults, kind

METRICS = ("f_mem", "dcr_share", "energy_heldout")
CHANGES = [
    f"{name}_change{end}" for name in STATISTICS for end in ("", "_low", "_high", "_p", "_seen")
]
PROBE = ("gap", "auc")
COLUMNS = [
    "name", "multiplier", "low", "high", "seeds", *METRICS, "f_mem_high", *CHANGES,
    *(f"probe_{name}" for name in PROBE),
]  # fmt: skip
LEAST = 0.01  # uniform f_mem below which no change of it can be told
NAMED = 3  # bands that the sentence names of each kind


def is_band(record: dict[str, Any]) -> bool:
    """Whether a run draws one band of t more or less often than the others, which it draws too."""
    sampler = record["sampler"] or {}
    return sampler.get("name") == "band" and sampler["multiplier"] is not None


def has_bands(sweep: SweepResults) -> bool:
    """Whether the sweep has such runs, and uniform ones."""
    kinds = {kind(record) for record in sweep.records.values()}
    return "uniform" in kinds and any(is_band(record) for record in sweep.records.values())


def bands(sweep: SweepResults) -> pd.DataFrame:
    """One row a band and multiplier, after the uniform run's.

    Returns:
        name (of the first run), multiplier (0: left out; of uniform 1), low, high, seeds; means
        over these of the METRICS, and of the upper end of f_mem; what own, near and follows change
        against the uniform runs (`against_uniform`; simultaneous intervals over all runs of the
        sweep); probe_gap (held-out less train loss, as a share of the former) and probe_auc, means
        over the bins of t of the uniform runs' probe that lie in the band, NaN without one. Empty
        without paired runs.
    """
    changed = against_uniform(sweep, read_hits(sweep))
    found = changed[changed["name"].map(lambda name: is_band(sweep.records[name]))]
    if not len(found):
        return pd.DataFrame(columns=COLUMNS)
    probe = uniform_probe(sweep)
    uniform = sweep.table[sweep.table.name.isin(references(sweep)[UNIFORM])]
    whole: dict[str, Any] = {"multiplier": 1.0, "low": 0, "high": sweep.timesteps}
    rows = [row(uniform, probe, {**whole, "name": uniform.name.iloc[0], "seeds": len(uniform)})]
    for name, runs in found.groupby("of", sort=False):
        sampler = sweep.records[str(name)]["sampler"]
        place = {key: sampler[key] for key in ("multiplier", "low", "high")}
        changes = {key: float(runs.iloc[0][key]) for key in CHANGES}
        known = {"name": name, "seeds": len(runs), **changes, **place}
        rows.append(row(sweep.table[sweep.table.name.isin(runs["name"])], probe, known))
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"multiplier": float})
    return pd.concat([table[:1], table[1:].sort_values(["multiplier", "low", "high"])])


def row(runs: pd.DataFrame, probe: pd.DataFrame, known: dict[str, Any]) -> dict[str, Any]:
    """A row of `bands`, from its runs in the sweep's table."""
    inside = probe[(probe.t > known["low"]) & (probe.t <= known["high"])]
    columns = {name: f"metrics/{name}" for name in METRICS}
    columns["f_mem_high"] = "metrics/f_mem_high"
    return {
        **known,
        **{key: float(runs[c].mean()) if c in runs else np.nan for key, c in columns.items()},
        **{f"probe_{name}": float(inside[name].mean()) for name in PROBE},
    }


def uniform_probe(sweep: SweepResults) -> pd.DataFrame:
    """One row a bin of t of the uniform runs' probe, means over them: t (its middle), gap (as a
    share of the held-out loss) and auc, each with _low and _high; empty without one.
    """
    ends = [f"{name}{end}" for name in PROBE for end in ("", "_low", "_high")]
    rows = []
    for name in references(sweep)[UNIFORM]:
        for bin_ in sweep.records[name].get("probe") or []:
            whole = bin_["loss_heldout"] or np.nan
            values = {k: bin_[k] / (whole if k.startswith("gap") else 1) for k in ends}
            rows.append({"t": (bin_["t_low"] + bin_["t_high"]) / 2, **values})
    table = pd.DataFrame(rows, columns=["t", *ends], dtype=float)
    return table.groupby("t", as_index=False).mean()


def sentence(table: pd.DataFrame) -> str:
    """Which bands carry copying; that none is seen to, or why none could be."""
    uniform, runs = table.iloc[0], table.iloc[1:]
    if uniform.f_mem_high < LEAST:
        return (
            f"bands of t: the uniform run copies next to nothing (f_mem {uniform.f_mem:.3f}, at"
            f" most {uniform.f_mem_high:.3f}); what carries it cannot be told here"
        )
    said = []
    for multiplier, group in runs.groupby("multiplier"):
        how = "left out" if multiplier == 0 else f"drawn {multiplier:g} times as often"
        seen = group[group.own_change_p <= LEVEL]
        largest = seen.sort_values("own_change", key=abs, ascending=False)[:NAMED]
        named = ", ".join(change(run) for _, run in largest.iterrows())
        more = f", and {len(seen) - NAMED} more" if len(seen) > NAMED else ""
        said.append(f"{how}, {named or 'no band is seen to change it'}{more}")
    limit = float(runs[["own_change_low", "own_change_high"]].abs().max(axis=1).max())
    none = (
        f" (none by more than {100 * limit:.0f} points)"
        if not (runs.own_change_p <= LEVEL).any()
        else ""
    )
    text = (
        f"copying by bands of t, in points against uniform t's {100 * uniform.f_mem:.0f} %:"
        f" {'; '.join(said)}{none}"
    )
    if runs.probe_auc.isna().all():
        return text
    told = runs.iloc[int(runs.probe_auc.argmax())]
    return (
        f"{text}; the uniform run's loss tells training examples best in ({told.low:.0f},"
        f" {told.high:.0f}], AUC {told.probe_auc:.2f}"
    )


def change(row: pd.Series) -> str:
    """A band, what it changes in points, and the energy that its samples then have."""
    value, low, high = (100 * row[f"own_change{end}"] for end in ("", "_low", "_high"))
    return (
        f"({row.low:.0f}, {row.high:.0f}] {value:+.0f} [{low:+.0f}, {high:+.0f}]"
        f" (energy {row.energy_heldout:.2g})"
    )
