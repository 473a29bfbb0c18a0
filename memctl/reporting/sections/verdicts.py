"""A word for every run."""

from memctl.analysis.verdicts import summary, verdicts
from memctl.reporting.section import Section

VERDICTS = Section(
    name="verdicts",
    title="Verdicts",
    note=(
        "What follows from the answers to each question (memctl.answers.verdict). Effects, with"
        " their 95 % intervals: copies, the share of samples that are copies of single training"
        " examples; follows, how far from fresh (0) to copies (100 %); inside, 2 AUC - 1 of the"
        " network's loss; quality, samples told from real ones; variety, held-out examples left"
        " out."
    ),
    table=verdicts,
    text=lambda table: f"verdicts: {summary(table)}",
)
