"""The main metrics: what the cells read, and what references, yardsticks and chance do."""

import pandas as pd

from memctl.analysis.controls import references
from memctl.analysis.studied import MAIN
from memctl.analysis.sweep_results import SweepResults
from memctl.reporting.section import Section, columns
from memctl.reporting.sections.correlations import over_grid


def table(sweep: SweepResults) -> pd.DataFrame:
    """One row a main metric: its range over the cells (or all controlled runs), the references,
    the yardsticks, and the correlations.
    """
    related, beside = over_grid(sweep, MAIN), references(sweep)
    rows = []
    for metric in MAIN:
        values = sweep.main_runs.get(f"metrics/{metric}", pd.Series(dtype=float))
        known = {name: sweep.yardsticks[name].get(metric) for name in sweep.yardsticks}
        floor = known.get("floor")
        row: dict[str, object] = {"metric": metric, "min": values.min(), "max": values.max()}
        row |= {kind: sweep.mean(names, metric) for kind, names in beside.items()}
        row |= {
            name: m["value"] if (m := known.get(name)) else None
            for name in ("heldout", "copies", "blurred", "mean")
            if known
        }
        row["floor"] = f"{floor['low']:.3g} to {floor['high']:.3g}" if floor else None
        for axis in ("location", "width"):
            r = related[(related.metric == metric) & (related.axis == axis)].iloc[0]
            number = f"{r.pearson:+.2f} [{r.low:+.2f}, {r.high:+.2f}]"
            row[f"r({axis})"] = number if r.pearson == r.pearson else None
        rows.append(row)
    return pd.DataFrame(rows)


MAIN_NUMBERS = Section(
    name="main",
    title="Main numbers",
    note=(
        "held-out, copies, blurred and mean are what each metric reads for real examples no model"
        " saw, for training examples drawn again, for smoothed real examples and for the training"
        " mean; the floor is the range in which 95 % of as many fresh real examples would read."
        " dcr_share's floor is wider than due: it is of half the held-out examples against half."
        " distance_to_train tells contrast, not copying: it depends on a sample only through its"
        " distance to the data's mean. f_mem and dcr_share are the ones that see copies."
    ),
    table=table,
    text=lambda table: table.to_string(
        index=False, float_format=lambda v: f"{v:.4g}", na_rep="-", line_width=columns()
    ),
)
