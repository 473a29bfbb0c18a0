"""A sweep's answers: a verdict a run, the paper's claims, and the statistics behind them, each as a
table where it applies.
"""

import pandas as pd

from memctl.analysis.halves import halves
from memctl.analysis.inference import associations, mirrors, regressions
from memctl.analysis.parity import parity
from memctl.analysis.scorecard import scorecard
from memctl.analysis.studied import STUDIED
from memctl.analysis.sweep_results import SweepResults
from memctl.analysis.verdict import verdicts

LEAST = 8  # cells from which a trend is worth a test


def answers(sweep: SweepResults) -> dict[str, pd.DataFrame]:
    """Tables by name: verdicts, of every sweep; of one over cells, each used in one way, also the
    others.
    """
    found = {"verdicts": verdicts(sweep), "halves": halves(sweep)}
    cells = sweep.cells
    if sweep.plain and len(cells.drop_duplicates(["low", "high"])) >= LEAST:
        found |= of_cells(sweep, cells)
    return {key: table for key, table in found.items() if len(table)}


def of_cells(sweep: SweepResults, cells: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables of a sweep over cells."""
    name = str(next(iter(sweep.records.values()))["science"]["data"]["name"])
    metrics = [metric for metric in STUDIED if f"metrics/{metric}" in cells]
    varied = [
        metric for metric in metrics if cells[f"metrics/{metric}"].nunique() > 1
    ]  # a constant has no trend
    return {
        "scorecard": scorecard(sweep),
        "parity": parity({name: cells}) if "metrics/distance_to_train" in cells else pd.DataFrame(),
        "associations": associations({name: cells}, varied, {name: sweep.yardsticks}),
        "regressions": regressions(cells, varied),
        "mirror_pairs": mirrors(cells, varied, sweep.timesteps),
    }
