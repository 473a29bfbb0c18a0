"""Two models trained on disjoint halves of the data, generating from the same noise (Kadkhodaie et
al. 2024, arXiv 2310.02557).

    s_ab       mean over z of r(x_A(z), x_B(z)), r as in `metrics.resemblance`
    m_a, m_b   corr_train of either: mean r of a sample with its nearest training example

Models that learned the distribution make the same of the same noise, though they share no example:
s_ab is near 1, and m_a is what fresh examples read. Models that memorised make what each has seen:
m_a is near 1, and s_ab what unrelated samples read. Models that have learned nothing give the same
noise back, with s_ab near 1 too: read it beside the verdicts. Meant for the deterministic DDIM;
DDPM's noise is the same for both here too.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from memctl.analysis.sweep_results import SweepResults
from memctl.metrics.measure import mean
from memctl.metrics.resemblance import CORR_TRAIN, correlations

REPEATS = 1000


def partners(sweep: SweepResults) -> Iterator[tuple[str, str]]:
    """Names of runs that differ in `data.swap` alone, the one without first."""
    pairs: dict[str, dict[bool, str]] = {}
    for name, record in sweep.records.items():
        data = record["science"]["data"]
        key = json.dumps({**record["science"], "data": {**data, "swap": None}}, sort_keys=True)
        pairs.setdefault(key, {})[bool(data.get("swap"))] = name
    yield from ((pair[False], pair[True]) for pair in pairs.values() if len(pair) == 2)


def halves(sweep: SweepResults) -> pd.DataFrame:
    """One row a pair of runs.

    Columns: the runs a and b, n_train, s_ab with its 95 % interval over z, the same of unrelated
    samples, m_a and m_b, and the range that m reads for fresh examples.
    """
    rows: list[dict[str, Any]] = []
    for first, second in partners(sweep):
        made = [sweep.folder(name).kept_samples() for name in (first, second)]
        if made[0] is None or made[1] is None:
            continue  # somebody spared the disk
        a, b = (x.reshape(len(x), -1).astype(np.float64) for x in made if x is not None)
        same = mean(correlations(a, b), np.random.default_rng(0), REPEATS)
        records = [sweep.records[name] for name in (first, second)]
        values = (record["metrics"].get(CORR_TRAIN.name) or {} for record in records)
        m_a, m_b = (value.get("value") for value in values)
        low, high = sweep.floor(first, CORR_TRAIN.name)
        rows.append(
            {
                "a": first,
                "b": second,
                "n_train": records[0]["split"]["n_train"],
                "s_ab": same.value,
                "s_ab_low": same.low,
                "s_ab_high": same.high,
                "unrelated": float(correlations(a, np.roll(b, 1, axis=0)).mean()),
                "m_a": m_a,
                "m_b": m_b,
                "fresh_low": low,
                "fresh_high": high,
            }
        )
    return pd.DataFrame(rows)
