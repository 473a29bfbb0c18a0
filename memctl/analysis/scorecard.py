"""The paper's claims beside this sweep's numbers: `claim` says by which rule each is judged."""

from dataclasses import asdict, fields

import pandas as pd

from memctl.analysis.claim import Claim
from memctl.analysis.loss_claims import loss_claims
from memctl.analysis.losses import losses
from memctl.analysis.metric_claims import metric_claims
from memctl.analysis.statistics import cell_means
from memctl.analysis.sweep_results import SweepResults

COLUMNS = [field.name for field in fields(Claim)]


def scorecard(sweep: SweepResults) -> pd.DataFrame:
    """One row a claim, with the columns of `Claim`.

    Args:
        sweep: Of cells. Metrics that it does not have give no row; losses are read from its runs'
            metrics.jsonl.
    """
    table = losses(sweep)
    claims = [
        *metric_claims(cell_means(sweep.cells), sweep.yardsticks),
        *loss_claims(cell_means(table[table.kind == "cell"])),
    ]
    return pd.DataFrame([asdict(claim) for claim in claims], columns=COLUMNS)
