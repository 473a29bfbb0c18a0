"""What a sweep says: one row a run with its answers and its change against the uniform run."""

from typing import Any

import pandas as pd

from memctl.analysis.against_uniform import (
    STATISTICS,
    against_uniform,
    partners,
    ranges,
    read_hits,
)
from memctl.analysis.controls import in_words, settings
from memctl.analysis.sweep_results import SweepResults
from memctl.answers.verdict import from_record

ANSWERS = ("copies", "follows", "quality", "variety")


def answer_table(sweep: SweepResults) -> pd.DataFrame:
    """One row a run: name, label, kind (`rival` of a uniform run that no other is compared with),
    low, high, seed, n_train, of (the first run of its cell), seeds (of that cell), state (done,
    unanswered where it was measured before there were answers,
    or as the run stands), verdict, reason; of copies, follows, quality and variety the effect, low,
    high and limit, and yes; of follows, near and own (memctl.analysis.against_uniform) the value,
    what it changes against the uniform run, and the p of its range over the cells.
    """
    hits = read_hits(sweep)
    values = pd.DataFrame(
        [
            {"name": name, **{f"{k}_value": float(h.scores[k].mean()) for k in STATISTICS}}
            for name, h in hits.items()
        ],
        columns=["name", *(f"{k}_value" for k in STATISTICS)],
    )
    labels = {
        run: setting.label  # an interval says itself what it is
        if setting.label.startswith("[")
        else in_words(setting.control, setting.label)
        for setting in settings(sweep)
        for run in setting.runs.values()
    }
    rows = pd.DataFrame([described(sweep, name, labels) for name in sweep.records])
    rows = rows.merge(values, on="name", how="left")
    rows = rows.merge(against_uniform(sweep, hits), on="name", how="left")
    # A uniform run that none is compared with is one of those that the sweep is about.
    if beside := {name for others in partners(sweep).values() for name in others}:
        rows.loc[(rows.kind == "uniform") & ~rows.name.isin(beside), "kind"] = "rival"
    for statistic, p in ranges(sweep, hits).items():
        rows[f"{statistic}_range_p"] = p
    others = [
        {"name": name, "label": name, "state": state} for name, state in sweep.unfinished.items()
    ]
    return pd.concat([rows, pd.DataFrame(others)], ignore_index=True) if others else rows


def described(sweep: SweepResults, name: str, labels: dict[str, str]) -> dict[str, Any]:
    """A finished run and its answers.

    Args:
        labels: What to call runs by name, but for the cells of a grid.
    """
    record = sweep.records[name]
    run = sweep.table[sweep.table.name == name].iloc[0]
    said, answers = from_record(record.get("verdict")), record.get("answers") or {}
    known = {key: run[key] for key in ("name", "kind", "low", "high", "seed", "n_train")}
    placed = run["kind"] == "cell"
    cell = f"[{run['low']:.0f}, {run['high']:.0f}]" if placed else labels.get(name, name)
    out = {
        **known,
        "label": cell if sweep.plain or not placed else labels.get(name, name),
        "state": "done" if record.get("verdict") and answers else "unanswered",
        "verdict": said.word,
        "also": ", ".join(said.also),
        "reason": said.reason,
    }
    for question in ANSWERS:
        answer = answers.get(question) or {}
        out |= {f"{question}_{k}": answer.get(k) for k in ("yes", "effect", "low", "high", "limit")}
    return out
