"""The words of a sweep's runs, and the answers that they follow from."""

from typing import Any

import pandas as pd

from memctl.analysis.sweep_results import SweepResults
from memctl.answers.answer import Answer, percent, span
from memctl.answers.verdict import from_record

EFFECTS = ("copies", "follows", "inside", "quality", "variety")  # answers that have one


def verdicts(sweep: SweepResults) -> pd.DataFrame:
    """One row a finished run: name, kind, low, high, seed, verdict, also; the effect of each answer
    with its interval, in words; reason.
    """
    rows: list[dict[str, Any]] = []
    for name, record in sweep.records.items():
        said = from_record(record.get("verdict"))
        known = {k: Answer.from_json(v) for k, v in record.get("answers", {}).items()}
        effects = {k: effect(known[k]) if k in known else "" for k in EFFECTS}
        also = ", ".join(said.also)
        rows.append(
            {"name": name, "verdict": said.word, "also": also, **effects, "reason": said.reason}
        )
    return sweep.table[["name", "kind", "low", "high", "seed"]].merge(pd.DataFrame(rows), on="name")


def effect(answer: Answer) -> str:
    """An answer's effect with its interval."""
    return f"{percent(answer.effect)} [{span(answer.low, answer.high)}]"


def summary(table: pd.DataFrame) -> str:
    """How many runs have each verdict, most first; of references by name.

    Args:
        table: As `verdicts` gives it.
    """
    cells, references = table[table.kind == "cell"], table[table.kind != "cell"]
    words = [f"{n} {word}" for word, n in cells.verdict.value_counts().items()]
    others = [f"{row['name']} {row['verdict']}" for row in references.to_dict("records")]
    return "; ".join([*([f"cells: {', '.join(words)}"] if words else []), *others[:6]])
