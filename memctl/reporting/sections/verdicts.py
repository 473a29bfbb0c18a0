"""A word for every run."""

from memctl.analysis.verdicts import summary, verdicts
from memctl.reporting.section import Section

VERDICTS = Section(
    name="verdicts",
    title="Verdicts",
    note=(
        "What follows from the answers to each question (memctl.answers.verdict); the reason holds"
        " the effect and its 95 % interval."
    ),
    table=verdicts,
    text=lambda table: f"verdicts: {summary(table)}",
)
