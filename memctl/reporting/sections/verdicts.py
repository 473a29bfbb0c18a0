"""A word for every run."""

from memctl.analysis.verdict import summary, verdicts
from memctl.reporting.section import Section

VERDICTS = Section(
    name="verdicts",
    title="Verdicts",
    note=(
        "From several metrics, each against what real, blurred, mean and copied examples read on"
        " this data."
    ),
    table=verdicts,
    text=lambda table: f"verdicts: {summary(table)}",
)
