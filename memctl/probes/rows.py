"""What a run's probe left: its rows, and what they say in three numbers. Free of torch."""

import numpy as np

from memctl.files import read_json
from memctl.metrics.measure import Measure
from memctl.runs.folder import RunFolder

Rows = list[dict[str, float]]


def kept(folder: RunFolder, key: str) -> Rows | None:
    """The rows of the probe with this key, or None where the folder holds no such probe."""
    content = read_json(folder.probe) or {}
    return content["rows"] if content.get("key") == key else None


def summary(rows: Rows) -> dict[str, Measure]:
    """Means over the bins of t, which are fixed in advance: probe_loss (of held-out examples, the
    loss at one distribution of t for every run), probe_gap (held-out less train) and probe_auc.

    All bins show the same examples, so the intervals are the means of theirs: as if the bins'
    errors were one.
    """
    if not rows:
        return {}
    over = lambda key: float(np.mean([row[key] for row in rows]))
    loss, reach = over("loss_heldout"), 1.96 * over("loss_heldout_se")
    return {
        "probe_loss": Measure(loss, loss - reach, loss + reach),
        "probe_gap": Measure(*(over(key) for key in ("gap", "gap_low", "gap_high"))),
        "probe_auc": Measure(*(over(key) for key in ("auc", "auc_low", "auc_high"))),
    }
