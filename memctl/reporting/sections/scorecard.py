"""The paper's claims beside this sweep's numbers."""

import pandas as pd

from memctl.analysis.scorecard import scorecard
from memctl.reporting.section import Section, over_cells


def text(table: pd.DataFrame) -> str:
    """A line a claim."""
    lines = ["the paper's claims, on this sweep:"]
    for row in table.to_dict("records"):
        value, low, high = (float(row[key]) for key in ("value", "low", "high"))
        interval = f" [{low:.3g}, {high:.3g}]" if low == low else ""
        here = f"{value:.3g}{interval}" if value == value else "-"
        lines.append(
            f"  {row['verdict']:15s} {row['claim']}: {row['number']} {here} (paper: {row['paper']})"
        )
    return "\n".join(lines)


SCORECARD = Section(
    name="scorecard",
    title="The paper's claims",
    note=(
        "reproduced: r's 95 % interval has the paper's sign and the change over the sweep is beyond"
        " what fresh data read by chance; not reproduced: it is not, or goes the other way. That a"
        " number moves as the paper's does not say why: see the note."
    ),
    table=scorecard,
    text=text,
    needs=over_cells,
)
