"""What a run's probe left: its rows, and what they say in three numbers. Free of torch."""

import numpy as np
import scipy

from memctl.answers.answer import Answer, as_p, percent, power, span
from memctl.answers.labels import POWER
from memctl.files import read_json
from memctl.metrics.measure import Measure
from memctl.runs.folder import RunFolder

Rows = list[dict[str, float]]
LEVEL = 0.005  # of the answer


def kept(folder: RunFolder, key: str) -> Rows | None:
    """The rows of the probe with this key, or None where the folder holds no such probe: of a run
    that is measured, the record has them too.
    """
    content = read_json(folder.probe) or {}
    rows = content.get("rows")
    if content.get("key") == key and isinstance(rows, list) and rows:
        return rows
    record = folder.record() or {}
    return record.get("probe") or None if record.get("keys", {}).get("probe") == key else None


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


def inside(rows: Rows) -> dict[str, Answer]:
    """Whether the network's loss tells training from held-out examples: the question `inside`, by
    the AUC; nothing without a probe.

    The effect is 2 AUC - 1, the probability that the loss of a training example is lower than that
    of a held-out one less that it is higher.
    """
    if not rows:
        return {}
    auc, low, high = summary(rows)["probe_auc"]
    assert low is not None
    assert high is not None
    effect, low, high = 2 * auc - 1, 2 * low - 1, 2 * high - 1
    error = (high - low) / 3.92
    p = float(scipy.stats.norm.sf(effect / error)) if error > 0 else float(effect <= 0)
    seen = (scipy.stats.norm.isf(LEVEL) + POWER) * error
    text = (
        f"yes: its loss tells them from held-out ones by {percent(effect)} [{span(low, high)}]"
        f" ({as_p(p)})"
        if p <= LEVEL
        else f"not seen: its loss tells at most {percent(max(high, 0), up=True)} of them;"
        f" {power(seen)} ({as_p(p)})"
    )
    question = "knows its training examples from the inside?"
    return {"inside": Answer(question, p <= LEVEL, text, effect, low, high, p, float(seen))}
