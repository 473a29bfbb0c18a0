"""What a sweep says: one row a run with its answers and its change against the uniform run."""

from typing import Any

import pandas as pd

from memctl.analysis.against_uniform import STATISTICS, against_uniform, ranges, read_hits
from memctl.analysis.sweep_results import SweepResults
from memctl.answers.verdict import from_record

ANSWERS = ("copies", "follows", "quality", "variety")


def answer_table(sweep: SweepResults) -> pd.DataFrame:
    """One row a run: name, label, kind, low, high, seed, n_train, of (the first run of its cell),
    seeds (of that cell), state (done, unanswered where it was measured before there were answers,
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
    rows = pd.DataFrame([described(sweep, name) for name in sweep.records])
    rows = rows.merge(values, on="name", how="left")
    rows = rows.merge(against_uniform(sweep, hits), on="name", how="left")
    for statistic, p in ranges(sweep, hits).items():
        rows[f"{statistic}_range_p"] = p
    others = [
        {"name": name, "label": name, "state": state} for name, state in sweep.unfinished.items()
    ]
    return pd.concat([rows, pd.DataFrame(others)], ignore_index=True) if others else rows


def described(sweep: SweepResults, name: str) -> dict[str, Any]:
    """A finished run and its answers."""
    record = sweep.records[name]
    run = sweep.table[sweep.table.name == name].iloc[0]
    said, answers = from_record(record.get("verdict")), record.get("answers") or {}
    known = {key: run[key] for key in ("name", "kind", "low", "high", "seed", "n_train")}
    placed = run["kind"] == "cell"
    cell = f"[{run['low']:.0f}, {run['high']:.0f}]" if placed else name
    out = {
        **known,
        "label": cell if placed and sweep.plain else name,
        "state": "done" if record.get("verdict") and answers else "unanswered",
        "verdict": said.word,
        "also": ", ".join(said.also),
        "reason": said.reason,
    }
    for question in ANSWERS:
        answer = answers.get(question) or {}
        out |= {f"{question}_{k}": answer.get(k) for k in ("yes", "effect", "low", "high", "limit")}
    return out
