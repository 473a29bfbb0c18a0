"""The words of a sweep's runs."""

import pandas as pd

from memctl.analysis.sweep_results import SweepResults
from memctl.answers.verdict import from_record


def verdicts(sweep: SweepResults) -> pd.DataFrame:
    """One row a finished run: name, kind, low, high, seed, verdict, also, reason."""
    given = {name: from_record(record.get("verdict")) for name, record in sweep.records.items()}
    rows = [
        {"name": name, "verdict": v.word, "also": ", ".join(v.also), "reason": v.reason}
        for name, v in given.items()
    ]
    return sweep.table[["name", "kind", "low", "high", "seed"]].merge(pd.DataFrame(rows), on="name")


def summary(table: pd.DataFrame) -> str:
    """How many runs have each verdict, most first; of references by name.

    Args:
        table: As `verdicts` gives it.
    """
    cells, references = table[table.kind == "cell"], table[table.kind != "cell"]
    words = [f"{n} {word}" for word, n in cells.verdict.value_counts().items()]
    others = [f"{row['name']} {row['verdict']}" for row in references.to_dict("records")]
    return "; ".join([*([f"cells: {', '.join(words)}"] if words else []), *others[:6]])
